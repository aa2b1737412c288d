//! The HTTP server: listeners, connections, who is let in, and what they are answered.
//!
//! Binding comes before serving, so that a taken port is an error before anything is polled. Reads the metrics and the
//! store's snapshots; what it asks of the rest goes through [`Operations`]. Knows nothing of polls or the platform.

mod accept;
mod activity;
mod api;
mod body;
mod configuration;
mod connection;
mod heartbeat;
mod page;
mod places;
mod routes;
mod server;
mod stream;
mod trouble;
mod writer;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use self::configuration::{WebConfiguration, WebConfigurationError};
pub use self::heartbeat::Heartbeat;
pub use self::server::{BindError, Server};
use self::writer::Writer;
use crate::domain::demand::{Asked, NotAsked};
use crate::domain::shard::Shard;
use crate::metrics::Metrics;
use crate::store::Store;

/// How long after the start the exporter is ready even if a query has not been tried yet.
const READY_AFTER: Duration = Duration::from_secs(30);

/// What is answered later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the web side may ask of the rest of the exporter.
pub trait Operations: Send + Sync {
    /// The configuration as it is in use, as YAML, without secrets. May take a moment.
    fn effective_configuration(&self) -> io::Result<Vec<u8>>;

    /// Reads the configuration again. Ends once it is in use, or with what is wrong with it.
    fn reload(&self) -> Later<'_, Result<(), String>>;

    /// Asks that query of that shop now, as far as the limits of its host let it.
    fn poll<'a>(&'a self, shop: &'a str, query: &'a str) -> Later<'a, Result<Asked, NotAsked>>;
}

/// Where things are served.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The prefix of every path: empty, or with a slash in front and none behind.
    prefix: String,
    /// The path of the metrics below the prefix.
    telemetry: String,
}

impl Paths {
    /// The metrics at that path below that prefix.
    pub fn new(route_prefix: &str, telemetry_path: &str) -> Self {
        let (prefix, path) = (route_prefix.trim_matches('/'), telemetry_path.trim_start_matches('/'));
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        Self { prefix, telemetry: format!("/{path}") }
    }

    /// The path of the status page.
    pub fn page(&self) -> String {
        format!("{}/", self.prefix)
    }

    /// The path of the metrics, prefix included.
    pub fn metrics(&self) -> String {
        format!("{}{}", self.prefix, self.telemetry)
    }
}

/// What is served.
pub struct Site {
    metrics: Metrics,
    writer: Writer,
    /// Whose turn it is to have a page written.
    pages: Arc<Semaphore>,
    store: Arc<Store>,
    paths: Paths,
    configuration: WebConfiguration,
    operations: Arc<dyn Operations>,
    /// Which part of the queries is asked here.
    shard: Shard,
    /// Whether clients may have the configuration reloaded and queries asked.
    lifecycle: bool,
    /// Whether others than this machine can connect.
    exposed: bool,
    started: Instant,
    started_at: SystemTime,
    ready: AtomicBool,
}

impl Site {
    /// A site of those metrics and that store. Fails where no thread can be started.
    pub fn new(
        metrics: Metrics,
        store: Arc<Store>,
        paths: Paths,
        configuration: WebConfiguration,
        operations: Arc<dyn Operations>,
    ) -> io::Result<Self> {
        Ok(Self {
            writer: Writer::start(metrics.clone())?,
            pages: Arc::new(Semaphore::new(1)),
            metrics,
            store,
            paths,
            configuration,
            operations,
            shard: Shard::WHOLE,
            lifecycle: false,
            exposed: false,
            started: Instant::now(),
            started_at: SystemTime::now(),
            ready: AtomicBool::new(false),
        })
    }

    /// The site of an exporter that asks that shard of the queries.
    #[must_use]
    pub fn with_shard(self, shard: Shard) -> Self {
        Self { shard, ..self }
    }

    /// The site, whose clients may or may not have the configuration reloaded and queries asked.
    #[must_use]
    pub fn with_lifecycle(self, lifecycle: bool) -> Self {
        Self { lifecycle, ..self }
    }

    /// The site, where others than this machine can or can't connect.
    #[must_use]
    pub fn with_exposed(self, exposed: bool) -> Self {
        Self { exposed, ..self }
    }

    /// Whether connections are TLS.
    pub fn uses_tls(&self) -> bool {
        self.configuration.uses_tls()
    }

    /// Whether everybody who gets a connection from elsewhere sees everything.
    pub fn is_open_to_all(&self) -> bool {
        self.exposed && !self.configuration.authenticates()
    }

    /// Whether every query was tried once, or the exporter has run for long enough. Once ready it stays so: a query that
    /// a reload adds takes nothing away from what is there.
    fn is_ready(&self) -> bool {
        let ready = || {
            self.started.elapsed() >= READY_AFTER || self.store.snapshot().queries.iter().all(|query| query.polls > 0)
        };
        self.ready.load(Ordering::Relaxed) || {
            let ready = ready();
            self.ready.fetch_or(ready, Ordering::Relaxed);
            ready
        }
    }
}

#[cfg(test)]
mod tests;
