//! The server over loopback, asked by hand.

mod answers;
mod connections;
mod conversation;
mod heartbeat;
mod http2;
mod noise;
mod operations;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Later, Operations, Paths, Server, Site, WebConfiguration};
use crate::domain::demand::{Asked, NotAsked};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::query::Query;
use crate::domain::samples::{channels, shop};
use crate::domain::shard::Shard;
use crate::metrics::Metrics;
use crate::store::{Store, Timing};

/// A store of so many queries that were not tried yet.
fn store_of(queries: usize) -> Arc<Store> {
    let store = Arc::new(Store::default());
    configure(&store, queries);
    store
}

fn configure(store: &Store, queries: usize) {
    let shop = shop("main");
    let queries: Vec<Arc<Query>> =
        (0..queries).map(|index| Arc::new(channels(&shop, &format!("q{index}"), 1))).collect();
    store.configure(&[shop], &queries, &Exponents::default(), SystemTime::now());
}

fn tried(store: &Store, query: usize) {
    let failure = Failure::new(Reason::Timeout, "for the test");
    store.record(query, Err(failure), Timing::default(), Moment::now());
}

fn site_of(store: &Arc<Store>, prefix: &str, path: &str) -> Arc<Site> {
    Arc::new(site(store, prefix, path))
}

fn site(store: &Arc<Store>, prefix: &str, path: &str) -> Site {
    let metrics = Metrics::new(Arc::clone(store), Shard::WHOLE).unwrap();
    let (paths, configuration) = (Paths::new(prefix, path), WebConfiguration::default());
    Site::new(metrics, Arc::clone(store), paths, configuration, Arc::new(Idle)).unwrap()
}

/// Operations that change nothing.
struct Idle;

impl Operations for Idle {
    fn effective_configuration(&self) -> io::Result<Vec<u8>> {
        Ok(b"shops: []\n".to_vec())
    }

    fn reload(&self) -> Later<'_, Result<(), String>> {
        Box::pin(async { Err("shops.yml:1:1: for the test".to_owned()) })
    }

    fn poll<'a>(&'a self, _: &'a str, query: &'a str) -> Later<'a, Result<Asked, NotAsked>> {
        let asked = Asked { failure: None, duration: Duration::from_millis(250) };
        let not_asked = match query {
            "just-asked" => Some(NotAsked::JustAsked(Duration::from_millis(2_300))),
            "limited" => Some(NotAsked::Limited(Duration::from_mins(1))),
            "unreachable" => Some(NotAsked::Unreachable(Duration::from_secs(9))),
            "dropped" => Some(NotAsked::Dropped),
            "unknown" => Some(NotAsked::Unknown),
            _ => None,
        };
        Box::pin(async move { not_asked.map_or(Ok(asked), Err) })
    }
}

/// Lets this process have the descriptors of both ends of many connections.
fn many_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

/// A server that runs until it is stopped.
struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    async fn start() -> Self {
        Self::with(site_of(&store_of(1), "/", "/metrics")).await
    }

    async fn with(site: Arc<Site>) -> Self {
        let server = Server::bind(&["127.0.0.1:0".parse().unwrap()]).await.unwrap();
        let (address, stop) = (server.addresses()[0], CancellationToken::new());
        let task = tokio::spawn(server.serve(site, stop.clone()));
        Self { address, stop, task }
    }

    fn connect(&self) -> Connection {
        Connection::of(TcpStream::connect(self.address).unwrap())
    }

    fn get(&self, target: &str) -> Answer {
        self.connect().ask("GET", target)
    }

    /// Stops the server and tells how long that took.
    async fn stopped(self) -> Duration {
        let start = Instant::now();
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
        start.elapsed()
    }
}

/// A connection of a client that blocks; the server runs on other threads.
struct Connection(TcpStream);

impl Connection {
    fn of(stream: TcpStream) -> Self {
        // For a server that does not answer: the test is to fail then.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(stream)
    }

    fn ask(&mut self, method: &str, target: &str) -> Answer {
        self.ask_with(method, target, "")
    }

    fn ask_with(&mut self, method: &str, target: &str, headers: &str) -> Answer {
        self.write(&format!("{method} {target} HTTP/1.1\r\nHost: exporter\r\n{headers}\r\n"));
        self.read(method)
    }

    fn write(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Reads an answer to that method, and no byte more.
    fn read(&mut self, method: &str) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers["content-length"].parse().unwrap();
        let mut body = vec![0; if method == "HEAD" { 0 } else { length }];
        self.0.read_exact(&mut body).unwrap();
        Answer { status, headers, body }
    }

    /// Whether the server has closed the connection, with nothing left to read.
    fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0) | Err(_))
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[tokio::test(start_paused = true)]
async fn a_site_is_ready_once_every_query_was_tried() {
    let store = store_of(2);
    let site = site_of(&store, "/", "/metrics");
    assert!(!site.is_ready());
    tried(&store, 0);
    assert!(!site.is_ready());
    tried(&store, 1);
    assert!(site.is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_site_that_is_ready_stays_so_when_queries_are_added() {
    let store = store_of(1);
    let site = site_of(&store, "/", "/metrics");
    tried(&store, 0);
    assert!(site.is_ready());
    configure(&store, 2);
    assert!(site.is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_site_is_ready_30_seconds_after_the_start_whatever_was_tried() {
    let site = site_of(&store_of(1), "/", "/metrics");
    tokio::time::advance(Duration::from_millis(29_999)).await;
    assert!(!site.is_ready());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(site.is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_site_without_queries_is_ready() {
    assert!(site_of(&store_of(0), "/", "/metrics").is_ready());
}

#[test]
fn the_path_of_the_metrics_is_whole_however_slashes_are_given() {
    for (prefix, path) in [("/", "/metrics"), ("", "metrics"), ("//", "//metrics")] {
        assert_eq!(Paths::new(prefix, path).metrics(), "/metrics");
    }
    for prefix in ["/some/where", "some/where/", "/some/where/"] {
        assert_eq!(Paths::new(prefix, "/metrics").metrics(), "/some/where/metrics");
    }
}
