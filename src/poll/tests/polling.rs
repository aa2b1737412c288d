//! A plan that stays.

use std::time::Duration;

use tokio::time::Instant;

use super::{Behaviour, Platform, Running, TICK, is_every, plan, same};
use crate::domain::failure::Reason;
use crate::domain::query::Query;
use crate::domain::samples::{PACE, bank_account, channels, shop};

/// A query of each of those gateways.
fn queries(names: &[&str]) -> Vec<Query> {
    let shop = shop("main");
    (1..).zip(names).map(|(gateway, name)| channels(&shop, name, gateway)).collect()
}

#[tokio::test(start_paused = true)]
async fn every_query_is_asked_at_the_start() {
    let running = Running::start(&Platform::new(), &queries(&["a", "b", "c"]));
    running.settled().await;
    for query in ["a", "b", "c"] {
        assert_eq!(running.asked(query), [Duration::ZERO]);
        assert!(running.state(query).is_up());
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_are_under_way_than_the_limit() {
    let platform = Platform::new();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        platform.slow(name, 2);
    }
    let plan = super::Plan { max_in_flight_per_host: 2, ..plan(&platform, &queries(&names)) };
    let running = Running::start_with(&platform, plan);
    running.until(1).await;
    assert_eq!(names.iter().filter(|name| !running.asked(name).is_empty()).count(), 2);
    running.until(600).await;
    assert!(names.iter().all(|name| running.asked(name).len() > 8));
    assert_eq!(platform.book.lock().unwrap().most_under_way, 2);
}

#[tokio::test(start_paused = true)]
async fn one_gateway_is_asked_one_query_at_a_time() {
    let (platform, shop) = (Platform::new(), shop("main"));
    platform.slow("a", 3);
    let running = Running::start(&platform, &[channels(&shop, "a", 1), channels(&shop, "b", 1)]);
    running.until(4).await;
    assert_eq!(running.asked("a"), [Duration::ZERO]);
    assert!(same(running.asked("b")[0], Duration::from_secs(3)));
}

#[tokio::test(start_paused = true)]
async fn a_query_is_asked_again_every_interval_at_its_own_offset() {
    let running = Running::start(&Platform::new(), &queries(&["a"]));
    running.until(3_600).await;
    let asked = running.asked("a");
    assert!((60..=61).contains(&asked.len()), "{}", asked.len());
    assert!(asked[1] >= Duration::from_secs(5) && asked[1] <= Duration::from_secs(65) + TICK, "{:?}", asked[1]);
    assert!(is_every(PACE.interval, &asked[2..]));
}

#[tokio::test(start_paused = true)]
async fn a_slow_query_does_not_delay_those_of_other_gateways() {
    let (platform, shop) = (Platform::new(), shop("main"));
    platform.slow("slow", 10_000);
    platform.slow("account", 10_000);
    let running = Running::start(
        &platform,
        &[
            channels(&shop, "slow", 1),
            channels(&shop, "a", 2),
            bank_account(&shop, "account", None),
            bank_account(&shop, "b", None),
        ],
    );
    running.until(3_600).await;
    assert_eq!((running.asked("slow").len(), running.asked("account").len()), (1, 1));
    for query in ["a", "b"] {
        let asked = running.asked(query);
        assert!(asked.len() >= 60);
        assert!(is_every(PACE.interval, &asked[2..]));
    }
}

#[tokio::test(start_paused = true)]
async fn slots_missed_by_a_slow_poll_are_not_caught_up_with() {
    let platform = Platform::new();
    platform.slow("a", 130);
    let running = Running::start(&platform, &queries(&["a"]));
    running.until(3_600).await;
    let asked = running.asked("a");
    assert!(is_every(PACE.interval * 3, &asked[2..]), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_place_counts_as_queued_and_not_as_duration() {
    let platform = Platform::new();
    platform.slow("a", 1);
    platform.slow("b", 1);
    let plan = super::Plan { max_in_flight_per_host: 1, ..plan(&platform, &queries(&["a", "b"])) };
    let running = Running::start_with(&platform, plan);
    // Both have ended by now, and neither is due again within five seconds.
    running.until(4).await;
    let polls = &running.store.snapshot().polls[0];
    assert_eq!((polls.duration.count(), polls.queued.count()), (2, 2));
    assert!((polls.duration.sum() - 2.0).abs() < 0.01, "{}", polls.duration.sum());
    assert!((polls.queued.sum() - 1.0).abs() < 0.01, "{}", polls.queued.sum());
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_internal_failure_of_that_query_alone() {
    let platform = Platform::new();
    platform.behaves("a", Behaviour::Panics);
    let running = Running::start(&platform, &queries(&["a", "b"]));
    running.settled().await;
    let state = running.state("a");
    assert_eq!(state.failing.as_ref().unwrap().failure.reason, Reason::Internal);
    assert!(running.state("b").is_up());
}

#[tokio::test(start_paused = true)]
async fn polling_goes_on_after_panics() {
    let platform = Platform::new();
    platform.behaves("a", Behaviour::Panics);
    let running = Running::start(&platform, &queries(&["a", "b"]));
    running.until(600).await;
    assert!(running.asked("a").len() >= 10 && running.asked("b").len() >= 10);
    platform.behaves("a", Behaviour::Slow(Duration::ZERO));
    running.until(720).await;
    assert!(running.state("a").is_up());
}

#[tokio::test(start_paused = true)]
async fn a_panic_frees_its_gateway() {
    let (platform, shop) = (Platform::new(), shop("main"));
    platform.behaves("a", Behaviour::Panics);
    let running = Running::start(&platform, &[channels(&shop, "a", 1), channels(&shop, "b", 1)]);
    running.settled().await;
    assert!(running.state("b").is_up());
}

#[tokio::test(start_paused = true)]
async fn the_next_poll_is_told_from_the_start() {
    let platform = Platform::new();
    platform.slow("a", 10);
    let running = Running::start(&platform, &queries(&["a"]));
    running.settled().await;
    assert_eq!(running.next("a"), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_next_poll_after_one_is_that_of_the_schedule() {
    let running = Running::start(&Platform::new(), &queries(&["a"]));
    running.settled().await;
    let told = running.next("a");
    running.until(70).await;
    assert!(same(told, running.asked("a")[1]));
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_it_at_once_and_drops_what_is_under_way() {
    let platform = Platform::new();
    platform.slow("a", 1_000);
    let running = Running::start(&platform, &queries(&["a"]));
    running.until(1).await;
    let stopped = Instant::now();
    running.stop.cancel();
    running.task.await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(stopped.elapsed(), Duration::ZERO);
    assert_eq!(platform.book.lock().unwrap().dropped, ["a".into()]);
    assert_eq!(running.store.snapshot().queries[0].polls, 0);
}

#[tokio::test(start_paused = true)]
async fn polling_goes_on_when_no_more_orders_can_come() {
    let mut running = Running::start(&Platform::new(), &queries(&["a"]));
    running.orders = tokio::sync::mpsc::channel(1).0;
    running.until(600).await;
    assert!(running.asked("a").len() >= 10);
}

#[tokio::test(start_paused = true)]
async fn nothing_to_ask_waits_for_a_plan() {
    let running = Running::start(&Platform::new(), &[]);
    running.until(3_600).await;
    running.replan(&queries(&["a"])).await;
    assert!(same(running.asked("a")[0], Duration::from_hours(1)));
}
