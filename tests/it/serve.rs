//! `serve` over HTTP: routes, readiness, and the metrics of documented answers.

use super::exporter::{Exporter, Files, client, configuration, get};
use super::platform::{Platform, Reply};

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const BEYAG: &[u8] = include_bytes!("../fixtures/beyag_balance.json");
const QUERIES: &str = "channel_balances:\n  - gateway: 3405\n    name: Acme Bank\n    currencies: [USD]\n    thresholds: \
                       {USD: {warning: 20000, critical: 5000}}\n    channels: {1385: {thresholds: {USD: {critical: \
                       10000}}}}\nbeyag_balances:\n  - {gateway: 1234}";

async fn answered() -> (Platform, Files, Exporter) {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    platform.json("/beyag/balance", BEYAG);
    let files = Files::new(&configuration(&platform.url, QUERIES));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    exporter.line_with("listening").await;
    (platform, files, exporter)
}

#[tokio::test]
async fn documented_answers_are_published_in_major_units_under_the_answers_labels() {
    let (_platform, _files, exporter) = answered().await;
    let up = r#"overpay_up{shop="main",api="beyag_balance",gateway="1234",query="beyag_balance-1234"}"#;
    let scrape = exporter.scrape_until("both answered", |scrape| {
        scrape.value(up) == Some(1.0) && !scrape.family("overpay_available_balance").is_empty()
    });
    let scrape = scrape.await;
    let channel = r#"{shop="main",gateway="3405",currency="USD",channel="1385"}"#;
    let account = r#"{shop="main",api="beyag_balance",gateway="1111",currency="RUB",account="*5221"}"#;
    for (series, value) in [
        (format!("overpay_available_balance{channel}"), 500.0),
        (format!("payout_control_active{channel}"), 0.0),
        (format!("overpay_available_balance_last_known{channel}"), 500.0),
        (format!("overpay_available_balance_decrease_total{channel}"), 0.0),
        (format!("overpay_account_balance{account}"), 12_900_921.62),
        (format!("overpay_available_balance_threshold{},severity=\"critical\"}}", &channel[..channel.len() - 1]), 10_000.0),
        (format!("overpay_available_balance_threshold{},severity=\"warning\"}}", &channel[..channel.len() - 1]), 20_000.0),
        (r#"overpay_gateway_info{shop="main",gateway="3405",name="Acme Bank"}"#.to_owned(), 1.0),
        (r#"overpay_channel_info{shop="main",gateway="3405",channel="1385",name="1385"}"#.to_owned(), 1.0),
        (r#"overpay_channel_expected{shop="main",gateway="3405",channel="1385"}"#.to_owned(), 1.0),
        (
            r#"overpay_as_of_timestamp_seconds{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD"}"#
                .to_owned(),
            1_771_229_410.973,
        ),
    ] {
        assert_eq!(scrape.value(&series), Some(value), "{series}\n{}", scrape.0);
    }
}

#[tokio::test]
async fn a_failing_query_says_why_and_publishes_no_balance() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", br#"{"code": "S.0000", "channel_balances": {"as_of_date": "2026-02-16T08:10:10.973Z", "gateway_id": 3405, "currencies": [{"channel_id": 1, "currency": "USD"}]}}"#);
    let files = Files::new(&configuration(&platform.url, "channel_balances:\n  - {gateway: 3405, currencies: [USD]}"));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    let query = r#"shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD""#;
    let failing = format!(r#"overpay_poll_failing{{{query},reason="no_data"}}"#);
    let scrape = exporter.scrape_until("failing", |scrape| scrape.value(&failing) == Some(1.0)).await;
    assert_eq!(scrape.value(&format!("overpay_up{{{query}}}")), Some(0.0));
    assert!(scrape.family("overpay_available_balance").is_empty(), "a missing amount never becomes 0");
    let counted = r#"overpay_poll_failures_by_reason_total{shop="main",api="channel_balances",reason="no_data"}"#;
    exporter.scrape_until("it failed again", |scrape| scrape.value(counted) >= Some(2.0)).await;
    let lines = exporter.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("query failing")).count(), 1, "not once per poll");
}

#[tokio::test]
async fn not_ready_until_every_query_was_tried() {
    let platform = Platform::start().await;
    platform.reply("/", Reply::Silence);
    let files = Files::new(&configuration(&platform.url, "beyag_balances:\n  - {gateway: 1}"));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    let status = |path: &'static str| {
        let url = exporter.url(path);
        async move { get(url).await.expect("it answers").status().as_u16() }
    };
    assert_eq!(status("/-/ready").await, 503);
    assert_eq!(status("/-/healthy").await, 200);
    super::exporter::eventually("ready once the poll has timed out", || async {
        (status("/-/ready").await == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn other_paths_are_404_and_other_methods_405() {
    let (_platform, _files, exporter) = answered().await;
    let client = client();
    assert_eq!(client.get(exporter.url("/nowhere")).send().await.expect("it answers").status(), 404);
    let refused = client.post(&exporter.metrics_url).send().await.expect("it answers");
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.headers()["allow"], "GET, HEAD");
}

#[tokio::test]
async fn gzip_and_head_are_as_a_plain_get() {
    let (_platform, _files, exporter) = answered().await;
    let compressing = reqwest::Client::builder().no_proxy().gzip(true).build().expect("a client");
    let plain = client();
    let response = plain.get(&exporter.metrics_url).header("accept-encoding", "gzip").send().await.expect("it answers");
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = compressing.get(&exporter.metrics_url).send().await.expect("it answers").text().await.expect("text");
    assert!(text.starts_with("# HELP overpay_"), "{text}");
    let head = plain.head(&exporter.metrics_url).send().await.expect("it answers");
    assert_eq!(head.status(), 200);
    assert!(head.text().await.expect("nothing").is_empty());
}

#[tokio::test]
async fn the_pages_of_the_exporter_itself_cannot_be_overlaid() {
    let output = super::exporter::run(&["--web.telemetry-path", "/-/ready"]).await;
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn flags_of_serve_may_stand_before_its_name_and_hosts_be_named() {
    let platform = Platform::start().await;
    let files = Files::new(&configuration(&platform.url, ""));
    let file = files.configuration();
    let arguments =
        ["--config.file", &file, "--web.listen-address", "localhost:0", "serve", "--web.telemetry-path", "/m"];
    let exporter = Exporter::start(&arguments).await;
    assert!(exporter.metrics_url.starts_with("http://127.0.0.1:"), "{}", exporter.metrics_url);
    assert!(exporter.metrics_url.ends_with("/m"), "{}", exporter.metrics_url);
}

#[tokio::test]
async fn paths_can_be_moved() {
    let platform = Platform::start().await;
    let files = Files::new(&configuration(&platform.url, ""));
    let more = ["--web.route-prefix", "/overpay/", "--web.telemetry-path", "/m"];
    let exporter = Exporter::serve(&files.configuration(), &more).await;
    assert!(exporter.metrics_url.ends_with("/overpay/m"), "{}", exporter.metrics_url);
    assert!(exporter.scrape().await.0.contains("overpay_exporter_build_info"));
}

#[tokio::test]
async fn health_tells_a_healthy_exporter_from_none() {
    let (_platform, _files, exporter) = answered().await;
    let origin = exporter.url("");
    assert_eq!(super::exporter::run(&["health", "--url", &origin]).await.status.code(), Some(0));
    let unused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    assert_eq!(super::exporter::run(&["health", "--url", &unused]).await.status.code(), Some(1));
}

#[tokio::test]
async fn a_taken_address_is_an_error_with_exit_code_1() {
    let (platform, _files, exporter) = answered().await;
    let address = exporter.url("").replace("http://", "");
    let files = Files::new(&configuration(&platform.url, ""));
    let output =
        super::exporter::run(&["--config.file", &files.configuration(), "--web.listen-address", &address]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = super::exporter::text(&output.stderr);
    assert!(said.contains(&format!("can't listen on {address}")), "{said}");
}
