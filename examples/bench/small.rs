//! The small end: an instance with little to do, how soon it is there, and how large it is.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::time::sleep;

use crate::Bench;
use crate::fleet::Fleet;
use crate::stage::{Exporter, Platform};
use crate::table::{Table, mebibytes, median, millis};

/// Ten queries a minute: memory, and how often anything wakes up.
pub(crate) async fn idle(bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
    let platform = Platform::start(&bench.programs, Fleet::of(10), false).await?;
    let mut exporter = Exporter::start(&bench.programs, &platform).await?;
    sleep(Duration::from_secs(5)).await;
    let unscraped = exporter.process.usage()?.resident;
    exporter.answered(10).await?;
    for _ in 0..10 {
        exporter.metrics().await?;
    }
    sleep(Duration::from_secs(if bench.quick { 15 } else { 65 })).await;
    let length = Duration::from_secs(if bench.quick { 20 } else { 60 });
    let (before, began) = (exporter.process.usage()?, Instant::now());
    sleep(length).await;
    let (used, length) = (exporter.process.usage()?.since(before), began.elapsed());
    table.used("exporter, 10 queries at 1m, not scraped", length, used);
    let memory = format!("{}; after 10 scrapes {}", mebibytes(unscraped), mebibytes(used.resident));
    table.figure("resident, 10 queries", memory, "10 MiB at most");
    let wake_ups = used.switches as f64 / length.as_secs_f64();
    table.figure("wake-ups of all threads, 10 queries at 1m", format!("{wake_ups:.1}/s"), "a few a second");
    exporter.stop().await?;
    platform.stop().await
}

/// From the start of the process to a `/metrics` that has every query answered.
pub(crate) async fn start(bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
    const QUERIES: usize = 1_000;
    for delay in [Duration::ZERO, Duration::from_millis(500)] {
        let fleet = Fleet { delay, in_flight: QUERIES, ..Fleet::of(QUERIES) };
        let mut times = Vec::new();
        for _ in 0..bench.runs() * 3 {
            let platform = Platform::start(&bench.programs, fleet, false).await?;
            let began = Instant::now();
            let exporter = Exporter::start(&bench.programs, &platform).await?;
            let mut scraper = exporter.scraper().await?;
            // Ready means that every query was tried once.
            while scraper.get("/-/ready", false).await?.status != 200 {
                sleep(Duration::from_millis(2)).await;
            }
            let metrics = exporter.metrics().await?;
            times.push(millis(began.elapsed()));
            let up = metrics.sum("overpay_up");
            ensure!(up >= QUERIES as f64, "ready with {up} queries up");
            table.used(
                format!("exporter, started with 1000 queries, {delay:?} each"),
                began.elapsed(),
                exporter.process.usage()?,
            );
            exporter.stop().await?;
            platform.stop().await?;
        }
        let (ours, slowest) = (median(times), millis(delay));
        let what = format!("start to the first whole /metrics, 1000 queries that take {delay:?} each");
        let over = format!("{:.0} ms over the slowest", ours - slowest);
        table.line(what, format!("{ours:.0} ms"), format!("{slowest:.0} ms"), over, "200 ms over it");
    }
    Ok(())
}

/// The size of the program.
pub(crate) fn size(bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
    let size = std::fs::metadata(&bench.programs.exporter)?.len();
    table.figure("binary", mebibytes(size), "10 MiB at most");
    Ok(())
}
