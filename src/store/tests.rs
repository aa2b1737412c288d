//! The store, told of answers and failures at moments of the test's choosing.

mod conflicts;
mod counters;
mod freshness;
mod history;
mod missing;
mod polls;
mod reload;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{QueryState, Recorded, Store, Timing};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::observation::Answer;
use crate::domain::query::Query;
use crate::domain::shop::Shop;

/// A store at work since noon.
struct Work {
    store: Store,
    start: Moment,
}

impl Work {
    fn of(queries: &[Query]) -> Self {
        let work = Self { store: Store::default(), start: Moment { monotonic: Instant::now(), wall: noon() } };
        work.configure(queries);
        work
    }

    fn configure(&self, queries: &[Query]) {
        self.configure_with(queries, &Exponents::default());
    }

    /// Gives the positions of the queries to be asked anew.
    fn configure_with(&self, queries: &[Query], exponents: &Exponents) -> Vec<usize> {
        let shops: Vec<Arc<Shop>> = queries.iter().map(|query| Arc::clone(&query.shop)).collect();
        let queries: Vec<Arc<Query>> = queries.iter().cloned().map(Arc::new).collect();
        self.store.configure(&shops, &queries, exponents, noon())
    }

    /// So many seconds after the start by both clocks.
    fn at(&self, seconds: u64) -> Moment {
        self.at_clocks(seconds, i64::try_from(seconds).unwrap())
    }

    /// So many seconds after the start by the monotonic clock, and by the wall clock.
    fn at_clocks(&self, monotonic: u64, wall: i64) -> Moment {
        let distance = Duration::from_secs(wall.unsigned_abs());
        let wall = if wall < 0 { self.start.wall - distance } else { self.start.wall + distance };
        Moment { monotonic: self.start.monotonic + Duration::from_secs(monotonic), wall }
    }

    fn answered(&self, query: usize, seconds: u64, answer: Answer) -> Recorded {
        self.store.record(query, Ok(answer), Timing::default(), self.at(seconds))
    }

    fn failed(&self, query: usize, seconds: u64, reason: Reason) -> Recorded {
        self.store.record(query, Err(Failure::new(reason, "for the test")), Timing::default(), self.at(seconds))
    }

    fn state(&self, query: usize) -> Arc<QueryState> {
        Arc::clone(&self.store.snapshot().queries[query])
    }

    /// The amounts of the last answer, fresh or stale; none where nothing is to be published.
    fn last_known(&self, query: usize) -> Option<Vec<i64>> {
        Some(self.state(query).last_known()?.rows.iter().map(|held| held.row.amount.0).collect())
    }

    /// Why the query fails.
    fn reason(&self, query: usize) -> Option<Reason> {
        Some(self.state(query).failing.as_ref()?.failure.reason)
    }

    fn is_fresh(&self, query: usize, seconds: u64) -> bool {
        self.state(query).fresh(self.at(seconds)).is_some()
    }
}

/// 16 February 2026, 12:00 UTC.
fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(492_012)
}
