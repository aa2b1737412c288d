//! How long a query waits after its poll, by how it ended. Pure: the draw of chance is passed in.

use std::time::Duration;

use super::schedule::MIN_WAIT;
use crate::domain::failure::{Failure, Reason};

/// From one poll to the next of a query that is refused for what only somebody's hand can change.
pub(super) const SLOW: Duration = Duration::from_mins(15);
/// As many refusals in a row count, though no code says so: one page of a proxy must not blind anybody.
const REFUSALS_THAT_COUNT: u32 = 3;
/// The longest that a host's Retry-After is heeded.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// When a query is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// At its slot in one of its next intervals.
    AtItsSlot,
    /// So long after the end of the poll.
    After(Duration),
    /// When the host takes requests of the shop again.
    WhenAllowed,
}

/// The failures of a query in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Streak {
    /// Failures that may be over soon.
    retries: u32,
    /// Refusals that stay until somebody changes something.
    refusals: u32,
}

impl Streak {
    /// No failure so far.
    pub(super) const NONE: Self = Self { retries: 0, refusals: 0 };

    /// Whether the query was refused when it was last asked.
    pub(super) const fn is_refused(self) -> bool {
        self.refusals > 0
    }

    /// Counts a poll of a query of that interval, and says when it is asked again. `draw` is from 0 to 1, another one
    /// for each poll.
    pub(super) fn after(&mut self, failure: Option<&Failure>, interval: Duration, draw: f64) -> Again {
        let Some(failure) = failure.filter(|failure| !failure.pending) else {
            *self = Self::NONE;
            return Again::AtItsSlot;
        };
        match failure.reason {
            Reason::Connect | Reason::Timeout | Reason::ProviderError => {
                *self = Self { retries: self.retries.saturating_add(1), refusals: 0 };
                let asked_for = failure.retry_after.unwrap_or_default().min(interval * 4);
                Again::After(self.window(interval).mul_f64(draw).max(asked_for).max(MIN_WAIT))
            }
            Reason::Unauthorized | Reason::BadRequest => {
                *self = Self { retries: 0, refusals: self.refusals.saturating_add(1) };
                if failure.by_code || self.refusals >= REFUSALS_THAT_COUNT {
                    Again::After(interval.max(SLOW))
                } else {
                    Again::AtItsSlot
                }
            }
            Reason::RateLimited => {
                *self = Self::NONE;
                Again::WhenAllowed
            }
            Reason::Tls
            | Reason::MalformedResponse
            | Reason::NoData
            | Reason::UnknownCurrency
            | Reason::OutdatedAnswer
            | Reason::Conflict
            | Reason::Internal => {
                *self = Self::NONE;
                Again::AtItsSlot
            }
        }
    }

    /// Within what the next try is drawn: from a quarter of the interval on, doubling up to four times the interval.
    fn window(self, interval: Duration) -> Duration {
        let doublings = self.retries.saturating_sub(1).min(4);
        interval / 4 * (1 << doublings)
    }
}

/// How long a shop is to leave a host alone that asks for fewer requests: what the host says, else twice as long as the
/// last time, beginning with the interval. From 5 seconds to an hour.
pub(super) fn pause(retry_after: Option<Duration>, last: Option<Duration>, interval: Duration) -> Duration {
    let wait = retry_after.unwrap_or_else(|| last.map_or(interval, |last| last * 2));
    wait.clamp(MIN_WAIT, MAX_RETRY_AFTER)
}

#[cfg(test)]
mod tests;
