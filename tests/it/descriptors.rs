//! File descriptors exhausted: the program goes on without spinning, shows nothing wrong, and recovers by itself.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::exporter::{Exporter, Files, PATIENCE, Scrape, eventually};
use super::platform::{Platform, Reply};

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const BALANCE: &str = r#"overpay_available_balance{shop="main",gateway="3405",currency="USD",channel="1385"}"#;
const POLLS: &str =
    r#"overpay_polls_total{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD"}"#;
const FAILURES: &str = r#"overpay_poll_failures_total{shop="main",api="channel_balances",gateway="3405",query="channel_balances-3405-USD"}"#;

/// One good query, and a bank whose accounts all hang.
fn configuration(host: &str) -> String {
    let accounts = (0..24).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "      - {{account: \"4070281000000000{n:04}\"}}");
        text
    });
    format!(
        "poll: {{interval: 5s, timeout: 3s}}\nbrands:\n  sandbox: {{gateway_url: \"{host}\", backoffice_url: \
         \"{host}\"}}\nshops:\n  - name: main\n    brand: sandbox\n    shop_id: 363\n    secret_key_file: main.key\n    \
         channel_balances:\n      - {{gateway: 3405, currencies: [USD]}}\n    gateway_balances:\n{accounts}"
    )
}

/// The program, which may have so many descriptors open.
async fn limited(configuration: &str, limit: usize) -> Exporter {
    let mut command = Command::new("sh");
    let run = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
    command.args(["-c", &run, env!("CARGO_BIN_EXE_overpay_exporter"), "--config.file", configuration]);
    command.args(["--web.listen-address", "127.0.0.1:0"]);
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Exporter::of(command).await
}

/// A client that was connected before descriptors ran out.
struct Connected(TcpStream);

impl Connected {
    async fn scrape(&mut self) -> Scrape {
        self.0.write_all(b"GET /metrics HTTP/1.1\r\nhost: exporter\r\n\r\n").await.expect("connected");
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.expect("a length").parse().expect("a length") {
                    return Scrape(body.to_owned());
                }
            }
            assert!(self.0.read_buf(&mut bytes).await.expect("connected") > 0, "it stays connected");
        }
    }
}

/// The processor time a process has used, in ticks of a hundredth of a second.
fn ticks(pid: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks")
}

/// From now on the program may have descriptors below that number only.
fn allow_descriptors(exporter: &Exporter, limit: u64) {
    let pid = exporter.pid().parse().ok().and_then(Pid::from_raw);
    let limit = Rlimit { current: Some(limit), maximum: getrlimit(Resource::Nofile).maximum };
    prlimit(pid, Resource::Nofile, limit).expect("it is ours");
}

#[tokio::test]
async fn without_descriptors_it_neither_spins_nor_lies_and_recovers_once_there_are_some() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    platform.reply("/balance", Reply::Silence);
    let files = Files::new(&configuration(&platform.url));
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    exporter.scrape_until("the good query is answered", |scrape| scrape.value(BALANCE).is_some()).await;
    let address = exporter.url("").replace("http://", "");
    let mut connected = Connected(TcpStream::connect(&address).await.expect("it accepts"));
    connected.scrape().await;

    allow_descriptors(&exporter, 3);
    let waiting = TcpStream::connect(&address).await.expect("the system takes it");
    exporter.line_with("accept connections for now").await;
    let (begun, ticks_before) = (Instant::now(), ticks(&exporter.pid()));
    let (mut scrapes, mut failed) = (0, None);
    while failed.is_none() || begun.elapsed() < Duration::from_secs(5) {
        let scrape = connected.scrape().await;
        assert!(scrape.value(BALANCE).is_none_or(|balance| (balance - 500.0).abs() < 1e-9), "{}", scrape.0);
        assert!(begun.elapsed() < PATIENCE, "the good query fails as well");
        failed = scrape.value(FAILURES).filter(|failures| *failures > 0.0);
        scrapes += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(scrapes > 3);
    let (used, seconds) = (ticks(&exporter.pid()) - ticks_before, begun.elapsed().as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a few ticks")]
    let share = used as f64 / 100.0 / seconds;
    assert!(share < 0.5, "{share:.2} of a processor, though there is hardly anything to do");

    drop(waiting);
    allow_descriptors(&exporter, 1024);
    let polls = connected.scrape().await.value(POLLS);
    exporter.scrape_until("it takes new clients and polls again", |scrape| scrape.value(POLLS) > polls).await;
    exporter.scrape_until("the balance is there", |scrape| scrape.value(BALANCE).is_some()).await;
    eventually("it is up", || async {
        let scrape = exporter.scrape().await;
        let up = POLLS.replace("overpay_polls_total", "overpay_up");
        (scrape.value(&up) == Some(1.0)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn clients_leave_descriptors_enough_for_every_poll() {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    platform.reply("/balance", Reply::Silence);
    let files = Files::new(&configuration(&platform.url));
    let exporter = limited(&files.configuration(), 64).await;
    let address = exporter.url("").replace("http://", "");
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(TcpStream::connect(&address).await.expect("the system takes it"));
    }
    exporter.line_with("no room for more connections").await;
    let scrape = exporter.scrape_until("polled twice", |scrape| scrape.value(POLLS) >= Some(2.0)).await;
    assert_eq!(scrape.value(FAILURES), Some(0.0), "{}", scrape.0);
    assert!(!exporter.lines().iter().any(|line| line.contains("reason=internal")), "{:?}", exporter.lines());
}
