//! For how long what was written may be served again.

use std::time::Duration;

use super::Work;
use crate::domain::moment::Moment;
use crate::domain::query::{Pace, Query};
use crate::domain::samples::{answer, channel_row, channels, shop};
use crate::metrics::Validity;

/// Two queries whose answers get stale after 60 and after 90 seconds, both answered at the start.
fn work() -> Work {
    let shop = shop("main");
    let queries = [(60, "q60"), (90, "q90")].map(|(seconds, name)| {
        let query = channels(&shop, name, seconds);
        Query { pace: Pace { stale_after: Duration::from_secs(seconds), ..query.pace }, ..query }
    });
    let work = Work::of(&queries);
    work.answered(0, 0, answer([channel_row(60, 1, 100)]));
    work.answered(1, 0, answer([channel_row(90, 1, 100)]));
    work
}

fn validity(work: &Work, seconds: u64) -> Validity {
    Validity::of(&work.store.snapshot(), work.at(seconds))
}

#[test]
fn it_ends_when_the_first_balance_gets_stale() {
    let work = work();
    let written = validity(&work, 10);
    assert!(written.holds_at(work.at(10)) && written.holds_at(work.at(59)));
    assert!(!written.holds_at(work.at(60)));
}

#[test]
fn balances_that_are_stale_already_end_nothing() {
    let work = work();
    let written = validity(&work, 75);
    assert!(written.holds_at(work.at(89)) && !written.holds_at(work.at(90)));
    assert!(validity(&work, 100).holds_at(work.at(1_000_000)));
}

#[test]
fn it_ends_when_a_clock_is_set_or_stands_still() {
    let work = work();
    let (written, then) = (validity(&work, 10), work.at(20));
    let (little, much) = (Duration::from_millis(50), Duration::from_millis(150));
    assert!(written.holds_at(Moment { wall: then.wall + little, ..then }));
    assert!(written.holds_at(Moment { wall: then.wall - little, ..then }));
    assert!(!written.holds_at(Moment { wall: then.wall + much, ..then }));
    assert!(!written.holds_at(Moment { wall: then.wall - much, ..then }));
    assert!(!written.holds_at(Moment { wall: work.at(5).wall, ..then }), "set back behind its beginning");
}

#[test]
fn every_change_of_the_store_is_another_version() {
    let work = work();
    let mut versions = vec![work.store.version()];
    work.answered(0, 1, answer([channel_row(60, 1, 100)]));
    versions.push(work.store.version());
    work.store.schedule([(0, work.at(30).monotonic)]);
    versions.push(work.store.version());
    work.store.reload_failed(work.at(2).wall);
    versions.push(work.store.version());
    assert_eq!(work.store.snapshot().version, *versions.last().unwrap());
    versions.dedup();
    assert_eq!(versions.len(), 4, "{versions:?}");
}
