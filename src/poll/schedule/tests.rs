//! Slots, at instants of the test's choosing.

use std::hash::{BuildHasherDefault, DefaultHasher, RandomState};
use std::time::Duration;

use proptest::prelude::{Strategy, proptest};
use tokio::time::Instant;

use super::{MIN_WAIT, Schedule};
use crate::domain::query::{Pace, Query};
use crate::domain::samples::{PACE, channels, shop};

fn query(name: &str, interval: Duration) -> Query {
    Query { pace: Pace { interval, ..PACE }, ..channels(&shop("main"), name, 1) }
}

/// Offsets that are the same in every run.
fn schedule(origin: Instant) -> Schedule<BuildHasherDefault<DefaultHasher>> {
    Schedule::new(origin, BuildHasherDefault::default())
}

/// What the configuration takes for an interval.
fn intervals() -> impl Strategy<Value = Duration> {
    (5_000_u64..=86_400_000).prop_map(Duration::from_millis)
}

/// Up to a month.
fn elapsed() -> impl Strategy<Value = Duration> {
    (0_u64..=31 * 86_400_000_000).prop_map(Duration::from_micros)
}

proptest! {
    #[test]
    fn the_next_time_is_on_the_querys_slot_or_a_step_to_it(interval in intervals(), due in elapsed(), late in elapsed()) {
        let (origin, schedule, query) = (Instant::now(), schedule(Instant::now()), query("q", interval));
        let schedule = Schedule { origin, ..schedule };
        let next = schedule.next(&query, origin + due, origin + due + late);
        let distance = next - (origin + schedule.offset(&query));
        let step = origin + due + MIN_WAIT;
        assert!(next == step || distance.as_nanos() % interval.as_nanos() == 0);
    }

    #[test]
    fn the_next_time_lies_ahead_and_not_too_far(interval in intervals(), due in elapsed(), now in elapsed()) {
        let origin = Instant::now();
        let (due, now) = (origin + due, origin + now);
        let next = schedule(origin).next(&query("q", interval), due, now);
        assert!(next > now);
        assert!(next >= due + MIN_WAIT);
        assert!(next <= due.max(now) + interval + MIN_WAIT);
    }

    #[test]
    fn a_query_polled_in_time_is_never_unasked_for_longer_than_its_interval(
        interval in 10_000_u64..=86_400_000, name in "[a-z]{1,12}",
    ) {
        let interval = Duration::from_millis(interval);
        let (origin, query) = (Instant::now(), query(&name, interval));
        let schedule = schedule(origin);
        let mut due = origin;
        for _ in 0..5 {
            let next = schedule.next(&query, due, due + Duration::from_millis(100));
            assert!(next - due <= interval && next - due >= MIN_WAIT, "{:?}", next - due);
            due = next;
        }
        assert_eq!((due - (origin + schedule.offset(&query))).as_nanos() % interval.as_nanos(), 0);
    }

    #[test]
    fn an_offset_lies_within_the_interval(interval in intervals(), name in "[a-z]{1,12}") {
        assert!(schedule(Instant::now()).offset(&query(&name, interval)) < interval);
    }
}

#[test]
fn a_poll_that_ends_in_time_is_followed_an_interval_later() {
    let origin = Instant::now();
    let (schedule, query) = (schedule(origin), query("q", Duration::from_mins(1)));
    let first = schedule.next(&query, origin, origin);
    let second = schedule.next(&query, first, first + Duration::from_secs(25));
    assert_eq!(second - first, Duration::from_mins(1));
}

#[test]
fn slots_that_a_late_poll_has_missed_are_passed_over() {
    let origin = Instant::now();
    let (schedule, query) = (schedule(origin), query("q", Duration::from_mins(1)));
    let first = schedule.next(&query, origin, origin);
    let next = schedule.next(&query, first, first + Duration::from_secs(150));
    assert_eq!(next - first, Duration::from_mins(3));
}

#[test]
fn a_slot_that_is_there_this_very_moment_is_not_ahead() {
    let origin = Instant::now();
    let (schedule, query) = (schedule(origin), query("q", Duration::from_mins(1)));
    let first = schedule.next(&query, origin, origin);
    let next = schedule.next(&query, first, first + Duration::from_mins(1));
    assert_eq!(next - first, Duration::from_mins(2));
}

#[test]
fn the_shortest_interval_skips_no_slot() {
    let origin = Instant::now();
    let (schedule, query) = (schedule(origin), query("q", MIN_WAIT));
    let first = schedule.next(&query, origin, origin);
    assert_eq!(schedule.next(&query, first, first) - first, MIN_WAIT);
}

#[test]
fn two_starts_draw_different_offsets() {
    let origin = Instant::now();
    let (one, other) = (Schedule::new(origin, RandomState::new()), Schedule::new(origin, RandomState::new()));
    let queries: Vec<Query> = (0..10).map(|index| query(&format!("q{index}"), Duration::from_mins(1))).collect();
    assert!(queries.iter().any(|query| one.offset(query) != other.offset(query)));
}

#[test]
fn queries_of_one_name_in_two_shops_have_different_offsets() {
    let schedule = schedule(Instant::now());
    let (one, other) = (channels(&shop("main"), "q", 1), channels(&shop("other"), "q", 1));
    assert_ne!(schedule.offset(&one), schedule.offset(&other));
}

#[test]
fn a_thousand_offsets_spread_over_the_interval() {
    let schedule = schedule(Instant::now());
    let mut tenths = [0_u32; 10];
    for index in 0..1_000 {
        let offset = schedule.offset(&query(&format!("channel_balances-{index}"), Duration::from_mins(1)));
        tenths[usize::try_from(offset.as_secs() / 6).unwrap()] += 1;
    }
    assert!(tenths.iter().all(|count| (60..=140).contains(count)), "{tenths:?}");
}
