//! The last polls of all queries, and apart from them the last failures, which rare ones would else be pushed out of.
//!
//! For people who look; no rule of publication depends on it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::domain::failure::Failure;
use crate::domain::query::Query;

/// How many polls, and how many failures, are kept.
pub const KEPT: usize = 100;

/// A poll that ended.
#[derive(Clone, Debug)]
pub struct PastPoll {
    /// What was asked.
    pub query: Arc<Query>,
    /// When the poll ended.
    pub ended: SystemTime,
    /// From sending to the end.
    pub duration: Duration,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

/// The last polls and the last failures, the newest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    polls: VecDeque<Arc<PastPoll>>,
    failures: VecDeque<Arc<PastPoll>>,
}

impl History {
    /// The last polls, the newest first.
    pub fn polls(&self) -> impl ExactSizeIterator<Item = &PastPoll> {
        self.polls.iter().map(AsRef::as_ref)
    }

    /// The last polls that failed, the newest first.
    pub fn failures(&self) -> impl ExactSizeIterator<Item = &PastPoll> {
        self.failures.iter().map(AsRef::as_ref)
    }

    pub(super) fn add(&mut self, poll: PastPoll) {
        let poll = Arc::new(poll);
        if poll.failure.is_some() {
            keep(&mut self.failures, Arc::clone(&poll));
        }
        keep(&mut self.polls, poll);
    }
}

fn keep(list: &mut VecDeque<Arc<PastPoll>>, poll: Arc<PastPoll>) {
    list.truncate(KEPT - 1);
    list.push_front(poll);
}
