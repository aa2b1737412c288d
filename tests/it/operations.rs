//! What people do over HTTP while they set up: reload, ask one query, read the configuration in use.

use super::exporter::{Exporter, Files, client, configuration, get, text};
use super::platform::Platform;

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const ONE: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD], interval: 1h}";
const TWO: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD], interval: 1h}\nbeyag_balances:\n  - \
                   {gateway: 1234}";
const POLL: &str = "/api/v1/queries/main/channel_balances-3405-USD/poll";

async fn started(more: &[&str]) -> (Platform, Files, Exporter) {
    let platform = Platform::start().await;
    let files = Files::new(&configuration(&platform.url, ONE));
    let exporter = Exporter::serve(&files.configuration(), more).await;
    exporter
        .scrape_until("asked once", |scrape| {
            scrape.family("overpay_polls_total").iter().any(|sample| sample.ends_with(" 1"))
        })
        .await;
    (platform, files, exporter)
}

/// Posts to that path and gives status, `Retry-After` and body.
async fn post(exporter: &Exporter, path: &str) -> (u16, Option<u64>, String) {
    let response = client().post(exporter.url(path)).send().await.expect("it answers");
    let wait =
        response.headers().get("retry-after").map(|wait| wait.to_str().expect("text").parse().expect("a number"));
    (response.status().as_u16(), wait, response.text().await.expect("a body"))
}

#[tokio::test]
async fn a_reload_answers_once_the_new_configuration_is_in_use() {
    let (platform, files, exporter) = started(&["--web.enable-lifecycle"]).await;
    files.write("overpay_exporter.yml", &configuration(&platform.url, TWO));
    assert_eq!(post(&exporter, "/-/reload").await.0, 200);
    let polled = exporter.scrape().await;
    assert_eq!(polled.family("overpay_polls_total").len(), 2, "{}", polled.0);
    let shown = get(exporter.url("/config")).await.expect("it answers").text().await.expect("a body");
    assert!(shown.contains("beyag_balance-1234"), "{shown}");
}

#[tokio::test]
async fn a_reload_that_fails_answers_500_with_every_problem_and_the_old_one_goes_on() {
    let (_platform, files, exporter) = started(&["--web.enable-lifecycle"]).await;
    files.write("overpay_exporter.yml", "shops:\n  - name: main\n");
    let (status, _, body) = post(&exporter, "/-/reload").await;
    assert_eq!(status, 500);
    assert!(body.contains("overpay_exporter.yml:2:5: shops[0].shop_id: missing key"), "{body}");
    let shown = get(exporter.url("/config")).await.expect("it answers").text().await.expect("a body");
    assert!(shown.contains("channel_balances-3405-USD"), "{shown}");
    let successful = exporter.scrape().await.value("overpay_exporter_config_last_reload_successful");
    assert_eq!(successful, Some(0.0));
}

#[tokio::test]
async fn without_the_flag_there_is_no_reload_and_no_poll() {
    let (_platform, _files, exporter) = started(&[]).await;
    for path in ["/-/reload", POLL] {
        assert_eq!(post(&exporter, path).await.0, 404, "{path}");
    }
}

/// The usual way of setting up: the key was wrong, a hand puts it right, and nobody wants to wait for a quarter of an hour.
#[tokio::test]
async fn a_query_is_asked_at_once_and_tells_its_balances() {
    let (platform, _files, exporter) = started(&["--web.enable-lifecycle"]).await;
    platform.json("/shop/channel_balances/", CHANNELS);
    // Not within 5 seconds of the poll before: what it says is how long to wait.
    let (status, wait, body) = post(&exporter, POLL).await;
    assert_eq!(status, 429, "{body}");
    let wait = wait.expect("it says how long");
    assert!((1..=5).contains(&wait), "{wait}");
    tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
    let (status, _, body) = post(&exporter, POLL).await;
    assert_eq!(status, 200, "{body}");
    let told: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(told["answered"].as_bool(), Some(true), "{body}");
    let scrape = exporter.scrape().await;
    let balance = r#"overpay_available_balance{shop="main",gateway="3405",currency="USD",channel="1385"}"#;
    assert_eq!(scrape.value(balance), Some(500.0), "published by then: {}", scrape.0);
}

#[tokio::test]
async fn a_poll_of_an_unknown_query_is_not_found() {
    let (_platform, _files, exporter) = started(&["--web.enable-lifecycle"]).await;
    assert_eq!(post(&exporter, "/api/v1/queries/main/nothing/poll").await.0, 404);
}

#[tokio::test]
async fn the_configuration_shown_holds_no_secret() {
    let (_platform, _files, exporter) = started(&[]).await;
    let shown = get(exporter.url("/config")).await.expect("it answers").text().await.expect("a body");
    assert!(shown.contains("secret_key: <secret>") && shown.contains("interval: 1h"), "{shown}");
    assert!(!shown.contains("secret-of-main"), "{shown}");
}

#[tokio::test]
async fn a_path_of_the_exporters_own_is_not_taken_for_the_metrics() {
    for path in ["/config", "/api/v1/queries", "/-/healthy"] {
        let output = super::exporter::run(&["--web.telemetry-path", path]).await;
        assert_eq!(output.status.code(), Some(2), "{path}");
        assert!(text(&output.stderr).contains("this path is taken"), "{}", text(&output.stderr));
    }
}
