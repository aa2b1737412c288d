//! Amounts are whole numbers as the answer has them, or there is no balance: never 0, never rounded.

use super::*;
use crate::domain::money::MinorUnits;

/// The three APIs' successes with that amount in JSON.
fn answers(amount: &str) -> [(Query, String); 3] {
    [
        (
            headroom(),
            format!(
                r#"{{"code": "S.0000", "channel_balances": {{"as_of_date": "2026-02-16T08:10:10.973Z",
                   "gateway_id": 3405, "currencies": [{{"currency": "USD", "available_balance": {amount}}}]}}}}"#
            ),
        ),
        (at_the_bank(), format!(r#"{{"status": "successful", "result": {{"gatewayId": 5, "amount": {amount}}}}}"#)),
        (
            at_the_provider(),
            format!(r#"{{"status": "Successful", "code": "S.0000", "gateway_id": 1, "amount": {amount}}}"#),
        ),
    ]
}

fn is_read_as(amount: &str, expected: i64) {
    for (query, body) in answers(amount) {
        assert_eq!(row(&query, &body).amount, MinorUnits(expected), "{amount} at {}", query.ask.api());
    }
}

fn fails_with(amount: &str, expected: Reason) {
    for (query, body) in answers(amount) {
        assert_eq!(reason(&query, body), expected, "{amount} at {}", query.ask.api());
    }
}

#[test]
fn an_integer_is_read() {
    is_read_as("50000", 50_000);
}

#[test]
fn zero_that_is_answered_is_zero() {
    is_read_as("0", 0);
    is_read_as("\"0\"", 0);
}

#[test]
fn an_integer_below_zero_is_read() {
    is_read_as("-50000", -50_000);
    is_read_as("\"-50000\"", -50_000);
}

#[test]
fn a_string_of_digits_is_read() {
    is_read_as("\"50000\"", 50_000);
}

#[test]
fn beyond_2_to_the_53rd_every_digit_is_kept() {
    is_read_as("9007199254740993", 9_007_199_254_740_993);
    is_read_as("\"9007199254740993\"", 9_007_199_254_740_993);
}

#[test]
fn the_largest_and_the_smallest_amount_are_read() {
    is_read_as("9223372036854775807", i64::MAX);
    is_read_as("\"9223372036854775807\"", i64::MAX);
    is_read_as("-9223372036854775808", i64::MIN);
    is_read_as("\"-9223372036854775808\"", i64::MIN);
}

#[test]
fn one_beyond_the_largest_is_malformed() {
    fails_with("9223372036854775808", Reason::MalformedResponse);
    fails_with("\"9223372036854775808\"", Reason::MalformedResponse);
}

#[test]
fn one_below_the_smallest_is_malformed() {
    fails_with("-9223372036854775809", Reason::MalformedResponse);
    fails_with("\"-9223372036854775809\"", Reason::MalformedResponse);
}

#[test]
fn an_integer_beyond_64_bits_is_malformed() {
    fails_with("100000000000000000000", Reason::MalformedResponse);
}

#[test]
fn a_fraction_is_malformed() {
    fails_with("12.5", Reason::MalformedResponse);
    fails_with("\"12.5\"", Reason::MalformedResponse);
}

#[test]
fn a_fraction_of_zero_is_malformed() {
    fails_with("50000.0", Reason::MalformedResponse);
    fails_with("\"50000.00\"", Reason::MalformedResponse);
}

#[test]
fn an_exponent_is_malformed() {
    fails_with("5e4", Reason::MalformedResponse);
    fails_with("\"5e4\"", Reason::MalformedResponse);
}

#[test]
fn a_plus_sign_is_malformed() {
    fails_with("\"+5\"", Reason::MalformedResponse);
}

#[test]
fn two_signs_are_malformed() {
    fails_with("\"--5\"", Reason::MalformedResponse);
    fails_with("\"-+5\"", Reason::MalformedResponse);
}

#[test]
fn a_sign_alone_is_malformed() {
    fails_with("\"-\"", Reason::MalformedResponse);
}

#[test]
fn spaces_and_separators_are_malformed() {
    for amount in ["\" 5\"", "\"5 \"", "\"5 000\"", "\"5,000\"", "\"5_000\"", "\"5\u{a0}000\""] {
        fails_with(amount, Reason::MalformedResponse);
    }
}

#[test]
fn digits_of_another_script_are_malformed() {
    fails_with("\"\u{665}\u{660}\"", Reason::MalformedResponse);
}

#[test]
fn an_empty_string_is_malformed() {
    fails_with("\"\"", Reason::MalformedResponse);
}

#[test]
fn words_are_malformed() {
    for amount in ["\"null\"", "\"NaN\"", "\"Infinity\"", "\"0x10\"", "\"unlimited\""] {
        fails_with(amount, Reason::MalformedResponse);
    }
}

#[test]
fn truth_values_are_malformed() {
    fails_with("true", Reason::MalformedResponse);
    fails_with("false", Reason::MalformedResponse);
}

#[test]
fn lists_and_objects_are_malformed() {
    for amount in ["[]", "[5]", "{}", r#"{"value": 5}"#] {
        fails_with(amount, Reason::MalformedResponse);
    }
}

#[test]
fn null_is_a_missing_amount_and_never_zero() {
    fails_with("null", Reason::NoData);
}

#[test]
fn no_message_repeats_a_malformed_amount() {
    for (query, body) in answers("\"4070181082.5\"") {
        let failure = failure(&query, 200, body);
        assert!(!failure.to_string().contains("4070181082"), "{failure}");
    }
}
