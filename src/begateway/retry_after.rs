//! Reading `Retry-After`: how long a host asks to be left alone (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// How long after `now` the host asks to be asked again: a number of seconds, or a date. A date is held against the
/// host's own clock where it tells the time.
pub(super) fn of(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are as good as for ever.
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    /// 16 February 2026, 12:00 UTC.
    fn noon() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(492_012)
    }

    fn seconds(headers: &[(HeaderName, &str)]) -> Option<u64> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        of(&headers.collect(), noon()).map(|asked| asked.as_secs())
    }

    #[test]
    fn without_the_header_nothing_is_asked() {
        assert_eq!(seconds(&[]), None);
    }

    #[test]
    fn a_number_is_of_seconds() {
        assert_eq!(seconds(&[(RETRY_AFTER, "120")]), Some(120));
        assert_eq!(seconds(&[(RETRY_AFTER, " 0 ")]), Some(0));
    }

    #[test]
    fn a_date_counts_from_now() {
        assert_eq!(seconds(&[(RETRY_AFTER, "Mon, 16 Feb 2026 12:01:30 GMT")]), Some(90));
    }

    #[test]
    fn a_date_counts_from_the_hosts_own_clock_where_it_tells_the_time() {
        let date = (DATE, "Mon, 16 Feb 2026 15:00:00 GMT");
        assert_eq!(seconds(&[(RETRY_AFTER, "Mon, 16 Feb 2026 15:00:20 GMT"), date]), Some(20));
    }

    #[test]
    fn a_date_that_is_over_asks_for_no_time() {
        assert_eq!(seconds(&[(RETRY_AFTER, "Mon, 16 Feb 2026 11:00:00 GMT")]), Some(0));
    }

    #[test]
    fn the_old_forms_of_dates_are_read() {
        assert_eq!(seconds(&[(RETRY_AFTER, "Monday, 16-Feb-26 12:00:05 GMT")]), Some(5));
        assert_eq!(seconds(&[(RETRY_AFTER, "Mon Feb 16 12:00:05 2026")]), Some(5));
    }

    #[test]
    fn what_is_neither_asks_nothing() {
        for text in ["", "soon", "-5", "1.5", "5s", "Mon, 99 Feb 2026 12:00:00 GMT"] {
            assert_eq!(seconds(&[(RETRY_AFTER, text)]), None, "{text}");
        }
    }

    #[test]
    fn more_seconds_than_a_number_holds_are_very_many() {
        assert_eq!(seconds(&[(RETRY_AFTER, "99999999999999999999999")]), Some(u64::MAX));
    }
}
