//! How long an answer counts.

use std::time::Duration;

use super::{Work, noon};
use crate::domain::failure::Reason;
use crate::domain::observation::Answer;
use crate::domain::samples::{PACE, answer, channel_row, channels, shop};

const STALE_AFTER: u64 = PACE.stale_after.as_secs();

fn work() -> Work {
    Work::of(&[channels(&shop("main"), "q", 1)])
}

fn true_at(minutes: u64, amount: i64) -> Answer {
    let as_of = Some(noon() + Duration::from_mins(minutes));
    Answer { as_of, ..answer([channel_row(1, 10, amount)]) }
}

#[test]
fn nothing_is_known_before_the_first_answer() {
    let work = work();
    assert_eq!(work.last_known(0), None);
    assert!(!work.is_fresh(0, 0));
}

#[test]
fn an_answer_is_fresh_until_it_is_as_old_as_stale_after() {
    let work = work();
    work.answered(0, 10, answer([channel_row(1, 10, 100)]));
    assert!(work.is_fresh(0, 10 + STALE_AFTER - 1));
    assert!(!work.is_fresh(0, 10 + STALE_AFTER));
}

#[test]
fn an_answer_is_stale_by_the_wall_clock_after_the_machine_was_suspended() {
    let work = work();
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    let woken = work.at_clocks(1, i64::try_from(STALE_AFTER).unwrap());
    assert!(work.state(0).fresh(woken).is_none());
}

#[test]
fn an_answer_is_stale_by_the_monotonic_clock_after_the_wall_clock_was_put_back() {
    let work = work();
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    assert!(work.state(0).fresh(work.at_clocks(STALE_AFTER, -3_600)).is_none());
}

#[test]
fn a_wall_clock_put_back_does_not_age_an_answer() {
    let work = work();
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    assert!(work.state(0).fresh(work.at_clocks(1, -3_600)).is_some());
}

#[test]
fn a_stale_answer_is_still_the_last_known() {
    let work = work();
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    assert!(!work.is_fresh(0, 86_400));
    assert_eq!(work.last_known(0), Some(vec![100]));
}

#[test]
fn failures_keep_the_answer_and_its_age() {
    let work = work();
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    for reason in Reason::ALL {
        work.failed(0, 60, reason);
        assert_eq!(work.last_known(0), Some(vec![100]), "{reason}");
        assert!(work.is_fresh(0, STALE_AFTER - 1), "{reason}");
        assert!(!work.is_fresh(0, STALE_AFTER), "{reason}");
    }
}

#[test]
fn a_channel_that_is_not_listed_any_more_is_forgotten_at_once() {
    let work = work();
    work.answered(0, 0, answer([channel_row(1, 10, 100), channel_row(1, 11, 200)]));
    work.answered(0, 60, answer([channel_row(1, 11, 200)]));
    assert_eq!(work.last_known(0), Some(vec![200]));
}

#[test]
fn rows_are_held_in_the_order_of_their_series() {
    let work = work();
    work.answered(0, 0, answer([channel_row(2, 10, 3), channel_row(1, 11, 2), channel_row(1, 10, 1)]));
    assert_eq!(work.last_known(0), Some(vec![1, 2, 3]));
}

#[test]
fn an_answer_older_than_the_one_held_replaces_nothing() {
    let work = work();
    work.answered(0, 0, true_at(10, 100));
    let recorded = work.answered(0, 60, true_at(9, 50));
    assert_eq!(recorded.reason(), Some(Reason::OutdatedAnswer));
    assert_eq!(work.last_known(0), Some(vec![100]));
    assert_eq!(work.state(0).as_of, Some(noon() + Duration::from_mins(10)));
}

#[test]
fn an_outdated_answer_does_not_make_the_held_one_younger() {
    let work = work();
    work.answered(0, 0, true_at(10, 100));
    work.answered(0, STALE_AFTER - 1, true_at(9, 50));
    assert!(!work.is_fresh(0, STALE_AFTER));
}

#[test]
fn an_older_answer_counts_once_the_held_one_is_stale() {
    let work = work();
    work.answered(0, 0, true_at(10, 100));
    let recorded = work.answered(0, STALE_AFTER, true_at(9, 50));
    assert_eq!(recorded.reason(), None);
    assert_eq!(work.last_known(0), Some(vec![50]));
}

#[test]
fn an_answer_of_the_same_time_is_not_outdated() {
    let work = work();
    work.answered(0, 0, true_at(10, 100));
    assert_eq!(work.answered(0, 60, true_at(10, 100)).reason(), None);
}

#[test]
fn an_answer_that_says_no_time_is_not_outdated() {
    let work = work();
    work.answered(0, 0, true_at(10, 100));
    assert_eq!(work.answered(0, 60, answer([channel_row(1, 10, 50)])).reason(), None);
    assert_eq!(work.state(0).as_of, None);
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let work = work();
    work.answered(0, 0, answer([channel_row(1, 10, 100)]));
    let before = work.store.snapshot();
    work.answered(0, 60, answer([channel_row(1, 10, 50)]));
    work.failed(0, 120, Reason::Timeout);
    work.configure(&[]);
    let state = &before.queries[0];
    assert_eq!(state.last_known().unwrap().rows[0].row.amount.0, 100);
    assert_eq!((state.polls, state.failures, state.is_up()), (1, 0, true));
    assert_eq!(before.polls[0].duration.count(), 1);
}

#[test]
fn the_age_of_an_answer_that_was_long_coming_counts_from_when_it_was_asked_for() {
    let work = work();
    work.answered(0, 100, Answer { since: Some(work.at(0)), ..true_at(10, 100) });
    assert!(work.is_fresh(0, STALE_AFTER - 1));
    assert!(!work.is_fresh(0, STALE_AFTER));
}
