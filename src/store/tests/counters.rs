//! The sums of falls and rises.

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use super::Work;
use crate::domain::failure::Reason;
use crate::domain::money::Exponent;
use crate::domain::samples::{PACE, answer, channel_row, channels, shop};

/// The sums in cents of a channel of query 0: of its falls, and of its rises.
fn sums(work: &Work, channel: usize) -> (f64, f64) {
    let state = work.state(0);
    let held = &state.last_known().unwrap().rows[channel];
    let cents = Exponent::new(0).unwrap();
    (held.decreased.to_major(cents), held.increased.to_major(cents))
}

/// A store that was answered with those amounts of one channel, a minute apart.
fn answered_with(amounts: impl IntoIterator<Item = i64>) -> Work {
    let work = Work::of(&[channels(&shop("main"), "q", 1)]);
    for (minute, amount) in amounts.into_iter().enumerate() {
        work.answered(0, 60 * u64::try_from(minute).unwrap(), answer([channel_row(1, 10, amount)]));
    }
    work
}

#[test]
fn the_first_answer_begins_both_sums_at_0() {
    assert_eq!(sums(&answered_with([500]), 0), (0.0, 0.0));
}

#[test]
fn falls_and_rises_are_summed_apart() {
    assert_eq!(sums(&answered_with([500, 450, 460, 400, 900]), 0), (110.0, 510.0));
}

#[test]
fn an_unchanged_balance_adds_nothing() {
    assert_eq!(sums(&answered_with([500, 500, 500]), 0), (0.0, 0.0));
}

#[test]
fn a_fall_below_zero_counts_whole() {
    assert_eq!(sums(&answered_with([100, -100, 0]), 0), (200.0, 100.0));
}

#[test]
fn the_widest_swings_are_summed_without_overflow() {
    let (decreased, increased) = sums(&answered_with([i64::MAX, i64::MIN, i64::MAX, i64::MIN]), 0);
    assert!((decreased - 2.0 * 2f64.powi(64)).abs() < 1.0, "{decreased}");
    assert!((increased - 2f64.powi(64)).abs() < 1.0, "{increased}");
}

#[test]
fn sums_survive_failures() {
    let work = answered_with([500, 400]);
    work.failed(0, 180, Reason::Timeout);
    work.answered(0, 240, answer([channel_row(1, 10, 300)]));
    assert_eq!(sums(&work, 0), (200.0, 0.0));
}

#[test]
fn sums_go_on_from_a_stale_answer() {
    let work = answered_with([500, 400]);
    work.answered(0, 100 * PACE.stale_after.as_secs(), answer([channel_row(1, 10, 450)]));
    assert_eq!(sums(&work, 0), (100.0, 50.0));
}

#[test]
fn sums_survive_a_reload() {
    let work = answered_with([500, 400]);
    work.configure(&[channels(&shop("main"), "q", 1)]);
    assert_eq!(sums(&work, 0), (100.0, 0.0));
    work.answered(0, 180, answer([channel_row(1, 10, 350)]));
    assert_eq!(sums(&work, 0), (150.0, 0.0));
}

#[test]
fn sums_survive_a_conflict() {
    let shop = shop("main");
    let work = Work::of(&[channels(&shop, "q", 1), channels(&shop, "rival", 1)]);
    let own = |amount| answer([channel_row(1, 10, amount)]);
    work.answered(0, 0, own(500));
    work.answered(0, 60, own(400));
    work.answered(1, 60, own(400));
    work.answered(0, 120, own(300));
    work.answered(1, 120, answer([channel_row(1, 11, 1)]));
    work.answered(0, 180, own(250));
    assert_eq!(sums(&work, 0), (250.0, 0.0));
}

#[test]
fn sums_end_with_their_channel() {
    let work = answered_with([500, 400]);
    work.answered(0, 180, answer([channel_row(1, 11, 1)]));
    work.answered(0, 240, answer([channel_row(1, 10, 300), channel_row(1, 11, 1)]));
    assert_eq!(sums(&work, 0), (0.0, 0.0));
}

#[test]
fn a_channel_that_is_new_among_others_begins_at_0() {
    let work = answered_with([500, 400]);
    work.answered(0, 180, answer([channel_row(1, 9, 70), channel_row(1, 10, 300)]));
    assert_eq!(sums(&work, 0), (0.0, 0.0));
    assert_eq!(sums(&work, 1), (200.0, 0.0));
}

proptest! {
    #[test]
    fn the_balance_is_the_first_one_and_the_rises_less_the_falls(amounts in vec(any::<i32>(), 1..40)) {
        let work = answered_with(amounts.iter().copied().map(i64::from));
        let (decreased, increased) = sums(&work, 0);
        let (first, last) = (f64::from(amounts[0]), f64::from(amounts[amounts.len() - 1]));
        assert!((first + increased - decreased - last).abs() < 0.5);
    }

    #[test]
    fn sums_are_those_of_the_single_steps(amounts in vec(any::<i32>(), 1..40)) {
        let work = answered_with(amounts.iter().copied().map(i64::from));
        let steps = amounts.windows(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0]));
        let (falls, rises): (Vec<f64>, Vec<f64>) = steps.partition(|step| *step < 0.0);
        assert_eq!(sums(&work, 0), (falls.iter().map(|fall| -fall).sum(), rises.iter().sum()));
    }
}
