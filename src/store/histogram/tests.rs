//! Durations near the bounds of the buckets.

use std::time::Duration;

use super::{BUCKETS, Histogram};

fn histogram_of(millis: impl IntoIterator<Item = u64>) -> Histogram {
    let mut histogram = Histogram::default();
    millis.into_iter().for_each(|millis| histogram.observe(Duration::from_millis(millis)));
    histogram
}

/// How many durations were at most that many seconds.
fn at_most(histogram: &Histogram, seconds: f64) -> u64 {
    histogram.cumulative().find(|(bound, _)| (bound - seconds).abs() < 1e-9).unwrap().1
}

#[test]
fn a_new_histogram_is_empty() {
    let histogram = Histogram::default();
    assert_eq!(histogram.count(), 0);
    assert!(histogram.cumulative().all(|(_, count)| count == 0));
    assert!(histogram.sum().abs() < f64::EPSILON);
}

#[test]
fn bounds_go_from_10_ms_to_60_s_and_rise() {
    assert!((BUCKETS[0] - 0.01).abs() < f64::EPSILON);
    assert!((BUCKETS[BUCKETS.len() - 1] - 60.0).abs() < f64::EPSILON);
    assert!(BUCKETS.is_sorted_by(|one, other| one < other));
}

#[test]
fn a_bound_belongs_to_its_own_bucket() {
    for bound in BUCKETS {
        let mut histogram = Histogram::default();
        histogram.observe(Duration::from_secs_f64(bound));
        assert_eq!(at_most(&histogram, bound), 1, "{bound}");
    }
}

#[test]
fn a_duration_above_a_bound_is_in_the_next_bucket() {
    let histogram = histogram_of([11]);
    assert_eq!(at_most(&histogram, 0.01), 0);
    assert_eq!(at_most(&histogram, 0.025), 1);
}

#[test]
fn a_duration_above_every_bound_is_in_the_count_alone() {
    let histogram = histogram_of([60_001]);
    assert_eq!(at_most(&histogram, 60.0), 0);
    assert_eq!(histogram.count(), 1);
}

#[test]
fn no_duration_at_all_is_in_the_first_bucket() {
    assert_eq!(at_most(&histogram_of([0]), 0.01), 1);
}

#[test]
fn buckets_count_everything_below_them_too() {
    let histogram = histogram_of([5, 20, 20, 400, 70_000]);
    let counts: Vec<u64> = histogram.cumulative().map(|(_, count)| count).collect();
    assert_eq!(counts, [1, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]);
    assert_eq!(histogram.count(), 5);
}

#[test]
fn the_sum_is_in_seconds() {
    assert!((histogram_of([250, 1_750, 90_000]).sum() - 92.0).abs() < 1e-9);
}
