//! Shards and their replicas under a real Prometheus with the shipped rules at a quicker pace: every channel is recorded
//! once, nothing is told twice, a replica that dies wakes nobody, a shard that dies is told with its shops, and a change of
//! the number of shards goes unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::alerting::Simulator;
use super::alerts::rules;
use super::exporter::{Exporter, Files, eventually, get};
use super::prometheus::Prometheus;

/// The shipped rules, with times that fit queries asked every 5 seconds and scrapes every second.
const QUICK: [&str; 14] = [
    "interval=1s",
    "gap=15s",
    "flicker=3s",
    "stale_slack=2s",
    "low_critical_for=2s",
    "low_warning_for=2s",
    "unknown_for=2s",
    "exhaustion_settle=1h",
    "stale_for=2s",
    "exporter_down_for=2s",
    "exporter_absent_for=2s",
    "shard_missing_for=2s",
    "claimed_for=2s",
    "drop_window=5s",
];

const SHOPS: [(&str, u64, u64); 2] = [("main", 363, 3400), ("second", 364, 4400)];
/// How many gateways each shop has, with one channel and one query each.
const GATEWAYS: u64 = 8;
/// How many channels there are.
const CHANNELS: usize = 16;
const LOW: &str = "OverpayPayoutHeadroomLow";

/// A simulated platform on which every channel is drained, and the configuration that asks for all of them.
async fn platform() -> (Files, Simulator) {
    let (mut scenario, mut configuration) = ("shops:\n".to_owned(), String::new());
    let write = |text: &mut String, line: &str| writeln!(text, "{line}").expect("it can be written");
    for (shop, id, first) in SHOPS {
        write(&mut scenario, &format!("  - shop_id: {id}\n    secret_key: made-up\n    gateways:"));
        write(&mut configuration, &format!("  - name: {shop}\n    brand: sandbox\n    shop_id: {id}"));
        write(&mut configuration, "    secret_key_file: main.key\n    channel_balances:");
        for gateway in first..first + GATEWAYS {
            let line = "currency: USD, balance: 9000000, drain: {amount: 1000, every: 200ms}";
            write(&mut scenario, &format!("      - {{id: {gateway}, channels: [{{id: {gateway}, {line}}}]}}"));
            let thresholds = "thresholds: {USD: {warning: 2000, critical: 1000}}";
            write(&mut configuration, &format!("      - {{gateway: {gateway}, currencies: [USD], {thresholds}}}"));
        }
    }
    let files = Files::new("");
    files.write("main.key", "made-up");
    let simulator = Simulator::playing(&files.write("scenario.yml", &scenario).display().to_string()).await;
    let host = &simulator.url;
    let brands = format!("brands:\n  sandbox: {{backoffice_url: \"{host}\"}}\n");
    files.write(
        "overpay_exporter.yml",
        &format!("poll: {{interval: 5s, timeout: 3s}}\n{brands}shops:\n{configuration}"),
    );
    (files, simulator)
}

/// Exporters by the names of their pods, as `a-0`, and the Prometheus that finds them in a file.
struct Fleet {
    files: Files,
    exporters: BTreeMap<String, Exporter>,
    prometheus: Prometheus,
    targets: std::path::PathBuf,
}

impl Fleet {
    async fn of(files: Files, pods: &[&str], total: &str) -> Self {
        let rules = files.write("overpay.rules.yml", &rules(&QUICK).await);
        let targets = files.write("targets.json", "[]");
        let configuration = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nrule_files: [\"{}\"]\nscrape_configs:\n  - job_name: \
             overpay_exporter\n    file_sd_configs: [{{files: [\"{}\"], refresh_interval: 1s}}]\n",
            rules.display(),
            targets.display()
        );
        let prometheus = Prometheus::configured(&configuration, tempfile::tempdir().expect("a folder")).await;
        let mut fleet = Self { files, exporters: BTreeMap::new(), prometheus, targets };
        fleet.start(pods, total).await;
        fleet
    }

    /// Starts those pods, each in place of the one of its name, which ends once Prometheus has left it for the new one.
    async fn start(&mut self, pods: &[&str], total: &str) {
        let mut replaced = Vec::new();
        for pod in pods {
            let name = format!("overpay-exporter-{pod}");
            let shard = ["--shard.index", &name, "--shard.total", total];
            let exporter = Exporter::serve(&self.files.configuration(), &shard).await;
            replaced.extend(self.exporters.insert((*pod).to_owned(), exporter));
        }
        self.tell_targets();
        for pod in pods {
            self.holds(&format!("up{{instance=\"{}\"}} == 1", target(&self.exporters[*pod]))).await;
        }
        for exporter in replaced {
            self.holds(&format!("absent(up{{instance=\"{}\"}})", target(&exporter))).await;
        }
    }

    /// The targets as they are now; one that has died stays among them, unlike one that was replaced.
    fn tell_targets(&self) {
        let targets: Vec<String> = self.exporters.values().map(target).collect();
        let written = self.targets.with_extension("new");
        std::fs::write(&written, json!([{"targets": targets}]).to_string()).expect("it can be written");
        std::fs::rename(&written, &self.targets).expect("it can be renamed");
    }

    async fn kill(&self, pod: &str) {
        self.exporters[pod].signal("KILL").await;
    }

    /// Which gateways of which shops a pod asks about.
    async fn asks(&self, pod: &str) -> Vec<(String, u64)> {
        let answer = get(self.exporters[pod].url("/api/v1/queries")).await.expect("it answers");
        let told: Value = answer.json().await.expect("JSON");
        let queries = told["queries"].as_array().expect("a list").iter();
        let name = |query: &Value| query["shop"].as_str().expect("a name").to_owned();
        queries.map(|query| (name(query), query["gateway"].as_u64().expect("an id"))).collect()
    }

    async fn holds(&self, expression: &str) {
        eventually(expression, || async { (!self.prometheus.query(expression).await.is_empty()).then_some(()) }).await;
    }

    /// The alerts that have fired since, but for the watchdog.
    async fn fired(&self, since: f64) -> BTreeSet<String> {
        let within = self.now().await - since;
        let told =
            format!("count_over_time(ALERTS{{alertname!=\"OverpayWatchdog\", alertstate=\"firing\"}}[{within:.0}s])");
        let label = |series: &Value, name: &str| series["metric"][name].as_str().unwrap_or_default().to_owned();
        let told = self.prometheus.query(&told).await;
        told.iter().map(|series| format!("{}/{}", label(series, "alertname"), label(series, "severity"))).collect()
    }

    /// Prometheus' time, in seconds.
    async fn now(&self) -> f64 {
        let told = self.prometheus.query("vector(time())").await;
        told.first().and_then(|now| now["value"][0].as_f64()).expect("a time")
    }
}

/// What Prometheus calls an exporter.
fn target(exporter: &Exporter) -> String {
    exporter.url("").replace("http://", "")
}

const FOUR: [&str; 4] = ["a-0", "a-1", "b-0", "b-1"];
const ALL_ARE_RECORDED: &str = "count(channel:overpay_available_balance:newest) == 16";

/// One channel of that pod's shard is low from now on.
async fn runs_low(fleet: &Fleet, simulator: &Simulator, pod: &str) -> u64 {
    let (_, gateway) = fleet.asks(pod).await[0];
    let path = format!("channels/{gateway}/{gateway}/USD");
    simulator.put(&path, json!({"available_balance": 50_000, "frozen": true})).await;
    fleet.holds(&format!("count(ALERTS{{alertname=\"{LOW}\", alertstate=\"firing\"}}) == 2")).await;
    // That it fell at once is told too, for a while.
    fleet.holds("absent(ALERTS{alertname=\"OverpayBalanceSuddenDrop\"})").await;
    gateway
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_dies_wakes_nobody_and_a_shard_that_dies_is_told_with_its_shops() {
    let (files, simulator) = platform().await;
    let fleet = Fleet::of(files, &FOUR, "2").await;
    assert_eq!(fleet.asks("a-0").await, fleet.asks("b-0").await, "replicas ask the same");
    let (first, second) = (fleet.asks("a-0").await, fleet.asks("a-1").await);
    assert_eq!(first.len() + second.len(), CHANNELS);
    assert!(first.iter().all(|query| !second.contains(query)), "{first:?} {second:?}");

    // Every channel is recorded once, and what is recorded is always the newest: it falls as the truth does, and is never
    // above what either replica told a moment before.
    fleet.holds(ALL_ARE_RECORDED).await;
    fleet.holds("count(overpay_available_balance) == 32").await;
    fleet
        .holds("count(max by (channel) (overpay_available_balance) > min by (channel) (overpay_available_balance)) > 8")
        .await;
    fleet.holds("count(count_over_time(channel:overpay_available_balance:newest[15s]) >= 14) == 16").await;
    let newest = "channel:overpay_available_balance:newest";
    let lowest = "min by (job, shop, gateway, currency, channel) (overpay_available_balance_last_known offset 3s)";
    for wrong in [format!("{newest} > {lowest}"), format!("{newest} - {newest} offset 1s > 0")] {
        let ever = format!("count_over_time(({wrong})[12s:1s])");
        assert_eq!(fleet.prometheus.query(&ever).await, Vec::<Value>::new(), "{wrong}");
    }

    // One channel of the second shard is low: told once at each severity, though two exporters tell of it.
    let low = runs_low(&fleet, &simulator, "a-1").await;
    let told =
        fleet.prometheus.query(&format!("count by (severity, gateway) (ALERTS{{alertname=\"{LOW}\"}}) == 1")).await;
    assert_eq!(told.len(), 2, "{told:?}");

    // A replica dies.
    let since = fleet.now().await;
    fleet.kill("b-0").await;
    let down =
        r#"count_over_time(ALERTS{alertname="OverpayExporterDown", severity="warning", alertstate="firing"}[12s]) > 8"#;
    fleet.holds(down).await;
    assert_eq!(fleet.prometheus.query(ALL_ARE_RECORDED).await.len(), 1);
    let expected = [format!("{LOW}/critical"), format!("{LOW}/warning"), "OverpayExporterDown/warning".to_owned()];
    assert_eq!(fleet.fired(since).await, BTreeSet::from(expected.clone()));

    // Both replicas of the other shard die.
    fleet.kill("a-1").await;
    fleet.kill("b-1").await;
    let missing = eventually("the shard is missing", || async {
        fleet
            .prometheus
            .alerts()
            .await
            .into_iter()
            .find(|alert| alert["labels"]["alertname"] == "OverpayShardMissing" && alert["state"] == "firing")
    })
    .await;
    assert_eq!((&missing["labels"]["index"], &missing["labels"]["total"]), (&json!("1"), &json!("2")));
    let of = |shop: &str| second.iter().filter(|(name, _)| name == shop).count();
    let shops = format!("nobody asks its queries: {} of main, {} of second.", of("main"), of("second"));
    let description = missing["annotations"]["description"].as_str().expect("text");
    assert!(of("main") > 0 && of("second") > 0 && description.contains(&shops), "{shops} {description}");
    // What was low stays so, and is not known; what the other shard asks is well.
    fleet
        .holds(&format!(
            "ALERTS{{alertname=\"OverpayPayoutHeadroomUnknown\", alertstate=\"firing\", gateway=\"{low}\"}}"
        ))
        .await;
    fleet.holds(&format!("count(ALERTS{{alertname=\"{LOW}\", alertstate=\"firing\", gateway=\"{low}\"}}) == 2")).await;
    assert_eq!(fleet.prometheus.query(ALL_ARE_RECORDED).await.len(), 1);
    let more = ["OverpayShardMissing/critical", "OverpayPayoutHeadroomUnknown/critical"].map(str::to_owned);
    assert_eq!(fleet.fired(since).await, expected.into_iter().chain(more).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_shards_become_three_and_nobody_notices() {
    let (files, simulator) = platform().await;
    let mut fleet = Fleet::of(files, &FOUR, "2").await;
    fleet.holds(ALL_ARE_RECORDED).await;
    let before = [fleet.asks("a-0").await, fleet.asks("a-1").await];
    runs_low(&fleet, &simulator, "a-1").await;
    let begun = fleet.now().await;

    // The new shard first, then the others from the last to the first, as two StatefulSets are rolled out.
    for pods in [["a-2", "b-2"], ["a-1", "b-1"], ["a-0", "b-0"]] {
        fleet.start(&pods, "3").await;
    }
    let done = fleet.now().await;
    let moved = fleet.asks("a-2").await;
    assert!(!moved.is_empty());
    for (shard, before) in before.iter().enumerate() {
        let after = fleet.asks(&format!("a-{shard}")).await;
        let left: Vec<_> = before.iter().filter(|query| !moved.contains(query)).cloned().collect();
        assert_eq!(after, left, "what is not asked by the new shard stays where it was");
    }
    // For longer than anything is carried: what is recorded now is what the new shards tell.
    fleet.holds(&format!("vector(time()) > {done} + 20")).await;
    fleet.holds("count(count by (instance, total) (overpay_exporter_shard_info{total=\"3\"})) == 6").await;

    let within = format!("{:.0}s", fleet.now().await - begun);
    let ever = |expression: &str| format!("min_over_time(({expression})[{within}:1s])");
    for (what, expected) in [
        ("count(channel:overpay_available_balance:newest)", "16".to_owned()),
        (&*format!("count(ALERTS{{alertname=\"{LOW}\", alertstate=\"firing\"}})"), "2".to_owned()),
    ] {
        let told = fleet.prometheus.query(&ever(what)).await;
        assert_eq!(told.first().map(|told| &told["value"][1]), Some(&json!(expected)), "{what}: {told:?}");
    }
    assert_eq!(fleet.fired(begun).await, BTreeSet::from([format!("{LOW}/critical"), format!("{LOW}/warning")]));
    let doubled = "count by (gateway) (overpay_up) != 2";
    fleet.holds(&format!("vector(1) unless on () ({doubled})")).await;
    // Counters begin anew elsewhere; the fall that is recorded goes on as the truth does, 50 a second.
    let falls = format!("max_over_time(channel:overpay_available_balance:fall[{within}]) > 1000");
    assert_eq!(fleet.prometheus.query(&falls).await, Vec::<Value>::new());
    let falling = "count(sum_over_time(channel:overpay_available_balance:fall[30s]) > 1000) == 15";
    assert_eq!(fleet.prometheus.query(falling).await.len(), 1);
}
