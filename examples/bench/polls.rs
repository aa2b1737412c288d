//! Polls: what one costs beside a bare client, how fast the simulator is, and what many of them need.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use tokio::time::sleep;

use crate::Bench;
use crate::fleet::{FIRST_GATEWAY, Fleet};
use crate::process::Process;
use crate::stage::{Exporter, Over, Platform, Programs};
use crate::table::{Table, mebibytes, median};

/// What the bare client did.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Bare {
    requests: f64,
    seconds: f64,
    cpu_seconds: f64,
}

impl Bare {
    fn rate(self) -> f64 {
        self.requests / self.seconds
    }

    fn micros_per_request(self) -> f64 {
        self.cpu_seconds / self.requests * 1e6
    }
}

/// A thousand polls a second: processor time of each, beside the bare client at that rate and as fast as it goes.
pub(crate) async fn cost_of_one(bench: &Bench, tls: bool, table: &mut Table) -> anyhow::Result<()> {
    let way = if tls { "TLS" } else { "plain" };
    let fleet = Fleet { shops: 10, channels: 2, interval: Duration::from_secs(5), ..Fleet::of(5_000) };
    let length = Duration::from_secs(if bench.quick { 5 } else { 10 });
    let platform = Platform::start(&bench.programs, fleet, tls).await?;
    let (mut polls, mut at_that_rate, mut at_full_speed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        let mut exporter = Exporter::start(&bench.programs, &platform).await?;
        exporter.answered(fleet.queries).await?;
        sleep(fleet.interval * 2).await;
        let over = exporter.over(length).await?;
        ensure!(over.failures == 0.0, "{} polls failed", over.failures);
        table.used(format!("exporter, {way}, {:.0} polls/s", over.rate), over.length, over.used);
        polls.push(over.micros_per_poll());
        exporter.stop().await?;
        let bare = bare(&bench.programs, &platform, 1, Some(fleet.rate()), length).await?;
        ensure!(bare.rate() > 0.9 * fleet.rate(), "the bare client is too slow");
        at_that_rate.push(bare.micros_per_request());
        at_full_speed.push(self::bare(&bench.programs, &platform, 1, None, length).await?.micros_per_request());
    }
    platform.stop().await?;
    let polls = median(polls);
    let what = format!("CPU of a poll, {way}, beside the bare client");
    table.compare(format!("{what} at the same 1,000/s"), "µs", polls, median(at_that_rate), "1.5 : 1 at most");
    table.compare(format!("{what} as fast as it goes"), "µs", polls, median(at_full_speed), "");
    Ok(())
}

/// How many requests a second the simulator answers, and how many polls a second the exporter makes of it at most.
pub(crate) async fn simulator(bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
    const CONNECTIONS: u32 = 32;
    let length = Duration::from_secs(if bench.quick { 5 } else { 20 });
    // More is asked for than can be done.
    let fleet = Fleet { interval: Duration::from_secs(5), ..Fleet::of(100_000) };
    let platform = Platform::start(&bench.programs, fleet, false).await?;
    let (used, began) = (platform.simulator.usage()?, Instant::now());
    let bare = bare(&bench.programs, &platform, CONNECTIONS, None, length).await?;
    let used = platform.simulator.usage()?.since(used);
    table.used("simulator, asked by the bare client", began.elapsed(), used);
    // The client runs a second longer than it measures.
    let of_bare = used.cpu.as_secs_f64() / (bare.rate() * began.elapsed().as_secs_f64()) * 1e6;
    let exporter = Exporter::start(&bench.programs, &platform).await?;
    sleep(Duration::from_secs(5)).await;
    let used = platform.simulator.usage()?;
    let over = exporter.over(length).await?;
    let of_exporter = platform.simulator.usage()?.since(used);
    table.used("exporter, as many polls as it can", over.length, over.used);
    table.used("simulator, asked by the exporter", over.length, of_exporter);
    let what = "polls/s of the exporter at most, beside requests/s of the bare client on 32 connections";
    table.compare(what, "/s", over.rate, bare.rate(), "");
    let what = "CPU of a poll at the most there are, beside the simulator's for a request";
    table.compare(what, "µs", over.micros_per_poll(), of_bare, "");
    exporter.stop().await?;
    platform.stop().await
}

async fn bare(
    programs: &Programs,
    platform: &Platform,
    connections: u32,
    rate: Option<f64>,
    length: Duration,
) -> anyhow::Result<Bare> {
    let (user, password) = Fleet::credentials();
    let mut arguments: Vec<OsString> = vec!["--url".into(), platform.host.clone().into()];
    arguments.extend(["--user".into(), format!("{user}:{password}").into()]);
    arguments.extend(["--first".into(), FIRST_GATEWAY.to_string().into()]);
    arguments.extend(["--gateways".into(), platform.fleet.of_first_shop().to_string().into()]);
    arguments.extend(["--connections".into(), connections.to_string().into()]);
    arguments.extend(["--seconds".into(), length.as_secs_f64().to_string().into()]);
    if let Some(rate) = rate {
        arguments.extend(["--rate".into(), rate.to_string().into()]);
    }
    if platform.host.starts_with("https:") {
        arguments.extend(["--ca-file".into(), platform.folder.path().join("ca.pem").into()]);
    }
    let log = platform.folder.path().join("bare.log");
    let ended = Process::start(&programs.bare, &arguments, &log)?.end().await?;
    let told = std::fs::read_to_string(&log)?;
    ensure!(ended.success(), "the bare client has failed: {told}");
    serde_json::from_str(&told).with_context(|| told)
}

/// A hundred thousand queries a minute, of a platform that takes a tenth of a second for each.
pub(crate) async fn platform(bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
    let queries = bench.queries.unwrap_or(if bench.quick { 10_000 } else { 100_000 });
    let fleet = Fleet { delay: Duration::from_millis(100), in_flight: 512, ..Fleet::of(queries) };
    let platform = Platform::start(&bench.programs, fleet, false).await?;
    let mut exporter = Exporter::start(&bench.programs, &platform).await?;
    exporter.answered(queries).await?;
    // Until the first polls, which came at once, are behind.
    sleep(fleet.interval).await;
    let length = Duration::from_secs(if bench.quick { 30 } else { 60 });
    let alone = exporter.over(length).await?;
    table.used(format!("exporter, {queries} queries a minute, not scraped"), alone.length, alone.used);
    let scrape_interval = Duration::from_secs(30);
    let (mut took, mut body) = (Vec::new(), 0);
    let scraping = async {
        loop {
            let answer = exporter.scraper().await?.get("/metrics", true).await?;
            took.push(answer.took.as_secs_f64());
            body = answer.length;
            sleep(scrape_interval.saturating_sub(answer.took)).await;
        }
    };
    exporter.process.forget_peak()?;
    let scraped = tokio::select! {
        over = exporter.over(length) => over?,
        ended = scraping => return ended,
    };
    table.used(format!("exporter, {queries} queries a minute, scraped"), scraped.length, scraped.used);
    let what = format!("{queries} queries at 1m ({:.0} polls/s)", alone.rate);
    for (state, over) in [("not scraped", alone), ("scraped each 30s with gzip", scraped)] {
        let Over { late_by_a_second: late, failures, .. } = over;
        table.figure(format!("{what}, {state}: cores"), format!("{:.2}", over.cores()), "less than 1");
        table.figure(format!("{what}, {state}: polls later than 1s"), format!("{late:.0}"), "0 later than 2s");
        table.figure(format!("{what}, {state}: polls that failed"), format!("{failures:.0}"), "0");
        let resident = format!("{}, peak {}", mebibytes(over.used.resident), mebibytes(over.used.peak));
        table.figure(format!("{what}, {state}: resident"), resident, "300 MiB at most");
    }
    let (took, body) = (median(took), mebibytes(body as u64));
    table.figure(format!("time of that scrape, {body} of gzip"), format!("{took:.2} s"), "");
    exporter.stop().await?;
    platform.stop().await
}

/// What a query costs, whether there are a hundred or a hundred thousand. Writes a CSV file.
pub(crate) async fn cost_by_number(bench: &Bench, csv: &Path, table: &mut Table) -> anyhow::Result<()> {
    let numbers: &[usize] =
        if bench.quick { &[100, 1_000, 10_000, 100_000] } else { &[100, 1_000, 10_000, 30_000, 100_000] };
    let length = Duration::from_secs(if bench.quick { 10 } else { 30 });
    let mut rows =
        "queries,cpu_per_poll_us,resident_per_query_bytes,resident_scraped_per_query_bytes,cores,resident_bytes\n"
            .to_owned();
    let none = resident_without_queries(bench).await?;
    table.figure("resident with one query", mebibytes(none), "");
    for queries in numbers.iter().copied() {
        let platform = Platform::start(&bench.programs, Fleet::of(queries), false).await?;
        let exporter = Exporter::start(&bench.programs, &platform).await?;
        // Not scraped, so that the memory of scrapes is not counted.
        let first = platform.fleet.interval + Duration::from_secs(10);
        sleep(if bench.quick { first / 2 } else { first }).await;
        let resident = exporter.process.usage()?.resident;
        let over = exporter.over(length).await?;
        ensure!(over.failures == 0.0, "{} polls failed", over.failures);
        let each = |bytes: u64| bytes.saturating_sub(none) as f64 / queries as f64;
        let (micros, scraped) = (over.micros_per_poll(), over.used.resident);
        let (unscraped, scraped, cores) = (each(resident), each(scraped), over.cores());
        writeln!(rows, "{queries},{micros:.1},{unscraped:.0},{scraped:.0},{cores:.4},{resident}")?;
        let figure = format!(
            "{micros:.0} µs a poll, {:.1} KiB a query ({} in all)",
            each(resident) / 1024.0,
            mebibytes(resident)
        );
        table.figure(format!("{queries} queries at 1m, before the first scrape"), figure, "flat");
        table.used(format!("exporter, {queries} queries at 1m, scraped twice"), over.length, over.used);
        exporter.stop().await?;
        platform.stop().await?;
    }
    if let Some(folder) = csv.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(csv, rows).with_context(|| csv.display().to_string())
}

async fn resident_without_queries(bench: &Bench) -> anyhow::Result<u64> {
    let platform = Platform::start(&bench.programs, Fleet::of(1), false).await?;
    let exporter = Exporter::start(&bench.programs, &platform).await?;
    sleep(Duration::from_secs(5)).await;
    let resident = exporter.process.usage()?.resident;
    exporter.stop().await?;
    platform.stop().await?;
    Ok(resident)
}
