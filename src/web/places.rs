//! The places connections have: how many there are, and who gives one up for a newcomer.
//!
//! A client that has nothing under way gives way to one that may have, whoever was last active longest ago first. So no
//! number of idle or dawdling connections keeps anybody out. Knows nothing of sockets and of HTTP.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::activity::{Activity, Memory, Turn};

/// How many bytes of answers are held for clients that are still taking them, before the slowest of them give way. Four
/// answers of any size are always held.
const HELD: u64 = 64 * 1024 * 1024;

/// A number of places.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    /// Told where a connection that was to give way has a request after all.
    stays: Notify,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    last_number: u64,
    taken: HashMap<u64, Taken>,
}

#[derive(Debug)]
struct Taken {
    activity: Activity,
    leave: Leave,
    /// Told where the connection is to give way.
    wanted: Arc<Notify>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    No,
    /// Unless it has a request by now.
    IfUnused,
    Yes,
}

impl Taken {
    fn is_to(&mut self, leave: Leave) {
        self.leave = leave;
        self.wanted.notify_one();
    }
}

impl Places {
    /// So many places, all free.
    pub(super) fn new(number: usize) -> Arc<Self> {
        Arc::new(Self { free: Arc::new(Semaphore::new(number)), stays: Notify::new(), table: Mutex::default() })
    }

    /// A place, if need be that of the connection whose turn it is to give way, as soon as that is gone. None where all
    /// connections have a request under way.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Place> {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            if !self.table().give_way(Instant::now()) {
                return None;
            }
            tokio::select! {
                permit = Arc::clone(&self.free).acquire_owned() => break permit.ok()?,
                () = self.stays.notified() => {}
            }
        };
        let (activity, wanted) = (Activity::accepted(Instant::now()), Arc::new(Notify::new()));
        let mut table = self.table();
        table.last_number += 1;
        let number = table.last_number;
        table.taken.insert(number, Taken { activity, leave: Leave::No, wanted: Arc::clone(&wanted) });
        drop(table);
        Some(Place { progress: Progress { number, places: Arc::clone(self) }, wanted, permit: Some(permit) })
    }

    /// Whether all places are taken.
    pub(super) fn are_taken(&self) -> bool {
        self.free.available_permits() == 0
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Asks the connection whose turn it is to give way, if there is one.
    fn give_way(&mut self, now: Instant) -> bool {
        let staying = self.taken.values_mut().filter(|taken| taken.leave == Leave::No);
        let turns = staying.filter_map(|taken| Some((taken.activity.turn(now)?, taken)));
        let first = turns.min_by_key(|(turn, _): &(Turn, &mut Taken)| *turn);
        first.map(|(_, taken)| taken.is_to(Leave::IfUnused)).is_some()
    }

    /// Asks the slowest takers of answers to give way until the others' answers are not too much to hold. What several
    /// take is held once, and let go once all of them have given way.
    fn let_go(&mut self, newest: u64, its_length: u64) {
        let limit = HELD.max(its_length.saturating_mul(4));
        let staying = || self.taken.iter().filter(|(_, taken)| taken.leave != Leave::Yes);
        if staying().flat_map(|(_, taken)| taken.activity.held()).map(|memory| memory.length).sum::<u64>() <= limit {
            return;
        }
        let mut answers: HashMap<usize, (Option<Instant>, u64, Vec<u64>)> = HashMap::new();
        for (number, taken) in staying() {
            for Memory { address, length } in taken.activity.held() {
                let (since, held, takers) = answers.entry(address).or_insert((None, length, Vec::new()));
                *since = since.iter().copied().chain(taken.activity.taking_since()).min();
                *held = length.max(*held);
                takers.push(*number);
            }
        }
        let mut held: u64 = answers.values().map(|(_, length, _)| length).sum();
        let mut answers: Vec<_> = answers.into_values().filter(|(_, _, takers)| !takers.contains(&newest)).collect();
        answers.sort_by_key(|(since, _, _)| *since);
        for (_, length, takers) in answers {
            if held <= limit {
                break;
            }
            held -= length;
            for taker in takers {
                if let Some(taken) = self.taken.get_mut(&taker) {
                    taken.is_to(Leave::Yes);
                }
            }
        }
    }
}

/// The place of a connection, until dropped.
#[derive(Debug)]
pub(super) struct Place {
    progress: Progress,
    wanted: Arc<Notify>,
    /// None once dropped.
    permit: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// What the connection is at, for those who see it.
    pub(super) const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Waits until the connection is to give way.
    pub(super) async fn is_wanted(&self) {
        self.wanted.notified().await;
    }

    /// Whether the connection, which was to give way, may stay, since it has a request after all. Another gives way then.
    pub(super) fn stays(&self) -> bool {
        let mut table = self.progress.places.table();
        let taken = table.taken.get_mut(&self.progress.number).filter(|taken| taken.leave == Leave::IfUnused);
        let stays =
            taken.filter(|taken| taken.activity.turn(Instant::now()).is_none()).map(|taken| taken.leave = Leave::No);
        if stays.is_some() {
            self.progress.places.stays.notify_one();
        }
        stays.is_some()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // In this order, so that nobody finds neither a free place nor one that could be given up.
        self.permit = None;
        self.progress.places.table().taken.remove(&self.progress.number);
    }
}

/// How far a connection is. Telling it does nothing once the connection is gone.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    number: u64,
    places: Arc<Places>,
}

impl Progress {
    /// Changes what is known of the connection, if it is still there.
    pub(super) fn note<T: Default>(&self, change: impl FnOnce(&mut Activity, Instant) -> T) -> T {
        let mut table = self.places.table();
        table.taken.get_mut(&self.number).map(|taken| change(&mut taken.activity, Instant::now())).unwrap_or_default()
    }

    /// An answer that holds that memory begins to leave.
    pub(super) fn answered(&self, request: u64, memory: Memory) {
        self.note(|activity, now| activity.answered(request, memory, now));
        self.places.table().let_go(self.number, memory.length);
    }

    /// Waits until the connection has taken too long over what it is at. To be polled with the connection, whose progress
    /// moves the deadline.
    pub(super) async fn is_overdue(&self) {
        let deadline = || self.note(|activity, _| Some(activity.deadline())).unwrap_or_else(Instant::now);
        let mut timer = pin!(sleep_until(deadline()));
        poll_fn(|context| {
            let deadline = deadline();
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            timer.as_mut().poll(context)
        })
        .await;
    }
}

#[cfg(test)]
mod tests;
