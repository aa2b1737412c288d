//! Which of the queries that are due is sent next. Pure.
//!
//! A host takes so many polls at a time. Its free places go round among the shops that wait there, and a shop's among
//! its gateways, so that ten thousand queries of one shop do not keep another's single query waiting. A shop's gateway
//! takes one poll at a time, whichever of its hosts it is asked at; while one host has no place for it, it may go at
//! another. Queries that name no gateway do not wait for each other: which of them share a bank is not known, and a dead
//! bank must not hold up the others.
//!
//! Queries that failed when they were last asked share half of a host's places, so that however many hang there until
//! their timeouts, those that are answered keep their pace.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::domain::query::{GatewayId, Query};

/// The queries that are due, in fair order.
#[derive(Debug)]
pub(super) struct FairQueue {
    limit: usize,
    hosts: Vec<Host>,
    shops: Vec<ShopLine>,
    lanes: Vec<Lane>,
    gateways: Vec<Gateway>,
    /// The lane of each query, by its standing.
    lanes_of: Vec<[usize; 2]>,
    /// The lane that each query under way was sent from.
    sent_from: HashMap<usize, usize>,
    /// Hosts with a free place and somebody waiting for it.
    ready: VecDeque<usize>,
}

/// How a query's last poll ended, as far as its turn is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// With an answer; or it was not asked yet.
    Answered,
    /// With a failure.
    Failing,
}

/// A host and the shops that wait there for a free place, by the standing of what they have to send.
#[derive(Debug, Default)]
struct Host {
    in_flight: [usize; 2],
    listed: bool,
    waiting: [VecDeque<usize>; 2],
    /// Whose turn it is where both could be sent.
    turn: usize,
}

impl Host {
    /// The standing whose queries may be sent next, if any may.
    fn next(&self, limit: usize) -> Option<usize> {
        let all: usize = self.in_flight.iter().sum();
        let may = |standing: usize| {
            let room = standing != Standing::Failing as usize || self.in_flight[standing] < limit.div_ceil(2);
            all < limit && room && !self.waiting[standing].is_empty()
        };
        [self.turn, 1 - self.turn].into_iter().find(|standing| may(*standing))
    }
}

/// A shop's lanes at one host that have something of one standing to send.
#[derive(Debug)]
struct ShopLine {
    host: usize,
    standing: usize,
    listed: bool,
    waiting: VecDeque<usize>,
}

/// A shop's gateway at one host: what waits there of one standing, in the order it was due.
#[derive(Debug)]
struct Lane {
    shop: usize,
    gateway: usize,
    listed: bool,
    waiting: VecDeque<usize>,
}

/// A shop's gateway: one poll at a time, at whichever of its lanes.
#[derive(Debug, Default)]
struct Gateway {
    busy: bool,
    lanes: Vec<usize>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum GatewayKey {
    Of(Arc<str>, GatewayId),
    Query(usize),
}

impl FairQueue {
    /// An empty queue for those queries, which are named by their positions from here on.
    pub(super) fn new(queries: &[Arc<Query>], limit: usize) -> Self {
        let mut queue = Self {
            limit: limit.max(1),
            hosts: Vec::new(),
            shops: Vec::new(),
            lanes: Vec::new(),
            gateways: Vec::new(),
            lanes_of: Vec::with_capacity(queries.len()),
            sent_from: HashMap::new(),
            ready: VecDeque::new(),
        };
        let (mut hosts, mut shops, mut lanes, mut gateways) =
            (HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new());
        for (position, query) in queries.iter().enumerate() {
            let host = *hosts.entry(query.host()).or_insert_with(|| {
                queue.hosts.push(Host::default());
                queue.hosts.len() - 1
            });
            let name = &query.shop.name;
            let asked = query.ask.gateway();
            let key = asked.map_or(GatewayKey::Query(position), |gateway| GatewayKey::Of(Arc::clone(name), gateway));
            let gateway = *gateways.entry(key).or_insert_with(|| {
                queue.gateways.push(Gateway::default());
                queue.gateways.len() - 1
            });
            let lane = |standing: Standing| {
                let standing = standing as usize;
                let shop = *shops.entry((host, Arc::clone(name), standing)).or_insert_with(|| {
                    queue.shops.push(ShopLine { host, standing, listed: false, waiting: VecDeque::new() });
                    queue.shops.len() - 1
                });
                *lanes.entry((shop, gateway)).or_insert_with(|| {
                    queue.lanes.push(Lane { shop, gateway, listed: false, waiting: VecDeque::new() });
                    queue.gateways[gateway].lanes.push(queue.lanes.len() - 1);
                    queue.lanes.len() - 1
                })
            };
            let lanes_of = [Standing::Answered, Standing::Failing].map(lane);
            queue.lanes_of.push(lanes_of);
        }
        queue
    }

    /// Adds a query that is due.
    pub(super) fn push(&mut self, query: usize, standing: Standing) {
        let Some(&lanes) = self.lanes_of.get(query) else { return };
        let lane = lanes[standing as usize];
        self.lanes[lane].waiting.push_back(query);
        self.list_lane(lane);
    }

    /// Takes the query to be sent next, if the limits let one.
    pub(super) fn pop(&mut self) -> Option<usize> {
        loop {
            let host = self.ready.pop_front()?;
            let state = &mut self.hosts[host];
            state.listed = false;
            let Some(standing) = state.next(self.limit) else { continue };
            state.turn = 1 - standing;
            let Some(shop) = state.waiting[standing].pop_front() else { continue };
            self.shops[shop].listed = false;
            let query = self.shops[shop].waiting.pop_front().and_then(|lane| {
                self.lanes[lane].listed = false;
                self.take(lane)
            });
            self.list_shop(shop);
            self.list_host(host);
            if query.is_some() {
                return query;
            }
        }
    }

    /// The next query of a lane, unless its gateway is busy elsewhere by now.
    fn take(&mut self, lane: usize) -> Option<usize> {
        if self.gateways[self.lanes[lane].gateway].busy {
            return None;
        }
        let query = self.lanes[lane].waiting.pop_front()?;
        self.occupy(query, lane);
        Some(query)
    }

    fn occupy(&mut self, query: usize, lane: usize) {
        let Lane { shop, gateway, .. } = self.lanes[lane];
        let ShopLine { host, standing, .. } = self.shops[shop];
        self.gateways[gateway].busy = true;
        self.hosts[host].in_flight[standing] += 1;
        self.sent_from.insert(query, lane);
    }

    /// Frees the place of a query that was sent.
    pub(super) fn done(&mut self, query: usize) {
        let Some(lane) = self.sent_from.remove(&query) else { return };
        let Lane { shop, gateway, .. } = self.lanes[lane];
        let ShopLine { host, standing, .. } = self.shops[shop];
        self.hosts[host].in_flight[standing] = self.hosts[host].in_flight[standing].saturating_sub(1);
        self.gateways[gateway].busy = false;
        // The other lanes first: this one has just had its turn.
        let lanes = self.gateways[gateway].lanes.clone();
        lanes.into_iter().filter(|other| *other != lane).for_each(|other| self.list_lane(other));
        self.list_lane(lane);
        self.list_host(host);
    }

    /// Takes the place of a query that is under way already.
    pub(super) fn resume(&mut self, query: usize, standing: Standing) {
        let Some(&lanes) = self.lanes_of.get(query) else { return };
        self.occupy(query, lanes[standing as usize]);
    }

    fn list_lane(&mut self, lane: usize) {
        let state = &mut self.lanes[lane];
        if !state.listed && !state.waiting.is_empty() && !self.gateways[state.gateway].busy {
            state.listed = true;
            let shop = state.shop;
            self.shops[shop].waiting.push_back(lane);
            self.list_shop(shop);
        }
    }

    fn list_shop(&mut self, shop: usize) {
        let line = &mut self.shops[shop];
        if !line.listed && !line.waiting.is_empty() {
            line.listed = true;
            let ShopLine { host, standing, .. } = *line;
            self.hosts[host].waiting[standing].push_back(shop);
            self.list_host(host);
        }
    }

    fn list_host(&mut self, host: usize) {
        let state = &mut self.hosts[host];
        if !state.listed && state.next(self.limit).is_some() {
            state.listed = true;
            self.ready.push_back(host);
        }
    }
}

#[cfg(test)]
mod tests;
