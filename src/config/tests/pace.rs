//! How often and how long: defaults and bounds.

use std::time::Duration;

use super::*;
use crate::domain::query::Pace;

/// The pace of a query with those keys, under a `poll:` with those.
fn pace(poll: &str, own: &str) -> Pace {
    good(&format!("  channel_balances:\n  - {{gateway: 1, currencies: all{own}}}\npoll: {{{poll}}}\n")).queries[0].pace
}

/// What is told of a `poll:` with those keys.
fn told_of_poll(keys: &str) -> String {
    told(&format!("poll: {{{keys}}}\n"))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_query_is_asked_every_minute_unless_told_otherwise() {
    let expected =
        Pace { interval: seconds(60), timeout: seconds(25), stale_after: seconds(205), max_data_age: seconds(900) };
    assert_eq!(pace("", ""), expected);
}

#[test]
fn the_timeout_of_a_short_interval_is_four_fifths_of_it() {
    assert_eq!(pace("interval: 10s", "").timeout, seconds(8));
    assert_eq!(pace("", ", interval: 20s").timeout, seconds(16));
}

#[test]
fn the_timeout_of_a_long_interval_is_25_seconds() {
    assert_eq!(pace("interval: 1h", "").timeout, seconds(25));
}

#[test]
fn a_value_is_stale_after_three_intervals_and_the_timeout() {
    assert_eq!(pace("interval: 10s", "").stale_after, seconds(38));
    assert_eq!(pace("interval: 10s, timeout: 5s", "").stale_after, seconds(35));
}

#[test]
fn a_query_goes_its_own_pace_key_by_key() {
    let pace = pace("interval: 2m, timeout: 10s, max_data_age: 1h", ", interval: 30s, max_data_age: 5m");
    assert_eq!((pace.interval, pace.timeout, pace.stale_after), (seconds(30), seconds(10), seconds(100)));
    assert_eq!(pace.max_data_age, seconds(300));
}

#[test]
fn a_duration_may_have_several_units() {
    assert_eq!(pace("interval: 1m 30s", "").interval, seconds(90));
}

#[test]
fn five_seconds_are_the_shortest_interval() {
    assert_eq!(pace("interval: 5s", "").interval, seconds(5));
    assert_eq!(told_of_poll("interval: 4s"), "f.yml:5:18: poll.interval: found 4s; write 5s or more");
}

#[test]
fn a_day_is_the_longest_interval() {
    assert_eq!(pace("interval: 24h", "").interval, seconds(86400));
    assert_eq!(told_of_poll("interval: 25h"), "f.yml:5:18: poll.interval: found 1day 1h; write 1day or less");
}

#[test]
fn an_interval_without_a_unit_is_not_guessed() {
    assert_eq!(
        told_of_poll("interval: 30"),
        "f.yml:5:18: poll.interval: found \"30\"; write a duration with its unit, as 30s, 1m 30s or 2h"
    );
}

#[test]
fn the_timeout_lies_below_the_interval() {
    let message = "the timeout of 1m is not below the interval of 1m; make it shorter";
    assert_eq!(told_of_poll("timeout: 1m"), format!("f.yml:5:17: poll.timeout: {message}"));
}

#[test]
fn a_timeout_of_nothing_is_told() {
    assert_eq!(told_of_poll("timeout: 0s"), "f.yml:5:17: poll.timeout: found 0s; write how long one poll may take");
}

#[test]
fn a_timeout_that_only_the_query_s_own_interval_undercuts_is_told_there() {
    let lines = "  channel_balances:\n  - gateway: 1\n    currencies: all\n    interval: 10s\npoll: {timeout: 20s}\n";
    assert_eq!(
        told(lines),
        "f.yml:8:15: shops[0].channel_balances[0].interval: the timeout of 20s is not below the interval of 10s; make \
         it shorter"
    );
}

#[test]
fn a_value_must_not_vanish_between_two_good_polls() {
    assert_eq!(
        told_of_poll("stale_after: 84s"),
        "f.yml:5:21: poll.stale_after: stale_after of 1m 24s is below interval + timeout, so that values would vanish \
         between two good polls; write 1m 25s or more"
    );
    assert_eq!(pace("stale_after: 85s", "").stale_after, seconds(85));
}

#[test]
fn an_age_of_nothing_is_told() {
    assert_eq!(
        told_of_poll("max_data_age: 0s"),
        "f.yml:5:22: poll.max_data_age: found 0s; write how old the platform's data may be"
    );
}

#[test]
fn no_polls_in_flight_are_told() {
    assert_eq!(
        told_of_poll("max_in_flight_per_host: 0"),
        "f.yml:5:32: poll.max_in_flight_per_host: found 0; write 1 or more"
    );
}

#[test]
fn thirty_two_polls_may_be_in_flight_unless_told_otherwise() {
    assert_eq!(good("").max_in_flight_per_host, 32);
    assert_eq!(good("poll: {max_in_flight_per_host: 3}\n").max_in_flight_per_host, 3);
}

#[test]
fn durations_beyond_all_bounds_are_told_and_no_fault() {
    let longest = "18446744073709551615s";
    assert!(told_of_poll(&format!("interval: {longest}")).contains("write 1day or less"));
    assert!(told_of_poll(&format!("timeout: {longest}")).contains("is not below the interval of 1m"));
    assert_eq!(pace(&format!("stale_after: {longest}"), "").stale_after.as_secs(), u64::MAX);
}

#[test]
fn a_fault_of_the_defaults_is_told_once_however_many_queries_share_it() {
    let lines = "  channel_balances:\n  - {gateway: 1, currencies: [USD, EUR]}\npoll: {interval: 4s}\n";
    assert_eq!(told(lines).lines().count(), 1, "{}", told(lines));
}
