//! The poll loop: sends each query when it is due and hands what came of it to the store.
//!
//! One task owns the schedule and the queue; a poll exists as a task only while it is under way, so that an idle query
//! costs no more than its place in a heap. When a query is due is decided in [`schedule`] and [`backoff`], whether its
//! host may be asked in [`hosts`], whose turn it is in [`queue`], all of them pure. Knows nothing of HTTP nor of what is
//! published.

mod backoff;
mod hosts;
mod on_demand;
mod once;
mod orders;
mod queue;
mod report;
mod schedule;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::future::pending;
use std::hash::RandomState;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::task::{self, AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::backoff::{Again, Streak};
use self::hosts::{Change, Hosts};
pub use self::once::ask_once;
pub use self::orders::{Demand, Order, Plan};
use self::queue::{FairQueue, Standing};
use self::schedule::{MIN_WAIT, Schedule};
use crate::domain::demand::{Asked, NotAsked};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::observation::Answer;
use crate::domain::query::Query;
use crate::store::{Store, Timing};

/// How late a poll may be sent and still count as sent in time.
const LATE: Duration = Duration::from_secs(1);

/// Whoever can ask a query, within its timeout.
pub trait Ask: Clone + Send + Sync + 'static {
    /// Asks once.
    fn ask(&self, query: Arc<Query>) -> impl Future<Output = Result<Answer, Failure>> + Send;
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
    /// When queries are due. Where an entry says otherwise by now, the entry counts.
    due: BinaryHeap<Reverse<(Instant, usize)>>,
    queue: FairQueue,
    hosts: Hosts,
    tasks: JoinSet<Result<Answer, Failure>>,
    under_way: HashMap<task::Id, UnderWay>,
    /// Who waits for the next answer of which query.
    demands: HashMap<usize, Vec<oneshot::Sender<Result<Asked, NotAsked>>>>,
}

#[derive(Debug)]
struct Entry {
    query: Arc<Query>,
    due: Instant,
    place: Place,
    standing: Standing,
    streak: Streak,
    polls: u64,
    last_sent: Option<Instant>,
}

/// Where a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Not due yet, and in the heap; or waiting for a probe of its host, which calls it back, and not in the heap.
    Waiting,
    /// Due, and waiting for its turn.
    Queued,
    /// Being asked.
    UnderWay,
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
            hosts: Hosts::default(),
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            demands: HashMap::new(),
        };
        poller.apply(plan);
        poller
    }

    /// Polls until stopped; polls under way are then dropped.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order<A>>, stop: CancellationToken) {
        loop {
            self.enqueue_due();
            self.send_queued();
            let next = self.due.peek().map(|Reverse((due, _))| *due);
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                Some(order) = orders.recv() => match order {
                    Order::Follow(plan, done) => {
                        self.apply(plan);
                        let _ = done.send(());
                    }
                    Order::Ask(demand) => self.demanded(demand),
                    // Who asked may not wait any more.
                    Order::Answer(asking) => drop(asking.send(())),
                },
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                () = async { match next { Some(due) => sleep_until(due).await, None => pending().await } } => {}
            }
        }
    }

    fn enqueue_due(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((due, position))) = self.due.peek().copied().filter(|Reverse((due, _))| *due <= now) {
            self.due.pop();
            let held_back = self.waits_for_a_probe(position);
            let entry = &mut self.entries[position];
            if entry.place == Place::Waiting && entry.due == due && !held_back {
                entry.place = Place::Queued;
                self.queue.push(position, entry.standing);
            }
        }
    }

    fn send_queued(&mut self) {
        while let Some(position) = self.queue.pop() {
            let now = Instant::now();
            let held_back = self.waits_for_a_probe(position);
            let entry = &mut self.entries[position];
            if entry.due > now || held_back {
                // Put off since it was queued. One that waits for a probe is called back once somebody gets through.
                entry.place = Place::Waiting;
                if !held_back {
                    self.due.push(Reverse((entry.due, position)));
                }
                self.queue.done(position);
                self.tell_of_delay(position);
                continue;
            }
            entry.place = Place::UnderWay;
            entry.last_sent = Some(now);
            let (ask, query) = (self.ask.clone(), Arc::clone(&entry.query));
            let abort = self.tasks.spawn(async move { ask.ask(query).await });
            self.under_way.insert(abort.id(), UnderWay { position, sent: now, abort });
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
        let Some(UnderWay { position, sent, .. }) = self.under_way.remove(&id) else { return };
        self.queue.done(position);
        let now = Instant::now();
        let entry = &mut self.entries[position];
        let timing = Timing { duration: now - sent, queued: sent.saturating_duration_since(entry.due) };
        let moment = Moment { monotonic: now.into_std(), wall: SystemTime::now() };
        let recorded = self.store.record(position, outcome, timing, moment);
        recorded.changes.iter().for_each(|(query, transition)| report::transition(query, transition));
        let failure = recorded.failure.as_ref();
        entry.place = Place::Waiting;
        entry.standing = if failure.is_some() { Standing::Failing } else { Standing::Answered };
        entry.polls += 1;
        let draw = self.schedule.draw(&entry.query, entry.polls);
        let again = entry.streak.after(failure, entry.query.pace.interval, draw);
        // What had to wait for its turn is not asked again right after it.
        let asked = if sent > entry.due + LATE { sent } else { entry.due };
        let slot = self.schedule.next(&entry.query, asked, now);
        let query = Arc::clone(&entry.query);

        let changes = self.hosts.ended(position, failure, sent, now);
        let due = match again {
            Again::AtItsSlot => self.when_allowed(position, slot),
            Again::After(wait) => self.when_allowed(position, now + wait),
            Again::WhenAllowed => {
                let allowed = self.hosts.allowed_from(position).unwrap_or(now).max(now + MIN_WAIT);
                // The one that was told first goes first, the others follow.
                if changes.is_empty() { self.following(position, allowed) } else { allowed }
            }
        };
        let mut told = vec![self.put_off(position, due, now)];
        for change in changes {
            report::host(&query, change);
            told.extend(self.put_off_others(position, change, now));
        }
        self.tell_of(position, failure, timing.duration);
        report::polled(&query, timing, failure, self.entries[position].due.saturating_duration_since(now));
        self.tell(&told);
    }

    /// Tells the store when queries are asked next; in parts, so that no scrape waits for all of a large host.
    fn tell(&self, next_polls: &[(usize, Instant)]) {
        for part in next_polls.chunks(1_000) {
            self.store.schedule(part.iter().map(|(position, due)| (*position, due.into_std())));
        }
    }

    /// Whether a query is not to be asked because its host can't be reached, and another one probes.
    fn waits_for_a_probe(&self, position: usize) -> bool {
        self.hosts.probe(position).is_some_and(|probe| probe != position)
    }

    /// That time, or one after its host's limits, if these go on until then.
    fn when_allowed(&self, position: usize, due: Instant) -> Instant {
        match self.hosts.allowed_from(position) {
            Some(allowed) if due < allowed => self.following(position, allowed),
            _ => due,
        }
    }

    /// A time for a query within a quarter of its interval, so that those that waited together do not go together.
    fn following(&self, position: usize, moment: Instant) -> Instant {
        let entry = &self.entries[position];
        entry.not_at_once(moment + self.schedule.offset(&entry.query) / 4)
    }

    /// Puts a query off until that time, or until one after its host's next probe. Gives what is to be told of it.
    fn put_off(&mut self, position: usize, due: Instant, now: Instant) -> (usize, Instant) {
        let probe = self.hosts.probe(position).filter(|probe| *probe != position);
        let due = match probe {
            Some(probe) => self.following(position, self.entries[probe].due.max(now)),
            None => due,
        };
        self.entries[position].due = due;
        if probe.is_none() {
            self.due.push(Reverse((due, position)));
        }
        (position, due)
    }

    /// Puts off, or calls back, the other queries that a change at a host concerns.
    fn put_off_others(&mut self, position: usize, change: Change, now: Instant) -> Vec<(usize, Instant)> {
        let others: Vec<usize> = self.hosts.concerned(position, change).to_vec();
        let mut told = Vec::new();
        for other in others {
            let Entry { due, place, .. } = self.entries[other];
            if other == position || place == Place::UnderWay {
                continue;
            }
            let called_back = matches!(change, Change::Reachable(_));
            let new = self.when_allowed(other, if called_back { self.following(other, now) } else { due });
            if new != due || called_back || self.waits_for_a_probe(other) {
                told.push(self.put_off(other, new, now));
            }
        }
        told
    }

    /// Replaces what is polled, at once. Queries that ask the same as before keep their state, their turn and the poll
    /// that is under way; new and changed ones are due now, and so are those whose next answer a new key, other exponents
    /// or the end of a conflict may make better, and those that were refused.
    fn apply(&mut self, plan: Plan<A>) {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let exponents_changed = self.exponents != plan.exponents;
        let anew = self.store.configure(&plan.shops, &plan.queries, &plan.exponents, wall);
        let anew: HashSet<usize> = anew.into_iter().collect();
        let before = std::mem::take(&mut self.entries);
        // Whoever waited for an answer asks again, of what is configured now.
        self.demands.clear();
        let known: HashMap<(&str, &str), usize> =
            before.iter().enumerate().map(|(position, entry)| (key(&entry.query), position)).collect();
        let mut kept = HashMap::new();
        for (position, query) in plan.queries.iter().enumerate() {
            let known = known.get(&key(query)).map(|known| (*known, &before[*known]));
            let known = known.filter(|(_, entry)| entry.query.asks_the_same(query));
            let entry = match known {
                None => Entry::new(Arc::clone(query), now),
                Some((known, entry)) if !anew.contains(&position) && same_key(&entry.query, query) => {
                    kept.insert(known, position);
                    let due = self.due_as_before(entry, query, now);
                    Entry { query: Arc::clone(query), due, place: Place::Waiting, ..*entry }
                }
                Some((_, entry)) => {
                    let due = entry.not_at_once(now);
                    Entry { due, last_sent: entry.last_sent, ..Entry::new(Arc::clone(query), now) }
                }
            };
            self.entries.push(entry);
        }
        self.queue = FairQueue::new(&plan.queries, plan.max_in_flight_per_host);
        self.hosts = Hosts::new(&plan.queries, &self.hosts);
        self.ask = plan.ask;
        self.exponents = plan.exponents;
        // The answer of a poll under way would be read with the exponents it was sent with.
        self.keep_under_way(&if exponents_changed { HashMap::new() } else { kept });
        self.due.clear();
        let waiting = (0..self.entries.len()).filter(|position| self.entries[*position].place == Place::Waiting);
        let told: Vec<_> = waiting
            .collect::<Vec<_>>()
            .into_iter()
            .map(|position| self.put_off(position, self.when_allowed(position, self.entries[position].due), now))
            .collect();
        self.tell(&told);
        debug!(queries = self.entries.len(), "polling");
    }

    /// When a query is due that was due before, perhaps at another interval.
    fn due_as_before(&self, entry: &Entry, query: &Query, now: Instant) -> Instant {
        if entry.streak.is_refused() {
            return entry.due.min(entry.not_at_once(now));
        }
        let unchanged = entry.query.pace.interval == query.pace.interval || entry.due <= now;
        if unchanged { entry.due } else { self.schedule.next(query, now, now) }
    }

    /// Keeps the polls under way whose position has a new one there; the others have nobody to answer to.
    fn keep_under_way(&mut self, kept: &HashMap<usize, usize>) {
        let (queue, entries) = (&mut self.queue, &mut self.entries);
        self.under_way.retain(|_, poll| {
            let position = kept.get(&poll.position);
            match position {
                Some(&position) => {
                    poll.position = position;
                    entries[position].place = Place::UnderWay;
                    queue.resume(position, entries[position].standing);
                }
                None => poll.abort.abort(),
            }
            position.is_some()
        });
    }
}

impl Entry {
    /// A query that was not asked yet, and is due now.
    const fn new(query: Arc<Query>, now: Instant) -> Self {
        Self {
            query,
            due: now,
            place: Place::Waiting,
            standing: Standing::Answered,
            streak: Streak::NONE,
            polls: 0,
            last_sent: None,
        }
    }

    /// That time, or one that is not right after it was sent.
    fn not_at_once(&self, due: Instant) -> Instant {
        self.last_sent.map_or(due, |sent| due.max(sent + MIN_WAIT))
    }
}

fn key(query: &Query) -> (&str, &str) {
    (&query.shop.name, &query.name)
}

fn same_key(one: &Query, other: &Query) -> bool {
    one.shop.secret_key == other.shop.secret_key
}

#[cfg(test)]
mod tests;
