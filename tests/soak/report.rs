//! What a run comes to: a table, and the limits of what must stay flat.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::exposition::Scrape;
use crate::process::Vitals;

/// What was measured once a second.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Before the first fault, once every query had been answered.
    pub(crate) calm: Vec<Vitals>,
    /// While faults struck.
    pub(crate) storm: Vec<Vitals>,
    /// After the last fault, once every query was up again.
    pub(crate) after: Vec<Vitals>,
    /// How long scrapes took, in seconds.
    pub(crate) scrapes: Vec<f64>,
    pub(crate) largest: usize,
}

/// One of the figures.
type Vital = fn(&Vitals) -> u64;

/// How much more than before there may be at the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    /// By how much resident memory may grow: as a ratio, and in KiB on top.
    pub(crate) resident: (f64, f64),
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
}

impl Allowance {
    /// What one run is allowed; a short one has not seen all there is before its first third ends.
    pub(crate) const fn of(short: bool) -> Self {
        let resident = if short { (1.25, 16_384.0) } else { (1.10, 8_192.0) };
        Self { resident, descriptors: 12, threads: 12 }
    }
}

impl Measured {
    /// Everything that did not stay flat.
    pub(crate) fn growth(&self, allowance: Allowance) -> Vec<String> {
        let mut grown = Vec::new();
        let (first, last) = self.thirds(|vitals| vitals.resident);
        let (ratio, more) = allowance.resident;
        #[expect(clippy::cast_precision_loss, reason = "a memory size is far below 2^53")]
        if last as f64 > (first as f64).mul_add(ratio, more) {
            grown.push(format!("resident memory grew from {first} KiB to {last} KiB"));
        }
        // What is open for a moment only differs from look to look, what leaks is always there.
        let least = |list: &[Vitals], what: Vital| list.iter().map(what).min().unwrap_or_default();
        let kinds: [(&str, Vital, u64); 2] = [
            ("descriptors", |vitals| vitals.descriptors, allowance.descriptors),
            ("threads", |vitals| vitals.threads, allowance.threads),
        ];
        for (what, of, more) in kinds {
            // Connections of the first round may still be open in a short calm.
            let before = least(&self.calm, of).min(least(&self.storm[..self.storm.len() / 3], of));
            let after = least(&self.after, of);
            if after > before + more {
                grown.push(format!("{what} grew from {before} in the beginning to {after} after the last fault"));
            }
            let (first, last) = self.thirds(of);
            if last > first * 3 / 2 + 5 * more {
                grown.push(format!("{what} grew from {first} to {last} while faults struck"));
            }
        }
        grown
    }

    /// The medians of the first and of the last third, without the first fifth, in which buffers grow to their size.
    fn thirds(&self, what: Vital) -> (u64, u64) {
        let warm = &self.storm[self.storm.len() / 5..];
        let third = warm.len() / 3;
        let median_of = |list: &[Vitals]| median(list.iter().map(what).collect());
        (median_of(&warm[..third]), median_of(&warm[warm.len() - third..]))
    }

    /// The rows of the table that tell of memory, descriptors, threads and scrapes.
    pub(crate) fn rows(&self, table: &mut Table) {
        let kinds: [(&str, Vital); 3] = [
            ("resident memory, KiB", |vitals| vitals.resident),
            ("open descriptors", |vitals| vitals.descriptors),
            ("threads", |vitals| vitals.threads),
        ];
        for (what, of) in kinds {
            let (first, last) = self.thirds(of);
            let most = self.storm.iter().map(of).max().unwrap_or_default();
            let calm = median(self.calm.iter().map(of).collect());
            let after = median(self.after.iter().map(of).collect());
            table.row(&format!("{what}: calm before, calm after (medians)"), format!("{calm}, {after}"));
            table.row(
                &format!("{what}: first third, last third (medians), most"),
                format!("{first}, {last} ({}), {most}", ratio(last, first)),
            );
        }
        let mut scrapes = self.scrapes.clone();
        scrapes.sort_by(f64::total_cmp);
        let at = |part: usize| scrapes.get(scrapes.len() * part / 100).copied().unwrap_or_default() * 1000.0;
        let longest = scrapes.last().copied().unwrap_or_default() * 1000.0;
        table.row("scrape, ms: median, 99 of 100, longest", format!("{:.0}, {:.0}, {longest:.0}", at(50), at(99)));
        table.row("largest scrape, bytes", self.largest.to_string());
    }
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn ratio(one: u64, other: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "these are far below 2^53")]
    let ratio = one as f64 / other.max(1) as f64;
    format!("{ratio:.2} : 1")
}

/// How late polls were sent: within which bucket half of them and 99 of 100 lie.
pub(crate) fn lateness(scrape: &Scrape) -> String {
    let mut buckets: BTreeMap<u64, f64> = BTreeMap::new();
    for (series, value) in &scrape.counters {
        if let Some((_, le)) =
            series.strip_prefix("overpay_poll_queue_seconds_bucket").and_then(|s| s.split_once("le=\""))
        {
            let le: f64 = le.trim_end_matches("\"}").parse().unwrap_or(f64::INFINITY);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds, or for ever")]
            let le = (le * 1000.0) as u64;
            *buckets.entry(le).or_default() += value;
        }
    }
    let all = buckets.values().last().copied().unwrap_or_default();
    let within = |part: f64| {
        let bucket = buckets.iter().find(|(_, count)| **count >= all * part).map(|(le, _)| *le);
        bucket.filter(|le| *le < u64::MAX).map_or_else(|| "more".to_owned(), |le| le.to_string())
    };
    format!("{}, {}", within(0.5), within(0.99))
}

/// A table in Markdown.
#[derive(Debug, Default)]
pub(crate) struct Table(String);

impl Table {
    pub(crate) fn new() -> Self {
        Self("| what | figure |\n|---|---|\n".to_owned())
    }

    pub(crate) fn row(&mut self, what: &str, figure: impl AsRef<str>) {
        let _ = writeln!(self.0, "| {what} | {} |", figure.as_ref());
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

pub(crate) fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}
