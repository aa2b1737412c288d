//! How often and how long: defaults for all, what a query gives over them, and the bounds of each.

use std::time::Duration;

use super::super::file::{self, GivenPace, HumanDuration};
use crate::domain::query::Pace;
use crate::yaml::{Located, Problems};

const DEFAULT_INTERVAL: Duration = Duration::from_mins(1);
const MIN_INTERVAL: Duration = Duration::from_secs(5);
const MAX_INTERVAL: Duration = Duration::from_hours(24);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(25);
const DEFAULT_MAX_DATA_AGE: Duration = Duration::from_mins(15);

/// The pace that `poll:` gives for every query.
pub(super) struct DefaultPace {
    given: GivenPace,
}

impl DefaultPace {
    /// The defaults of the file. They are judged here even if no query uses them.
    pub(super) fn of(poll: &file::Poll, problems: &mut Problems) -> Self {
        let given = poll.pace();
        judged(GivenPace::default(), given, "poll", problems);
        Self { given }
    }

    /// The pace of a query: what its own block gives, over the defaults.
    pub(super) fn overlaid(&self, own: GivenPace, key: &str, problems: &mut Problems) -> Pace {
        judged(self.given, own, key, problems)
    }
}

/// The pace that a block gives over another. Told are the problems that this block makes: one of the defaults alone is
/// told where the defaults stand.
fn judged(general: GivenPace, own: GivenPace, key: &str, problems: &mut Problems) -> Pace {
    let value = |given: Option<Located<HumanDuration>>| given.map(|given| given.value.0);
    let interval = value(own.interval.or(general.interval)).unwrap_or(DEFAULT_INTERVAL);
    let timeout = value(own.timeout.or(general.timeout)).unwrap_or_else(|| DEFAULT_TIMEOUT.min(interval.mul_f64(0.8)));
    let stale_after = value(own.stale_after.or(general.stale_after))
        .unwrap_or_else(|| interval.saturating_mul(3).saturating_add(timeout));
    let max_data_age = value(own.max_data_age.or(general.max_data_age)).unwrap_or(DEFAULT_MAX_DATA_AGE);

    let mut tell = |causes: &[(&str, Option<Located<HumanDuration>>)], message: String| {
        // The fault is put down to the first key of this block that takes part in it.
        if let Some((name, place)) = causes.iter().find_map(|(name, given)| given.map(|given| (*name, given.place))) {
            problems.add(place, format!("{key}.{name}"), message);
        }
    };
    let show = humantime::format_duration;
    let (interval_given, timeout_given) = (("interval", own.interval), ("timeout", own.timeout));
    if interval < MIN_INTERVAL {
        tell(&[interval_given], format!("found {}; write {} or more", show(interval), show(MIN_INTERVAL)));
    } else if interval > MAX_INTERVAL {
        tell(&[interval_given], format!("found {}; write {} or less", show(interval), show(MAX_INTERVAL)));
    }
    if timeout.is_zero() {
        tell(&[timeout_given], "found 0s; write how long one poll may take".to_owned());
    } else if timeout >= interval {
        tell(
            &[timeout_given, interval_given],
            format!(
                "the timeout of {} is not below the interval of {}; make it shorter",
                show(timeout),
                show(interval)
            ),
        );
    }
    let at_least = interval.saturating_add(timeout);
    if stale_after < at_least {
        tell(
            &[("stale_after", own.stale_after), timeout_given, interval_given],
            format!(
                "stale_after of {} is below interval + timeout, so that values would vanish between two good polls; \
                 write {} or more",
                show(stale_after),
                show(at_least)
            ),
        );
    }
    if max_data_age.is_zero() {
        tell(&[("max_data_age", own.max_data_age)], "found 0s; write how old the platform's data may be".to_owned());
    }
    Pace { interval, timeout, stale_after, max_data_age }
}
