//! What is on stage: the simulator and the exporter, each in a process of its own, and how far they are.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use overpay_exporter::gzip;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::exposition::Exposition;
use crate::fleet::Fleet;
use crate::nginx;
use crate::process::{Process, Usage};
use crate::scraper::Scraper;

/// Longer than anything takes to come about.
const PATIENCE: Duration = Duration::from_mins(5);

/// The programs that are measured.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// The exporter, which is the simulator too.
    pub(crate) exporter: PathBuf,
    /// The bare client.
    pub(crate) bare: PathBuf,
}

/// A simulator that plays a fleet, and perhaps nginx before it.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) fleet: Fleet,
    pub(crate) folder: TempDir,
    pub(crate) simulator: Process,
    /// Where the simulator itself listens.
    pub(crate) address: SocketAddr,
    /// Where it is asked.
    pub(crate) host: String,
    terminator: Option<Process>,
}

impl Platform {
    pub(crate) async fn start(programs: &Programs, fleet: Fleet, tls: bool) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address()?;
        let files = fleet.write(folder.path(), "")?;
        let arguments = ["simulate".into(), "--listen".into(), address.to_string().into()];
        let arguments: Vec<OsString> =
            arguments.into_iter().chain(["--scenario.file".into(), files.scenario.into()]).collect();
        let mut simulator = Process::start(&programs.exporter, &arguments, &folder.path().join("simulator.log"))?;
        until_open(address, &mut simulator).await.context("the simulator does not answer")?;
        let (terminator, host) = if tls {
            let (process, address) = nginx::before(address, folder.path()).await?;
            (Some(process), format!("https://{address}"))
        } else {
            (None, format!("http://{address}"))
        };
        fleet.write(folder.path(), &host)?;
        Ok(Self { fleet, folder, simulator, address, host, terminator })
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        if let Some(terminator) = self.terminator {
            terminator.stop().await?;
        }
        self.simulator.stop().await
    }
}

/// An exporter that asks a platform for everything.
#[derive(Debug)]
pub(crate) struct Exporter {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Exporter {
    pub(crate) async fn start(programs: &Programs, platform: &Platform) -> anyhow::Result<Self> {
        let address = free_address()?;
        let folder = platform.folder.path();
        let arguments: [OsString; 6] = [
            "--config.file".into(),
            folder.join("overpay_exporter.yml").into(),
            "--web.listen-address".into(),
            address.to_string().into(),
            "--log.level".into(),
            "warn".into(),
        ];
        let mut process = Process::start(&programs.exporter, &arguments, &folder.join("exporter.log"))?;
        until_open(address, &mut process).await.with_context(|| log_of(folder))?;
        Ok(Self { process, address })
    }

    pub(crate) async fn scraper(&self) -> anyhow::Result<Scraper> {
        Scraper::connect(self.address).await
    }

    /// Waits until the last poll of every query has succeeded.
    pub(crate) async fn answered(&mut self, queries: usize) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let up = self.metrics().await?.sum("overpay_up");
            if up >= queries as f64 {
                return Ok(());
            }
            ensure!(Instant::now() < until, "{up} of {queries} queries are up");
            self.process.is_alive()?;
            sleep(Duration::from_millis(if queries > 10_000 { 5_000 } else { 200 })).await;
        }
    }

    pub(crate) async fn metrics(&self) -> anyhow::Result<Exposition> {
        Ok(self.metrics_at().await?.1)
    }

    /// What it used in that time, and how many polls it made then.
    pub(crate) async fn over(&self, length: Duration) -> anyhow::Result<Over> {
        let before = (self.metrics_at().await?, self.process.usage()?, Instant::now());
        sleep(length).await;
        let (used, length) = (self.process.usage()?.since(before.1), before.2.elapsed());
        let after = self.metrics_at().await?;
        // The texts are from a little before and after that time.
        let (from, to) = (&before.0, &after);
        let rate = (to.1.sum("overpay_polls_total") - from.1.sum("overpay_polls_total"))
            / to.0.duration_since(from.0).as_secs_f64();
        let difference = |name: &str| to.1.sum(name) - from.1.sum(name);
        let late = difference("overpay_poll_queue_seconds_count")
            - (to.1.up_to("overpay_poll_queue_seconds", "1") - from.1.up_to("overpay_poll_queue_seconds", "1"));
        let mean = |name: &str| difference(&format!("{name}_sum")) / difference(&format!("{name}_count")).max(1.0);
        Ok(Over {
            used,
            length,
            rate,
            failures: difference("overpay_poll_failures_total"),
            late_by_a_second: late,
            poll_took: mean("overpay_poll_duration_seconds"),
            queued: mean("overpay_poll_queue_seconds"),
        })
    }

    async fn metrics_at(&self) -> anyhow::Result<(Instant, Exposition)> {
        let mut scraper = self.scraper().await?;
        let at = Instant::now();
        // As Prometheus asks: a plain text of very many queries leaves its memory behind.
        let (_, file) = scraper.read("/metrics", true).await?;
        Ok((at, Exposition::new(gzip::text_of(&file)?)?))
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.process.stop().await
    }
}

/// What an exporter did in a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over {
    pub(crate) used: Usage,
    pub(crate) length: Duration,
    /// Polls a second.
    pub(crate) rate: f64,
    pub(crate) failures: f64,
    /// Polls that were sent more than a second late; the histogram's bounds know one second and two and a half.
    pub(crate) late_by_a_second: f64,
    /// Means, in seconds.
    pub(crate) poll_took: f64,
    pub(crate) queued: f64,
}

impl Over {
    /// Cores in use.
    pub(crate) fn cores(&self) -> f64 {
        self.used.cpu.as_secs_f64() / self.length.as_secs_f64()
    }

    /// Microseconds of processor time for each poll.
    pub(crate) fn micros_per_poll(&self) -> f64 {
        self.cores() / self.rate * 1e6
    }
}

/// An address of this machine that nobody listens at.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Waits until a process listens at an address.
pub(crate) async fn until_open(address: SocketAddr, process: &mut Process) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    while TcpStream::connect(address).await.is_err() {
        process.is_alive()?;
        ensure!(Instant::now() < until, "nobody listens at {address}");
        sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

fn log_of(folder: &Path) -> String {
    let log = std::fs::read_to_string(folder.join("exporter.log")).unwrap_or_default();
    format!("the exporter does not answer: {log}")
}
