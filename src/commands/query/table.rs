//! The answers as a table for people who look after money.

use std::sync::Arc;
use std::time::SystemTime;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::severity;
use crate::domain::failure::Failure;
use crate::domain::observation::{Answer, Row, Subject};
use crate::domain::query::{GatewayId, Query};

const HEADINGS: [&str; 7] = ["Shop", "Gateway", "Channel or account", "Balance", "Currency", "Payout control", "Note"];

/// A row for each balance, and a row for each query that has none.
pub(super) fn of(queries: &[Arc<Query>], answers: &[Result<Answer, Failure>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(HEADINGS);
    if let Some(column) = table.column_mut(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for (query, answer) in queries.iter().zip(answers) {
        match answer {
            Err(failure) => {
                let note = match &failure.message {
                    Some(message) => format!("{failure} – the platform says: {message}"),
                    None => failure.to_string(),
                };
                let gateway = query.ask.gateway().map(|gateway| gateway_name(query, gateway)).unwrap_or_default();
                table.add_row([&*query.shop.name, &gateway, &query.name, "no answer", "", "", &note].map(Cell::new));
            }
            Ok(answer) => {
                for row in &answer.rows {
                    table.add_row(balance(query, row, answer).map(Cell::new));
                }
                for withheld in &answer.withheld {
                    let gateway = gateway_name(query, withheld.gateway);
                    let channel = withheld.channel.map(|channel| channel.to_string()).unwrap_or_default();
                    let note = withheld.why.to_string();
                    table.add_row([&*query.shop.name, &gateway, &channel, "withheld", "", "", &note].map(Cell::new));
                }
            }
        }
    }
    format!("{table}\nasked at {}\n", humantime::format_rfc3339_seconds(SystemTime::now()))
}

fn balance(query: &Query, row: &Row, answer: &Answer) -> [String; 7] {
    let series = &row.series;
    let subject = match &series.subject {
        Subject::Channel(Some(channel)) => {
            named(query.shop.channel_names.get(&(series.gateway, *channel)), &channel.to_string())
        }
        Subject::Account(Some(account)) => account.to_string(),
        Subject::Channel(None) | Subject::Account(None) => String::new(),
    };
    let control = match (&series.subject, row.active) {
        (Subject::Channel(_), Some(true)) => "on",
        (Subject::Channel(_), Some(false)) => "off",
        _ => "",
    };
    let below = severity(query, row).map(|severity| format!("below the {severity} threshold"));
    let as_of = answer.as_of.map(|as_of| format!("as of {}", humantime::format_rfc3339_seconds(as_of)));
    [
        query.shop.name.to_string(),
        gateway_name(query, series.gateway),
        subject,
        grouped(&row.amount.to_decimal(row.exponent)),
        series.currency.to_string(),
        control.to_owned(),
        below.into_iter().chain(as_of).collect::<Vec<_>>().join(", "),
    ]
}

fn gateway_name(query: &Query, gateway: GatewayId) -> String {
    named(query.shop.gateway_names.get(&gateway), &gateway.to_string())
}

fn named(name: Option<&Arc<str>>, id: &str) -> String {
    name.map_or_else(|| id.to_owned(), |name| format!("{name} ({id})"))
}

/// A decimal with a comma between groups of three digits: 66,238,716.74.
fn grouped(decimal: &str) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}
