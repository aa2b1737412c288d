//! Signals: SIGHUP reloads or leaves everything as it was, SIGTERM ends in time.

use std::time::{Duration, Instant};

use super::exporter::{Exporter, Files, configuration, eventually};
use super::platform::{Platform, Reply};

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const BEYAG: &[u8] = include_bytes!("../fixtures/beyag_balance.json");
const ONE: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD]}";
const TWO: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD]}\nbeyag_balances:\n  - {gateway: 1234}";
const SUCCESSFUL: &str = "overpay_exporter_config_last_reload_successful";
const POLLS: &str =
    r#"overpay_polls_total{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD"}"#;

async fn answered() -> (Platform, Files, Exporter) {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    platform.json("/beyag/balance", BEYAG);
    let files = Files::new(&configuration(&platform.url, ONE));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    // More than once, so that a state begun anew shows.
    exporter.scrape_until("polled", |scrape| scrape.value(POLLS) >= Some(2.0)).await;
    (platform, files, exporter)
}

#[tokio::test]
async fn a_reload_adds_queries_and_keeps_the_state_of_the_others() {
    let (platform, files, exporter) = answered().await;
    let before = exporter.scrape().await.value(POLLS);
    files.write("overpay_exporter.yml", &configuration(&platform.url, TWO));
    exporter.signal("HUP").await;
    exporter.line_with("configuration reloaded").await;
    let scrape = exporter
        .scrape_until("the new query is answered", |scrape| !scrape.family("overpay_account_balance").is_empty())
        .await;
    assert!(scrape.value(POLLS) >= before, "counted on: {before:?}");
    assert_eq!(scrape.family("overpay_available_balance").len(), 1, "still there");
    assert_eq!(scrape.value(SUCCESSFUL), Some(1.0));
}

#[tokio::test]
async fn a_bad_file_leaves_the_old_configuration_in_force_and_says_so() {
    let (_platform, files, exporter) = answered().await;
    files.write("overpay_exporter.yml", "shops:\n  - name: main\n");
    exporter.signal("HUP").await;
    let line = exporter.line_with("configuration not reloaded").await;
    assert!(line.contains("overpay_exporter.yml:2:5: shops[0].shop_id: missing key"), "{line}");
    let scrape = exporter.scrape_until("it says so", |scrape| scrape.value(SUCCESSFUL) == Some(0.0)).await;
    assert_eq!(scrape.family("overpay_available_balance").len(), 1, "the old one goes on");
    let polls = scrape.value(POLLS);
    exporter.scrape_until("polling goes on", |scrape| scrape.value(POLLS) > polls).await;
}

#[tokio::test]
async fn a_removed_query_takes_its_series_with_it() {
    let (platform, files, exporter) = answered().await;
    files.write("overpay_exporter.yml", &configuration(&platform.url, "beyag_balances:\n  - {gateway: 1234}"));
    exporter.signal("HUP").await;
    exporter.scrape_until("gone", |scrape| scrape.family("overpay_available_balance_last_known").is_empty()).await;
}

#[tokio::test]
async fn a_rotated_key_is_read_again_at_a_reload() {
    let (platform, files, exporter) = answered().await;
    files.write("main.key", "another-secret");
    exporter.signal("HUP").await;
    // shop 363 with the key another-secret.
    let rotated = "Basic MzYzOmFub3RoZXItc2VjcmV0";
    eventually("the new key is used", || async {
        platform.requests().last().filter(|request| request.header("authorization") == Some(rotated)).cloned()
    })
    .await;
}

#[tokio::test]
async fn sigterm_ends_within_a_second_though_a_poll_hangs_and_a_client_idles() {
    let platform = Platform::start().await;
    platform.reply("/", Reply::Silence);
    let files = Files::new(&configuration(&platform.url, ONE));
    let mut exporter = Exporter::serve(&files.configuration(), &[]).await;
    eventually("a poll hangs", || async { (!platform.requests().is_empty()).then_some(()) }).await;
    let pid = exporter.pid();
    let idle = tokio::net::TcpStream::connect(exporter.url("").replace("http://", "")).await.expect("it accepts");
    // From the signal itself, not from the start of the shell that sends it; twice the promise on a busy machine.
    let sent = signalled_at(&pid, "TERM");
    assert_eq!(exporter.ended().await, Some(0));
    assert!(sent.elapsed() < Duration::from_secs(2), "{:?}", sent.elapsed());
    drop(idle);
}

#[tokio::test]
async fn sigterm_ends_it_while_a_reload_hangs_on_a_key_file() {
    let (_platform, files, mut exporter) = answered().await;
    // Nobody ever writes into this pipe, as on a network file system that is gone.
    let fifo = files.remove("main.key");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    exporter.signal("HUP").await;
    exporter.line_with("reloading").await;
    exporter.signal("TERM").await;
    assert_eq!(exporter.ended().await, Some(0));
}

/// Sends a signal with the shell's own `kill`, and gives the moment it was sent.
fn signalled_at(pid: &str, name: &str) -> Instant {
    let status = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().expect("sh");
    assert!(status.success());
    Instant::now()
}

#[tokio::test]
async fn the_log_can_be_json_and_has_no_secret_at_its_most_talkative() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let files = Files::new(&configuration(&platform.url, ONE));
    let mut command = super::exporter::program();
    let arguments = ["--log.format", "json", "--log.level", "trace", "--web.listen-address", "127.0.0.1:0"];
    let child = command.args(arguments).args(["--config.file", &files.configuration()]).spawn().expect("it starts");
    eventually("it has asked", || async { (!platform.requests().is_empty()).then_some(()) }).await;
    let pid = child.id().expect("it runs");
    let _ = std::process::Command::new("sh").args(["-c", &format!("kill {pid}")]).status();
    let output = child.wait_with_output().await.expect("it ends");
    let log = super::exporter::text(&output.stderr);
    assert!(log.lines().count() >= 2, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
    assert!(!log.contains("secret-of-main") && !log.contains("MzYzOnNlY3JldC1vZi1tYWlu"), "{log}");
}
