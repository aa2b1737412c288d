//! The poll loop: sends each query when it is due and hands what came of it to the store.
//!
//! One task owns the schedule and the queue; a poll exists as a task only while it is under way, so that an idle query
//! costs no more than its place in a heap. When a query is due is decided in [`schedule`], whose turn it is in
//! [`queue`], both pure. Knows nothing of HTTP nor of what is published.

mod once;
mod queue;
mod schedule;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::future::pending;
use std::hash::RandomState;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::task::{self, AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

pub use self::once::ask_once;
use self::queue::FairQueue;
use self::schedule::Schedule;
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::observation::Answer;
use crate::domain::query::Query;
use crate::domain::shop::Shop;
use crate::store::{Store, Timing, Transition};

/// Whoever can ask a query, within its timeout.
pub trait Ask: Clone + Send + Sync + 'static {
    /// Asks once.
    fn ask(&self, query: Arc<Query>) -> impl Future<Output = Result<Answer, Failure>> + Send;
}

/// What is to be polled, from one reading of the configuration to the next.
#[derive(Debug)]
pub struct Plan<A> {
    /// The shops.
    pub shops: Vec<Arc<Shop>>,
    /// Their queries.
    pub queries: Vec<Arc<Query>>,
    /// The exponents of currencies.
    pub exponents: Arc<Exponents>,
    /// How many polls may be under way at one host.
    pub max_in_flight_per_host: usize,
    /// Who asks.
    pub ask: A,
}

/// The poll loop.
#[derive(Debug)]
pub struct Poller<A> {
    store: Arc<Store>,
    ask: A,
    /// What the answers of the polls under way are read with.
    exponents: Arc<Exponents>,
    schedule: Schedule,
    entries: Vec<Entry>,
    /// When each query that is neither waiting in the queue nor under way is due.
    due: BinaryHeap<Reverse<(Instant, usize)>>,
    queue: FairQueue,
    tasks: JoinSet<Result<Answer, Failure>>,
    under_way: HashMap<task::Id, UnderWay>,
}

#[derive(Debug)]
struct Entry {
    query: Arc<Query>,
    due: Instant,
}

/// A poll that has been sent.
#[derive(Debug)]
struct UnderWay {
    position: usize,
    sent: Instant,
    abort: AbortHandle,
}

impl<A: Ask> Poller<A> {
    /// A poll loop that asks every query of the plan at once, as far as the limits let it.
    pub fn new(store: Arc<Store>, plan: Plan<A>) -> Self {
        let mut poller = Self {
            store,
            ask: plan.ask.clone(),
            exponents: Arc::clone(&plan.exponents),
            schedule: Schedule::new(Instant::now(), RandomState::new()),
            entries: Vec::new(),
            due: BinaryHeap::new(),
            queue: FairQueue::new(&[], 1),
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
        };
        poller.apply(plan);
        poller
    }

    /// Polls until stopped; polls under way are then dropped. Each plan received replaces the one before.
    pub async fn run(mut self, mut plans: mpsc::Receiver<Plan<A>>, stop: CancellationToken) {
        loop {
            self.enqueue_due();
            self.send_queued();
            let next = self.due.peek().map(|Reverse((due, _))| *due);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(plan) = plans.recv() => self.apply(plan),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                () = async { match next { Some(due) => sleep_until(due).await, None => pending().await } } => {}
            }
        }
    }

    /// Replaces what is polled, at once. Queries that ask the same as before keep their state, their turn and the poll
    /// that is under way; new and changed ones are due now, and so are those whose next answer a new key, other exponents
    /// or the end of a conflict may make better.
    fn apply(&mut self, plan: Plan<A>) {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let exponents_changed = self.exponents != plan.exponents;
        let anew = self.store.configure(&plan.shops, &plan.queries, &plan.exponents, wall);
        let anew: HashSet<usize> = anew.into_iter().collect();
        let before = std::mem::take(&mut self.entries);
        let known: HashMap<(&str, &str), usize> =
            before.iter().enumerate().map(|(position, entry)| (key(&entry.query), position)).collect();
        let mut kept = HashMap::new();
        for (position, query) in plan.queries.iter().enumerate() {
            let known = known.get(&key(query)).filter(|known| before[**known].query.asks_the_same(query));
            let due = match known.map(|known| (*known, &before[*known])) {
                Some((known, entry)) if !anew.contains(&position) && same_key(&entry.query, query) => {
                    kept.insert(known, position);
                    self.due_as_before(entry, query, now)
                }
                _ => now,
            };
            self.entries.push(Entry { query: Arc::clone(query), due });
        }
        self.queue = FairQueue::new(&plan.queries, plan.max_in_flight_per_host);
        self.ask = plan.ask;
        self.exponents = plan.exponents;
        // The answer of a poll under way would be read with the exponents it was sent with.
        self.keep_under_way(&if exponents_changed { HashMap::new() } else { kept });
        let under_way: HashSet<usize> = self.under_way.values().map(|poll| poll.position).collect();
        self.due.clear();
        for (position, entry) in self.entries.iter().enumerate().filter(|(position, _)| !under_way.contains(position)) {
            self.due.push(Reverse((entry.due, position)));
            self.store.schedule(position, wall_time(entry.due, now, wall));
        }
        debug!(queries = self.entries.len(), "polling");
    }

    /// When a query is due that was due before, perhaps at another interval.
    fn due_as_before(&self, entry: &Entry, query: &Query, now: Instant) -> Instant {
        let unchanged = entry.query.pace.interval == query.pace.interval || entry.due <= now;
        if unchanged { entry.due } else { self.schedule.next(query, now, now) }
    }

    /// Keeps the polls under way whose position has a new one there; the others have nobody to answer to.
    fn keep_under_way(&mut self, kept: &HashMap<usize, usize>) {
        let queue = &mut self.queue;
        self.under_way.retain(|_, poll| {
            let position = kept.get(&poll.position);
            match position {
                Some(&position) => {
                    poll.position = position;
                    queue.resume(position);
                }
                None => poll.abort.abort(),
            }
            position.is_some()
        });
    }

    fn enqueue_due(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((_, position))) = self.due.peek().copied().filter(|Reverse((due, _))| *due <= now) {
            self.due.pop();
            self.queue.push(position);
        }
    }

    fn send_queued(&mut self) {
        while let Some(position) = self.queue.pop() {
            let (ask, query) = (self.ask.clone(), Arc::clone(&self.entries[position].query));
            let abort = self.tasks.spawn(async move { ask.ask(query).await });
            self.under_way.insert(abort.id(), UnderWay { position, sent: Instant::now(), abort });
        }
    }

    fn ended(&mut self, ended: Result<(task::Id, Result<Answer, Failure>), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(panicked) => {
                (panicked.id(), Err(Failure::new(Reason::Internal, "asking panicked; please report this")))
            }
        };
        // The polls that a new plan has dropped are not known any more.
        let Some(poll) = self.under_way.remove(&id) else { return };
        self.queue.done(poll.position);
        let (now, wall) = (Instant::now(), SystemTime::now());
        let entry = &mut self.entries[poll.position];
        let timing = Timing { duration: now - poll.sent, queued: poll.sent.saturating_duration_since(entry.due) };
        let moment = Moment { monotonic: now.into_std(), wall };
        let recorded = self.store.record(poll.position, outcome, timing, moment);
        debug!(
            query = %entry.query,
            host = %entry.query.host(),
            seconds = timing.duration.as_secs_f64(),
            reason = recorded.failure.map(Reason::as_str),
            "polled"
        );
        recorded.changes.iter().for_each(|(query, transition)| log(query, transition));
        entry.due = self.schedule.next(&entry.query, entry.due, now);
        self.due.push(Reverse((entry.due, poll.position)));
        self.store.schedule(poll.position, wall_time(entry.due, now, wall));
    }
}

fn key(query: &Query) -> (&str, &str) {
    (&query.shop.name, &query.name)
}

fn same_key(one: &Query, other: &Query) -> bool {
    one.shop.secret_key == other.shop.secret_key
}

fn wall_time(due: Instant, now: Instant, wall: SystemTime) -> SystemTime {
    wall + due.saturating_duration_since(now)
}

/// Says once what changed, not once per poll.
fn log(query: &Query, transition: &Transition) {
    let host = query.host();
    match transition {
        Transition::None => {}
        Transition::Withholding { rows, why } => warn!(%query, %host, rows, %why, "rows of the answer withheld"),
        Transition::Answered => debug!(%query, %host, "query answered"),
        Transition::Failing(failure) if failure.reason == Reason::Internal => {
            error!(%query, %host, reason = %failure.reason, detail = %failure.detail, "query failing");
        }
        Transition::Failing(failure) => {
            warn!(%query, %host, reason = %failure.reason, detail = %failure.detail, "query failing");
        }
        Transition::Recovered { after } => {
            info!(%query, %host, after = %humantime::format_duration(Duration::from_secs(after.as_secs())), "query recovered");
        }
    }
}

#[cfg(test)]
mod tests;
