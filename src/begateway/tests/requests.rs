//! What is sent, to the byte; credentials come later and are no part of it.

use super::super::{Request, request};
use super::*;
use crate::domain::shop::Brand;

fn asked(ask: Ask) -> Request {
    request(&Query { ask, ..at_the_bank() }).unwrap()
}

fn gateway_balance(account: Option<AccountNumber>, code: Option<&str>, gateway: Option<u64>) -> Request {
    let (currency, gateway) = (code.map(currency), gateway.map(GatewayId));
    asked(Ask::GatewayBalance { account, currency, gateway, asynchronous: false })
}

fn beyag_balance(account: Option<AccountNumber>, code: Option<&str>) -> Request {
    asked(Ask::BeyagBalance { gateway: GatewayId(1234), account, currency: code.map(currency) })
}

#[test]
fn channel_balances_are_a_get_with_a_slash_before_the_parameters() {
    let request = asked(Ask::ChannelBalances { gateway: GatewayId(3405), currency: Some(currency("USD")) });
    let url = "https://backoffice.example.test/shop/channel_balances/?gateway_id=3405&currency=USD";
    assert_eq!(request, Request { url: url.parse().unwrap(), body: None, api_version: None });
}

#[test]
fn channel_balances_in_all_currencies_name_none() {
    let request = asked(Ask::ChannelBalances { gateway: GatewayId(3405), currency: None });
    assert_eq!(request.url.as_str(), "https://backoffice.example.test/shop/channel_balances/?gateway_id=3405");
}

#[test]
fn a_gateway_balance_is_a_post_to_balance_in_version_2() {
    let request = gateway_balance(Some(ACCOUNT.into()), None, None);
    assert_eq!(request.url.as_str(), "https://gateway.example.test/balance");
    assert_eq!(request.api_version, Some("2"));
    assert_eq!(request.body.as_deref(), Some(r#"{"request":{"account":"40701810820020300021"}}"#));
}

#[test]
fn a_gateway_balance_by_currency_sends_that_alone() {
    let request = gateway_balance(None, Some("USD"), None);
    assert_eq!(request.body.as_deref(), Some(r#"{"request":{"currency":"USD"}}"#));
}

#[test]
fn a_gateway_balance_sends_its_gateway_as_a_string() {
    assert_eq!(gateway_balance(None, None, Some(1)).body.as_deref(), Some(r#"{"request":{"gateway_id":"1"}}"#));
}

#[test]
fn a_gateway_balance_sends_an_empty_account_for_the_default_one() {
    assert_eq!(gateway_balance(Some("".into()), None, None).body.as_deref(), Some(r#"{"request":{"account":""}}"#));
}

#[test]
fn a_gateway_balance_sends_all_that_it_asks_for() {
    let request = gateway_balance(Some("1".into()), Some("USD"), Some(5));
    let body = r#"{"request":{"account":"1","currency":"USD","gateway_id":"5"}}"#;
    assert_eq!(request.body.as_deref(), Some(body));
}

#[test]
fn an_assumed_currency_is_never_sent() {
    let query = Query { assume_currency: Some(currency("RUB")), ..with_secrets() };
    assert_eq!(request(&query).unwrap(), request(&with_secrets()).unwrap());
}

#[test]
fn an_account_full_of_quotes_stays_inside_its_string() {
    let request = gateway_balance(Some(r#"1","currency":"USD"#.into()), None, None);
    let body: serde_json::Value = serde_json::from_str(&request.body.unwrap()).unwrap();
    assert_eq!(body, serde_json::json!({"request": {"account": r#"1","currency":"USD"#}}));
}

#[test]
fn an_asynchronous_gateway_balance_goes_to_the_same_path_below_async() {
    let ask =
        |asynchronous| Ask::GatewayBalance { account: Some("1".into()), currency: None, gateway: None, asynchronous };
    let (now, later) = (asked(ask(false)), asked(ask(true)));
    assert_eq!(later.url.as_str(), "https://gateway.example.test/async/balance");
    assert_eq!((later.body, later.api_version), (now.body, now.api_version));
}

#[test]
fn a_beyag_balance_is_a_post_of_a_flat_body_without_a_version() {
    let request = beyag_balance(Some("40701810842020395221".into()), Some("USD"));
    assert_eq!(request.url.as_str(), "https://api.example.test/beyag/balance");
    assert_eq!(request.api_version, None);
    let body = r#"{"gateway_id":1234,"account":"40701810842020395221","currency":"USD"}"#;
    assert_eq!(request.body.as_deref(), Some(body));
}

#[test]
fn a_beyag_balance_sends_its_gateway_as_an_integer() {
    assert_eq!(beyag_balance(None, None).body.as_deref(), Some(r#"{"gateway_id":1234}"#));
}

#[test]
fn a_beyag_balance_leaves_an_empty_account_out() {
    assert_eq!(beyag_balance(Some("".into()), None), beyag_balance(None, None));
}

#[test]
fn a_path_of_the_hosts_own_is_kept_with_and_without_a_slash() {
    for base in ["https://proxy.example.test/overpay", "https://proxy.example.test/overpay/"] {
        let brand = Brand { gateway_url: base.parse().ok(), ..Brand::without_hosts("behind-a-proxy") };
        let query = at_the_bank();
        let shop = Shop { brand: Arc::new(brand), ..Shop::clone(&query.shop) };
        let request = request(&Query { shop: Arc::new(shop), ..query }).unwrap();
        assert_eq!(request.url.as_str(), "https://proxy.example.test/overpay/balance");
    }
}

#[test]
fn a_brand_without_the_host_is_a_fault_of_the_exporter() {
    let query = at_the_bank();
    let shop = Shop { brand: Arc::new(Brand::without_hosts("bare")), ..Shop::clone(&query.shop) };
    let failure = request(&Query { shop: Arc::new(shop), ..query }).unwrap_err();
    assert_eq!(failure.reason, Reason::Internal);
}

#[test]
fn a_request_holds_no_secret() {
    assert!(!format!("{:?}", request(&with_secrets()).unwrap()).contains(SECRET_KEY));
}
