//! Rows: each field of the answers with a value of a wrong type.

use super::answers::{Asked, Field, ok, with};
use super::row::{Api, Row, Wait};

const HAS_NONE: &str = "its answer has no such field";

/// The fields, and values that they can't have; each poll meets the next.
const WRONG: [(&str, &str, Field, [&str; 2]); 11] = [
    ("wrong_code", "`code` is an object or a list", Field::Code, ["{\"S.0000\": 1}", "[\"S.0000\"]"]),
    ("wrong_status", "`status` is a list or a truth", Field::Status, ["[\"successful\"]", "true"]),
    (
        "wrong_balances",
        "`channel_balances` or `result` is a list or a number",
        Field::Balances,
        ["[66666666]", "66666666"],
    ),
    ("wrong_as_of_date", "`as_of_date` is a number or another text", Field::AsOf, ["1771229410", "\"yesterday\""]),
    (
        "wrong_gateway",
        "`gateway_id` or `gatewayId` is a fraction or another text",
        Field::Gateway,
        ["11.5", "\"eleven\""],
    ),
    ("wrong_rows", "`currencies` is an object or a text", Field::Rows, ["{\"USD\": 66666666}", "\"66666666\""]),
    ("wrong_channel", "`channel_id` is negative or a list", Field::Channel, ["-1385", "[1385]"]),
    ("wrong_account", "`account` is an object or a truth", Field::Account, ["{\"number\": 1}", "false"]),
    (
        "wrong_amount",
        "`available_balance` or `amount` is an object or a text with more than digits",
        Field::Amount,
        ["{\"USD\": 66666666}", "\"666666.66\""],
    ),
    ("wrong_currency", "`currency` is a list or no code", Field::Currency, ["[\"USD\"]", "\"dollars\""]),
    ("wrong_active", "`active` is a text or a number", Field::Active, ["\"yes\"", "1"]),
];

pub(super) fn rows() -> Vec<Row> {
    let row = |(name, what, field, values): (_, _, Field, [&'static str; 2])| {
        let answer = move |asked: &Asked<'_>| ok(&with(asked.api, field, Some(values[asked.nth % 2])));
        let row = Row::answered(name, what, answer, "malformed_response", Wait::Interval);
        let lacking = Api::ALL.into_iter().filter(|api| field.of(*api).is_none());
        lacking.fold(row, |row, api| row.not_for(api, HAS_NONE))
    };
    WRONG.into_iter().map(row).collect()
}

cells! {
    wrong_code: [channel_balances beyag_balance];
    wrong_status: [gateway_balance beyag_balance];
    wrong_balances: [channel_balances gateway_balance];
    wrong_as_of_date: [channel_balances];
    wrong_gateway: all;
    wrong_rows: [channel_balances];
    wrong_channel: [channel_balances];
    wrong_account: [gateway_balance beyag_balance];
    wrong_amount: all;
    wrong_currency: all;
    wrong_active: [channel_balances];
}
