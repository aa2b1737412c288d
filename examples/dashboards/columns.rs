//! Words, colours and columns that several tables share. It knows how states and names are shown, and not where from.

use serde_json::{Value, json};

use super::balances::{
    CHANNELS, CRITICAL, Level, NO_THRESHOLD, NOT_LIMITED, OF_GATEWAY, OK, Shown, UNKNOWN, UNKNOWN_LOW, WARNING,
};
use super::panel::{Word, words};
use super::table::Column;

pub(crate) const GOOD: &str = "green";
pub(crate) const WARN: &str = "orange";
pub(crate) const BAD: &str = "red";
pub(crate) const NOT_KNOWN: &str = "purple";
pub(crate) const QUIET: &str = "#7b8087";

/// The states of a balance in words.
pub(crate) fn states() -> Value {
    let word = |state: u8, text, color| Word { from: state.into(), to: f64::from(state) + 0.999, text, color };
    words(&[
        word(UNKNOWN_LOW, "critical, unknown", "dark-red"),
        word(CRITICAL, "critical", BAD),
        word(UNKNOWN, "unknown", NOT_KNOWN),
        word(WARNING, "warning", WARN),
        word(NO_THRESHOLD, "no threshold", "blue"),
        word(OK, "ok", GOOD),
        word(NOT_LIMITED, "not limited", QUIET),
    ])
}

/// Payout control in words.
pub(crate) fn control() -> Value {
    words(&[
        Word { from: 0.0, to: 0.0, text: "off", color: QUIET },
        Word { from: 1.0, to: 1.0, text: "on", color: GOOD },
    ])
}

/// `5 · 5`, which is what has no name but its id, is shown as `5`.
pub(crate) fn once() -> Value {
    let result = json!({"text": "$1", "index": 0});
    json!([{"type": "regex", "options": {"pattern": "/^(.+) · \\1\\s*$/", "result": result}}])
}

/// What an empty cell says.
pub(crate) fn empty(text: &str, color: &str) -> Value {
    json!([{"type": "special", "options": {"match": "null", "result": {"text": text, "color": color, "index": 0}}}])
}

/// Leads to the dashboard of one gateway, from a row that has its shop and id.
pub(crate) fn gateway_link() -> String {
    "/d/overpay-gateway?${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&${__url_time_range}\
     &var-shop=${__data.fields.Shop}&var-gateway=${__data.fields.gateway}"
        .to_owned()
}

/// Balances with their thresholds, the worst first: of many gateways in brief, of one in full.
pub(crate) fn balances(shown: &Shown) -> Vec<Column> {
    let of_one = shown.currencies == OF_GATEWAY.currencies;
    let mut worst = shown.all(|level| level.named_with_ids(&level.rank()));
    if of_one {
        worst = format!("label_join({worst}, \"of\", \" \", \"channel_name\", \"api\", \"account\")");
    }
    let mut columns = vec![Column::values("State", worst).states(&states()).wide(125)];
    if of_one {
        columns.push(Column::label("of", "Channel or account").with("custom.minWidth", 190.into()).text(once()));
    }
    if !of_one {
        columns.push(Column::label("shop", "Shop").wide(80));
        columns.push(Column::label("gateway_name", "Gateway").text(once()).link("This gateway", &gateway_link()));
        columns.push(Column::label("gateway", "gateway").hidden());
    }
    if !of_one && shown.has_channels() {
        columns.push(Column::label("channel_name", "Channel").text(once()));
    }
    if !of_one && shown.has_accounts() {
        columns.push(Column::label("account", "Account").wide(85));
        columns.push(Column::label("api", "API").wide(125));
    }
    columns.extend([
        Column::label("currency", "Currency").wide(80),
        Column::values(if of_one || shown.has_accounts() { "Balance" } else { "Headroom" }, shown.all(Level::fresh))
            .money()
            .wide(115)
            .with("mappings", empty("unknown", NOT_KNOWN)),
        Column::values("Last known", shown.all(Level::last_known)).money().wide(110),
        Column::values("Critical", shown.all(|level| level.threshold("critical"))).money().wide(105),
    ]);
    if of_one {
        columns.push(Column::values("Warning", shown.all(|level| level.threshold("warning"))).money().wide(105));
    }
    columns.extend([
        Column::values("Of critical", shown.all(Level::ratio)).unit("percentunit").with("decimals", 0.into()).wide(90),
        Column::values("Time left", shown.all(Level::seconds_left)).duration().wide(90),
    ]);
    if of_one {
        columns.push(
            Column::values("Fall an hour", shown.all(Level::slower_fall))
                .unit("locale")
                .with("decimals", 2.into())
                .wide(105),
        );
    }
    if shown.has_channels() {
        columns.push(Column::values("Control", CHANNELS.control()).words(&control()).wide(75));
    }
    columns.push(Column::values("Heard", shown.all(Level::age)).duration().wide(85));
    columns
}
