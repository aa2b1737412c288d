//! Rows: the platform, or a proxy before it, says no. Judged by code first, then by HTTP status, never by text.

use std::time::Duration;

use serde_json::{Value, json};

use super::answers::{Asked, error, html, http_date};
use super::row::{Row, Sending, Wait};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A row whose answer is a page with that HTTP status.
fn page(name: &'static str, what: &'static str, status: u16, reason: &'static str, wait: Wait) -> Row {
    Row::answered(name, what, move |asked: &Asked<'_>| html(asked, status, &[]), reason, wait)
}

/// A row whose answer is a page with that HTTP status and Retry-After.
fn later(
    name: &'static str,
    what: &'static str,
    status: u16,
    retry_after: fn() -> String,
    reason: &'static str,
    wait: Wait,
) -> Row {
    let answer = move |asked: &Asked<'_>| html(asked, status, &[("retry-after", &retry_after())]);
    Row::answered(name, what, answer, reason, wait)
}

/// A row whose answer is one of the platform's error bodies.
fn said(
    name: &'static str,
    what: &'static str,
    status: u16,
    body: fn() -> Value,
    reason: &'static str,
    wait: Wait,
) -> Row {
    let answer = move |asked: &Asked<'_>| -> Sending { error(asked, status, body()) };
    Row::answered(name, what, answer, reason, wait)
}

pub(super) fn rows() -> Vec<Row> {
    [by_status(), limited(), by_code()].into_iter().flatten().collect()
}

fn by_status() -> Vec<Row> {
    let refused = Wait::SlowFromTheThird;
    vec![
        page("status_401", "401 with a page", 401, "unauthorized", refused),
        said(
            "status_401_said",
            "401 with the platform's error body, without a code",
            401,
            || json!({"response": {"status": "error", "message": "Access denied"}}),
            "unauthorized",
            refused,
        ),
        page("status_403", "403 with a page", 403, "unauthorized", refused),
        page("status_404", "404 with a page", 404, "bad_request", refused),
        said(
            "status_404_said",
            "404 with the platform's error body, without a code",
            404,
            || json!({"message": "Not found."}),
            "bad_request",
            refused,
        ),
        page("status_425", "425 with a page", 425, "provider_error", Wait::Backoff),
        page("status_500", "500 with a page", 500, "provider_error", Wait::Backoff),
        said(
            "status_500_said",
            "500 with the platform's error body, without a code",
            500,
            || json!({"errors": {"system": ["System error."]}}),
            "provider_error",
            Wait::Backoff,
        ),
        page("status_502", "502 with a page", 502, "provider_error", Wait::Backoff),
        page("status_503", "503 with a page", 503, "provider_error", Wait::Backoff),
        page("status_504", "504 with a page", 504, "provider_error", Wait::Backoff),
    ]
}

fn limited() -> Vec<Row> {
    vec![
        page("limited", "429 without Retry-After", 429, "rate_limited", Wait::LimitedDoubling),
        later(
            "limited_for_seconds",
            "429 with Retry-After in seconds (here 7)",
            429,
            || "7".to_owned(),
            "rate_limited",
            Wait::Limited(seconds(7)),
        ),
        later(
            "limited_until_a_date",
            "429 with Retry-After as a date (here 8 s ahead)",
            429,
            || http_date(seconds(8)),
            "rate_limited",
            Wait::Limited(seconds(8)),
        ),
        later(
            "limited_for_a_day",
            "429 with a Retry-After of a day",
            429,
            || "86400".to_owned(),
            "rate_limited",
            Wait::Limited(seconds(3600)),
        ),
        later(
            "limited_for_no_time",
            "429 with a Retry-After of 0",
            429,
            || "0".to_owned(),
            "rate_limited",
            Wait::Limited(seconds(5)),
        ),
        later(
            "unavailable_for_seconds",
            "503 with Retry-After in seconds (here 9)",
            503,
            || "9".to_owned(),
            "provider_error",
            Wait::BackoffAfter(seconds(9)),
        ),
        later(
            "unavailable_for_a_day",
            "503 with a Retry-After of a day",
            503,
            || "86400".to_owned(),
            "provider_error",
            Wait::BackoffAfter(seconds(20)),
        ),
    ]
}

fn by_code() -> Vec<Row> {
    vec![
        said(
            "code_unauthorized_401",
            "401 with the code `unauthorized`",
            401,
            || json!({"error": {"code": "unauthorized", "message": "Unauthorized", "help": "none"}}),
            "unauthorized",
            Wait::Slow,
        ),
        said("code_e_422", "422 with the code E.1025", 422, || json!({"code": "E.1025"}), "bad_request", Wait::Slow),
        said(
            "code_f_202",
            "202 that says `failed` with the code F.0223",
            202,
            || json!({"status": "failed", "code": "F.0223"}),
            "provider_error",
            Wait::Backoff,
        ),
        said(
            "code_f_0100_200",
            "200 with the code F.0100, of refused credentials",
            200,
            || json!({"status": "failed", "code": "F.0100"}),
            "unauthorized",
            Wait::Slow,
        ),
        said(
            "code_f_0100_500",
            "500 with the code F.0100: the code goes before the status",
            500,
            || json!({"response": {"status": "failed", "code": "F.0100"}}),
            "unauthorized",
            Wait::Slow,
        ),
        said(
            "code_f_0107_200",
            "200 with the code F.0107, of an account at the acquirer",
            200,
            || json!({"status": "failed", "code": "F.0107"}),
            "provider_error",
            Wait::Backoff,
        ),
        said(
            "code_p_200",
            "200 with a code of the family P, pending or unknown",
            200,
            || json!({"status": "pending", "code": "P.0001"}),
            "provider_error",
            Wait::Backoff,
        ),
        said(
            "code_e_200",
            "200 with a code of the family E, of errors",
            200,
            || json!({"status": "error", "code": "E.1025"}),
            "bad_request",
            Wait::Slow,
        ),
        said(
            "code_unknown_200",
            "200 that says `failed` with a code of no known family",
            200,
            || json!({"status": "failed", "code": "Z.0001"}),
            "provider_error",
            Wait::Backoff,
        ),
    ]
}

cells! {
    status_401: all;
    status_401_said: all;
    status_403: all;
    status_404: all;
    status_404_said: all;
    status_425: all;
    status_500: all;
    status_500_said: all;
    status_502: all;
    status_503: all;
    status_504: all;
    limited: all;
    limited_for_seconds: all;
    limited_until_a_date: all;
    limited_for_a_day: all;
    limited_for_no_time: all;
    unavailable_for_seconds: all;
    unavailable_for_a_day: all;
    code_unauthorized_401: all;
    code_e_422: all;
    code_f_202: all;
    code_f_0100_200: all;
    code_f_0100_500: all;
    code_f_0107_200: all;
    code_p_200: all;
    code_e_200: all;
    code_unknown_200: all;
}
