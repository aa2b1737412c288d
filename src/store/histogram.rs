//! Durations counted by size.

use std::time::Duration;

/// The upper bounds of the buckets, in seconds: 10 ms to 60 s.
pub(super) const BUCKETS: [f64; 13] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];

/// How often durations of each size were seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How many durations fell into each bucket and no lower one; the last are those above every bound.
    counts: [u64; BUCKETS.len() + 1],
    sum: f64,
}

impl Histogram {
    /// Counts a duration.
    pub fn observe(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = BUCKETS.partition_point(|bound| *bound < seconds);
        self.counts[bucket] += 1;
        self.sum += seconds;
    }

    /// For each bound, how many durations were at most that long.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        BUCKETS.into_iter().zip(self.counts).scan(0, |total, (bound, count)| {
            *total += count;
            Some((bound, *total))
        })
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum, in seconds.
    pub const fn sum(&self) -> f64 {
        self.sum
    }
}

#[cfg(test)]
mod tests;
