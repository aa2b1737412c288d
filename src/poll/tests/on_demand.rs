//! Queries that somebody wants asked now.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep_until;

use super::{Behaviour, Platform, Running, TICK};
use crate::domain::demand::{Asked, NotAsked};
use crate::domain::failure::{Failure, Reason};
use crate::domain::query::Query;
use crate::domain::samples::{channels, shop};
use crate::poll::{Demand, Order};

type Outcome = Result<Asked, NotAsked>;

fn failure(reason: Reason) -> Failure {
    Failure::new(reason, "for the test")
}

/// A query of the shop `main`, of a gateway of its own.
fn query(name: &'static str) -> Query {
    channels(&shop("main"), name, name.bytes().map(u64::from).sum())
}

async fn demand(running: &Running, shop: &str, query: &str) -> oneshot::Receiver<Outcome> {
    let (answer, outcome) = oneshot::channel();
    let demand = Demand { shop: shop.to_owned(), query: query.to_owned(), answer };
    running.orders.send(Order::Ask(demand)).await.unwrap();
    running.settled().await;
    outcome
}

/// What is answered at once.
async fn told(running: &Running, query: &str) -> Outcome {
    demand(running, "main", query).await.try_recv().unwrap()
}

async fn not_asked(running: &Running, query: &str) -> NotAsked {
    told(running, query).await.unwrap_err()
}

/// Waits until nothing keeps the query from being asked, and it is not its turn either.
async fn until_it_may_be_asked(running: &Running, query: &str) {
    loop {
        let (last, next) = (*running.asked(query).last().unwrap(), running.next(query));
        let allowed = last + Duration::from_secs(5) + TICK;
        let is_next = next > allowed + TICK;
        sleep_until(running.platform.start + if is_next { allowed } else { next + TICK }).await;
        running.settled().await;
        if is_next {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_waits_is_asked_now() {
    let running = Running::start(&Platform::new(), &[query("a")]);
    running.until(0).await;
    until_it_may_be_asked(&running, "a").await;
    let asked = running.asked("a").len();
    assert!(told(&running, "a").await.unwrap().failure.is_none());
    assert_eq!(running.asked("a").len(), asked + 1);
}

#[tokio::test(start_paused = true)]
async fn what_came_of_it_is_told_with_its_reason() {
    let platform = Platform::new();
    let running = Running::start(&platform, &[query("a")]);
    running.until(0).await;
    until_it_may_be_asked(&running, "a").await;
    platform.fails("a", failure(Reason::NoData));
    assert_eq!(told(&running, "a").await.unwrap().failure.unwrap().reason, Reason::NoData);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_refused_for_a_quarter_of_an_hour_is_asked_all_the_same() {
    let platform = Platform::new();
    platform.fails("a", Failure { by_code: true, ..failure(Reason::Unauthorized) });
    let running = Running::start(&platform, &[query("a")]);
    running.until(10).await;
    assert!(running.next("a") > Duration::from_mins(14));
    platform.answers("a");
    assert!(told(&running, "a").await.unwrap().failure.is_none());
    assert!(running.next("a") < Duration::from_mins(2), "and goes on as others do");
}

#[tokio::test(start_paused = true)]
async fn a_query_that_was_asked_just_now_is_not_asked_again() {
    let running = Running::start(&Platform::new(), &[query("a")]);
    running.until(2).await;
    let NotAsked::JustAsked(wait) = not_asked(&running, "a").await else { panic!("it was asked just now") };
    assert!(wait.abs_diff(Duration::from_secs(3)) <= TICK, "{wait:?}");
    assert_eq!(running.asked("a").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_query_whose_host_asks_for_fewer_requests_waits() {
    let platform = Platform::new();
    platform.fails("a", Failure { retry_after: Some(Duration::from_mins(5)), ..failure(Reason::RateLimited) });
    let running = Running::start(&platform, &[query("a"), query("b")]);
    running.until(60).await;
    for name in ["a", "b"] {
        let NotAsked::Limited(wait) = not_asked(&running, name).await else { panic!("the host is limited") };
        assert!(wait.abs_diff(Duration::from_mins(4)) <= TICK, "{wait:?}");
    }
    assert_eq!(running.asked("a").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_waits_for_the_probe_of_its_host_goes_on_waiting() {
    let platform = Platform::new();
    for name in ["a", "b"] {
        platform.behaves(name, Behaviour::Unreachable(Duration::from_millis(10)));
    }
    let running = Running::start(&platform, &[query("a"), query("b")]);
    running.until(6).await;
    let mut told = Vec::new();
    for name in ["a", "b"] {
        // The one that probes may be asked, and has no answer yet.
        told.push(demand(&running, "main", name).await.try_recv());
    }
    let waits = told.iter().filter(|told| matches!(told, Ok(Err(NotAsked::Unreachable(_))))).count();
    assert_eq!(waits, 1, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_under_way_answers_everybody_who_asks() {
    let platform = Platform::new();
    platform.slow("a", 20);
    let running = Running::start(&platform, &[query("a")]);
    running.until(10).await;
    let (mut one, mut other) = (demand(&running, "main", "a").await, demand(&running, "main", "a").await);
    assert!(one.try_recv().is_err(), "not yet");
    assert_eq!(running.asked("a").len(), 1);
    running.until(21).await;
    for outcome in [&mut one, &mut other] {
        assert_eq!(outcome.try_recv().unwrap().unwrap().duration.as_secs(), 20);
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_gone_away_harms_nobody() {
    let platform = Platform::new();
    platform.slow("a", 20);
    let running = Running::start(&platform, &[query("a")]);
    running.until(10).await;
    drop(demand(&running, "main", "a").await);
    running.until(200).await;
    assert!(running.asked("a").len() >= 3);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_configured_is_unknown() {
    let running = Running::start(&Platform::new(), &[query("a")]);
    for (shop, name) in [("main", "b"), ("other", "a"), ("", "")] {
        let outcome = demand(&running, shop, name).await.try_recv().unwrap();
        assert_eq!(outcome.unwrap_err(), NotAsked::Unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn who_waits_while_the_configuration_changes_is_told_so() {
    let platform = Platform::new();
    platform.slow("a", 20);
    let running = Running::start(&platform, &[query("a")]);
    running.until(10).await;
    let outcome = demand(&running, "main", "a").await;
    running.replan(&[query("b")]).await;
    assert!(outcome.await.is_err(), "nobody is left to answer");
}
