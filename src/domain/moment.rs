//! A moment on both clocks, so that neither a suspended machine nor a clock put back makes a value younger.

use std::time::{Duration, Instant, SystemTime};

/// One moment, read off the monotonic and the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Never jumps; stands still while the machine is suspended.
    pub monotonic: Instant,
    /// The time of day; can be set.
    pub wall: SystemTime,
}

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    /// How long ago the other moment was: the longer of what the two clocks say.
    pub fn since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.saturating_duration_since(earlier.monotonic);
        let wall = self.wall.duration_since(earlier.wall).unwrap_or_default();
        monotonic.max(wall)
    }

    /// How far the two clocks have parted since the other moment.
    pub fn drift_since(self, earlier: Self) -> Duration {
        let monotonic = self.monotonic.saturating_duration_since(earlier.monotonic);
        match self.wall.duration_since(earlier.wall) {
            Ok(wall) => wall.abs_diff(monotonic),
            Err(backwards) => backwards.duration() + monotonic,
        }
    }

    /// What the wall clock shows, as it is set now, at another instant.
    pub fn wall_at(self, instant: Instant) -> SystemTime {
        match instant.checked_duration_since(self.monotonic) {
            Some(ahead) => self.wall + ahead,
            None => self.wall - (self.monotonic - instant),
        }
    }
}
