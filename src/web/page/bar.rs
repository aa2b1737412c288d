//! A balance beside its thresholds, as a bar and in words.

use super::words::{distance, major};
use crate::domain::observation::Row;
use crate::domain::query::{Query, Severity};

/// A balance beside its thresholds.
#[derive(Debug, PartialEq)]
pub(super) struct Standing {
    /// How low it is, if it is.
    pub(super) severity: Option<Severity>,
    /// How far it lies above or below which threshold.
    pub(super) words: String,
    /// The thresholds.
    pub(super) thresholds: String,
    /// The bar, where there is room for one between zero and the thresholds.
    pub(super) bar: Option<Bar>,
}

/// A bar that is full at twice the highest threshold, so that marks of the same threshold stand below each other.
/// Positions are in percent of its length.
#[derive(Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) level: f64,
    pub(super) warning: Option<f64>,
    pub(super) critical: Option<f64>,
    /// What it shows, for who doesn't see it.
    pub(super) label: String,
}

impl Standing {
    /// The balance of that row of an answer to that query; none where it has no threshold.
    pub(super) fn of(query: &Query, row: &Row) -> Option<Self> {
        let thresholds = row.thresholds(query);
        let severity = row.severity(query);
        // What is crossed is told first; what is not, from the threshold that would be crossed first.
        let (name, threshold) = match severity {
            Some(Severity::Critical) => (Severity::Critical, thresholds.critical?),
            Some(Severity::Warning) => (Severity::Warning, thresholds.warning?),
            None => match (thresholds.warning, thresholds.critical) {
                (Some(warning), Some(critical)) if critical > warning => (Severity::Critical, critical),
                (Some(warning), _) => (Severity::Warning, warning),
                (None, critical) => (Severity::Critical, critical?),
            },
        };
        let distance = distance(row.amount, row.exponent, threshold);
        let words = match (severity.is_some(), distance) {
            (true, Some(distance)) => format!("below {name} by {distance}"),
            (true, None) => format!("below {name}"),
            (false, Some(distance)) => format!("{distance} above {name}"),
            (false, None) => format!("above {name}"),
        };
        let told = [(Severity::Warning, thresholds.warning), (Severity::Critical, thresholds.critical)];
        let told: Vec<String> = told
            .into_iter()
            .filter_map(|(severity, threshold)| Some(format!("{severity} {}", major(threshold?))))
            .collect();
        let full = 2.0 * thresholds.warning.into_iter().chain(thresholds.critical).fold(0.0, f64::max);
        let percent = |amount: f64| ((amount / full).clamp(0.0, 1.0) * 1000.0).round() / 10.0;
        let bar = (full > 0.0 && full.is_finite()).then(|| Bar {
            level: percent(row.amount.to_major(row.exponent)),
            warning: thresholds.warning.map(percent),
            critical: thresholds.critical.map(percent),
            label: format!("balance {words}"),
        });
        Some(Self { severity, words, thresholds: told.join(" · "), bar })
    }

    /// How low the balance is, in a word.
    pub(super) fn level(&self) -> &'static str {
        self.severity.map_or("fine", Severity::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::query::Thresholds;
    use crate::domain::samples::{channel_row, channels, currency, shop};

    /// A balance in cents of a query with those thresholds.
    fn standing(amount: i64, warning: Option<f64>, critical: Option<f64>) -> Option<Standing> {
        let thresholds = Arc::new([(currency("USD"), Thresholds { warning, critical })].into());
        let query = Query { thresholds, ..channels(&shop("main"), "q", 1) };
        Standing::of(&query, &channel_row(1, 10, amount))
    }

    fn words(amount: i64, warning: f64, critical: f64) -> String {
        standing(amount, Some(warning), Some(critical)).unwrap().words
    }

    #[test]
    fn words_name_the_gravest_threshold_that_is_crossed_and_the_exact_distance() {
        assert_eq!(words(99, 20.0, 1.0), "below critical by 0.01");
        assert_eq!(words(100, 20.0, 1.0), "below warning by 19.00");
        assert_eq!(words(2_000, 20.0, 1.0), "0.00 above warning");
        assert_eq!(words(123_456_789, 20.0, 1.0), "1\u{202f}234\u{202f}547.89 above warning");
    }

    #[test]
    fn one_threshold_is_enough_and_none_has_no_standing() {
        assert_eq!(standing(500, None, Some(1.0)).unwrap().words, "4.00 above critical");
        assert_eq!(standing(50, Some(1.0), None).unwrap().words, "below warning by 0.50");
        assert_eq!(standing(500, None, None), None);
    }

    #[test]
    fn the_bar_is_full_at_twice_the_highest_threshold() {
        let bar = |amount| standing(amount, Some(20.0), Some(5.0)).unwrap().bar.unwrap();
        assert_eq!((bar(1_000).level, bar(1_000).warning, bar(1_000).critical), (25.0, Some(50.0), Some(12.5)));
        assert!((bar(9_000).level - 100.0).abs() < f64::EPSILON);
        assert!(bar(-9_000).level.abs() < f64::EPSILON);
    }

    #[test]
    fn thresholds_of_zero_have_words_and_no_bar() {
        let standing = standing(-1, Some(0.0), Some(0.0)).unwrap();
        assert_eq!((standing.words.as_str(), standing.bar), ("below critical by 0.01", None));
    }
}
