//! Asynchronous requests that were started: a bounded number of them, the oldest dropped first.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::call::BalanceRequest;
use super::reply::Reply;
use super::seed::Seed;

/// How many requests are remembered.
const MOST: usize = 10_000;

/// The requests that can still be fetched.
#[derive(Debug)]
pub(super) struct Pending {
    seed: Seed,
    started: u64,
    by_id: HashMap<String, Started>,
    oldest_first: VecDeque<String>,
}

/// A request that was started.
#[derive(Debug)]
pub(super) struct Started {
    /// The shop that started it, and the only one that may fetch it.
    pub(super) shop: usize,
    pub(super) request: BalanceRequest,
    /// When its answer is there.
    pub(super) ready_at: Duration,
    /// The answer, once it was fetched: it stays the same.
    pub(super) answer: Option<Reply>,
}

impl Pending {
    pub(super) fn new(seed: Seed) -> Self {
        Self { seed, started: 0, by_id: HashMap::new(), oldest_first: VecDeque::new() }
    }

    /// Remembers a request and gives its id.
    pub(super) fn start(&mut self, shop: usize, request: BalanceRequest, ready_at: Duration) -> String {
        if self.oldest_first.len() >= MOST
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        self.started += 1;
        let id = self.seed.uuid(self.started);
        self.oldest_first.push_back(id.clone());
        self.by_id.insert(id.clone(), Started { shop, request, ready_at, answer: None });
        id
    }

    /// The request of that id, if the shop started it.
    pub(super) fn of(&mut self, shop: usize, id: &str) -> Option<&mut Started> {
        self.by_id.get_mut(id).filter(|started| started.shop == shop)
    }

    /// The gateway that a request of that id names.
    pub(super) fn gateway(&self, id: &str) -> Option<u64> {
        self.by_id.get(id)?.request.gateway
    }
}
