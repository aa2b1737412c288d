//! The latest state of every query: what was answered last, how the polls went, who claims which series.
//!
//! The poll loop writes, everybody else reads a [`Snapshot`], which stays as it was. No lock here is held for longer
//! than a write of one query or a copy of pointers. Knows nothing of schedules, of how answers travel, nor of metrics.

mod claims;
mod histogram;
mod history;
mod missing;
mod state;

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant, SystemTime};

use self::claims::Claims;
pub use self::histogram::Histogram;
pub use self::history::{History, KEPT, PastPoll};
pub use self::missing::MissingChannel;
pub use self::state::{Failing, Held, HeldRow, QueryState, Transition};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::observation::{Answer, Series, Subject};
use crate::domain::query::{Api, Query};
use crate::domain::shop::Shop;

/// The latest state of every query.
#[derive(Debug, Default)]
pub struct Store {
    contents: RwLock<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    /// Another one after each change.
    version: u64,
    shops: Arc<[Arc<Shop>]>,
    queries: Vec<Arc<QueryState>>,
    /// For each query, the position of its shop and API among `polls`.
    polls_of: Vec<usize>,
    polls: Vec<Arc<Polls>>,
    claims: Claims,
    history: History,
    reload: Option<Reload>,
}

/// How the polls of one shop and API went.
#[derive(Clone, Debug)]
pub struct Polls {
    /// The shop's name.
    pub shop: Arc<str>,
    /// The API.
    pub api: Api,
    /// How long the polls took.
    pub duration: Histogram,
    /// How late they were sent.
    pub queued: Histogram,
    failures: [u64; Reason::ALL.len()],
}

impl Polls {
    fn new(shop: Arc<str>, api: Api) -> Self {
        let (duration, queued) = (Histogram::default(), Histogram::default());
        Self { shop, api, duration, queued, failures: [0; Reason::ALL.len()] }
    }

    fn count(&mut self, failure: Option<Reason>, timing: Timing) {
        self.duration.observe(timing.duration);
        self.queued.observe(timing.queued);
        if let Some(reason) = failure {
            self.failures[reason as usize] += 1;
        }
    }

    /// Each reason, and how many polls failed for it.
    pub fn failures(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.failures)
    }
}

/// How the last attempt to read the configuration went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reload {
    /// When one last succeeded.
    pub last_success: SystemTime,
    /// When the last attempt failed, if it did.
    pub failed_at: Option<SystemTime>,
}

impl Reload {
    /// Whether the last attempt succeeded.
    pub const fn is_successful(self) -> bool {
        self.failed_at.is_none()
    }
}

/// How long a poll took and how late it was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// From sending to the end.
    pub duration: Duration,
    /// From when it was due to sending.
    pub queued: Duration,
}

/// What came of a poll once it was compared with what the store holds.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Why it counts as failed, if it does.
    pub failure: Option<Failure>,
    /// The queries whose state changed: this one, and others whose series it claims.
    pub changes: Vec<(Arc<Query>, Transition)>,
}

impl Recorded {
    /// The class of the failure, if it counts as failed.
    pub fn reason(&self) -> Option<Reason> {
        self.failure.as_ref().map(|failure| failure.reason)
    }
}

/// The state of everything at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// That of the store, which is another after each change.
    pub version: u64,
    /// The shops.
    pub shops: Arc<[Arc<Shop>]>,
    /// The queries, in the order of the configuration.
    pub queries: Vec<Arc<QueryState>>,
    /// The polls by shop and API.
    pub polls: Vec<Arc<Polls>>,
    /// The last polls, and the last failures.
    pub history: History,
    /// How the last attempt to read the configuration went.
    pub reload: Option<Reload>,
}

impl Store {
    /// Replaces the queries. The state of those that ask the same as before is kept, and so are the counts of shops and
    /// APIs that are still asked.
    ///
    /// Gives the positions of the queries that are to be asked anew, since their next answer may hold more: rows that
    /// other exponents or the end of a conflict let in.
    pub fn configure(
        &self,
        shops: &[Arc<Shop>],
        queries: &[Arc<Query>],
        exponents: &Exponents,
        now: SystemTime,
    ) -> Vec<usize> {
        let mut to_ask_anew = Vec::new();
        let mut contents = self.write();
        let before = mem::take(&mut *contents);
        let states: HashMap<(&str, &str), &Arc<QueryState>> = before
            .queries
            .iter()
            .map(|state| ((state.query.shop.name.as_ref(), state.query.name.as_ref()), state))
            .collect();
        let polls: HashMap<(&str, Api), &Arc<Polls>> =
            before.polls.iter().map(|polls| ((polls.shop.as_ref(), polls.api), polls)).collect();
        let mut positions = HashMap::new();
        for (position, query) in queries.iter().enumerate() {
            let key = (query.shop.name.as_ref(), query.name.as_ref());
            let state = match states.get(&key) {
                Some(state) if state.query.asks_the_same(query) => {
                    let carried = state.carried_over(Arc::clone(query), exponents);
                    if state.may_hold_more(&carried, exponents) {
                        to_ask_anew.push(position);
                    }
                    carried
                }
                _ => QueryState::new(Arc::clone(query)),
            };
            if let Some(held) = &state.held {
                contents.claims.replace(position, query, &[], &held.rows);
            }
            contents.queries.push(Arc::new(state));
            let group = (key.0, query.ask.api());
            let list = &mut contents.polls;
            let group_position = *positions.entry(group).or_insert_with(|| {
                let new = || Arc::new(Polls::new(Arc::clone(&query.shop.name), group.1));
                list.push(polls.get(&group).map_or_else(new, |polls| Arc::clone(polls)));
                list.len() - 1
            });
            contents.polls_of.push(group_position);
        }
        contents.version = before.version;
        contents.shops = shops.into();
        contents.history = before.history;
        contents.reload = Some(Reload { last_success: now, failed_at: None });
        to_ask_anew
    }

    /// Notes that the configuration could not be read again; the old one goes on.
    pub fn reload_failed(&self, now: SystemTime) {
        if let Some(reload) = &mut self.write().reload {
            reload.failed_at = Some(now);
        }
    }

    /// Records how the poll of the query at that position of the configuration ended.
    pub fn record(&self, position: usize, outcome: Result<Answer, Failure>, timing: Timing, now: Moment) -> Recorded {
        let mut contents = self.write();
        if position >= contents.queries.len() {
            return Recorded { failure: None, changes: Vec::new() };
        }
        let mut changes = Vec::new();
        let outcome = outcome.and_then(|answer| contents.hold(position, answer, now, &mut changes));
        let failure = outcome.as_ref().err().cloned();
        let polls_of = contents.polls_of[position];
        let reason = failure.as_ref().map(|failure| failure.reason);
        Arc::make_mut(&mut contents.polls[polls_of]).count(reason, timing);
        let state = Arc::make_mut(&mut contents.queries[position]);
        let transition = state.ended(outcome, now);
        let query = Arc::clone(&state.query);
        changes.insert(0, (Arc::clone(&query), transition));
        changes.retain(|(_, transition)| *transition != Transition::None);
        let (duration, past_failure) = (timing.duration, failure.clone());
        contents.history.add(PastPoll { query, ended: now.wall, duration, failure: past_failure });
        Recorded { failure, changes }
    }

    /// Notes when the queries at those positions are asked next.
    pub fn schedule(&self, next_polls: impl IntoIterator<Item = (usize, Instant)>) {
        let mut contents = self.write();
        for (position, next_poll) in next_polls {
            if let Some(state) = contents.queries.get_mut(position) {
                Arc::make_mut(state).next_poll = Some(next_poll);
            }
        }
    }

    /// How many queries are up, and how many there are.
    pub fn queries_up(&self) -> (usize, usize) {
        let contents = self.read();
        (contents.queries.iter().filter(|query| query.is_up()).count(), contents.queries.len())
    }

    /// Whether the last attempt to read the configuration again failed.
    pub fn has_failed_to_reload(&self) -> bool {
        self.read().reload.is_some_and(|reload| !reload.is_successful())
    }

    /// Another one after each change of anything that a snapshot shows.
    pub fn version(&self) -> u64 {
        self.read().version
    }

    /// The state of everything at this moment; later changes do not show in it.
    pub fn snapshot(&self) -> Snapshot {
        let contents = self.read();
        Snapshot {
            version: contents.version,
            shops: Arc::clone(&contents.shops),
            queries: contents.queries.clone(),
            polls: contents.polls.clone(),
            history: contents.history.clone(),
            reload: contents.reload,
        }
    }

    // Nothing panics while it holds the lock; should it come to it, the state is as good as its last write.
    fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        let mut contents = self.contents.write().unwrap_or_else(PoisonError::into_inner);
        contents.version += 1;
        contents
    }
}

impl Contents {
    /// Holds a new answer of the query at that position, unless a newer one is held. If another query's answer claims a
    /// series of it too, both are held back from publication, and the other query fails from now on as well.
    fn hold(
        &mut self,
        position: usize,
        answer: Answer,
        now: Moment,
        changes: &mut Vec<(Arc<Query>, Transition)>,
    ) -> Result<(), Failure> {
        let state = Arc::make_mut(&mut self.queries[position]);
        let query = Arc::clone(&state.query);
        if state.bars(answer.as_of, now) {
            return Err(state::outdated());
        }
        changes.push((Arc::clone(&query), Transition::of_withheld(state.rows_withheld, &answer.withheld)));
        state.rows_withheld = Some(answer.withheld.len());
        let held = Held::following(state.held.as_deref(), answer, now);
        let old = state.held.as_ref().map(|held| held.rows.as_slice()).unwrap_or_default();
        self.claims.replace(position, &query, old, &held.rows);
        let rivals = self.claims.rivals(position, &query, &held.rows);
        state.in_conflict = !rivals.is_empty();
        if rivals.is_empty() {
            state.as_of = held.as_of;
        }
        state.held = Some(Arc::new(held));
        let mut failure = None;
        for (rival, series) in rivals {
            let rival = &mut self.queries[rival];
            failure.get_or_insert_with(|| conflict(&series, &rival.query));
            if !rival.in_conflict {
                let rival = Arc::make_mut(rival);
                rival.in_conflict = true;
                changes.push((Arc::clone(&rival.query), rival.fail(conflict(&series, &query), now)));
            }
        }
        failure.map_or(Ok(()), Err)
    }
}

fn conflict(series: &Series, rival: &Query) -> Failure {
    let advice = match series.subject {
        Subject::Channel(_) => "ask for it in one query only",
        Subject::Account(_) => "ask for it in one query only, or tell two accounts apart by their account_label",
    };
    let message = format!("the query {} is answered with {series} too, and neither is published; {advice}", rival.name);
    Failure::new(Reason::Conflict, message)
}

#[cfg(test)]
mod tests;
