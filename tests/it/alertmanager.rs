//! The examples for Alertmanager: who is told of what and what is hidden, as a real one does it with the shipped
//! configuration, whose receivers are servers of the test. What messages look like is told by `messages`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::alerts::{alerting_rules, project, read, said};
use super::exporter::{client, eventually, get};
use super::platform::Platform;

pub(crate) const EXAMPLE: &str = "alerts/alertmanager/alertmanager-0.25.yml";

/// A real Alertmanager.
pub(crate) struct Alertmanager {
    pub(crate) address: String,
    _child: Child,
    _folder: TempDir,
}

impl Alertmanager {
    pub(crate) async fn start(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("alertmanager.yml");
        std::fs::write(&file, configuration).expect("it can be written");
        let mut child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="])
            .kill_on_drop(true)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Debian's package prometheus-alertmanager is installed: `make debian-packages`");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = loop {
            let line = lines.next_line().await.expect("readable").expect("Alertmanager listens before it ends");
            if let Some((_, listening)) = line.split_once("msg=\"Listening on\" address=") {
                break listening.split(' ').next().expect("an address").to_owned();
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { address, _child: child, _folder: folder }
    }

    /// The shipped example, which tells `world` at once, at `/on-call`, `/slack` and `/bot…/sendMessage`.
    pub(crate) async fn of_the_example(world: &Platform) -> Self {
        world.json("/", br#"{"ok": true, "result": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "group"}}}"#);
        let url = &world.url;
        let mut configuration = read(EXAMPLE);
        for (shipped, here) in [
            ("smtp.example.com:587", "127.0.0.1:1".to_owned()),
            ("[overpay.tmpl]", format!("[{}]", project("alerts/alertmanager/overpay.tmpl").display())),
            ("group_wait: 30s", "group_wait: 0s".to_owned()),
            ("group_interval: 5m", "group_interval: 1s".to_owned()),
            ("https://dead-mans-switch.example.com/ping", format!("{url}/ping")),
            ("http://127.0.0.1:8080/alerts", format!("{url}/log")),
            ("https://on-call.example.com/alerts", format!("{url}/on-call")),
            ("api_url_file: /etc/alertmanager/secrets/slack_url", format!("api_url: {url}/slack")),
            ("- bot_token:", format!("- api_url: {url}\n        bot_token:")),
        ] {
            assert!(configuration.contains(shipped), "{EXAMPLE} has no {shipped}");
            configuration = configuration.replace(shipped, &here);
        }
        assert!(!configuration.contains("https://"), "nothing goes to where the example sends it");
        Self::start(&configuration).await
    }

    pub(crate) async fn post(&self, alerts: &[Value]) {
        let url = format!("http://{}/api/v2/alerts", self.address);
        let answer = client().post(url).json(alerts).send().await.expect("it answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.expect("text"));
    }

    /// The alerts as it has them.
    async fn alerts(&self) -> Vec<Value> {
        let url = format!("http://{}/api/v2/alerts", self.address);
        get(url).await.expect("it answers").json().await.expect("a list")
    }
}

/// The bodies that arrived at paths with this in them.
pub(crate) fn sent(world: &Platform, path: &str) -> Vec<Value> {
    let requests = world.requests().into_iter().filter(|request| request.line().contains(path));
    requests.map(|request| serde_json::from_str(&request.body).expect("JSON")).collect()
}

/// The lines of a table in `alerts/alertmanager/`, each as its words.
fn table(path: &str) -> Vec<Vec<String>> {
    let text = read(path);
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// The lines that a configuration of either version has, but for those that tell where secrets are.
fn common_lines(configuration: &str) -> Vec<String> {
    let differ = ["url_file: ", "url: https://", "bot_token", "message_thread_id: "];
    read(configuration)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.replace("      - ", "        "))
        .filter(|line| line.contains("api_url_file") || !differ.iter().any(|key| line.contains(key)))
        .collect()
}

#[test]
fn the_examples_differ_in_where_secrets_are_alone() {
    let (older, newer) = (common_lines(EXAMPLE), common_lines("alerts/alertmanager/alertmanager.yml"));
    assert!(older.len() > 80);
    assert_eq!(older, newer);
}

#[tokio::test]
async fn the_example_is_taken() {
    let said = said("amtool", &["check-config", EXAMPLE]).await;
    assert!(said.contains("SUCCESS") && !said.contains("FAILED"), "{said}");
}

#[tokio::test]
async fn alerts_go_to_those_who_must_know() {
    let mut routed = BTreeSet::new();
    for mut words in table("alerts/alertmanager/routes.txt") {
        let receiver = words.remove(0);
        let (file, verify) = (format!("--config.file={EXAMPLE}"), format!("--verify.receivers={receiver}"));
        let mut arguments = vec!["config", "routes", "test", &file, &verify];
        arguments.extend(words.iter().map(String::as_str));
        said("amtool", &arguments).await;
        routed.insert(receiver);
    }
    let configuration = read(EXAMPLE);
    let receivers = configuration.split("\nreceivers:\n").nth(1).expect("receivers").lines();
    let receivers: BTreeSet<_> =
        receivers.filter_map(|line| Some(line.strip_prefix("  - name: ")?.to_owned())).collect();
    assert_eq!(routed, receivers, "every receiver gets something");
}

#[test]
fn the_dead_mans_switch_is_told_every_time_its_group_is_looked_at() {
    let configuration = read(EXAMPLE);
    let route = configuration.split("alertname=\"OverpayWatchdog\"").nth(1).expect("a route");
    let time = |name: &str| {
        let line = route.lines().find_map(|line| line.trim().strip_prefix(name)).expect("it is there");
        humantime::parse_duration(line.trim()).expect("a duration")
    };
    assert!(time("repeat_interval:") < time("group_interval:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_of_many_gateways_is_one_message() {
    let world = Platform::start().await;
    let alertmanager = Alertmanager::of_the_example(&world).await;
    let refused = (0..30).map(|gateway| {
        json!({"labels": {"alertname": "OverpayCredentialsRejected", "severity": "critical", "job": "overpay_exporter",
            "shop": "main", "api": "channel_balances", "gateway": gateway.to_string(), "query": format!("q{gateway}")}})
    });
    alertmanager.post(&refused.collect::<Vec<_>>()).await;
    eventually("a message of all", || async {
        let mut messages = sent(&world, "/on-call").into_iter();
        messages.find(|message| message["alerts"].as_array().is_some_and(|alerts| alerts.len() == 30))
    })
    .await;
    let groups: BTreeSet<_> =
        sent(&world, "/on-call").iter().map(|message| message["groupLabels"].to_string()).collect();
    assert_eq!(
        groups,
        BTreeSet::from([json!({"alertname": "OverpayCredentialsRejected", "shop": "main"}).to_string()])
    );
}

/// A line of `hidden.txt`: whether people are told of that alert, or which tells it.
struct Row {
    labels: BTreeMap<String, String>,
    expected: String,
}

fn rows() -> Vec<Row> {
    let (mut about, mut case, mut rows) = (BTreeMap::new(), String::new(), Vec::new());
    for mut words in table("alerts/alertmanager/hidden.txt") {
        match words.remove(0).as_str() {
            "about" => {
                about.insert(words.remove(0), words);
            }
            "case" => case = words.join(" "),
            state => {
                let mut labels: BTreeMap<_, _> = about[&words[2]]
                    .iter()
                    .map(|label| label.split_once('=').expect("name=value"))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect();
                labels.insert("job".to_owned(), case.clone());
                labels.insert("alertname".to_owned(), words[0].clone());
                labels.insert("severity".to_owned(), words[1].clone());
                rows.push(Row {
                    labels,
                    expected: [state.to_owned()].into_iter().chain(words.drain(3..)).collect::<Vec<_>>().join(" "),
                });
            }
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_hidden_where_another_tells_the_same_and_nowhere_else() {
    let rows = rows();
    let world = Platform::start().await;
    let alertmanager = Alertmanager::of_the_example(&world).await;
    let posted = |labels: &BTreeMap<String, String>| json!({"labels": labels});
    alertmanager.post(&rows.iter().map(|row| posted(&row.labels)).collect::<Vec<_>>()).await;
    // Alertmanager takes alerts in one after the other: once it hides this one it knows all before it.
    let last = ["critical", "warning"].map(
        |severity| json!({"labels": {"alertname": "OverpayPayoutHeadroomLow", "severity": severity, "job": "last"}}),
    );
    alertmanager.post(&last).await;
    eventually("the last is hidden", || async {
        let alerts = alertmanager.alerts().await;
        alerts
            .iter()
            .any(|alert| alert["labels"]["job"] == "last" && alert["status"]["state"] == "suppressed")
            .then_some(())
    })
    .await;
    let alerts = alertmanager.alerts().await;
    for Row { labels, expected } in &rows {
        let alert = alerts.iter().find(|alert| alert["labels"] == json!(labels)).expect("it is there");
        let hiding = alert["status"]["inhibitedBy"].as_array().expect("a list");
        let by = hiding.iter().map(|by| alerts.iter().find(|alert| alert["fingerprint"] == *by).expect("it is there"));
        let state = match by.map(|by| by["labels"]["alertname"].as_str().expect("a name")).next() {
            Some(by) => format!("hidden by {by}"),
            None => "told".to_owned(),
        };
        assert_eq!((&state, alert["status"]["state"] == "active"), (expected, expected == "told"), "{labels:?}");
    }
}

#[test]
fn it_is_told_of_every_alert_what_hides_it() {
    let (rules, rows) = (read("alerts/overpay.rules.yml"), rows());
    for rule in alerting_rules(&rules) {
        let told =
            rows.iter().any(|row| row.labels["alertname"] == rule.alert && row.labels["severity"] == rule.severity);
        assert!(told, "hidden.txt says nothing of {} ({})", rule.alert, rule.severity);
    }
}
