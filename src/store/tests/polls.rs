//! What is counted of polls, and which changes are told.

use std::time::Duration;

use super::{Work, noon};
use crate::domain::failure::{Failure, Reason};
use crate::domain::observation::{Answer, Withheld, WithheldBecause};
use crate::domain::query::{Api, GatewayId};
use crate::domain::samples::{answer, bank_account, channel_row, channels, shop};
use crate::store::{Recorded, Timing, Transition};

fn work() -> Work {
    Work::of(&[channels(&shop("main"), "q", 1)])
}

fn good() -> Answer {
    answer([channel_row(1, 10, 100)])
}

/// The one change that is told.
fn change(recorded: Recorded) -> Transition {
    let mut changes = recorded.changes;
    assert_eq!(changes.len(), 1, "{changes:?}");
    changes.remove(0).1
}

#[test]
fn reasons_are_counted_at_the_place_they_have_in_the_list() {
    for (place, reason) in Reason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, place, "{reason}");
    }
}

#[test]
fn a_query_that_was_not_polled_is_neither_up_nor_failing() {
    let state = work().state(0);
    assert!(!state.is_up());
    assert!(state.failing.is_none());
    assert_eq!((state.polls, state.failures, state.last_success), (0, 0, None));
}

#[test]
fn a_success_makes_it_up() {
    let work = work();
    work.answered(0, 5, good());
    let state = work.state(0);
    assert!(state.is_up());
    assert_eq!(state.last_success, Some(noon() + Duration::from_secs(5)));
}

#[test]
fn a_failure_after_a_success_makes_it_down_and_keeps_the_time_of_success() {
    let work = work();
    work.answered(0, 5, good());
    work.failed(0, 65, Reason::Connect);
    let state = work.state(0);
    assert!(!state.is_up());
    assert_eq!(state.last_success, Some(noon() + Duration::from_secs(5)));
}

#[test]
fn polls_and_failures_are_counted() {
    let work = work();
    work.answered(0, 0, good());
    work.failed(0, 60, Reason::Timeout);
    work.failed(0, 120, Reason::Connect);
    assert_eq!((work.state(0).polls, work.state(0).failures), (3, 2));
}

#[test]
fn every_reason_is_counted_apart() {
    let work = work();
    for (times, reason) in (1_u64..).zip(Reason::ALL) {
        (0..times).for_each(|_| drop(work.failed(0, 0, reason)));
    }
    let snapshot = work.store.snapshot();
    let counts: Vec<(Reason, u64)> = snapshot.polls[0].failures().collect();
    assert_eq!(counts, Reason::ALL.into_iter().zip(1..).collect::<Vec<_>>());
}

#[test]
fn an_outdated_answer_is_counted_as_such() {
    let work = work();
    work.answered(0, 0, Answer { as_of: Some(noon()), ..good() });
    work.answered(0, 60, Answer { as_of: Some(noon() - Duration::from_secs(1)), ..good() });
    let snapshot = work.store.snapshot();
    let outdated = snapshot.polls[0].failures().find(|(reason, _)| *reason == Reason::OutdatedAnswer);
    assert_eq!(outdated, Some((Reason::OutdatedAnswer, 1)));
    assert_eq!(work.state(0).failures, 1);
}

#[test]
fn polls_are_timed_by_shop_and_api() {
    let (main, other) = (shop("main"), shop("other"));
    let queries = [
        channels(&main, "one", 1),
        channels(&main, "two", 2),
        bank_account(&main, "account", None),
        channels(&other, "one", 1),
    ];
    let work = Work::of(&queries);
    for query in 0..4 {
        let timing = Timing { duration: Duration::from_secs(2), queued: Duration::from_secs(1) };
        work.store.record(query, Ok(answer([channel_row(10 + query as u64, 1, 1)])), timing, work.at(0));
    }
    let snapshot = work.store.snapshot();
    let timed: Vec<(&str, Api, u64)> =
        snapshot.polls.iter().map(|polls| (&*polls.shop, polls.api, polls.duration.count())).collect();
    let expected =
        [("main", Api::ChannelBalances, 2), ("main", Api::GatewayBalance, 1), ("other", Api::ChannelBalances, 1)];
    assert_eq!(timed, expected);
    assert!((snapshot.polls[0].duration.sum() - 4.0).abs() < 1e-9);
    assert!((snapshot.polls[0].queued.sum() - 2.0).abs() < 1e-9);
}

#[test]
fn the_first_answer_is_told_once() {
    let work = work();
    assert_eq!(change(work.answered(0, 0, good())), Transition::Answered);
    assert!(work.answered(0, 60, good()).changes.is_empty());
}

#[test]
fn a_failure_is_told_once_for_each_reason() {
    let work = work();
    let reason = |transition| match transition {
        Transition::Failing(failure) => failure.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(change(work.failed(0, 0, Reason::Timeout))), Reason::Timeout);
    assert!(work.failed(0, 60, Reason::Timeout).changes.is_empty());
    assert_eq!(reason(change(work.failed(0, 120, Reason::Connect))), Reason::Connect);
    assert!(work.failed(0, 180, Reason::Connect).changes.is_empty());
}

#[test]
fn a_recovery_tells_how_long_all_the_failures_took() {
    let work = work();
    work.failed(0, 10, Reason::Timeout);
    work.failed(0, 70, Reason::Connect);
    let recovered = Transition::Recovered { after: Duration::from_mins(2) };
    assert_eq!(change(work.answered(0, 130, good())), recovered);
    assert!(work.answered(0, 190, good()).changes.is_empty());
}

#[test]
fn a_recovery_after_the_clock_was_put_back_took_as_long_as_it_took() {
    let work = work();
    work.failed(0, 10, Reason::Timeout);
    let recorded = work.store.record(0, Ok(good()), Timing::default(), work.at_clocks(70, -500));
    assert_eq!(change(recorded), Transition::Recovered { after: Duration::from_mins(1) });
}

#[test]
fn the_detail_of_a_failure_is_the_latest_and_its_time_the_first() {
    let work = work();
    work.failed(0, 10, Reason::Timeout);
    let failure = Failure::new(Reason::Timeout, "a second time");
    work.store.record(0, Err(failure.clone()), Timing::default(), work.at(70));
    let state = work.state(0);
    let failing = state.failing.as_ref().unwrap();
    assert_eq!((&failing.failure, failing.since), (&failure, work.at(10).monotonic));
}

#[test]
fn withheld_rows_are_those_of_the_last_answer() {
    let work = work();
    assert_eq!(work.state(0).rows_withheld, None);
    let withheld = Withheld { gateway: GatewayId(1), channel: None, why: WithheldBecause::NoCurrency };
    work.answered(0, 0, Answer { withheld: vec![withheld.clone(), withheld], ..good() });
    assert_eq!(work.state(0).rows_withheld, Some(2));
    work.failed(0, 60, Reason::Timeout);
    assert_eq!(work.state(0).rows_withheld, Some(2));
    work.answered(0, 120, good());
    assert_eq!(work.state(0).rows_withheld, Some(0));
}

#[test]
fn an_answer_of_nothing_but_withheld_rows_tells_how_many() {
    let work = work();
    work.answered(0, 0, good());
    let failure = Failure { withheld: 3, ..Failure::new(Reason::UnknownCurrency, "XYZ") };
    work.store.record(0, Err(failure), Timing::default(), work.at(60));
    assert_eq!(work.state(0).rows_withheld, Some(3));
    assert_eq!(work.last_known(0), Some(vec![100]));
}

#[test]
fn the_time_of_the_next_poll_is_noted() {
    let work = work();
    assert_eq!(work.state(0).next_poll, None);
    work.store.schedule([(0, work.at(60).monotonic)]);
    assert_eq!(work.state(0).next_poll, Some(work.at(60).monotonic));
}

#[test]
fn a_query_that_does_not_exist_records_nothing() {
    let work = work();
    let recorded = work.answered(1, 0, good());
    assert_eq!((recorded.reason(), recorded.changes.len()), (None, 0));
    work.store.schedule([(1, work.at(0).monotonic)]);
}
