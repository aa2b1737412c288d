//! Money as a function of seed and time.

use std::num::NonZeroU64;
use std::time::Duration;

use proptest::prelude::*;

use super::super::ledger::{Change, Event, Line, Moves, Payout, State, TopUp};
use super::super::seed::Seed;
use crate::domain::money::MinorUnits;

const SECOND: NonZeroU64 = NonZeroU64::new(1000).unwrap();

fn payout(least: i64, most: i64) -> Payout {
    Payout { least: MinorUnits(least), most: MinorUnits(most), every: SECOND, overdraft: false }
}

fn draining(seed: u64, opening: i64) -> Line {
    let moves = Moves { payout: Some(payout(50, 150)), top_up: None };
    Line::new(Seed::new(seed), MinorUnits(opening), true, moves)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn set_to(balance: i64) -> Change {
    Change { balance: Some(MinorUnits(balance)), ..Change::default() }
}

fn balance(line: &mut Line, seconds: u64) -> i64 {
    line.at(secs(seconds)).balance.0
}

proptest! {
    #[test]
    fn jumping_to_a_time_gives_the_same_as_stepping_there(
        seed in any::<u64>(),
        opening in -1000_i64..100_000,
        below in prop::option::of(0_i64..5000),
        paced in any::<bool>(),
        overdraft in any::<bool>(),
        steps in prop::collection::vec(0_u64..5000, 1..50),
    ) {
        let every = if paced || below.is_none() { NonZeroU64::new(3700) } else { None };
        let top_up = TopUp { amount: MinorUnits(7000), every, below: below.map(MinorUnits) };
        let moves = Moves { payout: Some(Payout { overdraft, ..payout(1, 3000) }), top_up: Some(top_up) };
        let mut stepping = Line::new(Seed::new(seed), MinorUnits(opening), true, moves);
        stepping.expect(Event::new(secs(4), NonZeroU64::new(11_000), set_to(500)));
        let mut jumping = stepping.clone();
        let mut now = 0;
        for step in steps {
            now += step;
            stepping.at(Duration::from_millis(now));
        }
        let end = Duration::from_millis(now);
        prop_assert_eq!(stepping.at(end), jumping.at(end));
    }

    #[test]
    fn payouts_never_take_more_than_there_is(seed in any::<u64>(), opening in 0_i64..2000, seconds in 0_u64..100) {
        let mut line = draining(seed, opening);
        prop_assert!(line.at(secs(seconds)).balance.0 >= 0);
    }

    #[test]
    fn what_came_in_and_went_out_explains_the_balance(seed in any::<u64>(), seconds in 0_u64..200) {
        let mut line = draining(seed, 5000);
        line.expect(Event::new(secs(20), NonZeroU64::new(30_000), set_to(9000)));
        let State { balance, credited, debited, .. } = line.at(secs(seconds));
        prop_assert_eq!(5000 + credited.0 - debited.0, balance.0);
    }
}

#[test]
fn the_same_seed_gives_the_same_money_and_another_seed_other_money() {
    let money = |seed| (0..20).map(|s| balance(&mut draining(seed, 100_000), s)).collect::<Vec<_>>();
    assert_eq!(money(1), money(1));
    assert_ne!(money(1), money(2));
}

#[test]
fn payouts_come_at_their_pace_and_within_their_bounds() {
    let mut line = draining(1, 100_000);
    assert_eq!(line.at(Duration::from_millis(999)).balance.0, 100_000);
    let mut before = 100_000;
    for second in 1..100 {
        let now = balance(&mut line, second);
        assert!((50..=150).contains(&(before - now)), "{before} to {now}");
        before = now;
    }
}

#[test]
fn a_balance_runs_dry_and_stays_there() {
    let mut line = draining(1, 300);
    assert_eq!(balance(&mut line, 60), 0);
    assert_eq!(balance(&mut line, 120), 0);
}

#[test]
fn with_overdraft_payouts_go_on_below_zero() {
    let moves = Moves { payout: Some(Payout { overdraft: true, ..payout(100, 100) }), top_up: None };
    let mut line = Line::new(Seed::new(1), MinorUnits(150), true, moves);
    assert_eq!(balance(&mut line, 3), -150);
}

#[test]
fn a_negative_balance_without_overdraft_is_left_as_it_is() {
    assert_eq!(balance(&mut draining(1, -20), 10), -20);
}

#[test]
fn a_top_up_without_a_pace_comes_after_the_payout_that_falls_below() {
    let top_up = TopUp { amount: MinorUnits(1000), every: None, below: Some(MinorUnits(500)) };
    let moves = Moves { payout: Some(payout(100, 100)), top_up: Some(top_up) };
    let mut line = Line::new(Seed::new(1), MinorUnits(600), true, moves);
    assert_eq!(balance(&mut line, 1), 500);
    assert_eq!(balance(&mut line, 2), 1400);
}

#[test]
fn a_top_up_with_a_pace_comes_whatever_there_is() {
    let top_up = TopUp { amount: MinorUnits(10), every: Some(SECOND), below: None };
    let mut line = Line::new(Seed::new(1), MinorUnits(0), true, Moves { payout: None, top_up: Some(top_up) });
    assert_eq!(balance(&mut line, 5), 50);
}

#[test]
fn a_top_up_with_a_pace_and_a_limit_comes_only_below_it() {
    let top_up = TopUp { amount: MinorUnits(10), every: Some(SECOND), below: Some(MinorUnits(25)) };
    let mut line = Line::new(Seed::new(1), MinorUnits(0), true, Moves { payout: None, top_up: Some(top_up) });
    assert_eq!(balance(&mut line, 60), 30);
}

#[test]
fn an_event_happens_at_its_time_and_once() {
    let mut line = Line::new(Seed::new(1), MinorUnits(1), true, Moves::default());
    line.expect(Event::new(secs(10), None, Change { active: Some(false), ..set_to(5) }));
    assert_eq!(line.at(Duration::from_millis(9999)).balance.0, 1);
    let state = line.at(secs(10));
    assert_eq!((state.balance.0, state.active), (5, false));
    line.change(secs(11), set_to(8));
    assert_eq!(balance(&mut line, 1000), 8);
}

#[test]
fn an_event_with_a_repeat_happens_again() {
    let mut line = Line::new(Seed::new(1), MinorUnits(1), true, Moves::default());
    let gone = |gone| Change { gone: Some(gone), ..Change::default() };
    line.expect(Event::new(secs(10), NonZeroU64::new(60_000), gone(true)));
    line.expect(Event::new(secs(20), NonZeroU64::new(60_000), gone(false)));
    let seen: Vec<bool> = [9, 10, 20, 69, 70, 79, 80, 130].map(|s| line.at(secs(s)).gone).into();
    assert_eq!(seen, [false, true, false, false, true, true, false, true]);
}

#[test]
fn an_event_comes_before_the_payout_of_the_same_time() {
    let moves = Moves { payout: Some(payout(100, 100)), top_up: None };
    let mut line = Line::new(Seed::new(1), MinorUnits(0), true, moves);
    line.expect(Event::new(secs(1), None, set_to(1000)));
    assert_eq!(balance(&mut line, 1), 900);
}

#[test]
fn a_frozen_balance_rests_until_it_is_thawed() {
    let mut line = draining(1, 100_000);
    let frozen = |frozen| Change { frozen: Some(frozen), ..set_to(70) };
    line.change(secs(10), frozen(true));
    assert_eq!(balance(&mut line, 500), 70);
    line.change(secs(500), Change { balance: Some(MinorUnits(100_000)), ..frozen(false) });
    assert!(balance(&mut line, 501) < 100_000);
}

#[test]
fn a_balance_set_by_hand_moves_on_from_there() {
    let mut line = draining(1, 100_000);
    line.change(secs(10), set_to(500));
    let now = balance(&mut line, 11);
    assert!((350..=450).contains(&now), "{now}");
}

#[test]
fn time_never_turns_back() {
    let mut line = draining(1, 100_000);
    let later = line.at(secs(60));
    assert_eq!(line.at(secs(30)), later);
}
