//! Deadlines and turns, by the clock alone.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

const TEN: Memory = Memory { address: 1, length: 10 };

/// A connection that was accepted at that moment, and has had one request answered a second later.
fn kept(now: Instant) -> Activity {
    let mut activity = Activity::accepted(now);
    activity.received(now);
    let number = activity.asked(false, now);
    activity.answered(number, TEN, now);
    activity.fetched(number, now);
    activity.flushed(now + SECOND);
    activity
}

#[test]
fn a_client_has_10_seconds_for_its_first_byte() {
    let now = Instant::now();
    assert_eq!(Activity::accepted(now).deadline(), now + 10 * SECOND);
}

#[test]
fn a_head_may_take_10_seconds_however_many_bytes_come_meanwhile() {
    let now = Instant::now();
    let mut activity = kept(now);
    for seconds in 20..29 {
        activity.received(now + seconds * SECOND);
        assert_eq!(activity.deadline(), now + 30 * SECOND);
    }
}

#[test]
fn a_connection_may_be_unused_for_5_minutes_after_an_answer() {
    let now = Instant::now();
    assert_eq!(kept(now).deadline(), now + SECOND + Duration::from_mins(5));
}

#[test]
fn bytes_of_http2_that_are_of_no_request_keep_no_connection() {
    let now = Instant::now();
    let mut activity = Activity::accepted(now);
    activity.is_http2();
    activity.received(now + SECOND);
    assert_eq!(activity.deadline(), now + 10 * SECOND);
}

#[test]
fn an_answer_may_take_a_minute_from_its_first_byte() {
    let now = Instant::now();
    let mut activity = Activity::accepted(now);
    let number = activity.asked(false, now);
    activity.answered(number, TEN, now + 20 * SECOND);
    assert_eq!(activity.deadline(), now + 80 * SECOND);
    activity.fetched(number, now + 30 * SECOND);
    assert_eq!(activity.deadline(), now + 80 * SECOND, "it has not been written yet");
}

#[test]
fn each_answer_of_http2_has_its_own_minute() {
    let now = Instant::now();
    let mut activity = Activity::accepted(now);
    activity.is_http2();
    let (stuck, other) = (activity.asked(false, now), activity.asked(false, now));
    activity.answered(stuck, TEN, now);
    activity.answered(other, TEN, now + 50 * SECOND);
    activity.fetched(other, now + 51 * SECOND);
    assert_eq!(activity.deadline(), now + 60 * SECOND);
    activity.fetched(stuck, now + 52 * SECOND);
    assert_eq!(activity.deadline(), now + 52 * SECOND + Duration::from_mins(5));
}

#[test]
fn an_end_that_was_said_comes_a_second_later() {
    let now = Instant::now();
    let mut activity = kept(now);
    activity.received(now + 20 * SECOND);
    assert!(activity.closing(now + 21 * SECOND));
    activity.closing(now + 22 * SECOND);
    assert_eq!(activity.deadline(), now + 22 * SECOND);
}

#[test]
fn who_may_still_be_sending_is_waited_for_at_the_end() {
    let now = Instant::now();
    assert!(!kept(now).closing(now), "nothing has come since the answer");
    let mut with_body = Activity::accepted(now);
    let number = with_body.asked(true, now);
    with_body.answered(number, TEN, now);
    with_body.fetched(number, now);
    with_body.flushed(now);
    assert!(with_body.closing(now));
}

#[test]
fn who_waits_longest_gives_way_first_whatever_has_come_of_a_head() {
    let now = Instant::now();
    let mut dawdling = Activity::accepted(now);
    dawdling.received(now + 2 * SECOND);
    let kept = kept(now);
    assert_eq!(dawdling.turn(now + 3 * SECOND), Some(Turn::Waiting(now)));
    assert!(dawdling.turn(now + 3 * SECOND) < kept.turn(now + 3 * SECOND));
}

#[test]
fn who_has_a_request_under_way_does_not_give_way() {
    let now = Instant::now();
    let mut activity = Activity::accepted(now);
    let number = activity.asked(false, now);
    assert_eq!(activity.turn(now + 60 * SECOND), None);
    activity.answered(number, TEN, now + 60 * SECOND);
    assert_eq!(activity.turn(now + 64 * SECOND), None);
}

#[test]
fn who_takes_an_answer_slowly_gives_way_after_those_who_wait() {
    let now = Instant::now();
    let mut slow = Activity::accepted(now);
    let number = slow.asked(false, now);
    slow.answered(number, TEN, now);
    let later = now + 5 * SECOND;
    assert_eq!(slow.turn(later), Some(Turn::Slow(now)));
    assert!(Activity::accepted(later).turn(later) < slow.turn(later));
}

#[test]
fn an_answer_is_held_until_it_has_been_written() {
    let now = Instant::now();
    let mut activity = Activity::accepted(now);
    let number = activity.asked(false, now);
    assert_eq!(activity.held().next(), None);
    activity.answered(number, TEN, now);
    activity.flushed(now);
    assert_eq!(activity.held().next(), Some(TEN));
    activity.fetched(number, now);
    assert_eq!(activity.held().next(), Some(TEN));
    activity.flushed(now);
    assert_eq!(activity.held().next(), None);
}
