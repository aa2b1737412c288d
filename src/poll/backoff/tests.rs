//! Waits, poll after poll.

use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::strategy::Just;

use super::*;

const INTERVAL: Duration = Duration::from_mins(1);

fn failure(reason: Reason) -> Failure {
    Failure::new(reason, "for the test")
}

/// What follows each of those failures in a row, at the end of the window drawn from.
fn latest(failures: &[Failure]) -> Vec<Again> {
    let mut streak = Streak::NONE;
    failures.iter().map(|failure| streak.after(Some(failure), INTERVAL, 1.0)).collect()
}

/// What follows a query's first poll.
fn first(failure: Option<&Failure>, interval: Duration, draw: f64) -> Again {
    let mut streak = Streak::NONE;
    streak.after(failure, interval, draw)
}

fn after(seconds: u64) -> Again {
    Again::After(Duration::from_secs(seconds))
}

#[test]
fn an_answer_is_followed_by_the_querys_slot() {
    assert_eq!(first(None, INTERVAL, 0.5), Again::AtItsSlot);
}

#[test]
fn failures_that_may_be_over_soon_wait_from_a_quarter_of_the_interval_to_four_intervals() {
    for reason in [Reason::Connect, Reason::Timeout, Reason::ProviderError] {
        let waits = latest(&vec![failure(reason); 7]);
        assert_eq!(waits, [after(15), after(30), after(60), after(120), after(240), after(240), after(240)]);
    }
}

#[test]
fn the_wait_is_drawn_from_the_whole_window() {
    let mut streak = Streak::NONE;
    assert_eq!(
        streak.after(Some(&failure(Reason::Connect)), INTERVAL, 0.5),
        Again::After(Duration::from_millis(7_500))
    );
    assert_eq!(streak.after(Some(&failure(Reason::Connect)), INTERVAL, 0.5), after(15));
}

#[test]
fn no_wait_is_below_five_seconds() {
    assert_eq!(first(Some(&failure(Reason::Timeout)), INTERVAL, 0.0), after(5));
}

#[test]
fn an_answer_ends_the_row() {
    let mut streak = Streak::NONE;
    for _ in 0..3 {
        streak.after(Some(&failure(Reason::Timeout)), INTERVAL, 1.0);
    }
    streak.after(None, INTERVAL, 1.0);
    assert_eq!(streak.after(Some(&failure(Reason::Timeout)), INTERVAL, 1.0), after(15));
}

#[test]
fn a_provider_that_asks_for_time_gets_it_up_to_four_intervals() {
    let asks = |seconds| Failure { retry_after: Some(Duration::from_secs(seconds)), ..failure(Reason::ProviderError) };
    assert_eq!(first(Some(&asks(100)), INTERVAL, 0.0), after(100));
    assert_eq!(first(Some(&asks(86_400)), INTERVAL, 0.0), after(240));
}

#[test]
fn a_refusal_by_code_is_tried_again_after_a_quarter_of_an_hour() {
    for reason in [Reason::Unauthorized, Reason::BadRequest] {
        let by_code = Failure { by_code: true, ..failure(reason) };
        assert_eq!(latest(&[by_code]), [after(900)]);
    }
}

#[test]
fn a_refusal_by_status_alone_counts_from_the_third_in_a_row_on() {
    for reason in [Reason::Unauthorized, Reason::BadRequest] {
        let waits = latest(&vec![failure(reason); 4]);
        assert_eq!(waits, [Again::AtItsSlot, Again::AtItsSlot, after(900), after(900)]);
    }
}

#[test]
fn anything_else_between_two_refusals_begins_the_row_anew() {
    let refused = failure(Reason::Unauthorized);
    for reason in [Reason::Connect, Reason::Tls, Reason::RateLimited, Reason::MalformedResponse] {
        let row = [refused.clone(), refused.clone(), failure(reason), refused.clone(), refused.clone()];
        assert_eq!(latest(&row)[3..], [Again::AtItsSlot, Again::AtItsSlot], "{reason}");
    }
}

#[test]
fn a_refused_query_with_a_longer_interval_keeps_it() {
    let by_code = Failure { by_code: true, ..failure(Reason::BadRequest) };
    assert_eq!(first(Some(&by_code), Duration::from_hours(2), 0.5), after(7_200));
}

#[test]
fn a_limited_query_goes_when_its_host_allows() {
    assert_eq!(latest(&[failure(Reason::RateLimited)]), [Again::WhenAllowed]);
}

#[test]
fn answers_that_can_not_be_used_are_asked_for_again_at_the_querys_slot() {
    for reason in [
        Reason::Tls,
        Reason::MalformedResponse,
        Reason::NoData,
        Reason::UnknownCurrency,
        Reason::OutdatedAnswer,
        Reason::Conflict,
        Reason::Internal,
    ] {
        assert_eq!(latest(&vec![failure(reason); 5]), [Again::AtItsSlot; 5], "{reason}");
    }
}

#[test]
fn an_answer_that_is_being_worked_on_is_asked_for_at_the_querys_slot() {
    let pending = Failure { pending: true, ..failure(Reason::Timeout) };
    assert_eq!(latest(&vec![pending; 5]), [Again::AtItsSlot; 5]);
}

#[test]
fn a_pause_is_what_the_host_says_from_five_seconds_to_an_hour() {
    for (says, pauses) in [(0, 5), (30, 30), (3_600, 3_600), (86_400, 3_600)] {
        assert_eq!(pause(Some(Duration::from_secs(says)), None, INTERVAL), Duration::from_secs(pauses));
    }
}

#[test]
fn a_pause_of_which_nothing_is_said_doubles_from_the_interval_to_an_hour() {
    let mut pauses = vec![pause(None, None, INTERVAL)];
    for _ in 0..8 {
        pauses.push(pause(None, pauses.last().copied(), INTERVAL));
    }
    let minutes: Vec<u64> = pauses.iter().map(|pause| pause.as_secs() / 60).collect();
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

fn any_failure() -> impl Strategy<Value = Failure> {
    let retry_after = prop_oneof![Just(None), (0_u64..=u64::MAX).prop_map(|s| Some(Duration::from_secs(s)))];
    (proptest::sample::select(&Reason::ALL[..]), any::<bool>(), any::<bool>(), retry_after).prop_map(
        |(reason, by_code, pending, retry_after)| Failure { by_code, retry_after, pending, ..failure(reason) },
    )
}

proptest! {
    #[test]
    fn no_wait_is_below_five_seconds_or_beyond_its_class(
        failures in proptest::collection::vec((any_failure(), 0.0..=1.0), 1..50),
        interval in 5_000_u64..=86_400_000,
    ) {
        let interval = Duration::from_millis(interval);
        let mut streak = Streak::NONE;
        for (failure, draw) in failures {
            if let Again::After(wait) = streak.after(Some(&failure), interval, draw) {
                assert!(wait >= MIN_WAIT && wait <= (interval * 4).max(SLOW), "{wait:?}");
            }
        }
    }
}
