//! The answer of the gateway API.

use super::*;
use crate::domain::money::MinorUnits;

/// A success whose result has these fields.
fn success(result: &str) -> String {
    format!(r#"{{"status": "successful", "result": {{{result}}}}}"#)
}

fn with_details(pointers: &[&str]) -> Query {
    Query { details: pointers.iter().map(|pointer| Arc::from(*pointer)).collect(), ..at_the_bank() }
}

#[test]
fn the_documented_example_is_read() {
    let documented = ReadRow {
        gateway: GatewayId(5),
        channel: None,
        account: Some(ACCOUNT.into()),
        currency: Some(currency("RUB")),
        amount: MinorUnits(6_623_871_674),
        active: None,
        details: Vec::new(),
    };
    assert_eq!(row(&at_the_bank(), GATEWAY_BALANCE), documented);
}

#[test]
fn the_examples_of_the_other_brands_are_read_alike() {
    let overpay = row(&at_the_bank(), GATEWAY_BALANCE);
    let bepaid = include_str!("../../../tests/fixtures/gateway_balance_bepaid.json");
    let paycross = include_str!("../../../tests/fixtures/gateway_balance_paycross.json");
    assert_eq!(row(&at_the_bank(), bepaid), overpay);
    assert_eq!(row(&at_the_bank(), paycross), overpay);
}

#[test]
fn an_answer_of_the_gateway_and_the_amount_alone_is_enough() {
    let row = row(&at_the_bank(), &success(r#""gatewayId": 5, "amount": 1"#));
    assert_eq!((row.account, row.currency, row.amount), (None, None, MinorUnits(1)));
}

#[test]
fn fields_that_are_null_are_as_good_as_missing() {
    let nulls = r#""gatewayId": 5, "amount": 1, "account": null, "currency": null, "bankInfo": null"#;
    let row = row(&with_details(&["/Amount"]), &success(nulls));
    assert_eq!((row.account, row.currency, row.details.len()), (None, None, 0));
}

#[test]
fn an_empty_account_and_an_empty_currency_are_none() {
    let row = row(&at_the_bank(), &success(r#""gatewayId": 5, "amount": 1, "account": "", "currency": """#));
    assert_eq!((row.account, row.currency), (None, None));
}

#[test]
fn an_account_as_a_number_is_taken_as_its_digits() {
    let row = row(&at_the_bank(), &success(r#""gatewayId": 5, "amount": 1, "account": 4070181082002030"#));
    assert_eq!(row.account, Some("4070181082002030".into()));
}

#[test]
fn fields_nobody_documents_are_passed_over() {
    let body = success(r#""gatewayId": 5, "amount": 1, "limit": {"amount": 99}, "Amount": 98"#);
    assert_eq!(row(&at_the_bank(), &body).amount, MinorUnits(1));
}

#[test]
fn a_missing_gateway_is_malformed() {
    let failure = failure(&at_the_bank(), 200, success(r#""amount": 1"#));
    assert_eq!(failure.reason, Reason::MalformedResponse);
    assert!(failure.detail.contains("`result.gatewayId`"), "{failure}");
}

#[test]
fn a_gateway_as_a_string_is_taken() {
    assert_eq!(row(&at_the_bank(), &success(r#""gatewayId": "5", "amount": 1"#)).gateway, GatewayId(5));
}

#[test]
fn a_gateway_below_zero_is_malformed() {
    for gateway in ["-5", "\"-5\"", "5.0", "true", "\"five\""] {
        let body = success(&format!(r#""gatewayId": {gateway}, "amount": 1"#));
        assert_eq!(reason(&at_the_bank(), body), Reason::MalformedResponse, "{gateway}");
    }
}

#[test]
fn a_currency_that_is_no_code_is_malformed() {
    for code in ["\"rub\"", "\"R\"", "\"Р\u{423}В\"", "{}", "true", "-1"] {
        let body = success(&format!(r#""gatewayId": 5, "amount": 1, "currency": {code}"#));
        assert_eq!(reason(&at_the_bank(), body), Reason::MalformedResponse, "{code}");
    }
}

#[test]
fn a_numeric_currency_code_is_malformed() {
    let body = success(r#""gatewayId": 5, "amount": 1, "currency": 643"#);
    assert_eq!(reason(&at_the_bank(), body), Reason::MalformedResponse);
}

#[test]
fn a_success_without_a_result_is_no_data() {
    assert_eq!(reason(&at_the_bank(), r#"{"status": "successful"}"#), Reason::NoData);
    assert_eq!(reason(&at_the_bank(), r#"{"status": "successful", "result": null}"#), Reason::NoData);
}

#[test]
fn a_result_as_a_string_that_holds_the_object_is_read() {
    let body = r#"{"status": "successful", "result": "{\"gatewayId\": 5, \"amount\": 7, \"currency\": \"RUB\"}"}"#;
    let row = row(&at_the_bank(), body);
    assert_eq!((row.amount, row.currency), (MinorUnits(7), Some(currency("RUB"))));
}

#[test]
fn a_result_as_a_string_that_holds_something_else_is_malformed() {
    for result in [r#""""#, r#""66238716.74""#, r#""null""#, r#""\"{}\"""#, r#""[5]""#] {
        let body = format!(r#"{{"status": "successful", "result": {result}}}"#);
        assert_eq!(reason(&at_the_bank(), &body), Reason::MalformedResponse, "{result}");
    }
}

#[test]
fn a_result_that_is_no_object_is_malformed() {
    for result in ["5", "true", "[]", "{}5"] {
        let body = format!(r#"{{"status": "successful", "result": {result}}}"#);
        assert_eq!(reason(&at_the_bank(), &body), Reason::MalformedResponse, "{result}");
    }
}

#[test]
fn a_list_is_not_read_as_an_object_field_by_field() {
    let body = r#"{"status": "successful", "result": [5, "40701810820020300021", 12, "RUB", {}]}"#;
    assert_eq!(reason(&at_the_bank(), body), Reason::MalformedResponse);
}

#[test]
fn an_empty_result_has_no_amount() {
    assert_eq!(reason(&at_the_bank(), success("")), Reason::NoData);
}

#[test]
fn a_doubled_amount_is_malformed() {
    let body = success(r#""gatewayId": 5, "amount": 1, "amount": 2"#);
    assert_eq!(reason(&at_the_bank(), body), Reason::MalformedResponse);
}

#[test]
fn details_are_the_numbers_at_their_pointers_as_they_are() {
    let query = with_details(&["/Balance/AmountIn", "/Amount"]);
    let details = row(&query, GATEWAY_BALANCE).details;
    assert_eq!(details, [("/Balance/AmountIn".into(), 132_339_134.78), ("/Amount".into(), 66_238_716.74)]);
}

#[test]
fn a_detail_of_many_digits_is_the_number_nearest_to_them() {
    for digits in ["18446744073909551611e55", "132339134.780000000000000001", "0.10000000000000000555111512312578270"] {
        let body = success(&format!(r#""gatewayId": 5, "amount": 1, "bankInfo": {{"Amount": {digits}}}"#));
        assert_eq!(row(&with_details(&["/Amount"]), &body).details, [("/Amount".into(), digits.parse().unwrap())]);
    }
}

#[test]
fn details_that_are_not_there_or_no_number_are_left_out() {
    let query = with_details(&["/Nowhere", "/Account", "/Balance/OperDate", "/Balance", "/Balance/Credit"]);
    assert_eq!(row(&query, GATEWAY_BALANCE).details, [("/Balance/Credit".into(), 0.0)]);
}

#[test]
fn a_bank_info_that_is_no_object_does_not_matter() {
    let body = success(r#""gatewayId": 5, "amount": 1, "bankInfo": "down for maintenance""#);
    assert!(row(&with_details(&["/Amount"]), &body).details.is_empty());
}
