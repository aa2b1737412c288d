//! Which of the queries that are due is sent next. Pure.
//!
//! A host takes so many polls at a time. Its free places go round among the shops that wait there, and a shop's among
//! its gateways, so that ten thousand queries of one shop do not keep another's single query waiting. A shop's gateway
//! takes one poll at a time, whichever of its hosts it is asked at; while one host has no place for it, it may go at
//! another. Queries that name no gateway do not wait for each other: which of them share a bank is not known, and a dead
//! bank must not hold up the others.

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
    /// The lane of each query.
    lane_of: Vec<usize>,
    /// Hosts with a free place and somebody waiting for it.
    ready: VecDeque<usize>,
}

/// A host and the shops that wait there for a free place.
#[derive(Debug, Default)]
struct Host {
    in_flight: usize,
    listed: bool,
    waiting: VecDeque<usize>,
}

/// A shop's lanes at one host that have something to send.
#[derive(Debug)]
struct ShopLine {
    host: usize,
    listed: bool,
    waiting: VecDeque<usize>,
}

/// A shop's gateway at one host: what waits there, in the order it was due.
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
            lane_of: Vec::with_capacity(queries.len()),
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
            let shop = *shops.entry((host, Arc::clone(name))).or_insert_with(|| {
                queue.shops.push(ShopLine { host, listed: false, waiting: VecDeque::new() });
                queue.shops.len() - 1
            });
            let asked = query.ask.gateway();
            let key = asked.map_or(GatewayKey::Query(position), |gateway| GatewayKey::Of(Arc::clone(name), gateway));
            let gateway = *gateways.entry(key).or_insert_with(|| {
                queue.gateways.push(Gateway::default());
                queue.gateways.len() - 1
            });
            let lane = *lanes.entry((shop, gateway)).or_insert_with(|| {
                queue.lanes.push(Lane { shop, gateway, listed: false, waiting: VecDeque::new() });
                queue.gateways[gateway].lanes.push(queue.lanes.len() - 1);
                queue.lanes.len() - 1
            });
            queue.lane_of.push(lane);
        }
        queue
    }

    /// Adds a query that is due.
    pub(super) fn push(&mut self, query: usize) {
        let Some(&lane) = self.lane_of.get(query) else { return };
        self.lanes[lane].waiting.push_back(query);
        self.list_lane(lane);
    }

    /// Takes the query to be sent next, if the limits let one.
    pub(super) fn pop(&mut self) -> Option<usize> {
        loop {
            let host = self.ready.pop_front()?;
            self.hosts[host].listed = false;
            let shop = self.hosts[host].waiting.pop_front()?;
            self.shops[shop].listed = false;
            let lane = self.shops[shop].waiting.pop_front()?;
            self.lanes[lane].listed = false;
            let query = self.take(lane, host);
            self.list_shop(shop);
            self.list_host(host);
            if query.is_some() {
                return query;
            }
        }
    }

    /// The next query of a lane, unless its gateway is busy at another host by now.
    fn take(&mut self, lane: usize, host: usize) -> Option<usize> {
        let gateway = &mut self.gateways[self.lanes[lane].gateway];
        if gateway.busy {
            return None;
        }
        let query = self.lanes[lane].waiting.pop_front()?;
        gateway.busy = true;
        self.hosts[host].in_flight += 1;
        Some(query)
    }

    /// Frees the place of a query that was sent.
    pub(super) fn done(&mut self, query: usize) {
        let Some(&lane) = self.lane_of.get(query) else { return };
        let gateway = self.lanes[lane].gateway;
        let host = self.shops[self.lanes[lane].shop].host;
        self.hosts[host].in_flight = self.hosts[host].in_flight.saturating_sub(1);
        self.gateways[gateway].busy = false;
        // The other hosts first: this one has just had its turn.
        let lanes = self.gateways[gateway].lanes.clone();
        lanes.into_iter().filter(|other| *other != lane).for_each(|other| self.list_lane(other));
        self.list_lane(lane);
        self.list_host(host);
    }

    /// Takes the place of a query that is under way already.
    pub(super) fn resume(&mut self, query: usize) {
        let Some(&lane) = self.lane_of.get(query) else { return };
        let (shop, gateway) = (self.lanes[lane].shop, self.lanes[lane].gateway);
        self.gateways[gateway].busy = true;
        self.hosts[self.shops[shop].host].in_flight += 1;
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
            let host = line.host;
            self.hosts[host].waiting.push_back(shop);
            self.list_host(host);
        }
    }

    fn list_host(&mut self, host: usize) {
        let state = &mut self.hosts[host];
        if !state.listed && !state.waiting.is_empty() && state.in_flight < self.limit {
            state.listed = true;
            self.ready.push_back(host);
        }
    }
}

#[cfg(test)]
mod tests;
