//! What holds of an answer with any status: its code and HTTP status decide what failure it is, and nothing else does.

use overpay_exporter::begateway::{self, Response};
use overpay_exporter::domain::query::Query;
use reqwest::header::HeaderMap;

/// Splits an input into the HTTP status on its first line and the body after it, whose first lines are headers too.
/// 500 stands in for what is no status.
pub fn response(input: &[u8]) -> Response {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let status = parts.next().and_then(|line| std::str::from_utf8(line).ok()?.parse().ok());
    let status = status.filter(|status| (100..600).contains(status)).unwrap_or(500);
    let body = parts.next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, line) in ["x-note", "location", "retry-after"].into_iter().zip(body.split(|byte| *byte == b'\n')) {
        if let Ok(value) = line.try_into() {
            headers.insert(name, value);
        }
    }
    Response { status, headers, body: body.to_vec() }
}

/// What is no success by its HTTP status is judged as if the code were all that the body holds.
///
/// # Panics
///
/// Where it is not.
pub fn check(query: &Query, response: &Response) {
    if (200..300).contains(&response.status) {
        return;
    }
    let failure = begateway::read(query, response).expect_err("a balance without an HTTP status of success");
    let body = match &failure.code {
        Some(code) => serde_json::json!({ "code": code }),
        None => serde_json::json!({}),
    };
    let alone = Response { body: body.to_string().into_bytes(), ..response.clone() };
    let alone = begateway::read(query, &alone).expect_err("a balance without an HTTP status of success");
    assert_eq!((failure.reason, failure.detail), (alone.reason, alone.detail), "the rest of the body decides");
    assert_eq!((failure.status, failure.code), (alone.status, alone.code));
}
