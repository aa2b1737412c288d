//! The answers as one JSON document, for programs.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::severity;
use crate::domain::failure::Failure;
use crate::domain::observation::{Answer, Row, Subject};
use crate::domain::query::Query;

/// One object for each query, in the order of the configuration.
pub(super) fn document(queries: &[Arc<Query>], answers: &[Result<Answer, Failure>]) -> String {
    let queries: Vec<Value> = queries.iter().zip(answers).map(|(query, answer)| of(query, answer)).collect();
    let asked_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    format!("{:#}\n", json!({ "asked_at": asked_at, "queries": queries }))
}

fn of(query: &Query, answer: &Result<Answer, Failure>) -> Value {
    let mut value = match answer {
        Ok(answer) => json!({
            "answered": true,
            "as_of": answer.as_of.map(|as_of| humantime::format_rfc3339_millis(as_of).to_string()),
            "balances": answer.rows.iter().map(|row| balance(query, row)).collect::<Vec<_>>(),
            "withheld": answer.withheld.iter().map(|row| json!({
                "gateway": row.gateway.0,
                "channel": row.channel.map(|channel| channel.0),
                "why": row.why.to_string(),
            })).collect::<Vec<_>>(),
        }),
        Err(failure) => json!({
            "answered": false,
            "reason": failure.reason.as_str(),
            "detail": failure.detail,
            "http_status": failure.status,
            "code": failure.code,
            "message": failure.message,
        }),
    };
    value["shop"] = json!(&*query.shop.name);
    value["api"] = json!(query.ask.api().as_str());
    value["query"] = json!(&*query.name);
    value
}

/// A balance: exact in minor units and as a decimal text, since a JSON number in major units would be rounded.
fn balance(query: &Query, row: &Row) -> Value {
    let series = &row.series;
    let (channel, account) = match &series.subject {
        Subject::Channel(channel) => (*channel, None),
        Subject::Account(account) => (None, account.as_deref()),
    };
    let channel_name = channel.and_then(|channel| query.shop.channel_names.get(&(series.gateway, channel)));
    json!({
        "gateway": series.gateway.0,
        "gateway_name": query.shop.gateway_names.get(&series.gateway).map(|name| &**name),
        "channel": channel.map(|channel| channel.0),
        "channel_name": channel_name.map(|name| &**name),
        "account": account,
        "currency": series.currency.as_str(),
        "balance": row.amount.to_decimal(row.exponent),
        "minor_units": row.amount.0,
        "exponent": row.exponent.places(),
        "payout_control_active": row.active,
        "below_threshold": severity(query, row),
        "details": row.details.iter().map(|(field, number)| (field.to_string(), json!(number))).collect::<serde_json::Map<_, _>>(),
    })
}
