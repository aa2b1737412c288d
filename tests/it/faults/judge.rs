//! Holds a cell to its row: the balance shown meanwhile, the reason counted, the time of the next poll, what the other
//! queries did, what was logged, and what was sent.

mod log;
mod next;
mod others;

use super::evidence::{Evidence, Sample};
use super::host::{Cell, Heard, Phase};
use super::row::{Balance, Fault, Row, Sibling};
use super::run::{STALE_AFTER, evidence, is_regular};
use super::{answers, secrets};

/// No poll is asked sooner after the one before.
const LEAST: f64 = 5.0;
/// What is sent later than so counts from then.
const LATE: f64 = 1.0;
/// How long refused credentials or requests wait.
const SLOW: f64 = 900.0;
/// Times are published in milliseconds or finer.
const ROUNDING: f64 = 0.01;

/// Holds the cell of that name to its row.
pub(super) fn cell(row: &str, api: &str) {
    let evidence = evidence();
    let of_it = |cell: &&(Cell, Vec<Heard>)| cell.0.row.name == row && cell.0.api.name() == api;
    let (cell, heard) = evidence.cells.iter().find(of_it).expect("the matrix has the cell");
    let judge = Judge::new(evidence, cell);
    judge.was_answered_before();
    judge.balances();
    judge.reason();
    judge.next_poll();
    judge.sibling();
    judge.bystanders();
    judge.log();
    judge.recovery();
    judge.sent(heard);
}

struct Judge<'a> {
    evidence: &'a Evidence,
    cell: &'a Cell,
    row: &'a Row,
    /// What was seen of the query, until it was healed and after.
    samples: &'a [Sample],
    /// The position of the first sample that may show the fault.
    faulty: usize,
    /// The position of the first sample that may show no fault any more.
    healed: usize,
}

impl<'a> Judge<'a> {
    fn new(evidence: &'a Evidence, cell: &'a Cell) -> Self {
        let samples = evidence.of(cell.row.name, cell.api, cell.api.gateway());
        let since = |time: f64| samples.iter().position(|sample| sample.received >= time).unwrap_or(samples.len());
        let begun = if cell.row.balance == Balance::Never { 0.0 } else { evidence.faulty };
        Self { evidence, cell, row: &cell.row, samples, faulty: since(begun), healed: since(evidence.healed) }
    }

    /// What was seen while the fault lasted.
    fn during(&self) -> &'a [Sample] {
        &self.samples[self.faulty..self.healed]
    }

    /// What was seen while the query failed for the fault.
    fn failing(&self) -> impl Iterator<Item = &'a Sample> {
        self.during().iter().filter(|sample| !sample.reasons.is_empty())
    }

    /// The good balance of the query.
    fn balance(&self) -> [String; 1] {
        [major(self.cell.amount(self.cell.api.gateway()))]
    }

    fn was_answered_before(&self) {
        if self.row.balance == Balance::Never {
            return;
        }
        let before = &self.samples[..self.faulty];
        let last = before.last().expect("it was scraped before the fault");
        assert!(is_regular(last), "{last:?}");
        assert_eq!(last.balances, self.balance(), "{last:?}");
    }

    /// Never another number than the last one, none once it is stale; the last known one stays.
    fn balances(&self) {
        let balance = self.balance();
        let (mut shown, mut gone) = (0, 0);
        for sample in self.during() {
            let (balances, last_known) = (&sample.balances, &sample.last_known);
            match self.row.balance {
                Balance::Never => assert!(balances.is_empty() && last_known.is_empty(), "{sample:?}"),
                Balance::Withdrawn if !sample.up => {
                    assert!(balances.is_empty() && last_known.is_empty(), "{sample:?}");
                }
                Balance::GoesOn => {
                    assert_eq!(*balances, balance, "{sample:?}");
                    assert_eq!(*last_known, balance, "{sample:?}");
                }
                // The answer that replaces it, once it was stale.
                Balance::KeptThenReplaced if sample.up && sample.last_success > self.evidence.faulty => {
                    let replaced = [major(answers::POISON)];
                    assert_eq!(*last_known, replaced, "{sample:?}");
                    assert!(balances.is_empty() || *balances == replaced, "{sample:?}");
                }
                Balance::Kept | Balance::KeptThenReplaced | Balance::Withdrawn => {
                    assert_eq!(*last_known, balance, "{sample:?}");
                    let stale = sample.last_success + STALE_AFTER;
                    if balances.is_empty() {
                        assert!(sample.received > stale - ROUNDING, "gone too soon: {sample:?}");
                    } else {
                        assert_eq!(*balances, balance, "{sample:?}");
                        assert!(sample.sent < stale + ROUNDING, "there too long: {sample:?}");
                    }
                }
            }
            shown += usize::from(!balances.is_empty() && !sample.up);
            gone += usize::from(balances.is_empty() && !sample.up);
        }
        let sees = |what: bool, name: &str| assert!(what, "{name} was not seen: {:?}", self.during());
        match self.row.balance {
            Balance::Kept => {
                sees(shown > 0, "a failing query with a fresh balance");
                sees(gone > 0, "a failing query without a balance");
            }
            Balance::KeptThenReplaced => sees(shown > 0, "a failing query with a fresh balance"),
            Balance::Never | Balance::Withdrawn => sees(gone > 0, "a failing query without a balance"),
            Balance::GoesOn => sees(self.during().len() > 1, "the query"),
        }
        let strays: Vec<_> = self.evidence.strays.iter().filter(|stray| stray.contains(self.row.name)).collect();
        assert!(strays.is_empty(), "balances that nobody asked for: {strays:?}");
    }

    /// That reason and no other is shown and counted, once for each failed poll.
    fn reason(&self) {
        let Some(reason) = self.row.reason else {
            assert!(self.during().iter().all(|sample| sample.up && sample.reasons.is_empty()), "{:?}", self.during());
            assert!(self.during().iter().any(|sample| sample.withheld == 1), "{:?}", self.during());
            return;
        };
        assert!(self.failing().count() > 0, "it was never seen failing: {:?}", self.during());
        for sample in self.failing() {
            assert_eq!(sample.reasons, [reason], "{sample:?}");
            assert!(!sample.up, "{sample:?}");
        }
        let last = self.during().last().expect("it was scraped");
        let mut failures = last.failures - self.failures_before();
        if matches!(self.row.sibling, Sibling::Fails | Sibling::Circuit) {
            failures += self.of_sibling(self.healed).map_or(0, |sample| sample.failures);
        }
        for ((shop, api, counted), value) in &self.evidence.counted[1] {
            if shop == self.row.name && api == self.cell.api.name() {
                let key = (shop.clone(), api.clone(), counted.clone());
                let before = self.evidence.counted[0].get(&key).copied().unwrap_or_default();
                let before = if self.row.balance == Balance::Never { 0 } else { before };
                let expected = if counted == reason { failures } else { 0 };
                assert_eq!(value - before, expected, "{counted}");
            }
        }
    }

    fn failures_before(&self) -> u64 {
        self.samples[..self.faulty].last().map_or(0, |sample| sample.failures)
    }

    /// Back at the end, asked soon enough or by the reload, with the balance that it had.
    fn recovery(&self) {
        let last = self.samples.last().expect("it was scraped");
        if !self.row.recovers() || self.row.reason.is_none() {
            return;
        }
        assert!(last.up && last.reasons.is_empty(), "{last:?}");
        let balance = self.balance();
        assert_eq!(last.last_known, balance, "{last:?}");
        let after = &self.samples[self.healed..];
        assert!(after.iter().any(|sample| sample.up && sample.balances == balance), "{last:?}");
        for sample in after {
            let shown = sample.balances.is_empty() || sample.balances == balance;
            assert!(shown || self.row.balance == Balance::KeptThenReplaced, "{sample:?}");
        }
    }

    /// Credentials went to the host asked and to nobody else.
    fn sent(&self, heard: &[Heard]) {
        let authorization = secrets::authorization();
        let during = || heard.iter().filter(|heard| heard.phase == Phase::Faulty);
        match &self.row.fault {
            Fault::Answer(_) => {
                assert!(
                    during().all(|heard| heard.text.contains(&authorization)),
                    "every request authenticates itself"
                );
                assert!(heard.iter().all(|heard| !heard.text.to_lowercase().contains("proxy-authorization")));
            }
            Fault::Handshake(_) => {
                assert!(during().count() > 0, "the host was asked");
                let hello = |heard: &Heard| !heard.text.contains("uthorization") && !heard.text.contains("HTTP/1.1");
                assert!(during().all(hello), "nothing but the beginning of a handshake");
            }
            Fault::Certificate(_) | Fault::Closed | Fault::Unresolved => {
                assert_eq!(during().count(), 0, "nothing was sent: {heard:?}");
            }
            Fault::Proxy(_) => {
                assert_eq!(during().count(), 0, "nothing came through the proxy: {heard:?}");
                assert!(heard.iter().all(|heard| !heard.text.to_lowercase().contains("proxy-authorization")));
                let proxy = &self.evidence.proxies[self.row.name];
                assert!(proxy.iter().any(|heard| heard.phase == Phase::Faulty), "the proxy was asked");
                for heard in proxy {
                    assert!(heard.text.contains(&secrets::proxy_authorization()), "{heard:?}");
                    assert!(!heard.text.contains(&authorization), "{heard:?}");
                    assert!(heard.text.starts_with("CONNECT localhost:"), "{heard:?}");
                }
            }
        }
        if self.row.name.starts_with("redirect") {
            assert_eq!(self.evidence.elsewhere, 0, "the host that redirects lead to heard of nothing");
        }
    }
}

/// An amount of USD as metrics show it.
fn major(minor: i64) -> String {
    let text = format!("{}.{:02}", minor / 100, minor % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
