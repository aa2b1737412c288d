//! Taking secrets and account numbers out of what the other side sent, before a person sees it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::transport::Response;
use crate::domain::query::{AccountNumber, Query};

/// The characters of a provider's message that are kept.
const MESSAGE_LENGTH: usize = 200;
/// As many digits in a row, spaces and dashes between them not counted, may be an account or card number.
const ACCOUNT_DIGITS: usize = 9;
const MARK: &str = "<redacted>";

/// An answer for a support ticket: status, headers and body, with secrets and account numbers taken out.
pub fn redacted(response: &Response, query: &Query) -> String {
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(json) => serde_json::to_string_pretty(&json_without_accounts("", json)).unwrap_or_default(),
        Err(_) => without_digit_runs(&String::from_utf8_lossy(&response.body)),
    };
    let text = format!("HTTP {}\n{}\n{body}", response.status, headers(&response.headers));
    without_secrets(&text, query)
}

/// A provider's message: one line, cut, without secrets and account numbers.
pub(super) fn message(message: &str, query: &Query) -> String {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = without_secrets(&without_digit_runs(&line), query);
    clean.chars().take(MESSAGE_LENGTH).collect()
}

fn headers(headers: &HeaderMap) -> String {
    let line = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        let shown = if matches!(name.as_str(), "set-cookie" | "www-authenticate" | "authorization") {
            MARK.to_owned()
        } else {
            without_digit_runs(&String::from_utf8_lossy(value.as_bytes()))
        };
        format!("{name}: {shown}\n")
    };
    headers.iter().map(line).collect()
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

/// Accounts are masked where a field's name says account, and wherever a text holds a long run of digits. Other numbers
/// stay: amounts are what the answer is about.
fn json_without_accounts(field: &str, value: Value) -> Value {
    let names_account = ["account", "iban", "card", "pan", "number", "token", "secret", "key", "password"]
        .iter()
        .any(|name| field.to_ascii_lowercase().contains(name));
    match value {
        Value::String(text) if names_account => Value::String(AccountNumber::from(text.as_str()).masked()),
        Value::Number(number) if names_account => {
            Value::String(AccountNumber::from(number.to_string().as_str()).masked())
        }
        Value::String(text) => Value::String(without_digit_runs(&text)),
        Value::Array(values) => {
            Value::Array(values.into_iter().map(|value| json_without_accounts(field, value)).collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let value = json_without_accounts(&name, value);
                    (without_digit_runs(&name), value)
                })
                .collect(),
        ),
        other => other,
    }
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
