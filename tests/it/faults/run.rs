//! The one run of the real program through all faults at once.
//!
//! Every cell is answered well until it is polled regularly; then all faults are made, until each has been met often
//! enough and its balance is gone; then all are healed, and whatever may be asked soon is to recover. A reload then has
//! those asked that would wait long. All the while the metrics are scraped.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::watch;

use super::certificates::Certificates;
use super::evidence::{Evidence, Sample, unix};
use super::host::{Cell, Host, Phase, Proxy, World, elsewhere};
use super::row::{Api, Balance, Fault, Row, Sibling, Wait};
use super::secrets::{self, Marks};
use super::{answers, rows};
use crate::exporter::{Exporter, Files, program, text};

/// From one scrape to the next.
const PAUSE: Duration = Duration::from_millis(400);
/// A phase that lasts longer is over: what it was to show is then missing, and the cells concerned fail.
const LONGEST: Duration = Duration::from_mins(2);
/// The configured interval of every query.
pub(super) const INTERVAL: f64 = 5.0;
/// The configured age at which a balance goes.
pub(super) const STALE_AFTER: f64 = 12.0;
/// The shop whose queries meet no fault.
pub(super) const BYSTANDER: &str = "bystander";

/// What the run showed. It takes place once, for whichever test asks first.
pub(super) fn evidence() -> &'static Evidence {
    static RUN: OnceLock<Option<Evidence>> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        // On a thread of its own, since a test may have a runtime already; a panic there is told once, by that thread.
        std::thread::spawn(move || runtime.block_on(run())).join().ok()
    });
    run.as_ref().expect("the run of the matrix came to its end")
}

/// The hosts and the configuration that asks them.
struct Setting {
    hosts: Vec<(Cell, Host)>,
    proxies: Vec<(&'static str, Proxy)>,
    files: Files,
    authority: PathBuf,
}

impl Setting {
    async fn new(world: &World) -> Self {
        let mut hosts = Vec::new();
        let mut proxies = Vec::new();
        let mut brands = String::new();
        let mut shops = String::new();
        for row in rows().into_iter().chain([bystander()]) {
            let _ = writeln!(brands, "  {}:", row.name);
            let _ = write!(
                shops,
                "  - name: {0}\n    brand: {0}\n    shop_id: {1}\n    secret_key_file: main.key\n",
                row.name,
                secrets::SHOP_ID
            );
            if matches!(row.fault, Fault::Proxy(_)) {
                let proxy = Proxy::start(row.clone(), world).await;
                let password = secrets::percent(secrets::PROXY_PASSWORD);
                let address = format!("http://{}:{password}@127.0.0.1:{}", secrets::PROXY_USER, proxy.port());
                let _ = writeln!(brands, "    proxy_url: \"{address}\"");
                proxies.push((row.name, proxy));
            }
            for api in Api::ALL.into_iter().filter(|api| row.why_not(*api).is_none()) {
                let cell = Cell { row: row.clone(), api, seed: hosts.len() };
                let host = Host::start(cell.clone(), world);
                let _ = writeln!(brands, "    {}: \"{}\"", url_key(api), host.url());
                shops.push_str(&queries(&row, api));
                hosts.push((cell, host));
            }
        }
        let configuration = format!(
            "poll: {{interval: {INTERVAL}s, timeout: 4s, stale_after: {STALE_AFTER}s}}\nbrands:\n{brands}shops:\n{shops}"
        );
        let files = Files::new(&configuration);
        files.write("main.key", &format!("{}\n", secrets::KEY));
        let authority = files.write("authority.pem", &world.certificates.authority);
        Self { hosts, proxies, files, authority }
    }

    /// The program's command at debug level, with that configuration. It trusts the authority of the good certificates
    /// as if it were one of the system's, and no other: reading all of them for each brand would take long.
    fn program(&self) -> Command {
        let mut command = program();
        command.env("SSL_CERT_FILE", &self.authority).env("SSL_CERT_DIR", self.authority.with_file_name("none"));
        command.env("OVERPAY_EXPORTER_LOG_LEVEL", "debug");
        command.env("OVERPAY_EXPORTER_CONFIG_FILE", self.files.configuration());
        command
    }
}

/// A row that never meets a fault.
fn bystander() -> Row {
    let good = |asked: &answers::Asked<'_>| {
        answers::ok(answers::good(asked.api, asked.api.gateway(), asked.amount).to_string().as_bytes())
    };
    let row = Row::answered(BYSTANDER, "", good, "", Wait::Interval);
    Row { reason: None, balance: Balance::GoesOn, sibling: Sibling::None, ..row }
}

const fn url_key(api: Api) -> &'static str {
    match api {
        Api::ChannelBalances => "backoffice_url",
        Api::GatewayBalance => "gateway_url",
        Api::BeyagBalance => "api_url",
    }
}

/// The queries of a cell: the one that meets the fault, and its sibling.
fn queries(row: &Row, api: Api) -> String {
    let key = if api == Api::ChannelBalances { "channel_balances".to_owned() } else { format!("{}s", api.name()) };
    let timeout = humantime::format_duration(row.timeout);
    let mut text = format!("    {key}:\n");
    let asked = |gateway: u64, account: &str| match api {
        Api::ChannelBalances => format!("gateway: {gateway}, currencies: [USD]"),
        _ => format!("gateway: {gateway}, account: \"{account}\", currency: USD"),
    };
    let _ = writeln!(
        text,
        "      - {{{}, query: {}, timeout: {timeout}}}",
        asked(api.gateway(), secrets::ACCOUNT),
        api.name()
    );
    if row.has_sibling() {
        let _ = writeln!(
            text,
            "      - {{{}, query: {}-sibling}}",
            asked(api.sibling(), secrets::SIBLING_ACCOUNT),
            api.name()
        );
    }
    text
}

/// The program under way, and what it has shown so far.
struct Observed {
    exporter: Exporter,
    cells: Vec<Cell>,
    marks: Marks,
    evidence: Evidence,
    /// The last scrape.
    last: String,
}

async fn run() -> Evidence {
    let (phases, phase) = watch::channel(Phase::Healthy);
    let (elsewhere, connections) = elsewhere().await;
    let world = World { phase, certificates: Arc::new(Certificates::new()), elsewhere };
    let setting = Setting::new(&world).await;
    let mut command = setting.program();
    command.args(["--web.listen-address", "127.0.0.1:0"]);
    let mut observed = Observed {
        exporter: Exporter::of(command).await,
        cells: setting.hosts.iter().map(|(cell, _)| cell.clone()).collect(),
        marks: Marks::new(),
        evidence: Evidence::default(),
        last: String::new(),
    };

    observed.watch("everything is polled regularly", Observed::not_regular).await;
    observed.evidence.counted[0] = Evidence::count(&observed.last);
    observed.evidence.faulty = unix(SystemTime::now());
    phases.send_replace(Phase::Faulty);

    let asking = tokio::spawn(commands(COMMANDS.map(|(kind, arguments)| {
        let mut command = setting.program();
        command.args(arguments);
        (kind, command)
    })));
    observed.watch("every fault was met often enough", Observed::not_met).await;
    let under_way = |_: &Observed| (!asking.is_finished()).then(|| "a command".to_owned()).into_iter().collect();
    observed.watch("the other commands have ended", under_way).await;
    observed.evidence.counted[1] = Evidence::count(&observed.last);
    for (kind, output) in asking.await.expect("the commands end") {
        observed.evidence.search(kind, &output, &observed.marks);
    }
    observed.pages().await;
    observed.evidence.healed = unix(SystemTime::now());
    phases.send_replace(Phase::Healed);

    observed.watch("what is asked soon has recovered", |observed| observed.not_recovered(|wait| !is_slow(wait))).await;
    observed.exporter.signal("HUP").await;
    observed.watch("what a reload has asked has recovered", |observed| observed.not_recovered(|_| true)).await;

    observed.exporter.signal("TERM").await;
    assert_eq!(observed.exporter.ended().await, Some(0));
    let mut evidence = observed.evidence;
    evidence.lines = observed.exporter.lines();
    evidence.search("the log", &evidence.lines.join("\n"), &observed.marks);
    evidence.lines.retain(|line| !line.contains("level=debug"));
    evidence.cells = setting.hosts.into_iter().map(|(cell, host)| (cell, host.heard())).collect();
    evidence.proxies = setting.proxies.into_iter().map(|(row, proxy)| (row, proxy.heard())).collect::<HashMap<_, _>>();
    evidence.elsewhere = connections.load(Ordering::Relaxed);
    evidence
}

/// The other commands, which read the same configuration.
const COMMANDS: [(&str, &[&str]); 4] = [
    ("check", &["check"]),
    ("query --output table", &["query", "--output", "table"]),
    ("query --output json", &["query", "--output", "json"]),
    ("query --output raw", &["query", "--output", "raw"]),
];

/// What those commands write, one after the other.
async fn commands(commands: [(&'static str, Command); 4]) -> Vec<(&'static str, String)> {
    let mut outputs = Vec::new();
    for (kind, mut command) in commands {
        let output = command.output().await.expect("it starts");
        outputs.push((kind, text(&output.stdout) + text(&output.stderr).as_str()));
    }
    outputs
}

const fn is_slow(wait: Wait) -> bool {
    matches!(wait, Wait::Slow | Wait::SlowFromTheThird)
}

impl Observed {
    /// Scrapes again and again until nobody has to be waited for any more.
    async fn watch(&mut self, what: &str, missing: impl Fn(&Self) -> Vec<String>) {
        let start = Instant::now();
        loop {
            self.scrape().await;
            let missing = missing(self);
            if missing.is_empty() {
                return;
            }
            if start.elapsed() > LONGEST {
                self.evidence.late.push(format!("{what}: not within {LONGEST:?}: {missing:?}"));
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn scrape(&mut self) {
        let sent = SystemTime::now();
        let text = self.get("/metrics").await;
        self.evidence.scraped(&text, sent, SystemTime::now());
        self.evidence.search("the metrics", &text, &self.marks);
        self.last = text;
    }

    /// A page with its headers, byte for byte; a client for HTTP would take its time over so many megabytes.
    async fn get(&self, path: &str) -> String {
        let origin = self.exporter.url("");
        let address = origin.strip_prefix("http://").expect("plain HTTP");
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut bytes = Vec::with_capacity(4 << 20);
        stream.read_to_end(&mut bytes).await.expect("it answers");
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The exporter's other pages.
    async fn pages(&mut self) {
        for path in ["/", "/api/v1/queries", "/-/healthy", "/-/ready", "/config"] {
            let text = self.get(path).await;
            self.evidence.search("the pages", &text, &self.marks);
        }
    }

    /// The queries whose last sample is not so.
    fn missing(&self, is_so: impl Fn(&Cell, Who, &Sample) -> bool) -> Vec<String> {
        let mut missing = Vec::new();
        for cell in &self.cells {
            for who in [Who::Faulty, Who::Sibling].into_iter().take(1 + usize::from(cell.row.has_sibling())) {
                let samples = self.samples(cell, who);
                if !samples.last().is_some_and(|sample| is_so(cell, who, sample)) {
                    missing.push(format!("{}::{} ({who:?})", cell.row.name, cell.api.name()));
                }
            }
        }
        missing
    }

    fn samples(&self, cell: &Cell, who: Who) -> &[Sample] {
        let gateway = if who == Who::Faulty { cell.api.gateway() } else { cell.api.sibling() };
        self.evidence.of(cell.row.name, cell.api, gateway)
    }

    fn not_regular(&self) -> Vec<String> {
        self.missing(|cell, _, sample| is_regular(sample) || cell.row.balance == Balance::Never)
    }

    fn not_met(&self) -> Vec<String> {
        let begun = self.evidence.faulty;
        self.missing(|cell, who, sample| {
            if who == Who::Sibling {
                return cell.row.sibling != Sibling::GoesOn || sample.last_success > begun;
            }
            let before = self.samples(cell, who).iter().rev().find(|sample| sample.received < begun);
            let (polls, failures) = before.map_or((0, 0), |before| (before.polls, before.failures));
            let met = match cell.row.balance {
                Balance::GoesOn => sample.polls >= polls + 2,
                Balance::KeptThenReplaced => sample.failures > failures && sample.up,
                _ => sample.failures >= failures + cell.row.failures_wanted() && sample.balances.is_empty(),
            };
            met && sample.received > begun + STALE_AFTER
        })
    }

    fn not_recovered(&self, of: impl Fn(Wait) -> bool) -> Vec<String> {
        self.missing(|cell, _, sample| sample.up || !cell.row.recovers() || !of(cell.row.wait))
    }
}

/// Whether a query has answered and is asked again an interval later: only its second poll comes at its own offset.
pub(super) fn is_regular(sample: &Sample) -> bool {
    sample.up && sample.next - sample.last_success <= INTERVAL
}

/// One of the two queries of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Faulty,
    Sibling,
}

#[test]
fn whatever_the_run_waited_for_came_in_time() {
    assert!(evidence().late.is_empty(), "{:?}", evidence().late);
}
