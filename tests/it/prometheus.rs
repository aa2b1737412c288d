//! A real Prometheus scrapes the demo: every family arrives, and every balance is one that the simulator held.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use super::exporter::{Exporter, client, eventually};

/// Balances in the simulator change every three seconds at most; asked more often than that, none is missed.
const MISSED: Duration = Duration::from_secs(2);

/// A Prometheus that scrapes one target every second.
pub(crate) struct Prometheus {
    url: String,
    _child: Child,
    _folder: TempDir,
}

impl Prometheus {
    async fn scraping(target: &str) -> Self {
        Self::scraping_with(target, "").await
    }

    /// The same, with these lines of the job, or behind it.
    pub(crate) async fn scraping_with(target: &str, job: &str) -> Self {
        let configuration = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n  - job_name: overpay_exporter\n    \
             static_configs: [{{targets: [\"{target}\"]}}]\n{job}"
        );
        Self::configured(&configuration, tempfile::tempdir().expect("a folder")).await
    }

    /// One with that configuration, on the data in that folder's `data`.
    pub(crate) async fn configured(configuration: &str, folder: TempDir) -> Self {
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, configuration).expect("it can be written");
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--log.level=info"])
            .kill_on_drop(true)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Debian's package prometheus is installed: `make debian-packages`");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        // It says where it listens and that it is ready in either order; until it is ready it answers with an error.
        let (mut address, mut ready) = (None, false);
        let address = loop {
            let line = lines.next_line().await.expect("readable").expect("Prometheus is ready before it ends");
            if let Some((_, listening)) = line.split_once("msg=\"Listening on\" address=") {
                address = listening.split(' ').next().map(str::to_owned);
            }
            ready |= line.contains("Server is ready to receive web requests");
            if let Some(address) = address.clone().filter(|_| ready) {
                break address;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url: format!("http://{address}"), _child: child, _folder: folder }
    }

    /// The result of an instant query.
    pub(crate) async fn query(&self, expression: &str) -> Vec<Value> {
        let answer = self.asked("query", &[("query", expression)]).await.unwrap_or_default();
        answer["data"]["result"].as_array().cloned().unwrap_or_default()
    }

    /// The alerts that are pending or firing, with what they say.
    pub(crate) async fn alerts(&self) -> Vec<Value> {
        let answer = super::exporter::get(format!("{}/api/v1/alerts", self.url)).await.expect("it answers");
        let answer: Value = answer.json().await.expect("JSON");
        answer["data"]["alerts"].as_array().cloned().expect("a list")
    }

    /// What its HTTP API answers, refusals too; nothing if it does not.
    pub(crate) async fn asked(&self, what: &str, parameters: &[(&str, &str)]) -> Option<Value> {
        let form = reqwest::Url::parse_with_params("http://form", parameters).expect("parameters");
        let request = client()
            .post(format!("{}/api/v1/{what}", self.url))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
        Some(request.send().await.ok()?.json().await.expect("JSON"))
    }
}

/// Which balance: shop, gateway, currency, and channel or account.
type Key = [String; 4];

/// What the simulator has held, in minor units.
#[derive(Default)]
struct Truth {
    /// From when on nothing was missed.
    since: Option<SystemTime>,
    last: Option<SystemTime>,
    balances: HashMap<Key, HashSet<i64>>,
    active: HashMap<Key, HashSet<bool>>,
}

impl Truth {
    /// Asks the simulator again and again, from now on.
    fn recorded(state_url: String) -> Arc<Mutex<Self>> {
        let truth = Arc::new(Mutex::new(Self::default()));
        let recording = Arc::clone(&truth);
        let client = client();
        tokio::spawn(async move {
            loop {
                if let Ok(response) = client.get(&state_url).send().await
                    && let Ok(state) = response.json().await
                {
                    recording.lock().expect("not poisoned").record(&state);
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        truth
    }

    fn record(&mut self, state: &Value) {
        let now = SystemTime::now();
        // On a machine so busy that a change may have been missed, the record begins anew.
        if self.last.is_some_and(|last| now.duration_since(last).unwrap_or_default() > MISSED) {
            *self = Self::default();
        }
        self.since.get_or_insert(now);
        self.last = Some(now);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        for row in state["channels"].as_array().expect("a list") {
            let key = ["shop_id", "gateway_id", "currency", "channel_id"].map(|field| text(&row[field]));
            let balance = row["available_balance"].as_i64().expect("minor units");
            self.balances.entry(key.clone()).or_default().insert(balance);
            self.active.entry(key).or_default().insert(row["active"].as_bool().expect("a flag"));
        }
        for row in state["accounts"].as_array().expect("a list") {
            let mut key = ["shop_id", "gateway_id", "currency", "account"].map(|field| text(&row[field]));
            key[3] = format!("*{}", &key[3][key[3].len() - 4..]);
            let balance = row["amount"].as_i64().expect("minor units");
            self.balances.entry(key).or_default().insert(balance);
        }
    }
}

fn exponent(currency: &str) -> i32 {
    match currency {
        "JPY" => 0,
        "KWD" => 3,
        _ => 2,
    }
}

fn key_of(metric: &Value) -> Key {
    let shop_id = if metric["shop"] == "main" { "363" } else { "364" };
    let label = |name: &str| metric[name].as_str().unwrap_or_default().to_owned();
    let subject = if metric["channel"].is_string() { label("channel") } else { label("account") };
    [shop_id.to_owned(), label("gateway"), label("currency"), subject]
}

/// Every family that the reference lists, with the suffix that Prometheus stores of it.
fn families() -> BTreeSet<String> {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let reference = std::fs::read_to_string(reference).expect("the reference of the metrics");
    let rows = reference.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (name, rest) = row.split_once('`').expect("a name between backticks");
        if rest.contains("| histogram |") { format!("{name}_bucket") } else { name.to_owned() }
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_family_arrives_with_the_values_that_the_simulator_holds() {
    let exporter = Exporter::start(&["demo", "--web.listen-address", "127.0.0.1:0"]).await;
    let state = exporter.line_with("/simulator/state").await;
    let state_url = state.trim().rsplit(' ').next().expect("an address").to_owned();
    let truth = Truth::recorded(state_url.clone());
    let target = exporter.url("").replace("http://", "");
    let prometheus = Prometheus::scraping(&target).await;

    // A provider that fails shows the one family that is there only while something fails.
    let faults = state_url.replace("/state", "/faults");
    let fault = r#"[{"api": "beyag_balance", "status": 503}]"#;
    let client = client();
    let put = client.put(&faults).body(fault).send().await.expect("it answers");
    assert!(put.status().is_success(), "{}", put.text().await.expect("text"));
    for family in families() {
        eventually(&family, || async { (!prometheus.query(&family).await.is_empty()).then_some(()) }).await;
    }
    client.put(&faults).body("[]").send().await.expect("it answers");
    eventually("the provider is back", || async {
        prometheus.query("overpay_up == 0 or overpay_poll_failing").await.is_empty().then_some(())
    })
    .await;

    // On a machine that stalls the record begins anew, and so does the comparison.
    let mut compared = None;
    while compared.is_none() {
        compared = compare(&prometheus, &truth).await;
    }
    assert!(compared > Some(100), "only {compared:?} samples");
    let falls = prometheus.query("overpay_available_balance_decrease_total > 0").await;
    assert!(falls.len() >= 6, "{falls:?}");
}

/// Watches for some while, then compares every balance published with what the simulator held: how many samples were
/// compared; none if the record began anew meanwhile.
async fn compare(prometheus: &Prometheus, truth: &Mutex<Truth>) -> Option<usize> {
    let recorded_since = || truth.lock().expect("not poisoned").since;
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let begun = eventually("a record", || async { recorded_since() }).await;
    // From here on everything published was asked while the simulator was watched.
    let oldest = format!("min(overpay_poll_last_success_timestamp_seconds) > {}", seconds(begun));
    let since = eventually("everything was asked since", || async {
        Some(prometheus.query(&oldest).await.first()?["value"][0].as_f64().expect("a time"))
    })
    .await;
    let moving = format!(
        "count(changes(overpay_available_balance[12s]) > 0) >= 6 and on() vector(time() > bool {since} + 12) == 1"
    );
    eventually("money moved for some while since", || async {
        (!prometheus.query(&moving).await.is_empty()).then_some(())
    })
    .await;
    let mut published = Vec::new();
    for family in ["overpay_available_balance", "overpay_account_balance", "payout_control_active"] {
        published.extend(prometheus.query(&format!("{family}[1m]")).await.into_iter().map(|series| (family, series)));
    }
    let truth = truth.lock().expect("not poisoned");
    if truth.since != Some(begun) {
        return None;
    }
    let mut compared = 0;
    for (family, series) in published {
        let key = key_of(&series["metric"]);
        for sample in series["values"].as_array().expect("a list") {
            if sample[0].as_f64().expect("a time") < since {
                continue;
            }
            let value: f64 = sample[1].as_str().expect("text").parse().expect("a number");
            let held = if family == "payout_control_active" {
                truth.active[&key].contains(&(value > 0.5))
            } else {
                #[expect(clippy::cast_possible_truncation, reason = "money of the demo is far below 2^53")]
                let minor = (value * 10f64.powi(exponent(&key[2]))).round() as i64;
                truth.balances.get(&key).is_some_and(|balances| balances.contains(&minor))
            };
            assert!(held, "{family} of {key:?} was never {value}");
            compared += 1;
        }
    }
    Some(compared)
}

#[tokio::test]
async fn promtool_has_nothing_to_say_about_the_metrics() {
    let exporter = Exporter::start(&["demo", "--web.listen-address", "127.0.0.1:0"]).await;
    let all = exporter.scrape_until("answered", |scrape| {
        scrape.family("overpay_account_balance").len() == 2 && !scrape.family("overpay_available_balance").is_empty()
    });
    let text = all.await.0;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Debian's package prometheus is installed: `make debian-packages`");
    let mut input = promtool.stdin.take().expect("piped");
    input.write_all(text.as_bytes()).await.expect("it reads");
    drop(input);
    let output = promtool.wait_with_output().await.expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", super::exporter::text(&said));
}
