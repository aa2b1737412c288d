//! All queries asked once, in paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::ask_once;
use crate::domain::query::Query;
use crate::domain::samples::{bank_account, channels, shop};

fn queries(gateways: &[u64]) -> Vec<Arc<Query>> {
    let shop = shop("main");
    let named = |(index, gateway): (usize, &u64)| Arc::new(channels(&shop, &format!("q{index}"), *gateway));
    gateways.iter().enumerate().map(named).collect()
}

/// Asks them all, each for a second, and gives the outcomes in the order they ended.
async fn asked(queries: &[Arc<Query>], limit: usize) -> Vec<(usize, Option<String>)> {
    let mut ended = Vec::new();
    let ask = |query: Arc<Query>| async move {
        sleep(Duration::from_secs(1)).await;
        assert_ne!(&*query.name, "panics");
        query.name.to_string()
    };
    ask_once(queries, limit, ask, |position, outcome| ended.push((position, outcome))).await;
    ended
}

#[tokio::test(start_paused = true)]
async fn nothing_to_ask_ends_at_once() {
    assert!(asked(&[], 32).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_query_is_asked_once() {
    let mut ended = asked(&queries(&[1, 2, 3, 1, 2]), 32).await;
    ended.sort();
    let expected: Vec<_> = (0..5).map(|index| (index, Some(format!("q{index}")))).collect();
    assert_eq!(ended, expected);
}

#[tokio::test(start_paused = true)]
async fn those_of_one_gateway_are_asked_one_after_the_other() {
    let start = Instant::now();
    asked(&queries(&[1, 1, 1, 2]), 32).await;
    assert_eq!(start.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_are_asked_at_a_time() {
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let counts = Arc::new((now, most));
    let seen = Arc::clone(&counts);
    let ask = move |_| {
        let counts = Arc::clone(&counts);
        async move {
            let under_way = counts.0.fetch_add(1, Ordering::Relaxed) + 1;
            counts.1.fetch_max(under_way, Ordering::Relaxed);
            sleep(Duration::from_secs(1)).await;
            counts.0.fetch_sub(1, Ordering::Relaxed);
        }
    };
    let gateways: Vec<u64> = (0..10).collect();
    ask_once(&queries(&gateways), 3, ask, |_, _| {}).await;
    assert_eq!(seen.1.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_no_outcome_and_the_others_go_on() {
    let shop = shop("main");
    let queries: Vec<Arc<Query>> =
        ["one", "panics", "three"].map(|name| Arc::new(bank_account(&shop, name, Some(1)))).into();
    let expected = [(0, Some("one".to_owned())), (1, None), (2, Some("three".to_owned()))];
    assert_eq!(asked(&queries, 32).await, expected);
}
