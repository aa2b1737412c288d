//! A plan that is replaced.

use std::sync::Arc;
use std::time::Duration;

use super::{Plan, Platform, Running, TICK, exponents_of_usd, is_every, plan, same};
use crate::domain::query::{Pace, Query};
use crate::domain::samples::{PACE, channels, shop};
use crate::domain::shop::Shop;

fn query(name: &str, gateway: u64) -> Query {
    channels(&shop("main"), name, gateway)
}

fn every(seconds: u64, query: Query) -> Query {
    Query { pace: Pace { interval: Duration::from_secs(seconds), ..PACE }, ..query }
}

/// A platform that takes ten seconds for the query `a`.
fn slow_platform() -> Platform {
    let platform = Platform::new();
    platform.slow("a", 10);
    platform
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_query_keeps_its_slot() {
    let running = Running::start(&Platform::new(), &[query("a", 1)]);
    running.until(70).await;
    for seconds in [71, 72, 200] {
        running.until(seconds).await;
        running.replan(&[query("a", 1)]).await;
    }
    running.until(600).await;
    let asked = running.asked("a");
    assert!(is_every(PACE.interval, &asked[2..]), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_query_keeps_its_state() {
    let running = Running::start(&Platform::new(), &[query("a", 1)]);
    running.until(1).await;
    running.replan(&[query("a", 1)]).await;
    let state = running.state("a");
    assert_eq!(state.polls, 1);
    assert!(state.last_known().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_poll_under_way_goes_on_and_is_recorded() {
    let running = Running::start(&slow_platform(), &[query("a", 1)]);
    running.until(3).await;
    running.replan(&[query("a", 1)]).await;
    running.until(10).await;
    assert_eq!(running.asked("a"), [Duration::ZERO]);
    assert_eq!(running.state("a").polls, 1);
    assert!(running.dropped().is_empty());
    let polls = &running.store.snapshot().polls[0];
    assert!((polls.duration.sum() - 10.0).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn a_poll_under_way_is_recorded_where_its_query_stands_now() {
    let running = Running::start(&slow_platform(), &[query("a", 1), query("b", 2)]);
    running.until(3).await;
    running.replan(&[query("new", 3), query("b", 2), query("a", 1)]).await;
    running.until(10).await;
    assert_eq!((running.asked("a").len(), running.state("a").polls), (1, 1));
    for name in ["b", "new"] {
        assert_eq!(running.asked(name).len(), usize::try_from(running.state(name).polls).unwrap(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_under_way_keeps_its_gateway_taken() {
    let running = Running::start(&slow_platform(), &[query("a", 1)]);
    running.until(3).await;
    running.replan(&[query("a", 1), query("b", 1)]).await;
    running.until(9).await;
    assert!(running.asked("b").is_empty());
    running.until(11).await;
    assert!(same(running.asked("b")[0], Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn a_poll_under_way_keeps_its_place_at_the_host() {
    let platform = slow_platform();
    let running = Running::start(&platform, &[query("a", 1)]);
    running.until(3).await;
    let queries = [query("a", 1), query("b", 2)];
    running.replan_with(Plan { max_in_flight_per_host: 1, ..plan(&platform, &queries) }).await;
    running.until(11).await;
    assert!(same(running.asked("b")[0], Duration::from_secs(10)));
}

#[tokio::test(start_paused = true)]
async fn the_poll_of_a_removed_query_is_dropped() {
    let running = Running::start(&slow_platform(), &[query("a", 1), query("b", 2)]);
    running.until(3).await;
    running.replan(&[query("b", 2)]).await;
    assert_eq!(running.dropped(), ["a".into()]);
    running.until(600).await;
    assert_eq!(running.asked("a").len(), 1);
    let polls = running.state("b").polls;
    assert_eq!(running.asked("b").len(), usize::try_from(polls).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_new_query_is_asked_at_once() {
    let running = Running::start(&Platform::new(), &[query("a", 1)]);
    running.until(30).await;
    running.replan(&[query("a", 1), query("b", 2)]).await;
    assert!(same(running.asked("b")[0], Duration::from_secs(30)));
}

#[tokio::test(start_paused = true)]
async fn a_changed_query_is_asked_at_once_and_its_old_poll_dropped() {
    let platform = slow_platform();
    let running = Running::start(&platform, &[query("a", 1)]);
    running.until(3).await;
    running.replan(&[query("a", 2)]).await;
    assert_eq!(running.dropped(), ["a".into()]);
    assert!(same(running.asked("a")[1], Duration::from_secs(3)));
    running.until(12).await;
    assert_eq!(running.state("a").polls, 0);
    running.until(14).await;
    assert_eq!(running.state("a").polls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_poll_under_way_is_asked_anew_when_exponents_change() {
    let platform = slow_platform();
    let running = Running::start(&platform, &[query("a", 1)]);
    running.until(3).await;
    running.replan_with(Plan { exponents: exponents_of_usd(4), ..plan(&platform, &[query("a", 1)]) }).await;
    assert_eq!(running.dropped(), ["a".into()]);
    assert!(same(running.asked("a")[1], Duration::from_secs(3)));
    running.until(12).await;
    assert_eq!(running.state("a").polls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_shorter_interval_counts_from_now() {
    let running = Running::start(&Platform::new(), &[every(3_600, query("a", 1))]);
    running.until(1).await;
    running.replan(&[every(10, query("a", 1))]).await;
    running.until(100).await;
    let asked = running.asked("a");
    assert!(asked[1] >= Duration::from_secs(6) && asked[1] <= Duration::from_secs(16) + TICK, "{asked:?}");
    assert!(is_every(Duration::from_secs(10), &asked[2..]), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_longer_interval_counts_from_now() {
    let running = Running::start(&Platform::new(), &[every(10, query("a", 1))]);
    running.until(60).await;
    running.replan(&[every(3_600, query("a", 1))]).await;
    let before = running.asked("a").len();
    running.until(3_600).await;
    assert!(running.asked("a").len() <= before + 1);
    running.until(3_666).await;
    assert!(running.asked("a").len() > before);
}

#[tokio::test(start_paused = true)]
async fn many_plans_in_a_row_ask_nothing_twice() {
    let running = Running::start(&slow_platform(), &[query("a", 1), query("b", 2)]);
    for _ in 0..20 {
        running.replan(&[query("b", 2), query("a", 1)]).await;
        running.replan(&[query("a", 1), query("b", 2)]).await;
    }
    assert_eq!((running.asked("a").len(), running.asked("b").len()), (1, 1));
    running.until(11).await;
    assert_eq!(running.state("a").polls, 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_poll_stays_told_for_a_query_that_is_not_under_way() {
    let running = Running::start(&Platform::new(), &[query("a", 1)]);
    running.until(1).await;
    let before = running.next("a");
    running.replan(&[query("a", 1)]).await;
    assert_eq!(running.next("a"), before);
}

#[tokio::test(start_paused = true)]
async fn a_new_secret_key_is_tried_at_once_and_the_state_kept() {
    let running = Running::start(&Platform::new(), &[query("a", 1)]);
    running.until(3).await;
    let rotated = Shop { secret_key: "another".to_owned().into(), ..(*shop("main")).clone() };
    running.replan(&[channels(&Arc::new(rotated), "a", 1)]).await;
    // Not within five seconds of the poll before.
    running.until(6).await;
    assert!(same(running.asked("a")[1], Duration::from_secs(5)), "{:?}", running.asked("a"));
    assert_eq!(running.state("a").polls, 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_new_exponents_invalidate_is_asked_for_again_at_once() {
    let platform = Platform::new();
    let running = Running::start(&platform, &[query("a", 1)]);
    running.until(3).await;
    running.replan_with(Plan { exponents: exponents_of_usd(4), ..plan(&platform, &[query("a", 1)]) }).await;
    // Not within five seconds of the poll before.
    running.until(6).await;
    assert!(same(running.asked("a")[1], Duration::from_secs(5)), "{:?}", running.asked("a"));
}
