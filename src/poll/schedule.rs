//! When a query has its turn: its slot in each of its intervals, and the chance drawn for its waits. Pure: takes instants,
//! returns instants.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::query::Query;

/// The least time from one time a query is due to the next.
pub(super) const MIN_WAIT: Duration = Duration::from_secs(5);

/// When queries are due: each at its own offset within its interval, drawn anew at every start, so that neither the
/// queries of one process nor the replicas of one configuration line up.
#[derive(Clone, Debug)]
pub(super) struct Schedule<S = RandomState> {
    origin: Instant,
    seed: S,
}

impl<S: BuildHasher> Schedule<S> {
    /// A schedule whose offsets count from `origin`, drawn with that seed.
    pub(super) const fn new(origin: Instant, seed: S) -> Self {
        Self { origin, seed }
    }

    /// When a query that was due at `due` is due again, seen from `now`: at its offset in one of its next intervals. The
    /// slots that a late poll has missed are passed over.
    ///
    /// Where the first slot comes too soon after `due`, and the one after it later than an interval, there is a step in
    /// between: nothing goes unasked for longer than its interval because of its offset. (An interval below twice
    /// [`MIN_WAIT`] may have no room for the step.)
    pub(super) fn next(&self, query: &Query, due: Instant, now: Instant) -> Instant {
        let interval = query.pace.interval;
        let slot = self.slot(query, (due + MIN_WAIT).max(now + Duration::from_nanos(1)));
        let step = due + MIN_WAIT;
        let room = step > now && self.slot(query, step + MIN_WAIT) <= step + interval;
        if slot > due + interval && room { step } else { slot }
    }

    /// The first slot of a query that is not before `earliest`.
    fn slot(&self, query: &Query, earliest: Instant) -> Instant {
        let interval = query.pace.interval;
        let first = self.origin + self.offset(query);
        let behind = earliest.saturating_duration_since(first);
        let slots = behind.as_nanos().div_ceil(interval.as_nanos().max(1));
        first + interval * u32::try_from(slots).unwrap_or(u32::MAX)
    }

    /// A draw of chance from 0 to 1 for each poll of a query.
    #[expect(clippy::cast_precision_loss, reason = "chance needs no more bits")]
    pub(super) fn draw(&self, query: &Query, poll: u64) -> f64 {
        let hash = self.seed.hash_one((query.shop.name.as_ref(), query.name.as_ref(), poll));
        hash as f64 / u64::MAX as f64
    }

    /// Where in its interval a query is due.
    pub(super) fn offset(&self, query: &Query) -> Duration {
        let hash = self.seed.hash_one((query.shop.name.as_ref(), query.name.as_ref()));
        let nanos = (u128::from(hash) * query.pace.interval.as_nanos()) >> 64;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
