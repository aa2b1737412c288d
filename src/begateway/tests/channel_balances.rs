//! The answer of the channel balances.

use std::time::{Duration, SystemTime};

use super::*;
use crate::domain::money::MinorUnits;
use crate::domain::query::ChannelId;

/// A success with that list of currencies.
fn success(rows: &str) -> String {
    with(&format!(r#""as_of_date": "2026-02-16T08:10:10.973Z", "gateway_id": 3405, "currencies": {rows}"#))
}

/// A success with these fields.
fn with(fields: &str) -> String {
    format!(r#"{{"code": "S.0000", "channel_balances": {{{fields}}}}}"#)
}

fn as_of(date: &str) -> Result<Option<SystemTime>, Reason> {
    let body = with(&format!(r#""as_of_date": {date}, "gateway_id": 3405, "currencies": []"#));
    read(&headroom(), &response(200, body)).map(|reading| reading.as_of).map_err(|failure| failure.reason)
}

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

#[test]
fn the_documented_example_is_read() {
    let documented = ReadRow {
        gateway: GatewayId(3405),
        channel: Some(ChannelId(1385)),
        account: None,
        currency: Some(currency("USD")),
        amount: MinorUnits(50_000),
        active: Some(false),
        details: Vec::new(),
    };
    let reading = read(&headroom(), &response(200, CHANNEL_BALANCES)).unwrap();
    assert_eq!(reading, Reading { as_of: Some(at(1_771_229_410_973)), since: None, rows: vec![documented] });
}

#[test]
fn a_row_of_an_amount_alone_is_enough() {
    let row = row(&headroom(), &success(r#"[{"available_balance": 1}]"#));
    assert_eq!((row.gateway, row.channel, row.currency, row.active), (GatewayId(3405), None, None, None));
}

#[test]
fn a_currency_spelled_with_a_cyrillic_letter_is_read() {
    let row = row(&headroom(), &success("[{\"currenc\u{443}\": \"EUR\", \"available_balance\": 1}]"));
    assert_eq!(row.currency, Some(currency("EUR")));
}

#[test]
fn a_currency_in_both_spellings_is_read_where_they_agree() {
    let body = success("[{\"currency\": \"EUR\", \"currenc\u{443}\": \"EUR\", \"available_balance\": 1}]");
    assert_eq!(row(&headroom(), &body).currency, Some(currency("EUR")));
}

#[test]
fn a_currency_in_both_spellings_is_malformed_where_they_differ() {
    let body = success("[{\"currency\": \"EUR\", \"currenc\u{443}\": \"USD\", \"available_balance\": 1}]");
    assert_eq!(reason(&headroom(), body), Reason::MalformedResponse);
}

#[test]
fn a_currency_in_one_spelling_and_null_in_the_other_is_read() {
    let body = success("[{\"currency\": null, \"currenc\u{443}\": \"USD\", \"available_balance\": 1}]");
    assert_eq!(row(&headroom(), &body).currency, Some(currency("USD")));
}

#[test]
fn rows_keep_their_order() {
    let rows = r#"[{"channel_id": 2, "available_balance": 1}, {"channel_id": "1", "available_balance": 2}]"#;
    let reading = read(&headroom(), &response(200, success(rows))).unwrap();
    let channels: Vec<_> = reading.rows.iter().map(|row| row.channel).collect();
    assert_eq!(channels, [Some(ChannelId(2)), Some(ChannelId(1))]);
}

#[test]
fn one_row_without_an_amount_fails_the_whole_answer() {
    let rows = r#"[{"channel_id": 1, "available_balance": 1}, {"channel_id": 2}]"#;
    assert_eq!(reason(&headroom(), success(rows)), Reason::NoData);
}

#[test]
fn an_active_that_is_not_true_or_false_is_malformed() {
    for active in ["1", "\"true\"", "\"yes\"", "{}"] {
        let rows = format!(r#"[{{"available_balance": 1, "active": {active}}}]"#);
        assert_eq!(reason(&headroom(), success(&rows)), Reason::MalformedResponse, "{active}");
    }
}

#[test]
fn a_missing_block_is_no_data() {
    assert_eq!(reason(&headroom(), r#"{"code": "S.0000", "message": "ok"}"#), Reason::NoData);
}

#[test]
fn a_missing_or_empty_list_is_read_as_no_rows() {
    for fields in ["", r#", "currencies": []"#, r#", "currencies": null"#] {
        let body = with(&format!(r#""as_of_date": "2026-02-16T08:10:10.973Z", "gateway_id": 3405{fields}"#));
        assert!(read(&headroom(), &response(200, body)).unwrap().rows.is_empty(), "{fields}");
    }
}

#[test]
fn a_missing_gateway_is_malformed() {
    let body = with(r#""as_of_date": "2026-02-16T08:10:10.973Z", "currencies": []"#);
    assert_eq!(reason(&headroom(), body), Reason::MalformedResponse);
}

#[test]
fn a_missing_time_is_malformed() {
    assert_eq!(reason(&headroom(), with(r#""gateway_id": 3405, "currencies": []"#)), Reason::MalformedResponse);
    assert_eq!(as_of("null"), Err(Reason::MalformedResponse));
}

#[test]
fn a_time_is_read_with_and_without_milliseconds() {
    assert_eq!(as_of("\"2026-02-16T08:10:10Z\""), Ok(Some(at(1_771_229_410_000))));
    assert_eq!(as_of("\"2026-02-16T08:10:10.9Z\""), Ok(Some(at(1_771_229_410_900))));
}

#[test]
fn a_time_that_is_not_in_utc_is_malformed() {
    for date in ["2026-02-16T08:10:10.973+03:00", "2026-02-16T08:10:10.973", "2026-02-16", "", "yesterday"] {
        assert_eq!(as_of(&format!("\"{date}\"")), Err(Reason::MalformedResponse), "{date}");
    }
}

#[test]
fn a_time_that_no_clock_shows_is_malformed() {
    for date in ["2026-02-30T08:10:10Z", "2026-13-01T00:00:00Z", "2026-02-16T24:00:01Z", "1969-12-31T23:59:59Z"] {
        assert_eq!(as_of(&format!("\"{date}\"")), Err(Reason::MalformedResponse), "{date}");
    }
}

#[test]
fn a_time_as_a_number_is_malformed() {
    assert_eq!(as_of("1771229410"), Err(Reason::MalformedResponse));
}

#[test]
fn ten_thousand_rows_are_taken_and_one_more_is_malformed() {
    let rows = |count: usize| format!("[{}]", vec![r#"{"available_balance":1}"#; count].join(","));
    assert_eq!(read(&headroom(), &response(200, success(&rows(10_000)))).unwrap().rows.len(), 10_000);
    let failure = failure(&headroom(), 200, success(&rows(10_001)));
    assert_eq!(failure.reason, Reason::MalformedResponse);
    assert!(failure.detail.contains("more than 10000 rows"), "{failure}");
}

#[test]
fn a_row_that_is_a_list_is_not_read_field_by_field() {
    let rows = r#"[[1385, "USD", null, 50000, true]]"#;
    assert_eq!(reason(&headroom(), success(rows)), Reason::MalformedResponse);
}

#[test]
fn a_block_that_is_a_list_is_not_read_field_by_field() {
    let body = r#"{"code": "S.0000", "channel_balances": ["2026-02-16T08:10:10.973Z", 3405, []]}"#;
    assert_eq!(reason(&headroom(), body), Reason::MalformedResponse);
}

#[test]
fn the_row_that_is_not_as_documented_is_named() {
    let failure = failure(&headroom(), 200, success(r#"[{"available_balance": 1}, {"available_balance": 1.5}]"#));
    assert!(failure.detail.contains("`channel_balances.currencies[1].available_balance`"), "{failure}");
}

#[test]
fn a_success_without_a_code_is_not_known_to_be_one() {
    let body = CHANNEL_BALANCES.replace("\"code\"", "\"kode\"");
    assert!(read(&headroom(), &response(200, body)).is_err());
}

#[test]
fn what_is_nested_deeply_is_malformed_though_nobody_reads_it() {
    let nested = |depth: usize| format!("{{\"more\": {}{}, ", "[".repeat(depth), "]".repeat(depth));
    let body = |depth| CHANNEL_BALANCES.replacen('{', &nested(depth), 1);
    assert!(read(&headroom(), &response(200, body(100))).is_ok());
    assert_eq!(reason(&headroom(), body(100_000)), Reason::MalformedResponse);
}

#[test]
fn brackets_in_a_text_are_no_nesting() {
    let text = format!("{{\"more\": \"\\\"{}\", ", "[{".repeat(1000));
    assert!(read(&headroom(), &response(200, CHANNEL_BALANCES.replacen('{', &text, 1))).is_ok());
}
