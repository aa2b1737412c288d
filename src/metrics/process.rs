//! The usual metrics of the process itself, read from /proc at each scrape.
//!
//! The `prometheus` crate's own collector counts whole seconds of CPU, too coarse for a process that is hardly busy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use procfs::process::{LimitValue, Process};
use rustix::time::{ClockId, clock_gettime};

use super::families;
use super::samples::{Samples, count_of};

/// What stays the same of this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThisProcess {
    /// In Unix seconds.
    started: Option<f64>,
}

impl ThisProcess {
    pub(super) fn new() -> Self {
        Self { started: started() }
    }

    /// Adds what the kernel knows of it now; what can't be read is left out.
    pub(super) fn collect(self, samples: &mut Samples) {
        let Ok(process) = Process::myself() else { return };
        if let Ok(stat) = process.stat() {
            samples.add(&families::PROCESS_CPU, &[], seconds(stat.utime + stat.stime));
            samples.add(&families::PROCESS_VIRTUAL_MEMORY, &[], count_of(stat.vsize));
            samples.add(&families::PROCESS_RESIDENT_MEMORY, &[], count_of(stat.rss * procfs::page_size()));
            samples.add(&families::PROCESS_THREADS, &[], count_of(u64::try_from(stat.num_threads).unwrap_or_default()));
        }
        if let Ok(open) = process.fd_count() {
            samples.add(&families::PROCESS_OPEN_FDS, &[], count_of(open as u64));
        }
        if let Ok(LimitValue::Value(limit)) = process.limits().map(|limits| limits.max_open_files.soft_limit) {
            samples.add(&families::PROCESS_MAX_FDS, &[], count_of(limit));
        }
        if let Some(started) = self.started {
            samples.add(&families::PROCESS_START_TIME, &[], started);
        }
    }
}

/// When the process started, by how long ago that is. /proc/stat has the time of the boot, but not where a service manager
/// shows a process nothing but processes (`ProcSubset=pid`).
fn started() -> Option<f64> {
    let ticks = Process::myself().ok()?.stat().ok()?.starttime;
    let since_boot = Duration::try_from(clock_gettime(ClockId::Boottime)).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some((now.as_secs_f64() - since_boot.as_secs_f64()) + seconds(ticks))
}

fn seconds(ticks: u64) -> f64 {
    count_of(ticks) / count_of(procfs::ticks_per_second())
}
