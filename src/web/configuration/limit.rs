//! How many requests are let through: a bucket of tokens, as golang.org/x/time/rate has it.
//!
//! Reads no clock and no file.

use std::time::Duration;

use tokio::time::Instant;

/// One request each interval, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// From one request to the next; more than nothing.
    pub(super) interval: Duration,
    /// How many are let through at once after a pause. With 0, none ever is.
    pub(super) burst: u32,
}

/// The requests let through so far, as far as they count.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    limit: Option<Limit>,
    /// When a request was let through last, and how many nanoseconds the bucket took then to be full again.
    spent: Option<(Instant, u128)>,
}

impl Limiter {
    /// Whether a request is let through now. Another limit than the last time begins with a full bucket.
    pub(super) fn lets_through(&mut self, limit: Option<Limit>, now: Instant) -> bool {
        if self.limit != limit {
            *self = Self { limit, spent: None };
        }
        let Some(Limit { interval, burst }) = limit else { return true };
        let missing = self
            .spent
            .map_or(0, |(then, missing)| missing.saturating_sub(now.saturating_duration_since(then).as_nanos()));
        let missing = missing + interval.as_nanos();
        let allowed = missing <= interval.as_nanos() * u128::from(burst);
        if allowed {
            self.spent = Some((now, missing));
        }
        allowed
    }
}

/// Reads a duration as Go writes it: numbers with units, as `1s`, `1.5s`, `1h15m` or `100ms`, or `0`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        if matches!(number, "" | ".") {
            return None;
        }
        let letters = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let nanoseconds: u64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        // Nine digits are more than a nanosecond needs of any unit that people write fractions of.
        let fraction = &fraction[..fraction.len().min(9)];
        let parsed = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u64>().ok() };
        let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
        let fraction = u128::from(parsed(fraction)?) * u128::from(nanoseconds) / u128::from(scale);
        let part = parsed(whole)?.checked_mul(nanoseconds)?.checked_add(u64::try_from(fraction).ok()?)?;
        total = total.checked_add(Duration::from_nanos(part))?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Limit = Limit { interval: Duration::from_secs(1), burst: 3 };

    fn at(start: Instant, milliseconds: u64) -> Instant {
        start + Duration::from_millis(milliseconds)
    }

    #[test]
    fn without_a_limit_all_are_let_through() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        assert!((0..1000).all(|_| limiter.lets_through(None, now)));
    }

    #[test]
    fn a_burst_is_let_through_at_once_and_then_one_each_interval() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let mut through = |milliseconds| limiter.lets_through(Some(SECOND), at(start, milliseconds));
        assert_eq!(
            [0, 0, 0, 0, 999, 1000, 1001, 1999, 2000].map(&mut through),
            [true, true, true, false, false, true, false, false, true]
        );
    }

    #[test]
    fn after_a_pause_the_bucket_is_full_and_no_fuller() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let mut through = |milliseconds| limiter.lets_through(Some(SECOND), at(start, milliseconds));
        assert!([0, 0, 0].map(&mut through).iter().all(|through| *through));
        assert_eq!([60_000; 4].map(&mut through), [true, true, true, false]);
    }

    #[test]
    fn refused_requests_do_not_count() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let mut through = |milliseconds| limiter.lets_through(Some(SECOND), at(start, milliseconds));
        assert_eq!((0..1000).filter(|_| through(0)).count(), 3);
        assert!(through(1000));
    }

    #[test]
    fn with_a_burst_of_0_none_is_let_through() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let none = Some(Limit { burst: 0, ..SECOND });
        assert!(!limiter.lets_through(none, start) && !limiter.lets_through(none, at(start, 5000)));
    }

    #[test]
    fn what_was_let_through_counts_as_long_as_the_limit_is_the_same() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        assert_eq!((0..5).filter(|_| limiter.lets_through(Some(SECOND), now)).count(), 3);
        assert!(!limiter.lets_through(Some(SECOND), now));
        let other = Some(Limit { burst: 4, ..SECOND });
        assert_eq!((0..5).filter(|_| limiter.lets_through(other, now)).count(), 4);
    }

    #[test]
    fn the_largest_limit_can_be_reckoned_with() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        let largest = Some(Limit { interval: Duration::from_nanos(u64::MAX), burst: u32::MAX });
        assert!(limiter.lets_through(largest, now) && limiter.lets_through(largest, now));
    }

    #[test]
    fn durations_of_go_are_read() {
        for (text, milliseconds) in [
            ("0", 0),
            ("0s", 0),
            ("1s", 1000),
            ("1.5s", 1500),
            (".5s", 500),
            ("1.s", 1000),
            ("100ms", 100),
            ("1h15m", 4_500_000),
            ("1m1.25s", 61_250),
            ("2000us", 2),
            ("2000µs", 2),
            ("3000000ns", 3),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_of_go_is_none() {
        for text in
            ["", "1", "s", ".s", "1.2.3s", "1d", "1 s", "-1s", "1s ", "1sm", "99999999999999999999s", "1s.", "٣s"]
        {
            assert_eq!(duration(text), None, "{text:?}");
        }
    }
}
