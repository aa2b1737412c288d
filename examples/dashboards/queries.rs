//! Expressions about queries, the questions that the exporter asks, however many replicas ask them. It knows what the
//! exporter publishes of them.

use serde_json::Value;

use super::columns::{BAD, GOOD, NOT_KNOWN, WARN};
use super::panel::{Panel, Word, words};
use super::table::{Column, table};

pub(crate) const BY: &str = "job, shop, api, gateway, query";

/// The matchers of what belongs to the chosen shops.
pub(crate) const OF_SHOPS: &str = r#"job=~"$job", instance=~"$instance", shop=~"$shop""#;

/// Only queries of the chosen gateways: those that name one, and those that were answered with a balance of one.
fn chosen(expression: &str) -> String {
    format!(
        "({expression}\nand on (job, shop, query)\n{{__name__=~\"overpay_(up|(available|account)_balance_last_success_timestamp_seconds)\
         \", {OF_SHOPS}, gateway=~\"$gateway\"}})"
    )
}

fn of(combined: &str, family: &str) -> String {
    chosen(&format!("{combined} by ({BY}) ({family}{{{OF_SHOPS}}})"))
}

/// 1 for queries whose last poll succeeded at some replica, else 0.
pub(crate) fn up() -> String {
    of("max", "overpay_up")
}

/// Seconds since the last good answer; not there for queries that were never answered since the start.
pub(crate) fn age() -> String {
    format!("time() - ({} > 0)", of("max", "overpay_poll_last_success_timestamp_seconds"))
}

/// Seconds since the time of which the last answer is true by its own word.
pub(crate) fn data_age() -> String {
    format!("time() - ({})", of("max", "overpay_as_of_timestamp_seconds"))
}

fn withheld() -> String {
    of("max", "overpay_answer_rows_withheld")
}

/// Queries that are not as they should be, and how, as a number; the worst is the smallest.
fn state() -> String {
    let (up, age, interval) = (up(), age(), of("max", "overpay_poll_interval_seconds"));
    let arms = [
        format!("0 * ({} == 0)", of("max", "overpay_poll_last_success_timestamp_seconds")),
        format!("0 * ({up} == 0) + 1"),
        format!("0 * (({age}) > on ({BY}) (3 * ({interval}) + 120)) + 2"),
        format!("0 * (({}) > on ({BY}) ({})) + 3", data_age(), of("max", "overpay_as_of_max_age_seconds")),
        format!("0 * ({} > 0) + 4", withheld()),
        format!("0 * ({up}) + 5"),
    ];
    arms.join("\nor\n")
}

pub(crate) fn states() -> Value {
    let word = |state: f64, text, color| Word { from: state, to: state, text, color };
    words(&[
        word(0.0, "never answered", NOT_KNOWN),
        word(1.0, "failing", BAD),
        word(2.0, "late", WARN),
        word(3.0, "old data", WARN),
        word(4.0, "rows withheld", WARN),
        word(5.0, "ok", GOOD),
    ])
}

/// Every query of what is chosen, the worst first.
pub(crate) fn queries(title: &str) -> Panel {
    let reason = chosen(&format!("topk by ({BY}) (1, max by ({BY}, reason) (overpay_poll_failing{{{OF_SHOPS}}}))"));
    table(
        title,
        "Each configured question, the worst first: why it fails, how long ago it was answered, when it is asked next (a \
         failing one waits longer), how old the platform says its own data is, and rows that are not published because the \
         exponent of their currency is not certain.",
        "State",
        vec![
            Column::values("State", state()).states(&states()).wide(125),
            Column::label("shop", "Shop").wide(85),
            Column::label("query", "Query"),
            Column::label("reason", "Reason").wide(140).none("none"),
            Column::values("Answered", age()).duration().wide(95).none("never"),
            Column::values("Every", of("max", "overpay_poll_interval_seconds")).unit("s").wide(75),
            Column::values("Next in", format!("({}) - time()", of("min", "overpay_poll_next_timestamp_seconds")))
                .unit("s")
                .with("decimals", 0.into())
                .wide(80),
            Column::values("Data age", data_age()).duration().wide(85).none("not told"),
            Column::values("Withheld", withheld()).unit("none").wide(85),
            Column::values("failing", reason).hidden(),
        ],
    )
    .none("no query is known: is the exporter scraped?")
}

/// Queries over time, each with its state.
pub(crate) fn over_time() -> Panel {
    Panel::timeline(
        "Queries that were not well",
        "Queries that failed, were late, had old data or withheld rows in the time shown. Where a row has a gap, the query was \
         well. Queries that were well all the time have no row.",
        &states(),
    )
    .query("{{shop}} {{query}}", &format!("({}) < 5", state()))
    .none("every query was well")
}
