//! One run for all tests of what dashboards show: the demo's balances, without its events, with a channel at half of its
//! critical threshold, one whose payout control is off, one that is not known any more, and an account likewise; scraped by
//! a real Prometheus under two instances, the rules of `alerts/` loaded, on hours of history. Every expression of every
//! dashboard is asked once, and the answers are kept.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::super::alerting::Simulator;
use super::super::alerts::{rules, said};
use super::super::exporter::{Exporter, Files, eventually, program};
use super::super::prometheus::Prometheus;
use super::{dashboards, list, panels, text};

const CONFIGURATION: &str = include_str!("../../../src/commands/demo.yml");
const SCENARIO: &str = include_str!("../../../src/simulator/builtin.yml");

/// How much history there is, and how far the graphs look back, in seconds.
pub(super) const HISTORY: u64 = 3 * 3600;

/// The shipped rules, for polls every 5 seconds and scrapes every second.
const QUICK: [&str; 8] = [
    "interval=1s",
    "flicker=5s",
    "stale_slack=2s",
    "low_critical_for=1s",
    "low_warning_for=1s",
    "exhaustion_settle=5s",
    "missing_for=5s",
    "stale_for=1s",
];

/// What is chosen at the top of a dashboard.
pub(super) type Chosen = [(&'static str, &'static str); 8];

const EVERYTHING: Chosen = [
    ("job", ".+"),
    ("instance", ".+"),
    ("shop", ".*"),
    ("gateway", ".*"),
    ("currency", ".*"),
    ("channel", ".*"),
    ("channel_currency", ".*"),
    ("account_currency", ".*"),
];

/// As the link of an alert about the low channel chooses.
const LOW_CHANNEL: Chosen = [
    ("job", ".+"),
    ("instance", ".+"),
    ("shop", "main"),
    ("gateway", "3405"),
    ("currency", "EUR"),
    ("channel", "1385"),
    ("channel_currency", "EUR"),
    ("account_currency", ".*"),
];

/// A query of a panel, a variable or an annotation, and what was answered.
pub(super) struct Asked {
    pub(super) dashboard: String,
    pub(super) panel: Value,
    pub(super) target: Value,
    pub(super) expression: String,
    pub(super) answer: Value,
}

impl Asked {
    pub(super) fn series(&self) -> &[Value] {
        list(&self.answer["data"]["result"])
    }

    pub(super) fn title(&self) -> &str {
        text(&self.panel["title"])
    }

    pub(super) fn place(&self) -> String {
        format!("{} / {} / {}: {}", self.dashboard, self.title(), text(&self.target["refId"]), self.expression)
    }
}

/// What the run showed.
pub(super) struct Run {
    /// The queries of panels, with everything chosen.
    pub(super) panels: Vec<Asked>,
    /// Those of what is now, as the link of an alert chooses.
    pub(super) low: Vec<Asked>,
    /// Those of what is now, as they are where no rule records anything.
    pub(super) without_rules: Vec<Asked>,
    /// The queries of variables, as the queries that Grafana makes of them; a panel is the variable.
    pub(super) variables: Vec<Asked>,
    pub(super) annotations: Vec<Asked>,
}

pub(super) fn run() -> &'static Run {
    static RUN: OnceLock<Option<Run>> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        // A thread of its own, since a test may have a runtime already; a panic there is told once, by that thread.
        std::thread::spawn(|| tokio::runtime::Runtime::new().expect("a runtime").block_on(ran())).join().ok()
    });
    run.as_ref().expect("the run comes to its end")
}

async fn ran() -> Run {
    let (_simulator, exporter, prometheus, moment) = started().await;
    let at = (&prometheus, moment);
    let mut run = Run {
        panels: Vec::new(),
        low: Vec::new(),
        without_rules: Vec::new(),
        variables: Vec::new(),
        annotations: Vec::new(),
    };
    for dashboard in dashboards() {
        let uid = text(&dashboard["uid"]);
        for panel in panels(&dashboard) {
            for target in list(&panel["targets"]) {
                let ask = |chosen| asked(&at, uid, panel, target, text(&target["expr"]), chosen);
                run.panels.push(ask(&EVERYTHING).await);
                if target["instant"] == true {
                    run.low.push(ask(&LOW_CHANNEL).await);
                    let mut bare = text(&target["expr"]).to_owned();
                    for recorded in ["channel:", "account:", "gateway:"] {
                        bare = bare.replace(recorded, "nothing:");
                    }
                    run.without_rules.push(asked(&at, uid, panel, target, &bare, &EVERYTHING).await);
                }
            }
        }
        for variable in list(&dashboard["templating"]["list"]).iter().filter(|variable| variable["type"] == "query") {
            let query = expression_of(text(&variable["query"]));
            let target = json!({"refId": variable["name"], "instant": true});
            run.variables.push(asked(&at, uid, variable, &target, &query, &EVERYTHING).await);
        }
        for annotation in list(&dashboard["annotations"]["list"]) {
            let target = json!({"refId": annotation["name"]});
            let expression = text(&annotation["expr"]);
            run.annotations.push(asked(&at, uid, annotation, &target, expression, &EVERYTHING).await);
        }
    }
    drop(exporter);
    run
}

/// The programs, once everything is in its state.
async fn started() -> (Simulator, Exporter, Prometheus, f64) {
    let files = Files::new("");
    // Without its events and faults, which come at times of their own.
    let scenario = SCENARIO.split("\nevents:").next().expect("a beginning");
    let simulator = Simulator::playing(&files.write("scenario.yml", scenario).display().to_string()).await;
    simulator.put("channels/3405/1385/EUR", json!({"available_balance": 100_000, "frozen": true})).await;
    simulator.put("channels/3405/1386/USD", json!({"active": false})).await;
    let configuration = CONFIGURATION.replace("{simulator}", &simulator.url);
    let file = files.write("overpay_exporter.yml", &configuration).display().to_string();
    let mut command = program();
    command.args(["--config.file", &file, "--web.listen-address", "127.0.0.1:0"]);
    for shop in ["363", "364"] {
        command.env(format!("SECRET_KEY_{shop}"), format!("simulated-secret-key-{shop}"));
    }
    let exporter = Exporter::of(command).await;
    let answered = exporter.scrape_until("everything is answered", |scrape| {
        scrape.family("overpay_available_balance").len() == 8 && scrape.family("overpay_account_detail").len() == 2
    });
    let folder = tempfile::tempdir().expect("a folder");
    backfilled(&answered.await.0, folder.path()).await;
    let rules = files.write("overpay.rules.yml", &rules(&QUICK).await);
    let target = exporter.url("").replace("http://", "");
    let configuration = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nrule_files: [\"{}\"]\nscrape_configs:\n  - job_name: \
         overpay_exporter\n    static_configs:\n      - {{targets: [\"{target}\"], labels: {{instance: first}}}}\n      - \
         {{targets: [\"{target}\"], labels: {{instance: second}}}}\n",
        rules.display()
    );
    let prometheus = Prometheus::configured(&configuration, folder).await;
    let there = async |what: &str, expression: &str| {
        eventually(what, || async { Some(prometheus.query(expression).await.first()?["value"][0].clone()) }).await
    };
    let falls = "channel:overpay_available_balance:seconds_left and on () account:overpay_account_balance:seconds_left";
    there("balances fall", falls).await;
    let fails = |api: &str, gateway: u32| json!({"api": api, "gateway": gateway, "status": 503});
    simulator.put("faults", json!([fails("channel_balances", 3500), fails("beyag_balance", 1234)])).await;
    // Both channels and the account, for longer than a scrape that is late.
    let age = |family: &str| format!("time() - min without (query) ({family}_last_success_timestamp_seconds) > 25");
    let unknown = format!("count({} or {}) == 6", age("overpay_available_balance"), age("overpay_account_balance"));
    there("they are not known any more", &unknown).await;
    // One moment at which all is there and no scrape has failed on a busy machine: everything is asked for that moment.
    let firing = |alert: &str| format!(r#"ALERTS{{alertname="{alert}", alertstate="firing"}}"#);
    let all = [
        "(count(up == 1) == 2)".to_owned(),
        format!("({unknown})"),
        firing("OverpayPayoutHeadroomLow"),
        firing("OverpayBalanceStale"),
        "channel:overpay_available_balance:seconds_left".to_owned(),
        "account:overpay_account_balance:seconds_left".to_owned(),
    ];
    let moment = there("all is there at one moment", &all.join(" and on () ")).await;
    (simulator, exporter, prometheus, moment.as_f64().expect("a time"))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

/// Hours in which an exporter told nearly the same as it does now, and what is recorded of it, written by `promtool` where
/// Prometheus will read it.
async fn backfilled(scrape: &str, folder: &Path) {
    let (mut history, now) = (String::new(), now());
    // What is recorded of what is published, in its simplest case: one instance, answered.
    let recorded = [
        ("overpay_available_balance_last_known", "channel:overpay_available_balance:newest"),
        ("overpay_account_balance_last_known", "account:overpay_account_balance:newest"),
        ("payout_control_active", "channel:payout_control_active:max"),
    ];
    for line in scrape.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').expect("a series and its value");
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let value: f64 = value.parse().expect("a number");
        let comma = if labels == "}" { "" } else { "," };
        for minutes in (4..=HISTORY / 60).rev().step_by(2) {
            let at = now - minutes * 60;
            #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^52")]
            let value = if name.ends_with("timestamp_seconds") { at as f64 - 2.0 } else { value };
            let _ =
                writeln!(history, "{name}{{job=\"overpay_exporter\",instance=\"first\"{comma}{labels} {value} {at}");
            if let Some((_, recorded)) = recorded.iter().find(|(published, _)| *published == name) {
                let _ = writeln!(history, "{recorded}{{job=\"overpay_exporter\",{labels} {value} {at}");
            }
        }
    }
    history.push_str("# EOF\n");
    let file = folder.join("history.om");
    std::fs::write(&file, history).expect("it can be written");
    let [file, data] = [file, folder.join("data")].map(|path| path.display().to_string());
    said("promtool", &["tsdb", "create-blocks-from", "openmetrics", &file, &data]).await;
}

/// The expression that Grafana asks Prometheus for to know the values of a variable: of `label_values` the series.
fn expression_of(query: &str) -> String {
    let inside = query.split_once('(').map_or(query, |(_, rest)| rest.trim_end_matches(')'));
    if query.starts_with("label_values") {
        let (series, label) = inside.rsplit_once(", ").expect("series and label");
        format!("group by ({label}) ({series})")
    } else {
        query.strip_prefix("query_result(").and_then(|rest| rest.strip_suffix(')')).expect("query_result").to_owned()
    }
}

async fn asked(
    (prometheus, moment): &(&Prometheus, f64),
    dashboard: &str,
    panel: &Value,
    target: &Value,
    expression: &str,
    chosen: &Chosen,
) -> Asked {
    let mut expression = expression.replace("$__rate_interval", "1m").replace("$__range", "3h");
    // The longer names first: `$channel` begins `$channel_currency`.
    for (name, value) in chosen.iter().rev() {
        expression = expression.replace(&format!("${name}"), value);
    }
    let now = moment.to_string();
    #[expect(clippy::cast_precision_loss, reason = "seconds are far below 2^52")]
    let from = (moment - HISTORY as f64).to_string();
    let answer = if target["instant"] == true {
        prometheus.asked("query", &[("query", &expression), ("time", &now)]).await
    } else {
        let parameters = [("query", expression.as_str()), ("start", &from), ("end", &now), ("step", "60")];
        prometheus.asked("query_range", &parameters).await
    };
    Asked {
        dashboard: dashboard.to_owned(),
        panel: panel.clone(),
        target: target.clone(),
        expression,
        answer: answer.expect("Prometheus answers"),
    }
}
