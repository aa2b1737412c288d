//! Rows: amounts that are none, currencies that are not known, rows that contradict each other or the clock.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::answers::{Asked, CHANNEL, Field, POISON, at, good, ok, with};
use super::row::{Api, Balance, Row, Sending, Sibling, Wait};

/// More than are taken from one answer.
const TOO_MANY: usize = 10_001;
const NO_ROWS: &str = "its answer is one balance, not a list";
const NO_DATE: &str = "its answer has no date";
const HOUR: Duration = Duration::from_hours(1);
const SIX_MINUTES: Duration = Duration::from_mins(6);

/// The rows of channel balances, one of each text.
fn rows_of(rows: impl Iterator<Item = String>) -> Sending {
    let mut list = String::from("[");
    rows.for_each(|row| {
        let separator = if list.len() > 1 { "," } else { "" };
        let _ = write!(list, "{separator}{row}");
    });
    list.push(']');
    ok(&with(Api::ChannelBalances, Field::Rows, Some(&list)))
}

fn row_of(channel: u64, currency: &str, amount: i64) -> String {
    format!(r#"{{"channel_id":{channel},"currency":"{currency}","available_balance":{amount}}}"#)
}

fn dated(date: SystemTime) -> Sending {
    ok(&with(Api::ChannelBalances, Field::AsOf, Some(&format!("\"{}\"", at(date)))))
}

pub(super) fn rows() -> Vec<Row> {
    let answered = |name, what, reason, answer: fn(&Asked<'_>) -> Sending| {
        Row::answered(name, what, answer, reason, Wait::Interval)
    };
    let amount = |name, what, reason, json: Option<&'static str>| {
        let answer = move |asked: &Asked<'_>| ok(&with(asked.api, Field::Amount, json));
        Row::answered(name, what, answer, reason, Wait::Interval)
    };
    vec![
        amount("amount_missing", "a success without its amount", "no_data", None),
        amount("amount_null", "a success whose amount is `null`", "no_data", Some("null")),
        amount("amount_in_fractions", "an amount in fractions", "malformed_response", Some("666666.66")),
        amount("amount_in_powers", "an amount in exponent notation", "malformed_response", Some("6.6666666e7")),
        amount(
            "amount_beyond_64_bits",
            "an amount that does not fit 64 bits",
            "malformed_response",
            Some("9223372036854775808"),
        ),
        answered("no_balances", "a success without `channel_balances` or `result`", "no_data", |asked| {
            ok(&with(asked.api, Field::Balances, None))
        })
        .not_for(Api::BeyagBalance, "its answer is flat: see a missing amount"),
        answered("empty_list", "a success with an empty list", "no_data", |_| rows_of(std::iter::empty()))
            .only_for(Api::ChannelBalances, NO_ROWS),
        answered("too_many_rows", "more than 10,000 rows", "malformed_response", |_| {
            rows_of((0..TOO_MANY).map(|channel| row_of(channel as u64, "USD", POISON)))
        })
        .only_for(Api::ChannelBalances, NO_ROWS),
        answered("unknown_currency", "a currency whose exponent is not certain", "unknown_currency", |asked| {
            ok(&with(asked.api, Field::Currency, Some("\"XAU\"")))
        }),
        Row {
            reason: None,
            balance: Balance::GoesOn,
            ..answered("unknown_currency_beside_others", "the same in one row of two", "", |asked| {
                let rows = [row_of(CHANNEL, "USD", asked.amount), row_of(CHANNEL, "XAU", POISON)];
                rows_of(rows.into_iter())
            })
            .only_for(Api::ChannelBalances, NO_ROWS)
        },
        Row {
            balance: Balance::KeptThenReplaced,
            ..answered("older_than_held", "an `as_of_date` older than the one held", "outdated_answer", |_| {
                dated(SystemTime::now() - HOUR)
            })
            .only_for(Api::ChannelBalances, NO_DATE)
        },
        answered("dated_ahead", "an `as_of_date` six minutes ahead", "malformed_response", |_| {
            dated(SystemTime::now() + SIX_MINUTES)
        })
        .only_for(Api::ChannelBalances, NO_DATE),
        answered("two_rows_one_series", "two rows for the same channel and currency", "conflict", |_| {
            rows_of((0..2).map(|row| row_of(CHANNEL, "USD", POISON + row)))
        })
        .only_for(Api::ChannelBalances, NO_ROWS),
        Row {
            balance: Balance::Withdrawn,
            sibling: Sibling::Fails,
            ..answered("two_queries_one_series", "the answer to another query", "conflict", |asked| {
                ok(good(asked.api, asked.api.sibling(), POISON).to_string().as_bytes())
            })
        },
    ]
}

cells! {
    amount_missing: all;
    amount_null: all;
    amount_in_fractions: all;
    amount_in_powers: all;
    amount_beyond_64_bits: all;
    no_balances: [channel_balances gateway_balance];
    empty_list: [channel_balances];
    too_many_rows: [channel_balances];
    unknown_currency: all;
    unknown_currency_beside_others: [channel_balances];
    older_than_held: [channel_balances];
    dated_ahead: [channel_balances];
    two_rows_one_series: [channel_balances];
    two_queries_one_series: all;
}
