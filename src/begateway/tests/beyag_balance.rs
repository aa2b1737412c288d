//! The answer of the beyag API.

use super::*;
use crate::domain::money::MinorUnits;

/// A success with these fields.
fn success(fields: &str) -> String {
    format!(r#"{{"status": "Successful", "code": "S.0000", {fields}}}"#)
}

#[test]
fn the_documented_example_is_read_as_what_it_answers_not_as_what_was_asked() {
    let documented = ReadRow {
        gateway: GatewayId(1111),
        channel: None,
        account: Some("40701810842020395221".into()),
        currency: Some(currency("RUB")),
        amount: MinorUnits(1_290_092_162),
        active: None,
        details: Vec::new(),
    };
    assert_eq!(row(&at_the_provider(), BEYAG_BALANCE), documented);
}

#[test]
fn account_and_currency_may_be_missing() {
    let row = row(&at_the_provider(), &success(r#""gateway_id": 1111, "amount": 1"#));
    assert_eq!((row.account, row.currency, row.amount), (None, None, MinorUnits(1)));
}

#[test]
fn the_code_may_be_missing() {
    let body = r#"{"status": "successful", "gateway_id": 1111, "amount": 1}"#;
    assert_eq!(row(&at_the_provider(), body).amount, MinorUnits(1));
}

#[test]
fn a_missing_gateway_is_malformed() {
    assert_eq!(reason(&at_the_provider(), success(r#""amount": 1"#)), Reason::MalformedResponse);
}

#[test]
fn a_gateway_as_a_string_is_taken() {
    let row = row(&at_the_provider(), &success(r#""gateway_id": "1111", "amount": 1"#));
    assert_eq!(row.gateway, GatewayId(1111));
}

#[test]
fn without_a_status_it_is_not_known_to_be_a_success() {
    let body = r#"{"code": "S.0000", "gateway_id": 1111, "amount": 1}"#;
    assert!(read(&at_the_provider(), &response(200, body)).is_err());
}

#[test]
fn details_are_found_in_provider_info() {
    let query = Query { details: Arc::new(["/AmountOut".into()]), ..at_the_provider() };
    assert_eq!(row(&query, BEYAG_BALANCE).details, [("/AmountOut".into(), 43_357_464.8)]);
}

#[test]
fn a_list_is_not_read_as_an_object_field_by_field() {
    assert_eq!(reason(&at_the_provider(), r#"["Successful", "S.0000"]"#), Reason::MalformedResponse);
}
