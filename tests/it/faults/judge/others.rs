//! Judges what the other queries did: the sibling at the same host, and the bystanders at another.

use super::{Judge, LEAST, ROUNDING, major};
use crate::faults::evidence::Sample;
use crate::faults::host::{Cell, Heard};
use crate::faults::row::{Api, Sibling};
use crate::faults::run::BYSTANDER;

impl<'a> Judge<'a> {
    fn siblings(&self) -> &'a [Sample] {
        self.evidence.of(self.row.name, self.cell.api, self.cell.api.sibling())
    }

    /// The last sample of the sibling before that position.
    pub(super) fn of_sibling(&self, end: usize) -> Option<&'a Sample> {
        self.siblings()[..end].last()
    }

    /// What a sibling promises: to go on at the same host, or to share the fault.
    pub(super) fn sibling(&self) {
        if !self.row.has_sibling() {
            return;
        }
        let balance = major(self.cell.amount(self.cell.api.sibling()));
        let during = &self.siblings()[self.faulty..self.healed];
        let polls = during.last().map_or(0, |sample| sample.polls) - during.first().map_or(0, |sample| sample.polls);
        match self.row.sibling {
            Sibling::GoesOn => {
                is_well(during, &balance);
                assert!(polls >= 1, "the sibling was not polled: {during:?}");
            }
            Sibling::Waits => {
                // The limit came between these two scrapes.
                let limited = self.samples.iter().position(|sample| !sample.reasons.is_empty()).expect("it failed");
                let (earliest, latest) = (self.samples[limited - 1].sent, self.samples[limited].received);
                let since = || during.iter().filter(|sample| sample.sent > latest);
                let waiting = since().filter(|sample| sample.received < earliest + LEAST).map(|sample| sample.polls);
                let polls: Vec<u64> = waiting.collect();
                // One may have been under way.
                assert!(polls.last() <= polls.first().map(|first| first + 1).as_ref(), "{polls:?}");
                let (least, _) = self.bounds(1);
                let next = since().map(|sample| sample.next).fold(0.0, f64::max);
                assert!(next >= earliest + least - ROUNDING, "{} after the limit", next - earliest);
                let last = during.last().expect("it was scraped");
                assert!(last.up && last.reasons.is_empty(), "{last:?}");
                assert!(during.iter().flat_map(|sample| &sample.balances).all(|shown| *shown == balance));
            }
            Sibling::Fails => {
                let last = during.last().expect("it was scraped");
                assert_eq!(last.reasons, ["conflict"], "{last:?}");
                assert!(last.balances.is_empty() && last.last_known.is_empty(), "{last:?}");
                assert!(during.iter().flat_map(|sample| &sample.balances).all(|shown| *shown == balance));
            }
            Sibling::Circuit => {
                let last = during.last().expect("it was scraped");
                assert_eq!(last.reasons, ["connect"], "{last:?}");
                assert!(during.iter().flat_map(|sample| &sample.last_known).all(|shown| *shown == balance));
                // Both have failed once; then one asks at its backoff and the other waits for it.
                let mine = self.during().last().expect("it was scraped").failures - self.failures_before();
                let theirs = last.failures;
                assert!(mine.min(theirs) == 1 && mine.max(theirs) >= 2, "{mine} and {theirs} polls failed");
            }
            Sibling::None => {}
        }
    }

    /// The queries of other hosts went on.
    pub(super) fn bystanders(&self) {
        for api in Api::ALL {
            let of_it = |cell: &&(Cell, Vec<Heard>)| cell.0.row.name == BYSTANDER && cell.0.api == api;
            let (cell, _) = self.evidence.cells.iter().find(of_it).expect("it is there");
            let samples = self.evidence.of(BYSTANDER, api, api.gateway());
            let during: Vec<Sample> =
                samples.iter().filter(|sample| sample.received >= self.evidence.faulty).cloned().collect();
            is_well(&during, &major(cell.amount(api.gateway())));
            let polls =
                during.last().map_or(0, |sample| sample.polls) - during.first().map_or(0, |sample| sample.polls);
            assert!(polls >= 3, "the bystander was polled {polls} times: {during:?}");
        }
    }
}

/// Answered throughout, with that balance and no other.
fn is_well(samples: &[Sample], balance: &str) {
    let failures = samples.first().map_or(0, |sample| sample.failures);
    assert!(!samples.is_empty());
    for sample in samples {
        assert!(sample.up && sample.reasons.is_empty() && sample.failures == failures, "{sample:?}");
        assert_eq!(sample.balances, [balance], "{sample:?}");
        assert_eq!(sample.last_known, [balance], "{sample:?}");
    }
}
