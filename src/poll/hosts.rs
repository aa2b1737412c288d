//! Which queries may not be asked for now, because of how their host behaves: it asks for fewer requests, or nobody
//! gets through to it. Pure.
//!
//! A shop that a host limits leaves it alone for a while, with all of its queries there; once a second shop is limited,
//! everybody does. When all queries of a host have failed to connect, one of them probes and the others wait.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::backoff;
use crate::domain::failure::{Failure, Reason};
use crate::domain::query::Query;

/// The hosts of a plan; queries are named by their positions in it.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    list: Vec<Host>,
    shops: Vec<ShopAtHost>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Host {
    name: Arc<str>,
    shops: Vec<usize>,
    members: Vec<usize>,
    /// How many of its queries failed to connect when they were last asked.
    unreached: usize,
    /// The query that probes while nobody gets through, and since when.
    probe: Option<(usize, Instant)>,
    /// Until when everybody leaves it alone.
    closed_until: Option<Instant>,
}

/// What a shop asks at a host.
#[derive(Debug)]
struct ShopAtHost {
    name: Arc<str>,
    host: usize,
    members: Vec<usize>,
    limit: Option<Limit>,
}

/// A limit that a host has put on a shop, until the query that was told of it is answered again.
#[derive(Clone, Debug)]
struct Limit {
    until: Instant,
    wait: Duration,
    query: Arc<str>,
}

#[derive(Debug)]
struct Member {
    query: Arc<str>,
    shop: usize,
    interval: Duration,
    unreached: bool,
}

/// What a poll told about its host, beyond its own query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The shop, or everybody, leaves the host alone for so long.
    Limited {
        /// How long.
        wait: Duration,
        /// Whether everybody does.
        for_all: bool,
        /// Whether they did so already.
        known: bool,
    },
    /// Nobody gets through any more: one query probes, the others wait.
    Unreachable,
    /// The query that probes did not get through either.
    StillUnreachable,
    /// Somebody gets through again, after so long.
    Reachable(Duration),
}

impl Hosts {
    /// The hosts of those queries. The limits of `before` go on.
    pub(super) fn new(queries: &[Arc<Query>], before: &Self) -> Self {
        let limits: HashMap<(&str, &str), Limit> = before
            .shops
            .iter()
            .filter_map(|shop| Some(((&*before.list[shop.host].name, &*shop.name), shop.limit.clone()?)))
            .collect();
        let closed: HashMap<&str, Instant> =
            before.list.iter().filter_map(|host| Some((&*host.name, host.closed_until?))).collect();
        let mut new = Self::default();
        let (mut hosts, mut shops) = (HashMap::new(), HashMap::new());
        for (position, query) in queries.iter().enumerate() {
            let host = *hosts.entry(query.host()).or_insert_with_key(|name| {
                let closed_until = closed.get(name.as_str()).copied();
                let (name, shops, members) = (name.as_str().into(), Vec::new(), Vec::new());
                new.list.push(Host { name, shops, members, unreached: 0, probe: None, closed_until });
                new.list.len() - 1
            });
            let shop = *shops.entry((host, Arc::clone(&query.shop.name))).or_insert_with_key(|(_, name)| {
                let limit = limits.get(&(&*new.list[host].name, &**name)).cloned();
                new.shops.push(ShopAtHost { name: Arc::clone(name), host, members: Vec::new(), limit });
                new.list[host].shops.push(new.shops.len() - 1);
                new.shops.len() - 1
            });
            new.list[host].members.push(position);
            new.shops[shop].members.push(position);
            let (name, interval) = (Arc::clone(&query.name), query.pace.interval);
            new.members.push(Member { query: name, shop, interval, unreached: false });
        }
        new
    }

    /// Takes note of a poll: what it was told, when it was sent and when it ended.
    pub(super) fn ended(
        &mut self,
        position: usize,
        failure: Option<&Failure>,
        sent: Instant,
        now: Instant,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        let reason = failure.map(|failure| failure.reason);
        changes.extend(match reason {
            Some(Reason::Connect) => self.reached(position, false, now),
            // Whether anybody was there is not known.
            Some(Reason::Timeout | Reason::Internal) => {
                (self.probe(position) == Some(position)).then_some(Change::StillUnreachable)
            }
            _ => self.reached(position, true, now),
        });
        match (reason, failure) {
            (Some(Reason::RateLimited), Some(failure)) => {
                changes.extend(self.limited(position, failure.retry_after, sent, now));
            }
            (Some(Reason::Connect | Reason::Tls | Reason::Timeout | Reason::Internal), _) => {}
            _ => {
                let Member { shop, query, .. } = &self.members[position];
                // Other queries may be answered while this one is limited again and again.
                self.shops[*shop].limit.take_if(|limit| sent >= limit.until && limit.query == *query);
            }
        }
        changes
    }

    /// From when on the query may be sent, as far as its host's limits go.
    pub(super) fn allowed_from(&self, position: usize) -> Option<Instant> {
        let shop = &self.shops[self.members[position].shop];
        shop.limit.as_ref().map(|limit| limit.until).max(self.list[shop.host].closed_until)
    }

    /// The query that probes the host of this one, while nobody gets through: the others wait for it.
    pub(super) fn probe(&self, position: usize) -> Option<usize> {
        self.list[self.host_of(position)].probe.map(|(probe, _)| probe)
    }

    /// The queries that a change concerns, beside the one that told of it.
    pub(super) fn concerned(&self, position: usize, change: Change) -> &[usize] {
        match change {
            Change::Limited { for_all: false, .. } => &self.shops[self.members[position].shop].members,
            _ => &self.list[self.host_of(position)].members,
        }
    }

    fn host_of(&self, position: usize) -> usize {
        self.shops[self.members[position].shop].host
    }

    /// Takes note of a limit.
    fn limited(
        &mut self,
        position: usize,
        retry_after: Option<Duration>,
        sent: Instant,
        now: Instant,
    ) -> Option<Change> {
        let Member { shop, interval, ref query, .. } = self.members[position];
        let last = self.shops[shop].limit.take();
        // A poll sent before the host had asked for fewer tells nothing new, unless it says until when.
        if retry_after.is_none() && last.as_ref().is_some_and(|last| sent < last.until) {
            self.shops[shop].limit = last;
            return None;
        }
        let known = last.is_some();
        let wait = backoff::pause(retry_after, last.as_ref().map(|last| last.wait), interval);
        let until = last.map_or(now + wait, |last| last.until.max(now + wait));
        self.shops[shop].limit = Some(Limit { until, wait, query: Arc::clone(query) });
        let host = &mut self.list[self.shops[shop].host];
        let others =
            host.shops.iter().filter(|other| **other != shop).filter_map(|other| self.shops[*other].limit.as_ref());
        let latest_of_others = others.map(|limit| limit.until).max().filter(|until| *until > now);
        let closed_before = host.closed_until.filter(|until| *until > now);
        if let Some(latest) = latest_of_others {
            host.closed_until = host.closed_until.max(Some(until.max(latest)));
        }
        let (for_all, known) = match (closed_before, latest_of_others) {
            (None, None) => (false, known),
            (closed, _) => (true, closed.is_some()),
        };
        Some(Change::Limited { wait, for_all, known })
    }

    /// Takes note of whether the query got through to its host.
    fn reached(&mut self, position: usize, reached: bool, now: Instant) -> Option<Change> {
        let host_of = self.host_of(position);
        let member = &mut self.members[position];
        let host = &mut self.list[host_of];
        host.unreached = host.unreached + usize::from(!reached) - usize::from(member.unreached);
        member.unreached = !reached;
        match host.probe {
            Some((_, since)) if reached => {
                host.probe = None;
                Some(Change::Reachable(now - since))
            }
            Some((probe, _)) => (probe == position).then_some(Change::StillUnreachable),
            None if host.members.len() > 1 && host.unreached == host.members.len() => {
                // The one that would be asked most often.
                let probe = *host.members.iter().min_by_key(|member| self.members[**member].interval)?;
                host.probe = Some((probe, now));
                Some(Change::Unreachable)
            }
            None => None,
        }
    }
}

#[cfg(test)]
mod tests;
