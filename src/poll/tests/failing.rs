//! Queries and hosts that fail.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::time::Duration;

use super::{Behaviour, Platform, Running, TICK, is_every, same};
use crate::domain::failure::{Failure, Reason};
use crate::domain::query::Query;
use crate::domain::samples::{PACE, channels, shop};
use crate::domain::shop::Shop;

const SLOW: Duration = Duration::from_mins(15);

fn failure(reason: Reason) -> Failure {
    Failure::new(reason, "for the test")
}

fn limit(seconds: u64) -> Failure {
    Failure { retry_after: Some(Duration::from_secs(seconds)), ..failure(Reason::RateLimited) }
}

fn by_code(reason: Reason) -> Failure {
    Failure { by_code: true, ..failure(reason) }
}

/// A query of that shop; each is of a gateway of its own.
fn query(shop_name: &str, name: &'static str) -> Query {
    channels(&shop(shop_name), name, name.bytes().map(u64::from).sum())
}

fn waits(asked: &[Duration]) -> Vec<Duration> {
    asked.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect()
}

/// Whether a time lies within a quarter of the interval after another.
fn follows(time: Duration, other: Duration) -> bool {
    time + TICK >= other && time <= other + PACE.interval / 4 + TICK
}

#[tokio::test(start_paused = true)]
async fn a_failing_query_is_asked_again_after_waits_that_grow_and_never_line_up() {
    let platform = Platform::new();
    platform.fails("a", failure(Reason::ProviderError));
    let running = Running::start(&platform, &[query("main", "a")]);
    running.until(36_000).await;
    let waits = waits(&running.asked("a"));
    let within =
        |wait: &Duration, most: u64| *wait >= Duration::from_secs(5) && *wait <= Duration::from_secs(most) + TICK;
    for (wait, most) in waits.iter().zip([15, 30, 60, 120, 240]) {
        assert!(within(wait, most), "{waits:?}");
    }
    assert!(waits.iter().all(|wait| within(wait, 240)));
    let mean = waits[5..].iter().sum::<Duration>().as_secs() / (waits.len() - 5) as u64;
    assert!((90..150).contains(&mean), "{mean}");
}

#[tokio::test(start_paused = true)]
async fn every_wait_is_told() {
    for reason in Reason::ALL {
        let platform = Platform::new();
        platform.fails("a", failure(reason));
        let running = Running::start(&platform, &[query("main", "a")]);
        for _ in 0..8 {
            running.settled().await;
            let (polls, next) = (running.asked("a").len(), running.next("a"));
            tokio::time::sleep_until(platform.start + next + TICK).await;
            running.settled().await;
            assert_eq!(running.asked("a").len(), polls + 1, "{reason}");
            assert!(same(running.asked("a")[polls], next), "{reason}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_recovers_goes_back_to_its_slot() {
    let platform = Platform::new();
    platform.fails("a", failure(Reason::Connect));
    let running = Running::start(&platform, &[query("main", "a")]);
    running.until(600).await;
    platform.answers("a");
    running.until(1_200).await;
    let polls = running.asked("a").len();
    running.until(3_600).await;
    assert!(is_every(PACE.interval, &running.asked("a")[polls..]));
}

#[tokio::test(start_paused = true)]
async fn a_query_refused_by_code_is_asked_every_quarter_of_an_hour() {
    let platform = Platform::new();
    platform.fails("a", by_code(Reason::Unauthorized));
    let running = Running::start(&platform, &[query("main", "a")]);
    running.until(3_600).await;
    assert!(is_every(SLOW, &running.asked("a")), "{:?}", running.asked("a"));
}

#[tokio::test(start_paused = true)]
async fn two_pages_of_a_proxy_do_not_slow_a_query_down() {
    let platform = Platform::new();
    platform.fails("a", failure(Reason::Unauthorized));
    let running = Running::start(&platform, &[query("main", "a")]);
    running.settled().await;
    running.until(running.next("a").as_secs() + 1).await;
    assert_eq!(running.asked("a").len(), 2);
    platform.answers("a");
    running.until(200).await;
    assert!(running.asked("a").len() >= 4 && running.state("a").is_up());
}

#[tokio::test(start_paused = true)]
async fn the_third_refusal_in_a_row_slows_a_query_down() {
    let platform = Platform::new();
    platform.fails("a", failure(Reason::BadRequest));
    let running = Running::start(&platform, &[query("main", "a")]);
    running.until(3_600).await;
    let waits = waits(&running.asked("a"));
    assert!(waits[..2].iter().all(|wait| *wait <= PACE.interval + TICK), "{waits:?}");
    assert!(waits[2..].iter().all(|wait| same(*wait, SLOW)), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reload_asks_a_refused_query_again() {
    let platform = Platform::new();
    platform.fails("a", by_code(Reason::BadRequest));
    let running = Running::start(&platform, &[query("main", "a")]);
    running.until(60).await;
    running.replan(&[query("main", "a")]).await;
    assert!(same(running.asked("a")[1], Duration::from_mins(1)));
    running.until(61).await;
    running.replan(&[query("main", "a")]).await;
    running.until(100).await;
    // Not within five seconds of the poll before.
    assert!(same(running.asked("a")[2], Duration::from_secs(65)), "{:?}", running.asked("a"));
}

#[tokio::test(start_paused = true)]
async fn a_new_key_asks_a_refused_query_at_once() {
    let platform = Platform::new();
    platform.fails("a", by_code(Reason::Unauthorized));
    let running = Running::start(&platform, &[query("main", "a")]);
    running.until(30).await;
    platform.answers("a");
    let rotated = std::sync::Arc::new(Shop { secret_key: "another".to_owned().into(), ..(*shop("main")).clone() });
    running.replan(&[Query { shop: rotated, ..query("main", "a") }]).await;
    assert!(same(running.asked("a")[1], Duration::from_secs(30)));
    assert!(running.state("a").is_up());
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_limited_shop_is_sent_to_the_host_until_it_may() {
    let platform = Platform::new();
    let running = Running::start(&platform, &[query("main", "a"), query("main", "b"), query("other", "c")]);
    running.until(300).await;
    platform.fails("a", limit(600));
    let before = running.asked("b").len();
    running.until(370).await;
    let told = *running.asked("a").last().unwrap();
    platform.answers("a");
    running.until(890).await;
    let of_b: Vec<Duration> = running.asked("b")[before..].iter().copied().filter(|at| *at > told).collect();
    assert!(of_b.is_empty(), "{of_b:?}");
    assert!(running.asked("c").len() >= 14, "the other shop goes on");
    let allowed = told + Duration::from_mins(10);
    assert!(same(running.next("a"), allowed));
    assert!(follows(running.next("b"), allowed), "{:?}", running.next("b"));
    running.until(1_100).await;
    assert!(running.state("a").is_up() && running.asked("b").iter().any(|at| follows(*at, allowed)));
}

#[tokio::test(start_paused = true)]
async fn a_second_limited_shop_stops_the_whole_host() {
    let platform = Platform::new();
    let running = Running::start(&platform, &[query("one", "a"), query("two", "b"), query("three", "c")]);
    running.until(300).await;
    platform.fails("a", limit(600));
    platform.fails("b", limit(600));
    running.until(370).await;
    let told = *running.asked("a").last().max(running.asked("b").last()).unwrap();
    let (told, allowed) = (told, told + Duration::from_mins(10));
    running.until(870).await;
    assert_eq!(running.asked("c").iter().filter(|at| **at > told).count(), 0);
    assert!(follows(running.next("c"), allowed), "{:?} {allowed:?}", running.next("c"));
}

#[tokio::test(start_paused = true)]
async fn a_limit_holds_for_new_queries_and_new_keys() {
    let platform = Platform::new();
    platform.fails("a", limit(600));
    let running = Running::start(&platform, &[query("main", "a")]);
    running.until(10).await;
    let rotated = std::sync::Arc::new(Shop { secret_key: "another".to_owned().into(), ..(*shop("main")).clone() });
    let of = |name| Query { shop: rotated.clone(), ..query("main", name) };
    running.replan(&[of("a"), of("b")]).await;
    running.until(599).await;
    assert_eq!((running.asked("a").len(), running.asked("b").len()), (1, 0));
    platform.answers("a");
    running.until(616).await;
    assert!(!running.asked("b").is_empty());
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// Queries of those names at a host that nobody reaches.
fn nobody_reached(names: [&'static str; 4]) -> (Platform, Running) {
    let platform = Platform::new();
    for name in names {
        platform.fails(name, failure(Reason::Connect));
    }
    let running = Running::start(&platform, &names.map(|name| query("main", name)));
    (platform, running)
}

#[tokio::test(start_paused = true)]
async fn one_query_probes_a_host_that_nobody_reaches() {
    let (_, running) = nobody_reached(NAMES);
    running.until(7_200).await;
    let polls: Vec<usize> = NAMES.iter().map(|name| running.asked(name).len()).collect();
    assert!(polls[0] > 20 && polls[1..] == [1, 1, 1], "{polls:?}");
    assert!(NAMES[1..].iter().all(|name| follows(running.next(name), running.next("a"))));
}

#[tokio::test(start_paused = true)]
async fn everybody_follows_a_probe_that_gets_through() {
    let (platform, running) = nobody_reached(NAMES);
    running.until(600).await;
    for name in NAMES {
        platform.answers(name);
    }
    running.until(860).await;
    let reached = running.asked("a").into_iter().find(|at| *at > Duration::from_mins(10)).unwrap();
    for name in &NAMES[1..] {
        assert!(follows(running.asked(name)[1], reached), "{:?}", running.asked(name));
        assert!(running.state(name).is_up());
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_nobody_reaches_is_tried_again_by_all_after_a_reload() {
    let (platform, running) = nobody_reached(NAMES);
    running.until(600).await;
    for name in NAMES {
        platform.answers(name);
    }
    running.replan(&NAMES.map(|name| query("main", name))).await;
    running.until(900).await;
    assert!(NAMES.iter().all(|name| running.state(name).is_up()));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_queries_that_hang_do_not_slow_a_good_one_down() {
    let platform = Platform::new();
    let shop = shop("main");
    let mut queries = vec![query("main", "good")];
    for index in 0..1_000 {
        let name: &'static str = format!("dead{index}").leak();
        platform.behaves(name, Behaviour::Hangs(Duration::from_secs(25)));
        queries.push(channels(&shop, name, 10_000 + index));
    }
    let running = Running::start(&platform, &queries);
    running.until(3_600).await;
    let asked = running.asked("good");
    assert!(is_every(PACE.interval, &asked[2..]), "{asked:?}");
}

/// What may happen to a query, by a number.
fn behaviour(number: u64) -> Option<Behaviour> {
    match number % 7 {
        0 => None,
        1 => Some(Behaviour::Slow(Duration::from_secs(3))),
        2 => Some(Behaviour::Fails(limit(number % 90))),
        3 => Some(Behaviour::Fails(failure(Reason::RateLimited))),
        4 => Some(Behaviour::Hangs(Duration::from_secs(10))),
        _ => Some(Behaviour::Unreachable(Duration::from_secs(2))),
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_to_a_host_no_query_is_forgotten() {
    let names = ["a", "b", "c", "d", "e", "f"];
    for seed in 0..20_u64 {
        let platform = Platform::new();
        let of = |name| query(if name < "d" { "one" } else { "two" }, name);
        let two_places = super::Plan { max_in_flight_per_host: 2, ..super::plan(&platform, &names.map(of)) };
        let running = Running::start_with(&platform, two_places);
        // Now and then the same for everybody, so that the host is lost and found as a whole.
        for round in 1..60 {
            running.until(round * 13).await;
            let drawn = |name: &str| {
                std::hash::BuildHasher::hash_one(&BuildHasherDefault::<DefaultHasher>::new(), (seed, round, name))
            };
            for name in names {
                match behaviour(drawn(if round % 3 == 0 { name } else { "all" })) {
                    Some(behaviour) => platform.behaves(name, behaviour),
                    None => platform.answers(name),
                }
            }
        }
        for name in names {
            platform.answers(name);
        }
        let healed = platform.start.elapsed();
        // No pause is longer than an hour.
        running.until(healed.as_secs() + 2 * 3_600).await;
        for name in names {
            let last = *running.asked(name).last().unwrap();
            assert!(
                running.state(name).is_up() && last + PACE.interval + TICK > healed + Duration::from_hours(2),
                "{name} in {seed}"
            );
        }
        running.stop.cancel();
    }
}
