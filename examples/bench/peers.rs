//! What people would run instead, at the same work: the same simulator, the same queries, the same interval.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;
use tokio::time::sleep;

use crate::Bench;
use crate::exposition::Exposition;
use crate::fleet::{Fleet, Query};
use crate::process::Process;
use crate::scraper::Scraper;
use crate::stage::{Exporter, Platform, free_address};
use crate::table::{Table, mebibytes, median, millis};

const COLLECTD: &str = "/usr/sbin/collectd";

/// A program that polls and publishes.
struct Peer {
    name: &'static str,
    process: Process,
    address: SocketAddr,
    /// The name of its series of balances.
    balances: &'static str,
}

/// Each in turn, with a thousand queries of two channels, asked four times a minute.
pub(crate) async fn peers(bench: &Bench, python: &Path, table: &mut Table) -> anyhow::Result<()> {
    let interval = Duration::from_secs(15);
    let fleet = Fleet { channels: 2, interval, ..Fleet::of(1_000) };
    let platform = Platform::start(&bench.programs, fleet, false).await?;
    let folder = platform.folder.path();
    let simulator = platform.address;
    for name in ["overpay_exporter", "Python, aiohttp", "Python, httpx", "collectd"] {
        let address = free_address()?;
        let peer = match name {
            "overpay_exporter" => {
                let exporter = Exporter::start(&bench.programs, &platform).await?;
                let Exporter { process, address } = exporter;
                Peer { name, process, address, balances: "overpay_available_balance" }
            }
            "collectd" => {
                let file = folder.join("collectd.conf");
                std::fs::write(&file, collectd(fleet, &platform.host, address, folder)?)?;
                let arguments = ["-f".into(), "-C".into(), file];
                let process = Process::start(Path::new(COLLECTD), &arguments, &folder.join("collectd.log"))?;
                Peer { name, process, address, balances: "collectd_curl_json_gauge" }
            }
            _ => {
                let script = if name.ends_with("httpx") { "with_httpx.py" } else { "with_aiohttp.py" };
                let file = folder.join("queries.json");
                std::fs::write(&file, queries(fleet, &platform.host, address)?)?;
                let arguments = [PathBuf::from("scripts/peers.d").join(script), file];
                let process = Process::start(python, &arguments, &folder.join("python.log"))
                    .context("no Python; scripts/peers makes the one that is used")?;
                Peer { name, process, address, balances: "available_balance" }
            }
        };
        measure(bench, fleet, simulator, peer, table).await.with_context(|| name)?;
    }
    platform.stop().await
}

async fn measure(
    bench: &Bench,
    fleet: Fleet,
    simulator: SocketAddr,
    mut peer: Peer,
    table: &mut Table,
) -> anyhow::Result<()> {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        peer.process.is_alive()?;
        let body = match Scraper::connect(peer.address).await {
            Ok(mut scraper) => scraper.read("/metrics", false).await.map_or_else(|_| Vec::new(), |(_, body)| body),
            Err(_) => Vec::new(),
        };
        if Exposition::new(body)?.count(peer.balances) >= fleet.queries * fleet.channels {
            break;
        }
        if Instant::now() > until {
            table.figure(peer.name, "does not publish all balances within a minute", "");
            return peer.process.stop().await;
        }
        sleep(Duration::from_millis(200)).await;
    }
    sleep(fleet.interval).await;
    let rounds = if bench.quick { 2 } else { 8 };
    let (used, asked, began) = (peer.process.usage()?, requests(simulator).await?, Instant::now());
    sleep(fleet.interval * rounds).await;
    let (used, length) = (peer.process.usage()?.since(used), began.elapsed());
    let polls = requests(simulator).await? - asked;
    let mut scraper = Scraper::connect(peer.address).await?;
    let mut took = Vec::new();
    for _ in 0..21 {
        let answer = scraper.get("/metrics", false).await;
        // Not every server keeps its connections.
        scraper = Scraper::connect(peer.address).await?;
        took.push(millis(answer?.took));
    }
    let after = peer.process.usage()?;
    let (micros, took) = (used.cpu.as_secs_f64() / polls * 1e6, median(took));
    let figures = format!(
        "{micros:.0} µs of CPU a poll; resident {}, peak {}; scrape {took:.1} ms",
        mebibytes(used.resident),
        mebibytes(after.peak)
    );
    table.figure(format!("{}, {polls} polls in {:.0} s", peer.name, length.as_secs_f64()), figures, "");
    table.used(peer.name, length, used);
    peer.process.stop().await
}

/// How many requests about channel balances the simulator was sent so far.
async fn requests(simulator: SocketAddr) -> anyhow::Result<f64> {
    let (_, state) = Scraper::connect(simulator).await?.read("/simulator/state", false).await?;
    let state: serde_json::Value = serde_json::from_slice(&state)?;
    state["requests"]["channel_balances"].as_f64().context("the simulator tells no requests")
}

fn queries(fleet: Fleet, url: &str, address: SocketAddr) -> anyhow::Result<String> {
    let query =
        |Query { shop, secret_key, gateway }| json!({"shop": shop.to_string(), "key": secret_key, "gateway": gateway});
    let queries: Vec<_> = fleet.each().map(query).collect();
    let interval = fleet.interval.as_secs();
    Ok(serde_json::to_string(&json!({"url": url, "port": address.port(), "interval": interval, "queries": queries}))?)
}

fn collectd(fleet: Fleet, url: &str, address: SocketAddr, folder: &Path) -> anyhow::Result<String> {
    let (folder, interval) = (folder.display(), fleet.interval.as_secs());
    let mut text = format!(
        "Hostname \"bench\"\nFQDNLookup false\nInterval {interval}\nBaseDir \"{folder}\"\nPIDFile \"{folder}/collectd.pid\"\n\
         TypesDB \"/usr/share/collectd/types.db\"\nLoadPlugin curl_json\nLoadPlugin write_prometheus\n\
         <Plugin write_prometheus>\n  Host \"{}\"\n  Port \"{}\"\n</Plugin>\n<Plugin curl_json>\n",
        address.ip(),
        address.port()
    );
    for Query { shop, secret_key, gateway } in fleet.each() {
        writeln!(
            text,
            "  <URL \"{url}/shop/channel_balances/?gateway_id={gateway}&currency=USD\">\n    Instance \"{gateway}\"\n    \
             User \"{shop}\"\n    Password \"{secret_key}\"\n    \
             <Key \"channel_balances/currencies/*/available_balance\">\n      Type \"gauge\"\n    </Key>\n  </URL>"
        )?;
    }
    text.push_str("</Plugin>\n");
    Ok(text)
}
