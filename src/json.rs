//! Balances, withheld rows and failures as JSON for programs: the same fields wherever they are told.
//!
//! Decides nothing: what is told, and whether it may be, is up to whoever writes the document. Field names are the public
//! interface of `query --output json` and `/api/v1/queries`.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

use crate::domain::failure;
use crate::domain::observation::{self, Row, Subject};
use crate::domain::query::{self, Query};

/// A balance: exact in minor units and as a decimal text, since a JSON number in major units would be rounded.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are named as the document names them")]
pub struct Balance<'a> {
    gateway: u64,
    gateway_name: Option<&'a str>,
    channel: Option<u64>,
    channel_name: Option<&'a str>,
    account: Option<&'a str>,
    currency: &'a str,
    balance: String,
    minor_units: i64,
    exponent: u8,
    payout_control_active: Option<bool>,
    thresholds: Thresholds,
    below_threshold: Option<&'static str>,
    details: BTreeMap<&'a str, f64>,
}

/// The thresholds of a balance, in major units.
#[derive(Debug, Serialize)]
struct Thresholds {
    warning: Option<f64>,
    critical: Option<f64>,
}

impl<'a> Balance<'a> {
    /// The balance of that row of an answer to that query.
    pub fn of(query: &'a Query, row: &'a Row) -> Self {
        let series = &row.series;
        let (channel, account) = match &series.subject {
            Subject::Channel(channel) => (*channel, None),
            Subject::Account(account) => (None, account.as_deref()),
        };
        let query::Thresholds { warning, critical } = row.thresholds(query);
        Self {
            gateway: series.gateway.0,
            gateway_name: query.shop.gateway_name(series.gateway),
            channel: channel.map(|channel| channel.0),
            channel_name: channel.and_then(|channel| query.shop.channel_name(series.gateway, channel)),
            account,
            currency: series.currency.as_str(),
            balance: row.amount.to_decimal(row.exponent),
            minor_units: row.amount.0,
            exponent: row.exponent.places(),
            payout_control_active: row.active,
            thresholds: Thresholds { warning, critical },
            below_threshold: row.severity(query).map(query::Severity::as_str),
            details: row.details.iter().map(|(field, number)| (&**field, *number)).collect(),
        }
    }
}

/// A row that is not published for its currency.
#[derive(Debug, Serialize)]
pub struct Withheld {
    gateway: u64,
    channel: Option<u64>,
    why: String,
}

impl From<&observation::Withheld> for Withheld {
    fn from(row: &observation::Withheld) -> Self {
        Self { gateway: row.gateway.0, channel: row.channel.map(|channel| channel.0), why: row.why.to_string() }
    }
}

/// Why a poll brought no answer.
#[derive(Debug, Serialize)]
pub struct Failure<'a> {
    reason: &'static str,
    detail: &'a str,
    http_status: Option<u16>,
    code: Option<&'a str>,
    message: Option<&'a str>,
}

impl<'a> From<&'a failure::Failure> for Failure<'a> {
    fn from(failure: &'a failure::Failure) -> Self {
        Self {
            reason: failure.reason.as_str(),
            detail: &failure.detail,
            http_status: failure.status,
            code: failure.code.as_deref(),
            message: failure.message.as_deref(),
        }
    }
}

/// A time in UTC to the millisecond, as RFC 3339 writes it.
#[derive(Clone, Copy, Debug)]
pub struct Time(pub SystemTime);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A clock set to before 1970 can't be written.
        serializer.serialize_str(&humantime::format_rfc3339_millis(self.0.max(UNIX_EPOCH)).to_string())
    }
}
