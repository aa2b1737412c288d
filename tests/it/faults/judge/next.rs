//! Judges the time of the next poll.

use super::{Judge, LATE, LEAST, ROUNDING, SLOW};
use crate::faults::evidence::Sample;
use crate::faults::row::{Sibling, Wait};
use crate::faults::run::INTERVAL;

impl Judge<'_> {
    /// The bounds of the wait after so many failures in a row, in seconds after the end of the poll.
    pub(super) fn bounds(&self, failures: u64) -> (f64, f64) {
        let doublings = i32::try_from(failures - 1).expect("few failures");
        let quarter = INTERVAL / 4.0;
        let backoff = (quarter * 2f64.powi(doublings)).clamp(LEAST, 4.0 * INTERVAL);
        match self.row.wait {
            Wait::Interval => (0.0, INTERVAL),
            Wait::Backoff => (LEAST, backoff),
            Wait::BackoffAfter(wait) => (wait.as_secs_f64(), wait.as_secs_f64().max(backoff)),
            Wait::Limited(wait) => (wait.as_secs_f64() - self.rounded_off(), wait.as_secs_f64() + quarter),
            Wait::LimitedDoubling => {
                let wait = INTERVAL * 2f64.powi(doublings);
                (wait, wait + quarter)
            }
            Wait::SlowFromTheThird if failures < 3 => (0.0, INTERVAL),
            Wait::Slow | Wait::SlowFromTheThird => (SLOW - INTERVAL, SLOW + INTERVAL),
        }
    }

    /// What a date in whole seconds may lie before the moment that was meant.
    fn rounded_off(&self) -> f64 {
        if self.row.name == "limited_until_a_date" { 1.0 } else { 0.0 }
    }

    /// After each failed poll, the next one is told, and lies within the bounds of its class.
    pub(super) fn next_poll(&self) {
        if self.row.reason.is_none() || self.row.sibling == Sibling::Circuit {
            return;
        }
        let polls: Vec<&[Sample]> = self.during().chunk_by(|one, next| one.polls == next.polls).collect();
        let mut judged = 0;
        let mut before = self.samples[..self.faulty].last();
        for samples in polls {
            let first = &samples[0];
            let failures = first.failures - self.failures_before();
            let next = samples.iter().map(|sample| sample.next).fold(0.0, f64::max);
            // The poll ended after the scrape before was sent, and before this one had arrived.
            let (earliest, due) = before.map_or((0.0, 0.0), |sample| (sample.sent, sample.next));
            before = samples.last();
            // It may have been scraped but once, between its end and the note of its next.
            let not_noted = samples.len() == 1 && next < due + ROUNDING;
            if failures == 0 || first.up || earliest == 0.0 || not_noted {
                continue;
            }
            let (least, mut most) = self.bounds(failures);
            let at_its_slot = most <= INTERVAL && !matches!(self.row.wait, Wait::Backoff);
            if at_its_slot && first.received > due + LATE {
                // It may have been sent so late that its next slot would have come too soon.
                most = most.max(INTERVAL + LEAST);
            }
            let told = format!("failure {failures}, next after {:.2}..{:.2}", next - first.received, next - earliest);
            assert!(next - earliest >= least - ROUNDING, "sooner than {least}: {told}");
            assert!(next - first.received <= most + ROUNDING, "later than {most}: {told}");
            assert!(next - due >= LEAST - ROUNDING, "{} after the one before: {told}", next - due);
            judged += 1;
        }
        assert!(judged > 0, "no next poll was seen: {:?}", self.during());
    }
}
