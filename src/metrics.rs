//! What Prometheus scrapes: a snapshot of the store as metric families, and the exporter's own metrics.
//!
//! Only this room knows metric names; [`families`] holds them with their help texts. A scrape reads the store's
//! snapshot and /proc, and waits for nobody.

mod collector;
mod families;
mod process;
mod reference;
mod samples;

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{Encoder, IntCounterVec, IntGaugeVec, Opts, Registry, TextEncoder};

use self::collector::StoreCollector;
use self::families::Family;
use self::process::ProcessCollector;
pub use self::reference::reference;
use crate::build;
use crate::domain::shard::Shard;
use crate::store::Store;

/// The `Content-Type` of what [`Metrics::encode`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is published.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    http_requests: IntCounterVec,
}

impl Metrics {
    /// The metrics of that store, in a process that asks that shard of the queries.
    pub fn new(store: Arc<Store>, shard: Shard) -> prometheus::Result<Self> {
        let registry = Registry::new();
        registry.register(Box::new(StoreCollector::new(store)?))?;
        registry.register(Box::new(ProcessCollector::new()?))?;
        registry.register(constant(&families::BUILD_INFO, &[build::VERSION, build::REVISION, build::RUST_VERSION])?)?;
        let (index, total) = (shard.index().to_string(), shard.total().to_string());
        registry.register(constant(&families::SHARD_INFO, &[&index, &total])?)?;
        let http_requests = IntCounterVec::new(opts(&families::HTTP_REQUESTS), families::HTTP_REQUESTS.labels)?;
        registry.register(Box::new(http_requests.clone()))?;
        Ok(Self { registry, http_requests })
    }

    /// Counts a request that was answered.
    pub fn count_request(&self, handler: &str, code: u16) {
        self.http_requests.with_label_values(&[handler, &code.to_string()]).inc();
    }

    /// All families in the text format 0.0.4, as of now.
    pub fn encode(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// A gauge that is always 1.
fn constant(family: &Family, labels: &[&str]) -> prometheus::Result<Box<dyn Collector>> {
    let gauge = IntGaugeVec::new(opts(family), family.labels)?;
    gauge.with_label_values(labels).set(1);
    Ok(Box::new(gauge))
}

fn opts(family: &Family) -> Opts {
    Opts::new(family.name, family.help)
}

#[cfg(test)]
mod tests;
