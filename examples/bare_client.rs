//! A bare client: sends the exporter's request over connections that are kept, and parses each answer with `serde_json`.
//!
//! For `scripts/bench`, which puts what a poll of the exporter costs beside what a request costs here. No pool, no queue,
//! no timeout, no state: hyper, rustls and `serde_json` alone. Prints what it did as JSON.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Parser;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_rustls::TlsConnector;
use url::Url;

/// Asks for channel balances, again and again.
#[derive(Parser)]
struct Flags {
    /// Where to ask, as `http://127.0.0.1:9400`.
    #[arg(long)]
    url: Url,
    /// The certificates to trust.
    #[arg(long)]
    ca_file: Option<PathBuf>,
    /// User and password of HTTP Basic, with a colon between them.
    #[arg(long)]
    user: String,
    /// The first gateway to ask about, and how many there are.
    #[arg(long)]
    first: u64,
    #[arg(long)]
    gateways: u64,
    /// How many connections there are.
    #[arg(long, default_value_t = 1)]
    connections: u32,
    /// Requests a second on all connections together; as fast as it goes unless given.
    #[arg(long)]
    rate: Option<f64>,
    /// How many seconds are measured, after one that is not.
    #[arg(long)]
    seconds: f64,
}

/// What all connections share.
struct Work {
    flags: Flags,
    authorization: String,
    /// Over when it is time to end.
    over: AtomicBool,
    answered: AtomicU64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let authorization = format!("Basic {}", BASE64_STANDARD.encode(&flags.user));
    let seconds = Duration::from_secs_f64(flags.seconds);
    let work = Arc::new(Work { flags, authorization, over: AtomicBool::new(false), answered: AtomicU64::new(0) });
    let connections: Vec<_> = (0..work.flags.connections).map(|n| tokio::spawn(ask(Arc::clone(&work), n))).collect();
    sleep(Duration::from_secs(1)).await;
    let before = (work.answered.load(Ordering::Relaxed), processor_time()?, Instant::now());
    sleep(seconds).await;
    let answered = work.answered.load(Ordering::Relaxed) - before.0;
    let (used, took) = (processor_time()?.saturating_sub(before.1), before.2.elapsed());
    work.over.store(true, Ordering::Relaxed);
    for connection in connections {
        connection.await??;
    }
    let (used, took) = (used.as_secs_f64(), took.as_secs_f64());
    println!("{}", serde_json::json!({ "requests": answered, "seconds": took, "cpu_seconds": used }));
    Ok(())
}

/// Asks about one gateway after the other until it is time to end.
async fn ask(work: Arc<Work>, connection: u32) -> anyhow::Result<()> {
    let mut sender = connect(&work.flags).await?;
    let Flags { url, first, gateways, connections, rate, .. } = &work.flags;
    let host = format!("{}:{}", url.host_str().context("a host")?, url.port().context("a port")?);
    let mut pace = rate.map(|rate| {
        let mut pace = interval(Duration::from_secs_f64(f64::from(*connections) / rate));
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        pace
    });
    for n in (u64::from(connection)..).step_by(*connections as usize) {
        if work.over.load(Ordering::Relaxed) {
            break;
        }
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        let request = Request::get(format!("/shop/channel_balances/?gateway_id={}&currency=USD", first + n % gateways))
            .header(HOST, &host)
            .header(AUTHORIZATION, &work.authorization)
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "gzip")
            .header(USER_AGENT, "bare")
            .body(Empty::new())?;
        let answer = sender.send_request(request).await?;
        ensure!(answer.status() == 200, "answered with {}", answer.status());
        let body = answer.into_body().collect().await?.to_bytes();
        let parsed: serde_json::Value = serde_json::from_slice(&body)?;
        ensure!(parsed["channel_balances"]["currencies"].is_array(), "answered without balances");
        work.answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

async fn connect(flags: &Flags) -> anyhow::Result<SendRequest<Empty<Bytes>>> {
    let address = flags.url.socket_addrs(|| None)?.into_iter().next().context("an address")?;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let Some(ca_file) = &flags.ca_file else {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        return Ok(sender);
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_file)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let tls = TlsConnector::from(Arc::new(tls.with_root_certificates(roots).with_no_client_auth()));
    let stream = tls.connect(ServerName::from(address.ip()), stream).await?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// The processor time of this process, of which all work is done by one thread.
fn processor_time() -> anyhow::Result<Duration> {
    let times = procfs::process::Process::myself()?.task_main_thread()?.schedstat()?;
    Ok(Duration::from_nanos(times.sum_exec_runtime))
}
