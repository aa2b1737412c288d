//! The usual metrics of the process itself, read from /proc at each scrape.
//!
//! The `prometheus` crate's own collector counts whole seconds of CPU, too coarse for a process that is hardly busy.

use procfs::process::{LimitValue, Process};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::families;
use super::samples::{Samples, described};

/// Collects what the kernel knows of this process; what can't be read is left out.
pub(super) struct ProcessCollector {
    descriptions: Vec<Desc>,
    /// In Unix seconds.
    started: Option<f64>,
}

impl ProcessCollector {
    pub(super) fn new() -> prometheus::Result<Self> {
        let own = families::ALL.iter().copied().filter(|family| family.name.starts_with("process_"));
        Ok(Self { descriptions: described(own)?, started: started() })
    }
}

impl Collector for ProcessCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut samples = Samples::default();
        let Ok(process) = Process::myself() else { return Vec::new() };
        if let Ok(stat) = process.stat() {
            samples.add(&families::PROCESS_CPU, &[], seconds(stat.utime + stat.stime));
            samples.add(&families::PROCESS_VIRTUAL_MEMORY, &[], float(stat.vsize));
            samples.add(&families::PROCESS_RESIDENT_MEMORY, &[], float(stat.rss * procfs::page_size()));
            samples.add(&families::PROCESS_THREADS, &[], float(u64::try_from(stat.num_threads).unwrap_or_default()));
        }
        if let Ok(open) = process.fd_count() {
            samples.add(&families::PROCESS_OPEN_FDS, &[], float(open as u64));
        }
        if let Ok(LimitValue::Value(limit)) = process.limits().map(|limits| limits.max_open_files.soft_limit) {
            samples.add(&families::PROCESS_MAX_FDS, &[], float(limit));
        }
        if let Some(started) = self.started {
            samples.add(&families::PROCESS_START_TIME, &[], started);
        }
        samples.into_families()
    }
}

fn started() -> Option<f64> {
    let ticks = Process::myself().ok()?.stat().ok()?.starttime;
    Some(float(procfs::boot_time_secs().ok()?) + seconds(ticks))
}

fn seconds(ticks: u64) -> f64 {
    float(ticks) / float(procfs::ticks_per_second())
}

#[expect(clippy::cast_precision_loss, reason = "a sample is a float; bytes and ticks stay below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}
