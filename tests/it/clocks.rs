//! Clocks that jump, and a process that stands still: nothing old is shown, and polling goes on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::exporter::{Exporter, Files, Scrape, configuration, eventually, program};
use super::platform::{Platform, Reply};
use super::preload::WallClock;

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
/// Answered within a second, asked again no sooner than five seconds later, gone after thirteen.
const QUERY: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD], interval: 10s, stale_after: 13s}";
const BALANCE: &str = r#"overpay_available_balance{shop="main",gateway="3405",currency="USD",channel="1385"}"#;
const ANSWERED: &str = r#"overpay_available_balance_last_success_timestamp_seconds{shop="main",gateway="3405",currency="USD",channel="1385",query="channel_balances-3405-USD"}"#;
const POLLS: &str =
    r#"overpay_polls_total{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD"}"#;
const NEXT: &str = r#"overpay_poll_next_timestamp_seconds{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD"}"#;
const HOUR: f64 = 3600.0;

/// An exporter that has just been answered, and its clock.
async fn answered() -> (Platform, Files, WallClock, Exporter) {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let files = Files::new(&configuration(&platform.url, QUERY));
    let mut command = program();
    let clock = WallClock::of(&mut command);
    command.args(["--config.file", &files.configuration(), "--web.listen-address", "127.0.0.1:0"]);
    let exporter = Exporter::of(command).await;
    exporter.scrape_until("answered", |scrape| scrape.value(BALANCE).is_some()).await;
    (platform, files, clock, exporter)
}

fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

async fn polls(exporter: &Exporter, count: f64) -> Scrape {
    exporter.scrape_until("asked again", |scrape| scrape.value(POLLS) >= Some(count)).await
}

/// Whether no thread of a process runs any more: a signal takes its time to reach them all.
fn stands_still(pid: &str) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("it runs").flatten();
    let state = |thread: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|fields| fields.chars().next())
    };
    threads.map(state).all(|state| state == Some('T'))
}

/// A machine that was suspended sees the same: its monotonic clock stood still.
#[tokio::test]
async fn balances_are_gone_at_the_first_scrape_after_the_wall_clock_has_jumped_ahead() {
    let (platform, _files, clock, exporter) = answered().await;
    let asked = platform.requests().len();
    clock.set("+3600");
    let scrape = exporter.scrape().await;
    assert_eq!(asked, platform.requests().len(), "not asked again meanwhile");
    assert_eq!(scrape.value(BALANCE), None, "{}", scrape.0);
    assert!(scrape.value(&BALANCE.replace("balance{", "balance_last_known{")).is_some());
    let scrape = polls(&exporter, 2.0).await;
    assert_eq!(scrape.value(BALANCE), Some(500.0), "it is asked on the monotonic clock's schedule and back at once");
    let answered = scrape.value(ANSWERED).expect("answered");
    assert!((answered - unix_now() - HOUR).abs() < 60.0, "timestamps are of the new time");
    let requests = platform.requests();
    let gap = requests[1].at - requests[0].at;
    assert!(gap < Duration::from_secs(12), "within its interval, not {gap:?}");
}

#[tokio::test]
async fn a_wall_clock_put_back_makes_nothing_younger_and_polling_goes_on() {
    let (platform, _files, clock, exporter) = answered().await;
    clock.set("-3600");
    assert_eq!(exporter.scrape().await.value(BALANCE), Some(500.0), "fresh as it was");
    let scrape = polls(&exporter, 2.0).await;
    let requests = platform.requests();
    let gap = requests[1].at - requests[0].at;
    assert!(gap < Duration::from_secs(12), "within its interval, not {gap:?}");
    assert_eq!(scrape.value(BALANCE), Some(500.0));
    let next = scrape.value(NEXT).expect("a time");
    assert!((next - unix_now() + HOUR).abs() < 60.0, "the next poll is told by the new time");

    // An hour back once more, and silence: by its wall clock the balance has two hours to live.
    platform.reply("/shop/channel_balances/", Reply::Silence);
    clock.set("-7200");
    let last = platform.requests()[1].at;
    exporter.scrape_until("gone", |scrape| scrape.value(BALANCE).is_none()).await;
    assert!(last.elapsed() < Duration::from_secs(20), "by the monotonic clock, not after {:?}", last.elapsed());
}

#[tokio::test]
async fn a_process_that_stood_still_shows_no_balance_from_before() {
    let (platform, _files, _clock, exporter) = answered().await;
    exporter.signal("STOP").await;
    eventually("every thread has stopped", || async { stands_still(&exporter.pid()).then_some(()) }).await;
    let stopped = std::time::Instant::now();
    // It is asked meanwhile, as Prometheus would, and answers when it goes on.
    let url = exporter.metrics_url.clone();
    let waiting = tokio::spawn(async move { super::exporter::get(url).await?.text().await });
    eventually("it stood still for longer than stale_after", || async {
        (stopped.elapsed() > Duration::from_secs(14)).then_some(())
    })
    .await;
    let asked = platform.requests().len();
    let went_on = unix_now();
    exporter.signal("CONT").await;
    let scrape = Scrape(waiting.await.expect("it does not panic").expect("it answers"));
    for scrape in [scrape, exporter.scrape().await] {
        assert!(
            scrape.value(BALANCE).is_none() || scrape.value(ANSWERED) >= Some(went_on),
            "no balance from before: {}",
            scrape.0
        );
    }
    exporter.scrape_until("answered anew", |scrape| scrape.value(BALANCE) == Some(500.0)).await;
    assert!(platform.requests().len() > asked);
}
