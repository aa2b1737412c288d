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
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use self::families::Family;
use self::process::ThisProcess;
pub use self::reference::reference;
use self::samples::Samples;
use crate::build;
use crate::domain::moment::Moment;
use crate::domain::shard::Shard;
use crate::store::{Snapshot, Store};

/// The `Content-Type` of what [`Metrics::encode`] writes.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is published.
#[derive(Clone, Debug)]
pub struct Metrics {
    store: Arc<Store>,
    process: ThisProcess,
    /// What the server counts, and what never changes.
    registry: Registry,
    http_requests: IntCounterVec,
}

impl Metrics {
    /// The metrics of that store, in a process that asks that shard of the queries.
    pub fn new(store: Arc<Store>, shard: Shard) -> prometheus::Result<Self> {
        let registry = Registry::new();
        registry.register(constant(&families::BUILD_INFO, &[build::VERSION, build::REVISION, build::RUST_VERSION])?)?;
        let (index, total) = (shard.index().to_string(), shard.total().to_string());
        registry.register(constant(&families::SHARD_INFO, &[&index, &total])?)?;
        let shards = IntGauge::with_opts(opts(&families::SHARDS))?;
        shards.set(shard.total().into());
        registry.register(Box::new(shards))?;
        let http_requests = IntCounterVec::new(opts(&families::HTTP_REQUESTS), families::HTTP_REQUESTS.labels)?;
        registry.register(Box::new(http_requests.clone()))?;
        Ok(Self { store, process: ThisProcess::new(), registry, http_requests })
    }

    /// Counts a request that was answered.
    pub fn count_request(&self, handler: &str, code: u16) {
        self.http_requests.with_label_values(&[handler, &code.to_string()]).inc();
    }

    /// All families in the text format 0.0.4, as of now.
    pub fn encode(&self) -> prometheus::Result<Vec<u8>> {
        self.encode_of(&self.store.snapshot(), Moment::now())
    }

    fn encode_of(&self, snapshot: &Snapshot, now: Moment) -> prometheus::Result<Vec<u8>> {
        let mut samples = Samples::default();
        collector::collect(&mut samples, snapshot, now);
        self.process.collect(&mut samples);
        for family in self.registry.gather() {
            samples.add_family(&family)?;
        }
        Ok(samples.into_text().into_bytes())
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
