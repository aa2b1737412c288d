//! The HTTP server: listeners, connections, and what they are answered.
//!
//! Binding comes before serving, so that a taken port is an error before anything is polled. Reads the metrics and the
//! store's snapshots; knows nothing of polls or the platform.

mod routes;
mod server;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

pub use self::server::{BindError, Server};
use self::writer::Writer;
use crate::metrics::Metrics;
use crate::store::Store;

/// How long after the start the exporter is ready even if a query has not been tried yet.
const READY_AFTER: Duration = Duration::from_secs(30);

/// What is served, and where.
#[derive(Debug)]
pub struct Site {
    metrics: Metrics,
    writer: Writer,
    store: Arc<Store>,
    /// The prefix of every path: empty, or with a slash in front and none behind.
    prefix: String,
    telemetry_path: String,
    started: Instant,
    ready: AtomicBool,
}

impl Site {
    /// A site that serves those metrics at that path below that prefix. Fails where no thread can be started.
    pub fn new(metrics: Metrics, store: Arc<Store>, route_prefix: &str, telemetry_path: &str) -> std::io::Result<Self> {
        let (prefix, path) = (route_prefix.trim_matches('/'), telemetry_path.trim_start_matches('/'));
        Ok(Self {
            writer: Writer::start(metrics.clone())?,
            metrics,
            store,
            prefix: if prefix.is_empty() { String::new() } else { format!("/{prefix}") },
            telemetry_path: format!("/{path}"),
            started: Instant::now(),
            ready: AtomicBool::new(false),
        })
    }

    /// The path of the metrics, prefix included.
    pub fn metrics_path(&self) -> String {
        format!("{}{}", self.prefix, self.telemetry_path)
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
