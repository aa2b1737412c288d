//! The last polls and the last failures.

use super::Work;
use crate::domain::failure::Reason;
use crate::domain::samples::{answer, channel_row, channels, shop};
use crate::store::KEPT;

fn work() -> Work {
    Work::of(&[channels(&shop("main"), "a", 1)])
}

#[test]
fn the_newest_poll_comes_first() {
    let work = work();
    work.failed(0, 1, Reason::Connect);
    work.answered(0, 2, answer([channel_row(1, 1, 100)]));
    let history = work.store.snapshot().history;
    let polls: Vec<_> = history.polls().map(|poll| (poll.ended, poll.failure.is_some())).collect();
    assert_eq!(polls, [(work.at(2).wall, false), (work.at(1).wall, true)]);
}

#[test]
fn a_failure_outlasts_the_polls_that_follow_it() {
    let work = work();
    work.failed(0, 1, Reason::Connect);
    for second in 2..300 {
        work.answered(0, second, answer([channel_row(1, 1, 100)]));
    }
    let history = work.store.snapshot().history;
    assert_eq!((history.polls().len(), history.failures().len()), (KEPT, 1));
    assert!(history.polls().all(|poll| poll.failure.is_none()));
    let failure = history.failures().next().unwrap();
    assert_eq!((failure.ended, failure.failure.as_ref().unwrap().reason), (work.at(1).wall, Reason::Connect));
}

#[test]
fn no_more_failures_are_kept_than_polls() {
    let work = work();
    for second in 0..300 {
        work.failed(0, second, Reason::Timeout);
    }
    let history = work.store.snapshot().history;
    assert_eq!(history.failures().len(), KEPT);
    assert_eq!(history.failures().last().unwrap().ended, work.at(200).wall);
}

#[test]
fn a_reload_forgets_none_of_them() {
    let work = work();
    work.failed(0, 1, Reason::Connect);
    work.configure(&[channels(&shop("main"), "b", 2)]);
    assert_eq!(work.store.snapshot().history.failures().len(), 1);
}

#[test]
fn what_the_store_itself_refuses_is_a_failure_too() {
    let shop = shop("main");
    let work = Work::of(&[channels(&shop, "a", 1), channels(&shop, "b", 1)]);
    for query in 0..2 {
        work.answered(query, 1, answer([channel_row(1, 1, 100)]));
    }
    let history = work.store.snapshot().history;
    assert_eq!(history.failures().next().unwrap().failure.as_ref().unwrap().reason, Reason::Conflict);
}
