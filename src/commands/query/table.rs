//! The answers as a table for people who look after money.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};

use crate::domain::failure::Failure;
use crate::domain::money::grouped;
use crate::domain::observation::{Answer, Row, Subject, Withheld, WithheldBecause};
use crate::domain::query::{AccountNumber, ChannelId, GatewayId, Query};

const HEADINGS: [&str; 8] =
    ["Shop", "Gateway", "Channel or account", "Balance", "Currency", "Payout control", "As of (UTC)", "Note"];
const BALANCE: usize = 3;
const CURRENCY: usize = 4;
const AS_OF: usize = 6;
/// Below this width a table can't be laid out; it is then left to the terminal to break its lines.
const NARROWEST: u16 = 80;

/// A row for each balance and for each query that has none; what went wrong is told in full below.
pub(super) fn of(queries: &[Arc<Query>], answers: &[Result<Answer, Failure>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_some_and(|width| width < NARROWEST) {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(HEADINGS);
    // Numbers are not to be broken over two lines, however narrow the terminal.
    for column in [BALANCE, CURRENCY, AS_OF] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    if let Some(column) = table.column_mut(BALANCE) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut remarks = String::new();
    for (query, answer) in queries.iter().zip(answers) {
        match answer {
            Err(failure) => {
                table.add_row(unanswered(query, failure).map(Cell::new));
                let says = failure.message.as_ref().map(|message| format!("; the platform says: {message}"));
                let _ = writeln!(remarks, "{query}: {failure}{}", says.unwrap_or_default());
            }
            Ok(answer) => {
                answer.rows.iter().for_each(|row| {
                    table.add_row(balance(query, row, answer).map(Cell::new));
                });
                for row in &answer.withheld {
                    table.add_row(withheld(query, row).map(Cell::new));
                    let _ = writeln!(remarks, "{query}: withheld: {}", row.why);
                }
            }
        }
    }
    let asked_at = humantime::format_rfc3339_seconds(SystemTime::now());
    let gap = if remarks.is_empty() { "" } else { "\n" };
    format!("{table}\n{gap}{remarks}{gap}asked at {asked_at}\n")
}

fn balance(query: &Query, row: &Row, answer: &Answer) -> [String; 8] {
    let series = &row.series;
    let subject = match &series.subject {
        Subject::Channel(channel) => channel.map(|channel| channel_name(query, series.gateway, channel)),
        Subject::Account(account) => account.as_deref().map(str::to_owned),
    };
    let control = match (&series.subject, row.active) {
        (Subject::Channel(_), Some(true)) => "on",
        (Subject::Channel(_), Some(false)) => "off",
        _ => "",
    };
    let as_of = answer.as_of.map(|as_of| {
        let text = humantime::format_rfc3339_seconds(as_of).to_string();
        text.replace('T', " ").trim_end_matches('Z').to_owned()
    });
    let note = row.severity(query).map(|severity| format!("below {severity}"));
    [
        query.shop.name.to_string(),
        gateway_name(query, series.gateway),
        subject.unwrap_or_default(),
        grouped(&row.amount.to_decimal(row.exponent), ','),
        series.currency.to_string(),
        control.to_owned(),
        as_of.unwrap_or_default(),
        note.unwrap_or_default(),
    ]
}

fn withheld(query: &Query, row: &Withheld) -> [String; 8] {
    let channel = row.channel.map(|channel| channel_name(query, row.gateway, channel)).unwrap_or_default();
    let currency = match row.why {
        WithheldBecause::NoCurrency => String::new(),
        WithheldBecause::Exponent(unknown) => unknown.currency.to_string(),
    };
    [
        query.shop.name.to_string(),
        gateway_name(query, row.gateway),
        channel,
        "withheld".to_owned(),
        currency,
        String::new(),
        String::new(),
        "unknown_currency".to_owned(),
    ]
}

fn unanswered(query: &Query, failure: &Failure) -> [String; 8] {
    let gateway = query.ask.gateway().map(|gateway| gateway_name(query, gateway)).unwrap_or_default();
    let currency = query.ask.currency().map(|currency| currency.to_string()).unwrap_or_default();
    let account = query.ask.account().map(AccountNumber::masked).unwrap_or_default();
    let shop = query.shop.name.to_string();
    let note = failure.reason.to_string();
    [shop, gateway, account, "no answer".to_owned(), currency, String::new(), String::new(), note]
}

fn channel_name(query: &Query, gateway: GatewayId, channel: ChannelId) -> String {
    named(query.shop.channel_name(gateway, channel), &channel.to_string())
}

fn gateway_name(query: &Query, gateway: GatewayId) -> String {
    named(query.shop.gateway_name(gateway), &gateway.to_string())
}

fn named(name: Option<&str>, id: &str) -> String {
    name.map_or_else(|| id.to_owned(), |name| format!("{name} ({id})"))
}
