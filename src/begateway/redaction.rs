//! Taking secrets and account numbers out of what the other side sent, before a person sees it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;
use serde_json::{Number, Value};

use super::transport::Response;
use crate::domain::query::{AccountNumber, Query};

/// The characters of a provider's message, and of a body in the log, that are kept.
const SHOWN: usize = 200;
/// As many characters of a secret, at the end of a text that was cut, are taken for its beginning.
const BEGINNING: usize = 4;
/// As many digits in a row, spaces and dashes between them not counted, may be an account or card number.
const ACCOUNT_DIGITS: usize = 9;
/// No amount lies beyond an `i64`.
const MAX_AMOUNT: f64 = 9_223_372_036_854_775_808.0;
const MARK: &str = "<redacted>";

/// An answer for a support ticket: status, headers and body, with secrets and account numbers taken out.
pub fn redacted(response: &Response, query: &Query) -> String {
    let hidden = Hidden::of(query);
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(json) => serde_json::to_string_pretty(&clean_json("", json, &hidden)).unwrap_or_default(),
        Err(_) => hidden.clean(&String::from_utf8_lossy(&response.body)),
    };
    format!("HTTP {}\n{}\n{body}", response.status, headers(&response.headers, &hidden))
}

/// The beginning of a body for the log: one line, without secrets and account numbers.
pub(super) fn excerpt(response: &Response, query: &Query) -> String {
    let hidden = Hidden::of(query);
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(json) => clean_json("", json, &hidden).to_string(),
        Err(_) => hidden.clean(&String::from_utf8_lossy(&response.body)),
    };
    beginning(&body)
}

/// A provider's message: one line, cut, without secrets and account numbers.
pub(super) fn message(message: &str, query: &Query) -> String {
    beginning(&Hidden::of(query).clean(&one_line(message)))
}

fn beginning(text: &str) -> String {
    one_line(text).chars().take(SHOWN).collect()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn headers(headers: &HeaderMap, hidden: &Hidden<'_>) -> String {
    let line = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        let shown = if matches!(name.as_str(), "set-cookie" | "www-authenticate" | "authorization") {
            MARK.to_owned()
        } else {
            hidden.clean(&String::from_utf8_lossy(value.as_bytes()))
        };
        format!("{name}: {shown}\n")
    };
    headers.iter().map(line).collect()
}

/// What an answer to a query is not to give away.
struct Hidden<'a> {
    query: &'a Query,
    /// The secrets, in every form in which a text may quote them.
    secrets: Vec<String>,
}

impl<'a> Hidden<'a> {
    fn of(query: &'a Query) -> Self {
        let key = query.shop.secret_key.expose();
        let basic = STANDARD.encode(format!("{}:{key}", query.shop.shop_id));
        let proxy = query.shop.brand.proxy.as_ref().and_then(|proxy| proxy.expose().password());
        let plain = [Some(basic.as_str()), Some(key), proxy];
        let secrets = plain.into_iter().flatten().filter(|secret| !secret.is_empty()).flat_map(forms).collect();
        Self { query, secrets }
    }

    /// The text without secrets, then without account numbers: a secret cut at its digits would no longer be found.
    fn clean(&self, text: &str) -> String {
        without_digit_runs(&self.without_secrets(text))
    }

    fn without_secrets(&self, text: &str) -> String {
        let mut text = self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, MARK));
        let cut = self.secrets.iter().filter_map(|secret| beginning_at_end(&text, secret)).max();
        if let Some(length) = cut {
            text.truncate(text.len() - length);
            text.push_str(MARK);
        }
        match self.query.ask.account() {
            Some(account) => text.replace(account.expose(), &account.masked()),
            None => text,
        }
    }

    fn is_secret(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret))
    }
}

/// A secret as it is, and as JSON, an address or a page quote it.
fn forms(secret: &str) -> Vec<String> {
    let json = Value::from(secret).to_string();
    let address: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let page = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let quoted = page.replace('"', "&quot;");
    let apostrophes = quoted.replace('\'', "&#39;");
    let json = json.trim_matches('"').to_owned();
    let mut forms = vec![secret.to_owned(), json, address.replace('+', "%20"), address, page, quoted, apostrophes];
    forms.dedup();
    forms
}

/// How much of a secret's beginning a text ends with, in bytes.
fn beginning_at_end(text: &str, secret: &str) -> Option<usize> {
    let ends = secret.char_indices().map(|(end, _)| end).filter(|end| *end >= BEGINNING);
    ends.filter(|end| text.ends_with(&secret[..*end])).max()
}

/// Secrets are taken out and accounts masked where a field's name says so, and wherever a text holds one. Numbers stay,
/// since amounts are what the answer is about; one beyond an amount's bounds is none.
fn clean_json(field: &str, value: Value, hidden: &Hidden<'_>) -> Value {
    let field = field.to_ascii_lowercase();
    let names = |what: &[&str]| what.iter().any(|name| field.contains(name));
    let names_secret = names(&["token", "secret", "key", "password"]);
    let names_account = names(&["account", "iban", "card", "pan", "number"]);
    match value {
        Value::String(_) | Value::Number(_) if names_secret => Value::String(MARK.to_owned()),
        Value::String(text) if names_account => Value::String(masked(&text, hidden)),
        Value::Number(number) if names_account => Value::String(masked(&number.to_string(), hidden)),
        Value::Number(number) if is_no_amount(&number, hidden) => Value::String(MARK.to_owned()),
        Value::String(text) => Value::String(hidden.clean(&text)),
        Value::Array(values) => {
            Value::Array(values.into_iter().map(|value| clean_json(&field, value, hidden)).collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let value = clean_json(&name, value, hidden);
                    (hidden.clean(&name), value)
                })
                .collect(),
        ),
        other => other,
    }
}

fn masked(text: &str, hidden: &Hidden<'_>) -> String {
    if hidden.is_secret(text) { MARK.to_owned() } else { AccountNumber::from(text).masked() }
}

fn is_no_amount(number: &Number, hidden: &Hidden<'_>) -> bool {
    let digits = number.to_string();
    number.as_f64().is_some_and(|number| number.abs() > MAX_AMOUNT)
        || hidden.is_secret(&digits)
        || hidden.query.ask.account().is_some_and(|account| account.expose() == digits)
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
