//! Scrapes: beside nginx when nothing changed, of many scrapers at once, and when everything changed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::time::{sleep, timeout};

use crate::Bench;
use crate::fleet::Fleet;
use crate::nginx;
use crate::process::{Process, Usage};
use crate::scraper::Scraper;
use crate::stage::{Exporter, Platform};
use crate::table::{Table, mebibytes, median, millis};

/// From the last byte of an answer until the threads that sent it have gone to sleep, so that all they used is counted.
const REST: Duration = Duration::from_millis(5);

/// The fleet of that many channels: so many of each gateway, so that there are about a thousand queries.
fn fleet(channels: usize) -> Fleet {
    let (queries, channels) = if channels > 50_000 { (channels / 80, 80) } else { (channels / 10, 10) };
    Fleet { channels, shops: 10, ..Fleet::of(queries) }
}

/// Nothing is polled between the scrapes.
const AT_REST: Duration = Duration::from_hours(24);

/// One scraper, nothing changed: exporter and nginx in turn.
pub(crate) async fn unchanged(bench: &Bench, channels: usize, table: &mut Table) -> anyhow::Result<()> {
    let fleet = Fleet { interval: AT_REST, ..fleet(channels) };
    let platform = Platform::start(&bench.programs, fleet, false).await?;
    let mut exporter = Exporter::start(&bench.programs, &platform).await?;
    exporter.answered(fleet.queries).await?;
    let (nginx, address) = beside(&platform, &exporter).await?;
    let mut of_nginx = Scraper::connect(address).await?;
    let mut of_exporter = exporter.scraper().await?;
    let rounds = if bench.quick { 20 } else { 200 };
    for gzip in [false, true] {
        let coding = if gzip { "gzip" } else { "plain" };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut length = 0;
        for _ in 0..rounds {
            let answer = of_exporter.get("/metrics", gzip).await?;
            length = answer.length;
            ours.push(millis(answer.took));
            let answer = of_nginx.get("/metrics", gzip).await?;
            ensure!(answer.gzip == gzip && answer.length.abs_diff(length) < 4096, "nginx serves something else");
            theirs.push(millis(answer.took));
        }
        let what = format!("scrape of {channels} channels, nothing changed, {coding}");
        let size = mebibytes(length as u64);
        table.compare(format!("{what} ({size})"), "ms", median(ours), median(theirs), "1.3 : 1 at most");
        let ours =
            costs(&exporter.process, &mut of_exporter, gzip, rounds / 2, table, &format!("exporter, {what}")).await?;
        let theirs = costs(&nginx, &mut of_nginx, gzip, rounds / 2, table, &format!("nginx, {what}")).await?;
        table.compare(format!("CPU of such a scrape, {coding}"), "ms", ours, theirs, "");
    }
    nginx.stop().await?;
    exporter.stop().await?;
    platform.stop().await
}

/// Milliseconds of processor time for each of so many scrapes.
async fn costs(
    process: &Process,
    scraper: &mut Scraper,
    gzip: bool,
    rounds: usize,
    table: &mut Table,
    what: &str,
) -> anyhow::Result<f64> {
    let (before, began) = (process.usage()?, Instant::now());
    for _ in 0..rounds {
        scraper.get("/metrics", gzip).await?;
    }
    sleep(REST).await;
    let used = process.usage()?.since(before);
    table.used(format!("{what}, {rounds} times"), began.elapsed(), used);
    Ok(millis(used.cpu) / rounds as f64)
}

/// nginx with what the exporter serves now.
async fn beside(platform: &Platform, exporter: &Exporter) -> anyhow::Result<(Process, SocketAddr)> {
    let mut scraper = exporter.scraper().await?;
    let (_, plain) = scraper.read("/metrics", false).await?;
    let (_, gzip) = scraper.read("/metrics", true).await?;
    nginx::of_files(platform.folder.path(), &plain, &gzip).await
}

/// Fifty scrapers, each of which asks again once it has its answer: exporter and nginx in turn, at rest and while all
/// queries are polled every minute.
pub(crate) async fn crowd(bench: &Bench, table: &mut Table) -> anyhow::Result<()> {
    const SCRAPERS: usize = 50;
    let length = Duration::from_secs(if bench.quick { 2 } else { 5 });
    for (interval, state) in [(AT_REST, "at rest"), (Duration::from_mins(1), "polled every minute")] {
        let fleet = Fleet { interval, ..fleet(10_000) };
        let platform = Platform::start(&bench.programs, fleet, false).await?;
        let mut exporter = Exporter::start(&bench.programs, &platform).await?;
        exporter.answered(fleet.queries).await?;
        let (nginx, of_nginx) = beside(&platform, &exporter).await?;
        for gzip in [false, true] {
            let coding = if gzip { "gzip" } else { "plain" };
            let what = format!("{SCRAPERS} scrapers, 10000 channels, {state}, {coding}");
            let (mut ours, mut theirs, mut cut) = (Vec::new(), Vec::new(), 0);
            for _ in 0..bench.runs() {
                for (side, process, address, rates) in [
                    ("exporter", &exporter.process, exporter.address, &mut ours),
                    ("nginx", &nginx, of_nginx, &mut theirs),
                ] {
                    let (before, began) = (process.usage()?, Instant::now());
                    let (rate, failed) = throughput(address, SCRAPERS, gzip, length).await?;
                    rates.push(rate);
                    cut += failed;
                    table.used(format!("{side}, {what}"), began.elapsed(), process.usage()?.since(before));
                }
            }
            table.compare(&*what, "/s", median(ours), median(theirs), "0.5 : 1 at least");
            table.figure(format!("{what}: scrapes that broke off"), cut.to_string(), "0");
        }
        nginx.stop().await?;
        exporter.stop().await?;
        platform.stop().await?;
    }
    Ok(())
}

/// Scrapes a second of so many connections, each of which asks again at once, and how many broke off.
async fn throughput(address: SocketAddr, scrapers: usize, gzip: bool, length: Duration) -> anyhow::Result<(f64, u32)> {
    let mut tasks = tokio::task::JoinSet::new();
    let began = Instant::now();
    for _ in 0..scrapers {
        tasks.spawn(async move {
            let mut scraper = Scraper::connect(address).await?;
            let (mut scrapes, mut broken) = (0, 0);
            while began.elapsed() < length {
                match scraper.get("/metrics", gzip).await {
                    Ok(answer) if answer.status == 200 => scrapes += 1,
                    _ => {
                        broken += 1;
                        scraper = Scraper::connect(address).await?;
                    }
                }
            }
            anyhow::Ok((scrapes, broken))
        });
    }
    let (mut scrapes, mut broken) = (0, 0);
    while let Some(done) = tasks.join_next().await {
        let (done, failed): (u32, u32) = done??;
        scrapes += done;
        broken += failed;
    }
    Ok((f64::from(scrapes) / began.elapsed().as_secs_f64(), broken))
}

/// Every balance changes from one scrape to the next: what a scrape costs, what it does to polls, and its memory.
pub(crate) async fn changed(bench: &Bench, channels: usize, table: &mut Table) -> anyhow::Result<()> {
    let aim = if channels > 50_000 { "120 ms of CPU at most" } else { "10 ms of CPU at most" };
    let interval = Duration::from_secs(5);
    let fleet = Fleet { interval, payout_every: Duration::from_secs(1), ..fleet(channels) };
    let platform = Platform::start(&bench.programs, fleet, false).await?;
    let mut exporter = Exporter::start(&bench.programs, &platform).await?;
    exporter.answered(fleet.queries).await?;
    // Until the polls are spread as they will be.
    sleep(interval * 2).await;
    let length = interval * if bench.quick { 2 } else { 6 };
    let alone = exporter.over(length).await?;
    table.used(format!("exporter, {channels} channels, not scraped"), alone.length, alone.used);
    let mut before = exporter.metrics().await?;
    for gzip in [false, true] {
        let coding = if gzip { "gzip" } else { "plain" };
        let what = format!("scrape of {channels} channels, everything changed, {coding}");
        sleep(interval).await;
        let resident = exporter.process.usage()?.resident;
        exporter.process.forget_peak()?;
        let (mut costs, mut took, mut body) = (Vec::new(), Vec::new(), 0);
        let scraping = async {
            loop {
                let mut scraper = exporter.scraper().await?;
                sleep(interval).await;
                let used = exporter.process.usage()?;
                let began = Instant::now();
                let answer = scraper.get("/metrics", gzip).await?;
                sleep(REST).await;
                let (used, length) = (exporter.process.usage()?.since(used), began.elapsed());
                // Polls go on meanwhile.
                costs.push(millis(used.cpu) - millis(length) * alone.cores());
                took.push(millis(answer.took));
                body = answer.length;
            }
        };
        let _: Result<anyhow::Result<()>, _> = timeout(length + interval, scraping).await;
        let Usage { peak, .. } = exporter.process.usage()?;
        table.figure(format!("CPU of a {what} ({})", mebibytes(body as u64)), format!("{:.1} ms", median(costs)), aim);
        table.figure(format!("time of it, {coding}"), format!("{:.1} ms", median(took)), "");
        let ratio = peak.saturating_sub(resident) as f64 / body as f64;
        let figure = format!("{} over {}", mebibytes(peak.saturating_sub(resident)), mebibytes(resident));
        table.line(
            format!("peak of memory beside the {coding} body"),
            figure,
            mebibytes(body as u64),
            format!("{ratio:.2} : 1"),
            "2 : 1 at most",
        );
    }
    let after = exporter.metrics().await?;
    let share = after.changed(&before, "overpay_available_balance") * 100.0;
    before = after;
    table.figure("balances that changed in that time", format!("{share:.1} %"), "");
    // The same time again, with a scrape each second beside the polls.
    let scraping = async {
        loop {
            exporter.scraper().await?.get("/metrics", true).await?;
            sleep(Duration::from_secs(1)).await;
        }
    };
    let scraped = tokio::select! {
        over = exporter.over(length) => over?,
        ended = scraping => return ended,
    };
    ensure!(before.len() > channels, "not all is there");
    table.used(format!("exporter, {channels} channels, scraped each second with gzip"), scraped.length, scraped.used);
    let (ours, theirs) = (scraped.poll_took * 1e3, alone.poll_took * 1e3);
    table.compare("mean of a poll while scraped each second, beside while not", "ms", ours, theirs, "1 : 1");
    let (ours, theirs) = (scraped.queued * 1e3, alone.queued * 1e3);
    table.compare("mean lateness of polls while scraped each second, beside while not", "ms", ours, theirs, "1 : 1");
    exporter.stop().await?;
    platform.stop().await
}
