//! Taking secrets and account numbers out of what the other side sent, before a person sees it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;
use serde_json::{Number, Value};

use super::transport::Response;
use crate::domain::query::{AccountNumber, Query};

/// The characters of a provider's message that are kept.
const MESSAGE_LENGTH: usize = 200;
/// As many digits in a row, spaces and dashes between them not counted, may be an account or card number.
const ACCOUNT_DIGITS: usize = 9;
/// No amount lies beyond an `i64`.
const MAX_AMOUNT: f64 = 9_223_372_036_854_775_808.0;
const MARK: &str = "<redacted>";

/// An answer for a support ticket: status, headers and body, with secrets and account numbers taken out.
pub fn redacted(response: &Response, query: &Query) -> String {
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(json) => serde_json::to_string_pretty(&clean_json("", json, query)).unwrap_or_default(),
        Err(_) => clean(&String::from_utf8_lossy(&response.body), query),
    };
    format!("HTTP {}\n{}\n{body}", response.status, headers(&response.headers, query))
}

/// A provider's message: one line, cut, without secrets and account numbers.
pub(super) fn message(message: &str, query: &Query) -> String {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean(&line, query).chars().take(MESSAGE_LENGTH).collect()
}

fn headers(headers: &HeaderMap, query: &Query) -> String {
    let line = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        let shown = if matches!(name.as_str(), "set-cookie" | "www-authenticate" | "authorization") {
            MARK.to_owned()
        } else {
            clean(&String::from_utf8_lossy(value.as_bytes()), query)
        };
        format!("{name}: {shown}\n")
    };
    headers.iter().map(line).collect()
}

/// The text without secrets, then without account numbers: a secret cut at its digits would no longer be found.
fn clean(text: &str, query: &Query) -> String {
    without_digit_runs(&without_secrets(text, query))
}

/// What the query itself is not to give away: its secret key, the header made of it, and its account.
fn without_secrets(text: &str, query: &Query) -> String {
    let key = query.shop.secret_key.expose();
    let basic = STANDARD.encode(format!("{}:{key}", query.shop.shop_id));
    let text = text.replace(&basic, MARK).replace(key, MARK);
    match query.ask.account() {
        Some(account) => text.replace(account.expose(), &account.masked()),
        None => text,
    }
}

/// Secrets are taken out and accounts masked where a field's name says so, and wherever a text holds one. Numbers stay,
/// since amounts are what the answer is about; one beyond an amount's bounds is none.
fn clean_json(field: &str, value: Value, query: &Query) -> Value {
    let field = field.to_ascii_lowercase();
    let names = |what: &[&str]| what.iter().any(|name| field.contains(name));
    let names_secret = names(&["token", "secret", "key", "password"]);
    let names_account = names(&["account", "iban", "card", "pan", "number"]);
    match value {
        Value::String(_) | Value::Number(_) if names_secret => Value::String(MARK.to_owned()),
        Value::String(text) if names_account => Value::String(masked(&text, query)),
        Value::Number(number) if names_account => Value::String(masked(&number.to_string(), query)),
        Value::Number(number) if is_no_amount(&number, query) => Value::String(MARK.to_owned()),
        Value::String(text) => Value::String(clean(&text, query)),
        Value::Array(values) => {
            Value::Array(values.into_iter().map(|value| clean_json(&field, value, query)).collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let value = clean_json(&name, value, query);
                    (clean(&name, query), value)
                })
                .collect(),
        ),
        other => other,
    }
}

fn masked(text: &str, query: &Query) -> String {
    if text.contains(query.shop.secret_key.expose()) { MARK.to_owned() } else { AccountNumber::from(text).masked() }
}

fn is_no_amount(number: &Number, query: &Query) -> bool {
    let digits = number.to_string();
    number.as_f64().is_some_and(|number| number.abs() > MAX_AMOUNT)
        || digits.contains(query.shop.secret_key.expose())
        || query.ask.account().is_some_and(|account| account.expose() == digits)
}

/// The text with every run of digits that could be an account number cut down to its last four.
fn without_digit_runs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().chain([char::MAX]) {
        let joins = c.is_ascii_digit() || (!run.is_empty() && matches!(c, ' ' | '-'));
        if joins {
            run.push(c);
            continue;
        }
        let digits = run.trim_end_matches([' ', '-']);
        if digits.bytes().filter(u8::is_ascii_digit).count() >= ACCOUNT_DIGITS {
            let all: String = digits.chars().filter(char::is_ascii_digit).collect();
            out.push('*');
            out.push_str(&all[all.len() - 4..]);
            out.push_str(&run[digits.len()..]);
        } else {
            out.push_str(&run);
        }
        run.clear();
        if c != char::MAX {
            out.push(c);
        }
    }
    out
}
