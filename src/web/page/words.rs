//! Times, lengths of time and amounts as the page writes them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::domain::moment::Moment;
use crate::domain::money::{Exponent, MinorUnits, grouped};

/// Between groups of digits: narrow, and no place to break a line.
const BETWEEN_DIGITS: char = '\u{202f}';

/// A time, how it is told beside now, and exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Time {
    /// As in `4m 5s ago` or `in 12s`.
    pub(super) relative: String,
    /// As in `2026-02-16 12:00:05 UTC`.
    pub(super) exact: String,
    /// As RFC 3339 writes it.
    pub(super) machine: String,
}

impl Time {
    /// A time of the past.
    pub(super) fn past(time: SystemTime, now: Moment) -> Self {
        let ago = now.wall.duration_since(time).unwrap_or_default();
        Self::told(time, format!("{} ago", Span(ago)))
    }

    /// A moment of the past, by the longer of its two ages.
    pub(super) fn moment(moment: Moment, now: Moment) -> Self {
        Self::told(moment.wall, format!("{} ago", Span(now.since(moment))))
    }

    /// A time that is to come, or was due.
    pub(super) fn next(time: SystemTime, now: Moment) -> Self {
        let relative = match time.duration_since(now.wall) {
            Ok(ahead) if ahead.as_secs() > 0 => format!("in {}", Span(ahead)),
            _ => "due".to_owned(),
        };
        Self::told(time, relative)
    }

    fn told(time: SystemTime, relative: String) -> Self {
        // A clock set to before 1970 can't be written.
        let machine = humantime::format_rfc3339_seconds(time.max(UNIX_EPOCH)).to_string();
        let exact = machine.replace('T', " ").replace('Z', " UTC");
        Self { relative, exact, machine }
    }
}

/// A length of time in its two largest units.
pub(super) struct Span(pub(super) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
        let seconds = self.0.as_secs();
        let Some(first) = UNITS.iter().position(|(unit, _)| seconds >= *unit) else { return f.write_str("0s") };
        let (unit, name) = UNITS[first];
        write!(f, "{}{name}", seconds / unit)?;
        match UNITS.get(first + 1) {
            Some((next, name)) if seconds % unit >= *next => write!(f, " {}{name}", seconds % unit / next),
            _ => Ok(()),
        }
    }
}

/// An amount in major units, with every digit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    /// In groups of digits, for people.
    pub(super) grouped: String,
    /// For machines.
    pub(super) plain: String,
}

impl Amount {
    pub(super) fn of(amount: MinorUnits, exponent: Exponent) -> Self {
        let plain = amount.to_decimal(exponent);
        Self { grouped: grouped(&plain, BETWEEN_DIGITS), plain }
    }
}

/// A number of major units, as it was written.
pub(super) fn major(number: f64) -> String {
    grouped(&number.to_string(), BETWEEN_DIGITS)
}

/// How far an amount lies from a number of major units.
pub(super) fn distance(amount: MinorUnits, exponent: Exponent, major: f64) -> Option<String> {
    amount.distance(exponent, major).map(|distance| grouped(&distance, BETWEEN_DIGITS))
}

/// A number in groups of digits.
pub(super) fn number(number: usize) -> String {
    grouped(&number.to_string(), BETWEEN_DIGITS)
}

/// So many of something, with the right form of the word.
pub(super) fn count(count: usize, one: &str, more: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn now() -> Moment {
        Moment { monotonic: Instant::now(), wall: UNIX_EPOCH + Duration::from_hours(492_012) }
    }

    #[test]
    fn a_length_of_time_has_its_two_largest_units() {
        let told = |seconds| Span(Duration::from_secs(seconds)).to_string();
        let lengths = [0, 59, 60, 65, 3_600, 3_660, 3_601, 90_000, 864_000];
        assert_eq!(lengths.map(told), ["0s", "59s", "1m", "1m 5s", "1h", "1h 1m", "1h", "1d 1h", "10d"]);
    }

    #[test]
    fn times_are_told_in_utc_with_the_zone() {
        let now = now();
        let time = Time::past(now.wall - Duration::from_secs(65), now);
        assert_eq!(time.relative, "1m 5s ago");
        assert_eq!(time.exact, "2026-02-16 11:58:55 UTC");
        assert_eq!(time.machine, "2026-02-16T11:58:55Z");
    }

    #[test]
    fn a_poll_that_should_have_begun_is_due() {
        let now = now();
        assert_eq!(Time::next(now.wall, now).relative, "due");
        assert_eq!(Time::next(now.wall - Duration::from_secs(3), now).relative, "due");
        assert_eq!(Time::next(now.wall + Duration::from_secs(3), now).relative, "in 3s");
    }

    #[test]
    fn a_clock_set_to_before_1970_breaks_nothing() {
        let before = UNIX_EPOCH - Duration::from_hours(24);
        assert_eq!(Time::past(before, Moment { wall: before, ..now() }).exact, "1970-01-01 00:00:00 UTC");
    }

    #[test]
    fn every_digit_of_an_amount_is_told_in_groups() {
        let amount = Amount::of(MinorUnits(-6_623_871_674), Exponent::new(2).unwrap());
        assert_eq!(amount.grouped, "-66\u{202f}238\u{202f}716.74");
        assert_eq!(amount.plain, "-66238716.74");
    }
}
