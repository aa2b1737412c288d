//! What Prometheus scrapes: a snapshot of the store as metric families, and the exporter's own metrics.
//!
//! Only this room knows metric names; [`families`] holds them with their help texts. A scrape reads the store's
//! snapshot and /proc, and waits for nobody. What follows from the store can be kept until that changes or a balance gets
//! stale; what the exporter tells of itself is new each time.

mod collector;
mod families;
mod labels;
mod number;
mod process;
mod reference;
mod samples;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use self::families::Family;
use self::process::ThisProcess;
pub use self::reference::reference;
use self::samples::{Lengths, Samples};
use crate::build;
use crate::domain::moment::Moment;
use crate::domain::shard::Shard;
use crate::gzip::Piece;
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
    /// How long the texts of the families were the last time.
    lengths: Arc<Mutex<Lengths>>,
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
        Ok(Self { store, process: ThisProcess::new(), registry, http_requests, lengths: Arc::default() })
    }

    /// Counts a request that was answered.
    pub fn count_request(&self, handler: &str, code: u16) {
        self.http_requests.with_label_values(&[handler, &code.to_string()]).inc();
    }

    /// What follows from the store, in the text format 0.0.4: the pieces of one text. `spare` is memory to write it to, that
    /// of a text before perhaps, which is lost.
    pub fn balances(&self, spare: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, Validity) {
        let (snapshot, now) = (self.store.snapshot(), Moment::now());
        (self.text_of(&snapshot, now, spare), Validity::of(&snapshot, now))
    }

    /// The same, compressed while it is written, so that the text is never there as a whole.
    pub fn balances_compressed(&self) -> io::Result<(Piece, Validity)> {
        let (snapshot, now) = (self.store.snapshot(), Moment::now());
        let mut samples = Samples::compressed();
        collector::collect(&mut samples, &snapshot, now);
        Ok((samples.into_gzip()?, Validity::of(&snapshot, now)))
    }

    /// What the exporter tells of itself, in the same format: it goes behind the former.
    pub fn exporter(&self) -> prometheus::Result<Vec<u8>> {
        let mut samples = Samples::plain(&Lengths::default(), Vec::new());
        self.process.collect(&mut samples);
        for family in self.registry.gather() {
            samples.add_family(&family)?;
        }
        Ok(samples.into_text().0.concat())
    }

    /// Whether what was written would be written in the same way now.
    pub fn is_valid(&self, written: &Validity) -> bool {
        written.version == self.store.version() && written.holds_at(Moment::now())
    }

    fn text_of(&self, snapshot: &Snapshot, now: Moment, spare: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        // Nothing panics while it holds the lock, here and below.
        let lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut samples = Samples::plain(&lengths, spare);
        collector::collect(&mut samples, snapshot, now);
        let (text, lengths) = samples.into_text();
        *self.lengths.lock().unwrap_or_else(PoisonError::into_inner) = lengths;
        text
    }
}

/// For how long something that was written is as it would be written anew.
#[derive(Clone, Copy, Debug)]
pub struct Validity {
    /// Of the store.
    version: u64,
    from: Moment,
    /// Until the first balance gets stale.
    lasts: Duration,
}

impl Validity {
    /// How far the clocks may part. Times told by the monotonic clock are published by the wall clock.
    const DRIFT: Duration = Duration::from_millis(100);

    fn of(snapshot: &Snapshot, now: Moment) -> Self {
        let left = snapshot.queries.iter().filter_map(|state| state.fresh_for(now));
        Self { version: snapshot.version, from: now, lasts: left.min().unwrap_or(Duration::MAX) }
    }

    fn holds_at(&self, now: Moment) -> bool {
        now.since(self.from) < self.lasts && now.drift_since(self.from) < Self::DRIFT
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
