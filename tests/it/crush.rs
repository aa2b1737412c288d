//! What clients can't do: keep others from their scrapes.
//!
//! `cargo test --test it crush:: -- --nocapture` prints the figures that docs/reliability.md tells.

#![expect(clippy::print_stdout, reason = "the figures")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::exporter::{Exporter, Files, configuration, eventually};
use super::handshakes::{TLS, certified};
use super::platform::Platform;

/// What Prometheus waits for an answer unless told otherwise.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long scrapes are measured.
const WHILE: Duration = Duration::from_secs(4);
const CHANNELS: usize = 300;

/// An exporter with so many channels, scraped by somebody who did nothing wrong.
struct Victim {
    exporter: Exporter,
    address: String,
    /// A client that keeps its connection, as Prometheus does.
    kept: reqwest::Client,
    /// What the exporter's certificate is signed with, where it has one.
    authority: Option<reqwest::Certificate>,
    _files: Files,
    _platform: Platform,
}

impl Victim {
    async fn start() -> Self {
        Self::with(false).await
    }

    async fn with(tls: bool) -> Self {
        // The clients of these tests are many, and one process.
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("up to the hard limit");
        let rows = (0..CHANNELS).fold(String::new(), |mut rows, channel| {
            let comma = if channel == 0 { "" } else { "," };
            let row = r#""currency": "USD", "available_balance": 50000, "active": true"#;
            let _ = write!(rows, r#"{comma}{{"channel_id": {channel}, {row}}}"#);
            rows
        });
        let answer = format!(
            r#"{{"code": "S.0000", "message": "", "channel_balances": {{"as_of_date": "2026-02-16T08:10:10.973Z",
            "gateway_id": 3405, "currencies": [{rows}]}}}}"#
        );
        let platform = Platform::start().await;
        platform.json("/shop/channel_balances/", answer.as_bytes());
        let files =
            Files::new(&configuration(&platform.url, "channel_balances:\n  - {gateway: 3405, currencies: [USD]}"));
        let authority = tls.then(|| certified(&files));
        let web = files.write("web.yml", if tls { TLS } else { "" }).display().to_string();
        let exporter = Exporter::serve(&files.configuration(), &["--web.config.file", &web]).await;
        let address = exporter.url("").rsplit('/').next().expect("an address").to_owned();
        let kept = client_of(authority.as_ref());
        let victim = Self { exporter, address, kept, authority, _files: files, _platform: platform };
        eventually("all channels are there", || victim.scrape(true)).await;
        victim
    }

    fn client(&self) -> reqwest::Client {
        client_of(self.authority.as_ref())
    }

    /// How long one scrape takes, on a kept connection or a new one.
    async fn scrape(&self, kept: bool) -> Option<Duration> {
        let client = if kept { self.kept.clone() } else { self.client() };
        let begun = Instant::now();
        let scraped = async {
            let answer = client.get(&self.exporter.metrics_url).send().await.ok()?.error_for_status().ok()?;
            let text = answer.text().await.ok()?;
            (text.matches("\noverpay_available_balance{").count() == CHANNELS).then(|| begun.elapsed())
        };
        timeout(SCRAPE_TIMEOUT, scraped).await.ok().flatten()
    }

    /// Scrapes for a while, on kept and new connections by turns, and asks whether the exporter is healthy.
    async fn scrapes(&self) -> Scrapes {
        let (begun, mut scrapes) = (Instant::now(), Scrapes::default());
        while begun.elapsed() < WHILE || scrapes.taken.len() < 10 {
            match self.scrape(scrapes.taken.len() % 2 == 0).await {
                Some(taken) => scrapes.taken.push(taken),
                None => scrapes.failed += 1,
            }
            let healthy = timeout(SCRAPE_TIMEOUT, self.client().get(self.exporter.url("/-/healthy")).send()).await;
            scrapes.unhealthy +=
                usize::from(!healthy.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status() == 200)));
            assert!(scrapes.failed < 10, "scrapes fail");
            sleep(Duration::from_millis(20)).await;
        }
        scrapes.taken.sort();
        scrapes
    }

    /// Scrapes without those clients, and then with them, once they have had their effect.
    async fn endures(&self, attack: &str, attackers: impl FnOnce(&str) -> JoinSet<()>, have_effect: impl AsyncFn()) {
        let calm = self.scrapes().await;
        // On threads of their own, so that they are in the exporter's way and not in this client's.
        let elsewhere = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let elsewhere = elsewhere.expect("a runtime");
        let attackers = {
            let _elsewhere = elsewhere.enter();
            attackers(&self.address)
        };
        have_effect().await;
        let during = self.scrapes().await;
        drop(attackers);
        elsewhere.shutdown_background();
        let ratio = |taken: Duration| taken.as_secs_f64() / calm.median().as_secs_f64();
        println!(
            "| {attack} | {} | {} | {:.1} : 1 | {:.1} : 1 | {:.1} : 1 |",
            during.taken.len(),
            during.failed + during.unhealthy,
            ratio(during.median()),
            ratio(during.worst()),
            ratio(calm.worst()),
        );
        assert_eq!((during.failed, during.unhealthy), (0, 0), "{attack}");
        assert!(!self.exporter.lines().iter().any(|line| line.contains("panic")), "{:?}", self.exporter.lines());
    }
}

fn client_of(authority: Option<&reqwest::Certificate>) -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().gzip(false).tls_certs_only(authority.cloned());
    client.build().expect("a client")
}

#[derive(Debug, Default)]
struct Scrapes {
    taken: Vec<Duration>,
    failed: usize,
    unhealthy: usize,
}

impl Scrapes {
    fn median(&self) -> Duration {
        self.taken[self.taken.len() / 2]
    }

    fn worst(&self) -> Duration {
        self.taken[self.taken.len() - 1]
    }
}

/// Clients that misbehave, and how many connections they have had.
#[derive(Clone, Default)]
struct Attack {
    connections: Arc<AtomicUsize>,
}

impl Attack {
    /// So many clients, each doing that until its connection is gone, and then again on a new one.
    fn of<F: Future<Output = std::io::Result<()>> + Send + 'static>(
        &self,
        number: usize,
        address: &str,
        act: impl Fn(TcpStream) -> F + Clone + Send + 'static,
    ) -> JoinSet<()> {
        let mut clients = JoinSet::new();
        for _ in 0..number {
            let address = address.parse().expect("an address");
            let (connections, act) = (Arc::clone(&self.connections), act.clone());
            clients.spawn(async move {
                loop {
                    let socket = TcpSocket::new_v4().expect("there are descriptors enough");
                    // So that an answer that is not read can't wait here.
                    socket.set_recv_buffer_size(2_048).expect("a small buffer");
                    if let Ok(stream) = socket.connect(address).await {
                        connections.fetch_add(1, Ordering::Relaxed);
                        let _ = act(stream).await;
                    }
                    // Every connection leaves its port taken for a minute, and there are not so many.
                    sleep(Duration::from_millis(500)).await;
                }
            });
        }
        clients
    }

    async fn reaches(&self, number: usize) {
        eventually(&format!("{number} connections"), || async {
            (self.connections.load(Ordering::Relaxed) >= number).then_some(())
        })
        .await;
    }
}

async fn slowloris() {
    let (victim, attack) = (Victim::start().await, Attack::default());
    let attackers = |address: &str| {
        attack.of(1_000, address, |mut stream| async move {
            stream.write_all(b"GET /metrics HTTP/1.1\r\nX: ").await?;
            loop {
                stream.write_all(b"x").await?;
                sleep(Duration::from_secs(1)).await;
            }
        })
    };
    let name = "1,000 clients that send a byte of a header each second, again and again";
    victim.endures(name, attackers, async || attack.reaches(1_500).await).await;
}

async fn handshakes() {
    let (victim, attack) = (Victim::with(true).await, Attack::default());
    let attackers = |address: &str| {
        attack.of(1_000, address, |mut stream| async move {
            // The beginning of a handshake, which goes on for ever.
            stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await?;
            loop {
                stream.write_all(b"x").await?;
                sleep(Duration::from_secs(1)).await;
            }
        })
    };
    let name = "1,000 clients that send a byte of a TLS handshake each second, again and again";
    victim.endures(name, attackers, async || attack.reaches(1_500).await).await;
}

async fn idle() {
    let (victim, attack) = (Victim::start().await, Attack::default());
    let attackers = |address: &str| {
        let mut clients = JoinSet::new();
        for _ in 0..200 {
            let (address, connections) = (address.to_owned(), Arc::clone(&attack.connections));
            clients.spawn(async move {
                let mut idle = Vec::new();
                while idle.len() < 50 {
                    idle.push(TcpStream::connect(&address).await.expect("there are descriptors and ports enough"));
                    connections.fetch_add(1, Ordering::Relaxed);
                }
                std::future::pending::<()>().await;
            });
        }
        clients
    };
    victim.endures("10,000 idle connections", attackers, async || attack.reaches(10_000).await).await;
}

async fn kept() {
    let (victim, attack) = (Victim::start().await, Attack::default());
    let attackers = |address: &str| {
        attack.of(1_000, address, |mut stream| async move {
            stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n").await?;
            while stream.read(&mut [0; 1024]).await? > 0 {}
            Ok(())
        })
    };
    let name = "1,000 clients that keep their connection, and come again once it is closed";
    victim.endures(name, attackers, async || attack.reaches(1_500).await).await;
}

async fn oversized_heads() {
    let (victim, attack) = (Victim::start().await, Attack::default());
    let attackers = |address: &str| {
        attack.of(100, address, |mut stream| async move {
            let head = format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(1_000_000));
            stream.write_all(head.as_bytes()).await?;
            stream.read_to_end(&mut Vec::new()).await.map(drop)
        })
    };
    let name = "100 clients that send headers of 1 MB, again and again";
    victim.endures(name, attackers, async || attack.reaches(200).await).await;
}

async fn garbage() {
    let (victim, attack) = (Victim::start().await, Attack::default());
    let attackers = |address: &str| {
        attack.of(100, address, |mut stream| async move {
            let garbage: Vec<u8> = (0..10_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
            stream.write_all(&garbage).await?;
            stream.read_to_end(&mut Vec::new()).await.map(drop)
        })
    };
    let name = "100 clients that send garbage, again and again";
    victim.endures(name, attackers, async || attack.reaches(200).await).await;
}

async fn slow_readers() {
    let (victim, attack) = (Victim::start().await, Attack::default());
    let attackers = |address: &str| {
        attack.of(1_000, address, |mut stream| async move {
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n").await?;
            while stream.read(&mut [0; 16]).await? > 0 {
                sleep(Duration::from_millis(500)).await;
            }
            Ok(())
        })
    };
    let name = "1,000 clients that ask for the metrics and take 32 bytes of them a second";
    victim.endures(name, attackers, async || attack.reaches(1_000).await).await;
}

async fn scrapes_without_a_pause() {
    let (victim, attack) = (Victim::start().await, Attack::default());
    let attackers = |address: &str| {
        attack.of(50, address, |mut stream| async move {
            let request = b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n".repeat(10);
            let (mut read, mut write) = stream.split();
            let reading = async { while read.read(&mut [0; 8 * 1024]).await.is_ok_and(|read| read > 0) {} };
            let writing = async { while write.write_all(&request).await.is_ok() {} };
            tokio::join!(reading, writing);
            Ok(())
        })
    };
    victim.endures("50 clients that scrape without a pause", attackers, async || attack.reaches(50).await).await;
}

/// One attack after the other: they would be in each other's way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_crowd_of_clients_keeps_another_from_its_scrapes() {
    println!("| what clients do | scrapes | failed | median | worst | worst without them |\n|---|---|---|---|---|---|");
    slowloris().await;
    handshakes().await;
    idle().await;
    kept().await;
    oversized_heads().await;
    garbage().await;
    slow_readers().await;
    scrapes_without_a_pause().await;
}
