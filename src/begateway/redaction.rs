//! Taking secrets and account numbers out of what the other side sent, before a person sees it.

mod quoted;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;
use serde_json::{Number, Value};

use self::quoted::Secrets;
use super::transport::Response;
use crate::domain::query::{AccountNumber, Query};

/// The characters of a provider's message, and of a body in the log, that are kept.
const SHOWN: usize = 200;
/// The bytes of a text that are cleaned where its beginning is shown: so many that none of those shown is missing, and
/// so few that a large answer does not keep the polls waiting.
const CLEANED: usize = 4096;
/// As many digits in a row, what groups them not counted, may be an account or card number.
const ACCOUNT_DIGITS: usize = 9;
/// As many characters may stand between two digits of an account number.
const WIDEST_GAP: usize = 3;
/// No amount lies beyond an `i64`.
const MAX_AMOUNT: f64 = 9_223_372_036_854_775_808.0;
const MARK: &str = "<redacted>";

/// An answer for a support ticket: status, headers and body, with secrets and account numbers taken out.
pub fn redacted(response: &Response, query: &Query) -> String {
    let hidden = Hidden::of(query);
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(json) => {
            serde_json::to_string_pretty(&Cleaner::of_all(&hidden).clean(Field::default(), json)).unwrap_or_default()
        }
        Err(_) => hidden.clean(&String::from_utf8_lossy(&response.body)),
    };
    format!("HTTP {}\n{}\n{body}", response.status, headers(&response.headers, &hidden))
}

/// The beginning of a body for the log: one line, without secrets and account numbers.
pub fn excerpt(response: &Response, query: &Query) -> String {
    let hidden = Hidden::of(query);
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(json) => Cleaner::of_the_beginning(&hidden).clean(Field::default(), json).to_string(),
        Err(_) => hidden.clean(cut(&String::from_utf8_lossy(&response.body), CLEANED)),
    };
    beginning(&body)
}

/// A provider's message: one line, cut, without secrets and account numbers.
pub(super) fn message(message: &str, query: &Query) -> String {
    beginning(&Hidden::of(query).clean(&one_line(cut(message, CLEANED))))
}

fn beginning(text: &str) -> String {
    one_line(text).chars().take(SHOWN).collect()
}

/// As much of the text's beginning as fits that many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
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
    secrets: Secrets,
}

impl<'a> Hidden<'a> {
    fn of(query: &'a Query) -> Self {
        let key = query.shop.secret_key.expose();
        let mut secrets = Secrets::default();
        secrets.add(key);
        // A key too short to be known by what base64 makes of it.
        secrets.add(&STANDARD.encode(format!("{}:{key}", query.shop.shop_id)));
        if let Some(proxy) = &query.shop.brand.proxy {
            secrets.add(&unescaped(proxy.expose().password().unwrap_or_default()));
        }
        if let Some(account) = query.ask.account() {
            secrets.add_base64(account.expose());
        }
        Self { query, secrets }
    }

    /// The text without secrets, then without account numbers: a secret cut at its digits would no longer be found.
    fn clean(&self, text: &str) -> String {
        let text = self.secrets.taken_out(text);
        without_digit_runs(&match self.query.ask.account() {
            Some(account) => text.replace(account.expose(), &account.masked()),
            None => text,
        })
    }
}

/// A part of an address as it was before it became one.
fn unescaped(part: &str) -> String {
    let part = format!("={}", part.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(part.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// Cleans JSON, all of it or as much as is shown.
struct Cleaner<'a> {
    hidden: &'a Hidden<'a>,
    /// How many bytes are still wanted; what comes after them is left out.
    wanted: usize,
}

impl<'a> Cleaner<'a> {
    const fn of_all(hidden: &'a Hidden<'a>) -> Self {
        Self { hidden, wanted: usize::MAX }
    }

    const fn of_the_beginning(hidden: &'a Hidden<'a>) -> Self {
        Self { hidden, wanted: CLEANED }
    }

    /// Secrets are taken out and accounts masked where a field's name says so, and wherever a text holds one. Numbers of
    /// many digits stay where the name says that they are an amount or an id, and within the bounds of these.
    fn clean(&mut self, field: Field, value: Value) -> Value {
        match value {
            Value::Array(values) => {
                let mut clean = Vec::new();
                for value in values {
                    if self.wanted == 0 {
                        break;
                    }
                    clean.push(self.clean(field, value));
                }
                return Value::Array(clean);
            }
            Value::Object(fields) => {
                let mut clean = serde_json::Map::new();
                for (name, value) in fields {
                    if self.wanted == 0 {
                        break;
                    }
                    let shown = self.text(&name);
                    clean.insert(shown, self.clean(field.within(&name), value));
                }
                return Value::Object(clean);
            }
            _ => self.wanted = self.wanted.saturating_sub(1),
        }
        match value {
            Value::String(_) | Value::Number(_) if field.is_secret => Value::String(MARK.to_owned()),
            Value::String(text) if field.is_account => Value::String(self.masked(&text)),
            Value::Number(number) if field.is_account => Value::String(self.masked(&number.to_string())),
            Value::Number(number) if self.is_to_be_hidden(&number, field) => Value::String(MARK.to_owned()),
            Value::String(text) => Value::String(self.text(&text)),
            other => other,
        }
    }

    fn text(&mut self, text: &str) -> String {
        let clean = self.hidden.clean(cut(text, self.wanted));
        self.wanted = self.wanted.saturating_sub(clean.len());
        clean
    }

    fn masked(&self, text: &str) -> String {
        if self.hidden.secrets.are_in(text) { MARK.to_owned() } else { AccountNumber::from(text).masked() }
    }

    fn is_to_be_hidden(&self, number: &Number, field: Field) -> bool {
        let digits = number.to_string();
        let many = digits.bytes().filter(u8::is_ascii_digit).count() >= ACCOUNT_DIGITS;
        number.as_f64().is_some_and(|number| number.abs() > MAX_AMOUNT)
            || many && !field.is_amount_or_id
            || self.hidden.secrets.are_in(&digits)
            || self.hidden.query.ask.account().is_some_and(|account| account.expose() == digits)
    }
}

/// What the names of a field, and of those it lies in, say of its value.
#[derive(Clone, Copy, Default)]
struct Field {
    is_secret: bool,
    is_account: bool,
    is_amount_or_id: bool,
}

impl Field {
    /// The field of that name within this one.
    fn within(self, name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let names = |what: &[&str]| what.iter().any(|part| name.contains(part));
        let of_amount = names(&["amount", "balance"]);
        let is_plain = of_amount || names(&["currency", "status"]);
        Self {
            is_secret: self.is_secret || names(&["token", "secret", "key", "password"]),
            is_account: names(&["account", "iban", "card", "pan", "number"]) || self.is_account && !is_plain,
            is_amount_or_id: of_amount || names(&["id"]),
        }
    }
}

/// The text with every run of digits that could be an account number cut down to its last four.
fn without_digit_runs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let mut gap = 0;
    for c in text.chars().chain([char::MAX]) {
        gap = if c.is_ascii_digit() { 0 } else { gap + 1 };
        if c.is_ascii_digit() || !run.is_empty() && gap <= WIDEST_GAP && joins(c) {
            run.push(c);
            continue;
        }
        let digits = run.trim_end_matches(joins);
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

/// Whether that character may group the digits of a number.
fn joins(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '.' | '/' | '_')
}
