//! What is known of one query: how its polls went, and the last good answer.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::money::{Exponents, MinorSum};
use crate::domain::observation::{Answer, Row, Withheld, WithheldBecause};
use crate::domain::query::{ChannelId, GatewayId, Query};

/// What is known of one query.
#[derive(Clone, Debug)]
pub struct QueryState {
    /// The query.
    pub query: Arc<Query>,
    /// Polls that ended.
    pub polls: u64,
    /// Polls that ended in a failure.
    pub failures: u64,
    /// Why the query fails, while it does.
    pub failing: Option<Arc<Failing>>,
    /// When the last successful poll ended.
    pub last_success: Option<SystemTime>,
    /// When it is asked next, on the monotonic clock: the wall clock may be set until then.
    pub next_poll: Option<Instant>,
    /// How many rows of the last answer are not published for their currency.
    pub rows_withheld: Option<usize>,
    /// `as_of_date` of the last successful answer, where the API has one.
    pub as_of: Option<SystemTime>,
    pub(super) held: Option<Arc<Held>>,
    /// Whether a series of the held answer was claimed by another query's answer too.
    pub(super) in_conflict: bool,
}

/// Why a query fails, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// What happened last.
    pub failure: Failure,
    /// When the first of the failures in a row ended.
    pub since: Instant,
}

/// The last good answer of a query.
#[derive(Clone, Debug)]
pub struct Held {
    /// When it came; or, if it was a long time coming, when it was asked for.
    pub at: Moment,
    /// When its balances were true, where the API says.
    pub as_of: Option<SystemTime>,
    /// Its balances, sorted by series.
    pub rows: Vec<HeldRow>,
    /// The rows not published for their currency.
    pub withheld: Vec<Withheld>,
}

/// A balance, and how it moved since its series is known.
#[derive(Clone, Debug)]
pub struct HeldRow {
    /// The balance.
    pub row: Row,
    /// The sum of its falls between consecutive answers.
    pub decreased: MinorSum,
    /// The sum of its rises between consecutive answers.
    pub increased: MinorSum,
}

impl QueryState {
    pub(super) fn new(query: Arc<Query>) -> Self {
        Self {
            query,
            polls: 0,
            failures: 0,
            failing: None,
            last_success: None,
            next_poll: None,
            rows_withheld: None,
            as_of: None,
            held: None,
            in_conflict: false,
        }
    }

    /// Whether the last poll succeeded.
    pub fn is_up(&self) -> bool {
        self.polls > 0 && self.failing.is_none()
    }

    /// Whether a series of the last good answer was claimed by another query's answer too, so that neither is published.
    pub fn is_in_conflict(&self) -> bool {
        self.in_conflict
    }

    /// The last good answer, fresh or stale, unless another query claims a series of it too.
    pub fn last_known(&self) -> Option<&Held> {
        self.held.as_deref().filter(|_| !self.in_conflict)
    }

    /// The last good answer while it counts.
    pub fn fresh(&self, now: Moment) -> Option<&Held> {
        self.last_known().filter(|held| held.is_fresh(self.query.pace.stale_after, now))
    }

    /// For how long the last good answer counts from that moment on, if it counts then.
    pub fn fresh_for(&self, now: Moment) -> Option<Duration> {
        let stale_after = self.query.pace.stale_after;
        self.fresh(now).map(|held| stale_after.saturating_sub(now.since(held.at)))
    }

    /// The last good answer once it counts no more.
    pub fn stale(&self, now: Moment) -> Option<&Held> {
        self.last_known().filter(|held| !held.is_fresh(self.query.pace.stale_after, now))
    }

    /// Whether the held answer bars an answer that is true of that time: it is newer, and still counts.
    pub(super) fn bars(&self, as_of: Option<SystemTime>, now: Moment) -> bool {
        self.held.as_ref().is_some_and(|held| {
            held.as_of.zip(as_of).is_some_and(|(held, new)| new < held)
                && held.is_fresh(self.query.pace.stale_after, now)
        })
    }

    /// The state under a query that asks the same. An answer whose amounts now have another exponent is dropped.
    pub(super) fn carried_over(&self, query: Arc<Query>, exponents: &Exponents) -> Self {
        let mut state = Self { query, ..self.clone() };
        let exponents_hold = state.held.as_ref().is_none_or(|held| {
            held.rows.iter().all(|held| exponents.of(held.row.series.currency) == Ok(held.row.exponent))
        });
        if !exponents_hold {
            state.held = None;
        }
        state
    }

    /// Whether a query's next answer may hold more than what is carried over.
    pub(super) fn may_hold_more(&self, carried: &Self, exponents: &Exponents) -> bool {
        let admitted = |row: &Withheld| match row.why {
            WithheldBecause::Exponent(unknown) => exponents.of(unknown.currency).is_ok(),
            WithheldBecause::NoCurrency => false,
        };
        let dropped = self.held.is_some() && carried.held.is_none();
        let withheld = carried.held.as_ref().is_some_and(|held| held.withheld.iter().any(admitted));
        let all_withheld =
            carried.failing.as_ref().is_some_and(|failing| failing.failure.reason == Reason::UnknownCurrency);
        dropped || withheld || all_withheld || carried.in_conflict
    }

    /// Counts a poll that ended.
    pub(super) fn ended(&mut self, outcome: Result<(), Failure>, now: Moment) -> Transition {
        self.polls += 1;
        match outcome {
            Ok(()) => self.succeed(now),
            Err(failure) => {
                self.failures += 1;
                if failure.reason == Reason::UnknownCurrency {
                    self.rows_withheld = usize::try_from(failure.withheld).ok();
                }
                self.fail(failure, now)
            }
        }
    }

    /// Fails from now on, or goes on failing.
    pub(super) fn fail(&mut self, failure: Failure, now: Moment) -> Transition {
        let before = self.failing.as_ref().map(|failing| (failing.failure.reason, failing.since));
        let since = before.map_or(now.monotonic, |(_, since)| since);
        let transition = match before {
            Some((reason, _)) if reason == failure.reason => Transition::None,
            _ => Transition::Failing(failure.clone()),
        };
        self.failing = Some(Arc::new(Failing { failure, since }));
        transition
    }

    fn succeed(&mut self, now: Moment) -> Transition {
        self.last_success = Some(now.wall);
        match self.failing.take() {
            Some(failing) => Transition::Recovered { after: now.monotonic.saturating_duration_since(failing.since) },
            None if self.polls == 1 => Transition::Answered,
            None => Transition::None,
        }
    }
}

impl Held {
    /// The gateways it tells of, and their channels where it names them: rows not published for their currency too.
    pub fn told_of(&self) -> impl Iterator<Item = (GatewayId, Option<ChannelId>)> {
        let answered = self.rows.iter().map(|held| (held.row.series.gateway, held.row.series.subject.channel()));
        answered.chain(self.withheld.iter().map(|row| (row.gateway, row.channel)))
    }

    /// Whether it counts, by the longer of its two ages.
    fn is_fresh(&self, stale_after: Duration, now: Moment) -> bool {
        now.since(self.at) < stale_after
    }

    /// An answer that follows another: each balance goes on from where it was. What the answer no longer lists is
    /// forgotten.
    pub(super) fn following(before: Option<&Self>, answer: Answer, at: Moment) -> Self {
        let before = before.map(|before| before.rows.as_slice()).unwrap_or_default();
        let mut rows: Vec<HeldRow> = answer
            .rows
            .into_iter()
            .map(|row| {
                let known = before.binary_search_by(|held| held.row.series.cmp(&row.series)).ok();
                HeldRow::following(known.map(|index| &before[index]), row)
            })
            .collect();
        rows.sort_by(|one, other| one.row.series.cmp(&other.row.series));
        let at = answer.since.unwrap_or(at);
        Self { at, as_of: answer.as_of, rows, withheld: answer.withheld }
    }
}

impl HeldRow {
    fn following(before: Option<&Self>, row: Row) -> Self {
        let mut held = Self { row, decreased: MinorSum::default(), increased: MinorSum::default() };
        if let Some(before) = before {
            (held.decreased, held.increased) = (before.decreased, before.increased);
            let (from, to) = (before.row.amount, held.row.amount);
            if to < from {
                held.decreased.add_distance(from, to);
            } else {
                held.increased.add_distance(from, to);
            }
        }
        held
    }
}

/// How a query's state changed, for the log: told once per change, not once per poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It goes on as it was.
    None,
    /// Its first poll succeeded.
    Answered,
    /// It fails, or fails for another reason.
    Failing(Failure),
    /// So many rows are left out of its answers for their currency, where it was another number before.
    Withholding {
        /// How many.
        rows: usize,
        /// Why the first of them is.
        why: WithheldBecause,
    },
    /// It succeeds again.
    Recovered {
        /// After failing for that long.
        after: Duration,
    },
}

impl Transition {
    /// What the rows withheld from an answer change, beside how many were before.
    pub(super) fn of_withheld(before: Option<usize>, withheld: &[Withheld]) -> Self {
        match withheld.first() {
            Some(first) if before != Some(withheld.len()) => Self::Withholding { rows: withheld.len(), why: first.why },
            _ => Self::None,
        }
    }
}

/// The failure of an answer older than the one held.
pub(super) fn outdated() -> Failure {
    Failure::new(
        Reason::OutdatedAnswer,
        "as_of_date of the answer is older than the one held; the held one stays until it is stale",
    )
}
