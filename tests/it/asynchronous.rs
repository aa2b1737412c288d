//! The gateway API's asynchronous mode: started once, fetched when it is there, over several polls if need be.

use super::exporter::{Exporter, Files, configuration, eventually};
use super::platform::{Platform, Reply};

const BALANCE: &[u8] = include_bytes!("../fixtures/gateway_balance_overpay.json");
const QUERY: &str = "gateway_balances:\n  - {gateway: 5, async: true, timeout: 2s, stale_after: 1m}";
const FAILING: &str =
    r#"overpay_poll_failing{shop="main",api="gateway_balance",gateway="5",query="gateway_balance-5",reason="timeout"}"#;
const POLLS: &str = r#"overpay_polls_total{shop="main",api="gateway_balance",gateway="5",query="gateway_balance-5"}"#;

/// A bank that accepts every request and has no result yet.
async fn slow_bank() -> Platform {
    let platform = Platform::start().await;
    start_leads_to(&platform, &platform.url);
    platform.reply("/async/result/", Reply::Json(425, br#"{"status": "processing"}"#.to_vec()));
    platform
}

/// What is started at the platform will have its result at that origin.
fn start_leads_to(platform: &Platform, origin: &str) {
    let started = format!(
        r#"{{"status": "processing", "request_id": "7b0e", "status_url": "{origin}/async/status/7b0e",
            "response_url": "{origin}/async/result/7b0e"}}"#
    );
    platform.json("/async/balance", started.as_bytes());
}

async fn polling(platform: &Platform, query: &str) -> (Files, Exporter) {
    let files = Files::new(&configuration(&platform.url, query));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    (files, exporter)
}

fn asked(platform: &Platform, line: &str) -> usize {
    platform.requests().iter().filter(|request| request.line().starts_with(line)).count()
}

fn started(platform: &Platform) -> usize {
    asked(platform, "POST /async/balance ")
}

#[tokio::test]
async fn a_result_that_is_there_within_the_timeout_is_published() {
    let platform = slow_bank().await;
    platform.json("/async/result/", BALANCE);
    let (_files, exporter) = polling(&platform, QUERY).await;
    let scrape =
        exporter.scrape_until("a balance", |scrape| !scrape.family("overpay_account_balance").is_empty()).await;
    assert!(scrape.family("overpay_account_balance")[0].ends_with(" 66238716.74"));
}

#[tokio::test]
async fn a_result_that_comes_late_is_asked_for_at_the_next_polls_and_not_started_anew() {
    let platform = slow_bank().await;
    let (_files, exporter) = polling(&platform, QUERY).await;
    let scrape = exporter.scrape_until("three polls", |scrape| scrape.value(POLLS) >= Some(3.0)).await;
    assert_eq!(scrape.value(FAILING), Some(1.0));
    assert_eq!(started(&platform), 1);
    platform.json("/async/result/", BALANCE);
    exporter.scrape_until("a balance", |scrape| !scrape.family("overpay_account_balance").is_empty()).await;
    assert_eq!(started(&platform), 1);
    let line = exporter.line_with("query failing").await;
    assert!(line.contains("asked for again at the next poll"), "{line}");
}

#[tokio::test]
async fn a_result_that_was_fetched_is_not_fetched_again() {
    let platform = slow_bank().await;
    platform.json("/async/result/", BALANCE);
    let (_files, exporter) = polling(&platform, QUERY).await;
    exporter.scrape_until("three polls", |scrape| scrape.value(POLLS) >= Some(3.0)).await;
    assert!(started(&platform) >= 3);
    assert_eq!(started(&platform), asked(&platform, "GET /async/result/7b0e "));
}

#[tokio::test]
async fn a_result_that_does_not_come_is_given_up_once_it_would_be_stale() {
    let platform = slow_bank().await;
    let (_files, exporter) = polling(&platform, &QUERY.replace("1m", "7s")).await;
    exporter.line_with("query failing").await;
    eventually("started anew", || async { (started(&platform) == 2).then_some(()) }).await;
    assert!(asked(&platform, "GET /async/result/7b0e ") >= 1);
}

#[tokio::test]
async fn a_page_of_a_proxy_instead_of_the_result_does_not_lose_what_was_started() {
    let platform = slow_bank().await;
    platform.reply("/async/result/", Reply::Json(502, b"<html>Bad Gateway</html>".to_vec()));
    let (_files, exporter) = polling(&platform, QUERY).await;
    exporter.line_with("reason=provider_error").await;
    platform.json("/async/result/", BALANCE);
    exporter.scrape_until("a balance", |scrape| !scrape.family("overpay_account_balance").is_empty()).await;
    assert_eq!(started(&platform), 1);
}

#[tokio::test]
async fn a_reload_keeps_what_was_started() {
    let platform = slow_bank().await;
    let (_files, exporter) = polling(&platform, QUERY).await;
    exporter.line_with("query failing").await;
    exporter.signal("HUP").await;
    exporter.line_with("configuration reloaded").await;
    platform.json("/async/result/", BALANCE);
    exporter.scrape_until("a balance", |scrape| !scrape.family("overpay_account_balance").is_empty()).await;
    assert_eq!(started(&platform), 1);
}

#[tokio::test]
async fn another_host_is_not_asked_for_the_result() {
    let (platform, other) = (slow_bank().await, Platform::start().await);
    start_leads_to(&platform, &other.url);
    let (_files, exporter) = polling(&platform, QUERY).await;
    let line = exporter.line_with("query failing").await;
    assert!(line.contains("reason=malformed_response") && line.contains("leads to another host"), "{line}");
    assert!(other.requests().is_empty());
}
