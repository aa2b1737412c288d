//! What the page says before it says anything in detail.

use super::entry::{Entry, Urgency, What};
use super::words::count;
use crate::domain::moment::Moment;
use crate::store::QueryState;

/// How many queries and balances are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) queries: usize,
    /// Whose last poll succeeded.
    pub(super) answered: usize,
    pub(super) failing: usize,
    /// Whose last answer is too old.
    pub(super) stale: usize,
    /// Whose first poll has not ended.
    pub(super) waiting: usize,
    /// Balances that count.
    pub(super) balances: usize,
    pub(super) critical: usize,
    pub(super) warning: usize,
    /// Rows not published for their currency.
    pub(super) withheld: usize,
    /// Channels of the configuration that no answer tells of.
    pub(super) missing: usize,
}

impl Summary {
    pub(super) fn of<'a>(states: impl Iterator<Item = &'a QueryState>, entries: &[Entry<'_>], now: Moment) -> Self {
        let mut summary = Self::default();
        for state in states {
            summary.queries += 1;
            summary.answered += usize::from(state.is_up());
            summary.failing += usize::from(state.failing.is_some());
            summary.stale += usize::from(state.stale(now).is_some());
            summary.waiting += usize::from(state.polls == 0 && state.failing.is_none());
        }
        for entry in entries {
            summary.balances += usize::from(matches!(entry.what, What::Fresh(..)));
            summary.critical += usize::from(entry.urgency == Urgency::Critical);
            summary.warning += usize::from(entry.urgency == Urgency::Warning);
            summary.withheld += usize::from(matches!(entry.what, What::Withheld(..)));
            summary.missing += usize::from(matches!(entry.what, What::Missing(_)));
        }
        summary
    }

    /// What is wrong, the gravest first; empty where nothing is.
    pub(super) fn troubles(&self) -> Vec<String> {
        [
            (self.critical, count(self.critical, "balance critical", "balances critical")),
            (self.failing, count(self.failing, "query failing", "queries failing")),
            (self.stale, count(self.stale, "query stale", "queries stale")),
            (self.warning, count(self.warning, "balance low", "balances low")),
            (self.missing, count(self.missing, "channel missing", "channels missing")),
            (self.withheld, count(self.withheld, "row withheld", "rows withheld")),
        ]
        .into_iter()
        .filter_map(|(number, told)| (number > 0).then_some(told))
        .collect()
    }

    /// The state in a sentence.
    pub(super) fn headline(&self) -> String {
        let troubles = self.troubles();
        if !troubles.is_empty() {
            return troubles.join(", ");
        }
        match (self.queries, self.waiting) {
            (0, _) => "no queries".to_owned(),
            (_, 0) => "all queries are answered, no balance is low".to_owned(),
            (_, waiting) => format!("{} of {} not answered yet", waiting, count(self.queries, "query", "queries")),
        }
    }
}
