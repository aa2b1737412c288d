//! The service's life: started, reloaded, its key rotated, restarted under a scraper, killed, starved, stopped.

use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::machine::{CONFIGURATION, KEYS, Machine, SERVICE, SOCKET, eventually, write};
use crate::platform::{KEY, ROTATED, configuration};
use crate::scraper::{Scraper, get, value};

const POLLS: &str =
    r#"overpay_polls_total{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD"}"#;
const BALANCE: &str = r#"overpay_available_balance{shop="main",gateway="3405",currency="USD",channel="1385"}"#;
const REFUSED: &str = r#"overpay_poll_failing{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD",reason="unauthorized"}"#;

pub(crate) async fn balances_are_published_and_the_status_tells_how_many_queries_are_up(machine: &mut Machine) {
    machine.is_up().await;
    assert_eq!(machine.property("StatusText").await, "2 of 2 queries up");
    assert_eq!(value(BALANCE).await, Some(45410.04));
    assert_eq!(machine.property("ActiveState").await, "active");
    assert_eq!(machine.property("Type").await, "notify");
    let journal = machine.journal().await;
    assert!(!journal.contains("level=warn") && !journal.contains("level=error"), "{journal}");
    assert!(!journal.contains(KEY), "a key is in the journal");
}

pub(crate) async fn a_reload_takes_a_good_configuration_and_keeps_what_is_known(machine: &mut Machine) {
    let (pid, polls) = (machine.main_pid().await, value(POLLS).await.expect("it was polled"));
    write(CONFIGURATION, &configuration("USD"));
    machine.systemctl(&format!("reload {SERVICE}")).await.well();
    eventually("the other query is gone", || async {
        (machine.property("StatusText").await == "1 of 1 queries up").then_some(())
    })
    .await;
    write(CONFIGURATION, &configuration("USD, EUR"));
    machine.systemctl(&format!("reload {SERVICE}")).await.well();
    eventually("it is back", || async { (machine.property("StatusText").await == "2 of 2 queries up").then_some(()) })
        .await;
    assert_eq!(machine.main_pid().await, pid, "the process goes on");
    assert!(value(POLLS).await >= Some(polls), "and counts on");
    assert_eq!(machine.property("SubState").await, "running");
}

pub(crate) async fn a_bad_configuration_fails_the_reload_and_the_old_one_goes_on(machine: &mut Machine) {
    let (pid, cursor) = (machine.main_pid().await, machine.journal_cursor().await);
    write(CONFIGURATION, &configuration("usd"));
    assert_eq!(machine.systemctl(&format!("reload {SERVICE}")).await.code, Some(1));
    let told = machine.journal_after(&cursor).await;
    assert!(
        told.contains("overpay_exporter.yml:10:38: shops[0].channel_balances[0].currencies[0]: found \"usd\""),
        "{told}"
    );
    eventually("the status tells of it", || async {
        (machine.property("StatusText").await == "2 of 2 queries up; the last reload failed").then_some(())
    })
    .await;
    assert_eq!(machine.property("ActiveState").await, "active");
    assert_eq!(machine.main_pid().await, pid);
    assert_eq!(value(BALANCE).await, Some(45410.04));
    assert_eq!(value("overpay_exporter_config_last_reload_successful").await, Some(0.0));

    write(CONFIGURATION, &configuration("USD, EUR"));
    machine.systemctl(&format!("reload {SERVICE}")).await.well();
    machine.is_up().await;
}

pub(crate) async fn a_rotated_key_is_taken_by_a_restart_and_not_by_a_reload(machine: &mut Machine) {
    machine.platform.start(machine, ROTATED).await;
    eventually("the old key is refused", || async { value(REFUSED).await }).await;
    write(format!("{KEYS}/main"), &format!("{ROTATED}\n"));
    let polls = value(POLLS).await.expect("it was polled");
    machine.systemctl(&format!("reload {SERVICE}")).await.well();
    // A reload has refused queries asked again.
    eventually("it was asked again", || async { value(POLLS).await.filter(|now| *now > polls) }).await;
    assert_eq!(value(REFUSED).await, Some(1.0), "credentials are those of the start");
    machine.systemctl(&format!("restart {SERVICE}")).await.well();
    machine.is_up().await;
    assert_eq!(value(REFUSED).await, None);
    let journal = machine.journal().await;
    assert!(!journal.contains(KEY) && !journal.contains(ROTATED), "a key is in the journal");
}

pub(crate) async fn no_scrape_is_refused_while_it_restarts(machine: &mut Machine) {
    let scraper = Scraper::start();
    for _ in 0..5 {
        scraper.goes_on(20).await;
        let pid = machine.main_pid().await;
        machine.systemctl(&format!("restart {SERVICE}")).await.well();
        assert_ne!(machine.main_pid().await, pid);
    }
    scraper.goes_on(20).await;
    let (got, missed) = scraper.stopped().await;
    println!("     {got} scrapes over 5 restarts");
    assert!(missed.is_empty(), "{} of {got} were missed: {missed:?}", missed.len());
    machine.is_up().await;
}

pub(crate) async fn it_comes_back_after_kill_9(machine: &mut Machine) {
    let pid = machine.main_pid().await;
    machine.systemctl(&format!("kill --kill-whom=main --signal=KILL {SERVICE}")).await.well();
    is_another(machine, pid).await;
    machine.is_up().await;
    assert_eq!(value(BALANCE).await, Some(45410.04));
}

pub(crate) async fn a_process_that_stands_still_is_killed_and_started_anew(machine: &mut Machine) {
    let (pid, cursor) = (machine.main_pid().await, machine.journal_cursor().await);
    let watchdog = machine.property("WatchdogUSec").await;
    assert_eq!(watchdog, "30s");
    machine.systemctl(&format!("kill --kill-whom=main --signal=STOP {SERVICE}")).await.well();
    is_another(machine, pid).await;
    machine.is_up().await;
    let told = machine.journal_after(&cursor).await;
    assert!(told.contains("Watchdog timeout"), "{told}");
    assert!(told.contains("Failed with result 'watchdog'"), "{told}");
}

/// Waits until the service has another process.
async fn is_another(machine: &Machine, pid: u32) {
    eventually("another process", || async {
        let now = machine.main_pid().await;
        (now != 0 && now != pid).then_some(())
    })
    .await;
}

pub(crate) async fn it_stops_within_a_second_though_a_poll_hangs_and_a_client_idles(machine: &mut Machine) {
    machine.platform.stand_still(machine).await;
    let polls = value(POLLS).await.expect("it was polled");
    // With 5 s between two polls and 4 s for each, one hangs most of the time; this is when one has just ended.
    eventually("a poll has hung", || async { value(POLLS).await.filter(|now| *now > polls) }).await;
    let idle = TcpStream::connect("127.0.0.1:10119").await.expect("it listens");
    let start = Instant::now();
    machine.systemctl(&format!("stop {SOCKET}")).await.well();
    let took = start.elapsed();
    assert_eq!(machine.property("ActiveState").await, "inactive", "the service stops with its socket");
    assert_eq!(machine.property("Result").await, "success");
    println!("     stopped in {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    drop(idle);
    assert!(get("/-/healthy").await.is_err(), "nobody listens any more");
}

pub(crate) async fn a_start_with_a_wrong_configuration_fails_with_its_place_and_is_not_repeated(machine: &mut Machine) {
    machine.platform.stop(machine).await;
    machine.platform.start(machine, ROTATED).await;
    write(CONFIGURATION, &configuration("usd"));
    let cursor = machine.journal_cursor().await;
    assert_eq!(machine.systemctl(&format!("start {SERVICE}")).await.code, Some(1));
    let told = machine.journal_after(&cursor).await;
    assert!(
        told.contains("overpay_exporter.yml:10:38: shops[0].channel_balances[0].currencies[0]: found \"usd\""),
        "{told}"
    );
    assert_eq!(machine.property("ExecMainStatus").await, "2");
    assert_eq!(machine.property("ActiveState").await, "failed", "it waits for somebody to mend it");
    assert_eq!(machine.property("NRestarts").await, "0");

    write(CONFIGURATION, &configuration("USD, EUR"));
    machine.systemctl(&format!("start {SERVICE}")).await.well();
    machine.is_up().await;
}
