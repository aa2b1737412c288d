//! Holds every scrape against the truth, the configuration and the scrape before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::exposition::{Published, Scrape};
use crate::fleet::{ACCOUNT, CURRENCIES, Expected, KEY, MAX_IN_FLIGHT, Queries};
use crate::process::unix_now;
use crate::truth::{Truth, Verdict};

/// How exactly two readings of this machine's clock are compared, in seconds.
const CLOCK: f64 = 0.02;
/// How much later than its end a poll may be recorded on a busy machine, in seconds.
const BUSY: f64 = 1.0;
/// How much longer than its interval a query may go without an answer that nothing strikes, in seconds.
const QUIET_LATE: f64 = 3.0;
/// How many queries that fail are asked at a host at once: half of the limit that the configuration sets.
const FAILING_AT_ONCE: u16 = MAX_IN_FLIGHT / 2;
/// How many violations are told in full.
const TOLD: usize = 100;

/// What is configured, from one reload to the next.
#[derive(Debug, Default)]
pub(crate) struct Configured {
    in_force: Queries,
    /// What was written, and when: it counts from the scrape on that tells of a later reload.
    pending: Option<(f64, Queries)>,
    /// When a broken file was refused, if that is the last that happened.
    refused: Option<f64>,
}

impl Configured {
    pub(crate) fn new(in_force: Queries) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self { in_force, pending: None, refused: None }))
    }

    pub(crate) fn expect(&mut self, written_at: f64, queries: Queries) {
        self.pending = Some((written_at, queries));
        self.refused = None;
    }

    pub(crate) const fn refuse(&mut self, at: f64) {
        self.refused = Some(at);
    }

    pub(crate) const fn is_settled(&self) -> bool {
        self.pending.is_none()
    }
}

/// What was compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) scrapes: u64,
    pub(crate) equal: u64,
    pub(crate) absent: u64,
    pub(crate) not_known: u64,
    pub(crate) last_known_equal: u64,
    pub(crate) counters: u64,
    /// The oldest balance published, beside its limit.
    pub(crate) oldest: f64,
    /// How far the next poll of a query lay in the past, in seconds.
    pub(crate) overdue: f64,
    /// How long a quiet query went without a success, in seconds above its interval.
    pub(crate) quiet_late: f64,
}

/// The judge.
pub(crate) struct Judge {
    truth: Arc<Truth>,
    configured: Arc<Mutex<Configured>>,
    timeout: f64,
    /// Nothing was answered before.
    began: f64,
    folder: PathBuf,
    before: Option<Scrape>,
    pub(crate) counts: Counts,
    violations: Vec<String>,
    /// Whom the violations concern, each told once.
    subjects: HashSet<String>,
    more: u64,
}

impl Judge {
    pub(crate) fn new(
        truth: Arc<Truth>,
        configured: Arc<Mutex<Configured>>,
        timeout: Duration,
        folder: PathBuf,
    ) -> Self {
        Self {
            truth,
            configured,
            timeout: timeout.as_secs_f64(),
            began: unix_now(),
            folder,
            before: None,
            counts: Counts::default(),
            violations: Vec::new(),
            subjects: HashSet::new(),
            more: 0,
        }
    }

    pub(crate) fn violate(&mut self, what: String) {
        // What is wrong once is often wrong at every scrape from then on.
        let subject = what.split_once(" is ").map_or(what.as_str(), |(subject, _)| subject);
        if self.violations.len() < TOLD && self.subjects.insert(subject.to_owned()) {
            self.violations.push(what);
        } else {
            self.more += 1;
        }
    }

    /// Every violation so far, the many in short.
    pub(crate) fn violations(&self) -> Vec<String> {
        let more = (self.more > 0).then(|| format!("… and {} more", self.more));
        self.violations.iter().cloned().chain(more).collect()
    }

    /// Judges a scrape; whether every query is up and every balance is there.
    pub(crate) async fn judge(&mut self, scrape: Scrape) -> bool {
        if !self.truth.asked_since(scrape.answered).await {
            self.violate("the simulator does not answer".into());
            return false;
        }
        let violations_before = self.violations.len() + usize::try_from(self.more).unwrap_or_default();
        self.counts.scrapes += 1;
        if let Some(line) = scrape.text.lines().find(|line| line.contains(KEY) || line.contains(ACCOUNT)) {
            self.violate(format!("a line of the metrics that must not be there: {line}"));
        }
        let queries = self.queries(&scrape);
        self.balances(&scrape, &queries);
        self.counters(&scrape);
        self.conservation(&scrape);
        self.health(&scrape, &queries);
        let up = queries.len() == scrape.health.len() && scrape.health.values().all(|health| health.up);
        let rows: usize = queries.values().map(|query| query.rows).sum();
        let all = up && scrape.balances.len() == rows;
        if violations_before == 0 && !self.violations.is_empty() {
            std::fs::write(self.folder.join("violating.prom"), &scrape.text).expect("it can be written");
        }
        self.before = Some(scrape);
        all
    }

    /// The queries in force at that scrape.
    fn queries(&mut self, scrape: &Scrape) -> Queries {
        let mut configured = self.configured.lock().expect("not poisoned");
        let reloaded = configured.pending.as_ref().is_some_and(|(written_at, _)| scrape.reloaded_at > *written_at);
        if reloaded && let Some((_, queries)) = configured.pending.take() {
            configured.in_force = queries;
        }
        let queries = configured.in_force.clone();
        let told_wrong = match configured.refused {
            Some(at) => scrape.asked > at && scrape.reload_successful,
            None => reloaded && !scrape.reload_successful,
        };
        drop(configured);
        if told_wrong {
            self.violate(format!("the last reload is told as successful: {}", scrape.reload_successful));
        }
        let missing: Vec<_> = queries.keys().filter(|query| !scrape.health.contains_key(*query)).collect();
        let unknown: Vec<_> = scrape.health.keys().filter(|query| !queries.contains_key(*query)).collect();
        if !missing.is_empty() || !unknown.is_empty() {
            self.violate(format!("queries are not those configured: missing {missing:?}, unknown {unknown:?}"));
        }
        queries
    }

    fn balances(&mut self, scrape: &Scrape, queries: &Queries) {
        let rows: usize = queries.values().map(|query| query.rows).sum();
        self.counts.absent += rows.saturating_sub(scrape.balances.len()) as u64;
        for published in &scrape.balances {
            self.balance(scrape, queries, published, "balance", true);
        }
        for published in &scrape.last_known {
            self.balance(scrape, queries, published, "last known balance", false);
        }
        for published in &scrape.controls {
            let Some((query, expected, answered)) = self.query_of(scrape, queries, published, "payout control") else {
                continue;
            };
            let between = self.answered_between(scrape, &query, expected, answered);
            let verdict = self.truth.judge_control(&published.key, published.value > 0.5, between);
            self.count(&verdict, published, "payout control", true);
        }
    }

    fn balance(&mut self, scrape: &Scrape, queries: &Queries, published: &Published, what: &str, fresh: bool) {
        let Some((query, expected, answered)) = self.query_of(scrape, queries, published, what) else { return };
        let age = scrape.asked - answered;
        let limit = expected.stale_after.as_secs_f64();
        if fresh {
            self.counts.oldest = self.counts.oldest.max(age / limit);
            if age > limit + CLOCK {
                self.violate(format!("{} is {age:.3} s old where {limit} s are allowed", published.key));
            }
        }
        let exponent = CURRENCIES.iter().find(|(code, _)| *code == published.currency).map_or(0, |(_, places)| *places);
        let unit = 10f64.powi(exponent);
        #[expect(clippy::cast_possible_truncation, reason = "money of the fleet is far below 2^53")]
        let minor = (published.value * unit).round() as i64;
        #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "the published number is exactly this one")]
        if minor as f64 / unit != published.value {
            self.violate(format!("{} is {}, which is no whole minor unit", published.key, published.value));
        }
        let between = self.answered_between(scrape, &query, expected, answered);
        let verdict = self.truth.judge(&published.key, minor, between);
        self.count(&verdict, published, what, fresh);
    }

    fn count(&mut self, verdict: &Verdict, published: &Published, what: &str, fresh: bool) {
        match verdict {
            Verdict::Held if fresh => self.counts.equal += 1,
            Verdict::Held => self.counts.last_known_equal += 1,
            Verdict::Unknown if fresh => self.counts.not_known += 1,
            Verdict::Unknown => {}
            Verdict::NotHeld(was) => {
                self.violate(format!("{what} of {} is published as {}; {was}", published.key, published.value));
            }
        }
    }

    /// The query that a balance came from, what is expected of it, and when it was answered.
    fn query_of<'a>(
        &mut self,
        scrape: &Scrape,
        queries: &'a Queries,
        published: &Published,
        what: &str,
    ) -> Option<(String, &'a Expected, f64)> {
        let found = scrape.last_success.get(&published.key);
        let found = found.and_then(|(query, at)| Some((query.clone(), queries.get(query)?, *at)));
        if found.is_none() {
            self.violate(format!("{what} of {} belongs to no configured query", published.key));
        }
        found
    }

    /// Between which times the simulator gave the answer: exactly where the answer is dated, else during the poll.
    fn answered_between(&mut self, scrape: &Scrape, query: &str, expected: &Expected, at: f64) -> (f64, f64) {
        let health = scrape.health.get(query);
        let ended = health.map_or(at, |health| health.last_success);
        if expected.asynchronous {
            // Its age counts from its start, and several polls may have asked for it.
            return ((at - CLOCK).max(self.began), ended + CLOCK);
        }
        let poll = ((at - self.timeout - BUSY).max(self.began), at + CLOCK);
        if (ended - at).abs() > CLOCK {
            self.violate(format!("{query} was last answered at {at:.3}, and its last success is of {ended:.3}"));
        }
        match health.and_then(|health| health.as_of) {
            Some(as_of) => {
                if as_of < poll.0 || as_of > poll.1 {
                    self.violate(format!("{query} was answered at {at:.3} and dated {as_of:.3}"));
                }
                (as_of - CLOCK, as_of + CLOCK)
            }
            None => poll,
        }
    }

    /// No counter goes down.
    fn counters(&mut self, scrape: &Scrape) {
        let Some(before) = &self.before else { return };
        let fallen: Vec<String> = scrape
            .counters
            .iter()
            .filter_map(|(series, value)| Some((series, value, before.counters.get(series)?)))
            .filter(|(_, value, before)| value < before)
            .map(|(series, value, before)| format!("{series} fell from {before} to {value}"))
            .collect();
        self.counts.counters += scrape.counters.len() as u64;
        for what in fallen {
            self.violate(what);
        }
    }

    /// What a balance moved by is what its falls and rises say.
    fn conservation(&mut self, scrape: &Scrape) {
        let Some(before) = &self.before else { return };
        let known: HashMap<&str, f64> = before.last_known.iter().map(|row| (row.key.as_str(), row.value)).collect();
        let mut wrong = Vec::new();
        for row in &scrape.last_known {
            let found = known.get(row.key.as_str()).zip(before.moved.get(&row.key)).zip(scrape.moved.get(&row.key));
            let Some(((balance, fell_rose), (fell, rose))) = found else { continue };
            let moved = (rose - fell_rose.1) - (fell - fell_rose.0);
            if (row.value - balance - moved).abs() > 0.001 {
                wrong.push(format!("{} went from {balance} to {}, its counters by {moved}", row.key, row.value));
            }
        }
        for what in wrong {
            self.violate(what);
        }
    }

    fn health(&mut self, scrape: &Scrape, queries: &Queries) {
        let mut wrong = Vec::new();
        // Those that fail share half of a host's places, each for its timeout at most; and a gateway's five queries go one
        // after the other.
        #[expect(clippy::cast_precision_loss, reason = "there are not that many queries")]
        let rounds = scrape.health.values().filter(|health| !health.up).count() as f64 / f64::from(FAILING_AT_ONCE);
        let overdue_limit = self.timeout * (rounds + 6.0) + 5.0;
        for (query, health) in &scrape.health {
            let Some(next) = health.next else {
                // One that has just been added gets its next poll a moment later.
                if self.before.as_ref().is_some_and(|before| before.health.contains_key(query)) {
                    wrong.push(format!("{query} has no next poll"));
                }
                continue;
            };
            let overdue = scrape.asked - next;
            self.counts.overdue = self.counts.overdue.max(overdue);
            if overdue > overdue_limit {
                wrong.push(format!("the next poll of {query} lies {overdue:.1} s in the past"));
            }
            let Some(expected) = queries.get(query).filter(|expected| expected.quiet) else { continue };
            if health.failures > 0.0 {
                wrong.push(format!("{query} failed, though nothing struck its shop"));
            }
            if health.polls > 0.0 {
                let late = scrape.asked - health.last_success - expected.interval.as_secs_f64();
                self.counts.quiet_late = self.counts.quiet_late.max(late);
                // Below ten seconds there is no room for a step before a query's first turn.
                let step = if expected.interval < Duration::from_secs(10) { 5.0 } else { 0.0 };
                if late > QUIET_LATE + step {
                    wrong.push(format!("{query} was not answered for {late:.1} s more than its interval"));
                }
            }
        }
        for what in wrong {
            self.violate(what);
        }
    }

    /// Failures so far by reason, of the last scrape.
    pub(crate) fn failures(&self) -> BTreeMap<String, f64> {
        let mut failures = BTreeMap::new();
        for (series, value) in self.before.iter().flat_map(|scrape| &scrape.counters) {
            if let Some((_, reason)) = series
                .split_once("overpay_poll_failures_by_reason_total{")
                .and_then(|(_, labels)| labels.split_once("reason=\""))
            {
                *failures.entry(reason.trim_end_matches("\"}").to_owned()).or_default() += value;
            }
        }
        failures
    }

    pub(crate) fn configured(&self) -> Arc<Mutex<Configured>> {
        Arc::clone(&self.configured)
    }

    pub(crate) fn last(&self) -> Option<&Scrape> {
        self.before.as_ref()
    }
}
