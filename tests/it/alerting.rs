//! From a simulated channel that runs dry to the message: simulator, exporter, Prometheus and Alertmanager are the real
//! programs, and the rules are the shipped ones at a quicker pace.

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::alertmanager::Alertmanager;
use super::alerts::rules;
use super::exporter::{Exporter, Files, client, eventually, program};
use super::platform::{Platform, Reply};
use super::prometheus::Prometheus;

/// The shipped rules, with times that fit queries asked every 5 seconds and scrapes every second.
const QUICK: [&str; 12] = [
    "interval=1s",
    "gap=20s",
    "flicker=3s",
    "stale_slack=2s",
    "low_critical_for=2s",
    "low_warning_for=2s",
    "unknown_for=2s",
    "exhaustion_settle=1h",
    "stale_for=2s",
    "exporter_down_for=10s",
    "exporter_absent_for=10s",
    "drop_window=5s",
];

const SCENARIO: &str = "
shops:
  - shop_id: 363
    secret_key: made-up
    gateways:
      - id: 3405
        channels:
          - {id: 1385, currency: USD, balance: 2500000, drain: {amount: 100000, every: 500ms}}
          - {id: 1386, currency: USD, balance: 9000000}
";

const CHANNELS: &str = "channel_balances:
  - gateway: 3405
    name: Acme Bank
    currencies: [USD]
    thresholds:
      USD: {warning: 20000, critical: 10000}
    channels:
      1385: {name: Visa payouts}
      1386: {name: Mastercard payouts}
";

/// A configuration of Alertmanager that tells a webhook of everything at once.
fn telling(webhook: &str) -> String {
    format!(
        "route:\n  receiver: webhook\n  group_by: [alertname, shop, gateway, currency]\n  group_wait: 0s\n  \
         group_interval: 1s\n  repeat_interval: 1h\nreceivers:\n  - name: webhook\n    webhook_configs: [{{url: \
         \"{webhook}/alerts\"}}]\n"
    )
}

/// The simulator as a process.
pub(crate) struct Simulator {
    pub(crate) url: String,
    _child: Child,
}

impl Simulator {
    pub(crate) async fn playing(scenario: &str) -> Self {
        let mut command = program();
        command.args(["simulate", "--listen", "127.0.0.1:0", "--scenario.file", scenario]);
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let url = loop {
            let line = lines.next_line().await.expect("readable").expect("it listens before it ends");
            if let Some(at) = line.find("http://127.0.0.1:") {
                let address = line[at..].split([' ', '/']).nth(2).expect("an address");
                break format!("http://{address}");
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url, _child: child }
    }

    pub(crate) async fn put(&self, path: &str, body: Value) {
        let url = format!("{}/simulator/{path}", self.url);
        let answer = client().put(url).body(body.to_string()).send().await.expect("it answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.expect("text"));
    }

    /// The channel that drains has so much from now on, and rests.
    async fn set(&self, minor_units: i64) {
        self.put("channels/3405/1385/USD", json!({"available_balance": minor_units, "frozen": true})).await;
    }
}

/// The alerts that have arrived since, each as often as it was sent.
fn sent(webhook: &Platform, since: usize) -> Vec<Value> {
    let notifications = webhook.requests().into_iter().skip(since);
    let alerts = notifications.map(|request| {
        let mut notification: Value = serde_json::from_str(&request.body).expect("JSON");
        notification["alerts"].as_array_mut().map(std::mem::take).expect("a list")
    });
    alerts.flatten().collect()
}

/// The first alert of that name and severity that has arrived in that state since.
async fn arrived(webhook: &Platform, since: usize, status: &str, alert: &str, severity: &str) -> Value {
    eventually(&format!("{alert} {severity} {status}"), || async {
        sent(webhook, since).into_iter().find(|sent| {
            let labels = &sent["labels"];
            sent["status"] == status && labels["alertname"] == alert && labels["severity"] == severity
        })
    })
    .await
}

fn text<'a>(alert: &'a Value, annotation: &str) -> &'a str {
    alert["annotations"][annotation].as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_know_is_told_that_a_channel_runs_dry_is_topped_up_and_is_not_known_any_more() {
    let webhook = Platform::start().await;
    webhook.reply("/alerts", Reply::Json(200, b"{}".to_vec()));
    let alertmanager = Alertmanager::start(&telling(&webhook.url)).await;
    let files = Files::new("");
    files.write("main.key", "made-up");
    let simulator = Simulator::playing(&files.write("scenario.yml", SCENARIO).display().to_string()).await;
    files.write("overpay_exporter.yml", &super::exporter::configuration(&simulator.url, CHANNELS));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    let rules = files.write("overpay.rules.yml", &rules(&QUICK).await);
    let more = format!(
        "rule_files: [\"{}\"]\nalerting: {{alertmanagers: [{{static_configs: [{{targets: [\"{}\"]}}]}}]}}\n",
        rules.display(),
        alertmanager.address
    );
    let prometheus = Prometheus::scraping_with(&exporter.url("").replace("http://", ""), &more).await;

    // It runs dry.
    let low = "OverpayPayoutHeadroomLow";
    let alert = arrived(&webhook, 0, "firing", low, "critical").await;
    let labels = json!({"alertname": low, "severity": "critical", "job": "overpay_exporter", "shop": "main",
        "gateway": "3405", "channel": "1385", "currency": "USD"});
    assert_eq!(alert["labels"], labels);
    let amount = text(&alert, "amount");
    let whole = amount.strip_suffix(".00 USD").unwrap_or_else(|| panic!("{amount:?} is no amount of whole dollars"));
    assert!(whole.replace(',', "").parse::<i64>().is_ok_and(|dollars| dollars < 10_000), "{amount}");
    let summary = format!("Payout headroom of channel Visa payouts of Acme Bank is low: {amount}");
    assert_eq!(text(&alert, "summary"), summary);
    assert!(text(&alert, "description").contains("The critical threshold is 10,000.00 USD"), "{alert}");
    assert!(text(&alert, "runbook_url").ends_with("/docs/runbooks/OverpayPayoutHeadroomLow.md"), "{alert}");

    // It is topped up.
    let before = webhook.requests().len();
    simulator.set(5_000_000).await;
    let alert = arrived(&webhook, before, "resolved", low, "critical").await;
    assert_eq!(alert["labels"], labels);
    arrived(&webhook, before, "resolved", low, "warning").await;

    // It is low again, and the provider fails.
    let before = webhook.requests().len();
    simulator.set(750_025).await;
    let alert = arrived(&webhook, before, "firing", low, "critical").await;
    assert_eq!(text(&alert, "amount"), "7,500.25 USD");
    let before = webhook.requests().len();
    simulator.put("faults", json!([{"api": "channel_balances", "status": 503}])).await;
    let alert = arrived(&webhook, before, "firing", "OverpayPayoutHeadroomUnknown", "critical").await;
    assert_eq!(alert["labels"]["channel"], "1385");
    assert!(text(&alert, "summary").ends_with("is not known any more; it was 7,500.25 USD"), "{alert}");
    arrived(&webhook, before, "firing", "OverpayBalanceStale", "warning").await;
    // Low goes on, and nobody is told anything of the channel that was far from low.
    let firing = prometheus.query(&format!("ALERTS{{alertname=\"{low}\", alertstate=\"firing\"}}")).await;
    assert_eq!(firing.len(), 2, "{firing:?}");
    let ended =
        sent(&webhook, before).iter().any(|alert| alert["labels"]["alertname"] == low && alert["status"] != "firing");
    assert!(!ended, "Low goes on while the provider fails");
    assert!(webhook.requests().iter().all(|request| !request.body.contains("\"channel\":\"1386\"")));
}
