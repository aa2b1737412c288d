//! The example of the documentation, whole.

use std::time::Duration;

use super::*;
use crate::domain::query::{AccountLabel, Ask, ChannelId, GatewayId, Thresholds};

const EXAMPLE: &str = include_str!("documented.yml");

fn example() -> Config {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.key"), "s3cr3t\n").unwrap();
    fs::write(folder.path().join("private-ca.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    let path = folder.path().join("overpay_exporter.yml");
    fs::write(&path, EXAMPLE).unwrap();
    Config::load(&path, &Environment::new(|_| None)).unwrap()
}

#[test]
fn it_asks_once_for_each_currency_and_account() {
    assert_eq!(
        names(&example()),
        [
            "channel_balances-3405-USD",
            "channel_balances-3405-EUR",
            "gateway_balance-account-0021",
            "beyag_balance-1234-USD-account-5221"
        ]
    );
}

#[test]
fn its_shop_is_known_by_name_id_and_key() {
    let config = example();
    let shop = &config.shops[0];
    assert_eq!((shop.name.as_ref(), shop.shop_id.as_str(), shop.secret_key.expose()), ("main", "363", "s3cr3t"));
    assert_eq!(shop.brand.name.as_ref(), "overpay");
}

#[test]
fn its_gateway_and_channel_have_names_and_the_channel_is_expected() {
    let config = example();
    let (gateway, channel) = (GatewayId(3405), ChannelId(1385));
    let shop = &config.shops[0];
    assert_eq!(shop.gateway_names[&gateway].as_ref(), "Acme Bank");
    assert_eq!(shop.channel_names[&(gateway, channel)].as_ref(), "Visa payouts");
    assert_eq!(shop.expected_channels, [(gateway, channel)].into());
}

#[test]
fn its_pace_is_that_of_poll_but_for_the_interval_of_its_own() {
    let config = example();
    let (own, general) = (config.queries[0].pace, config.queries[3].pace);
    assert_eq!((own.interval, own.timeout), (Duration::from_secs(30), Duration::from_secs(25)));
    assert_eq!((general.interval, general.timeout), (Duration::from_mins(1), Duration::from_secs(25)));
    assert_eq!((own.stale_after, own.max_data_age), (Duration::from_mins(4), Duration::from_mins(15)));
    assert_eq!(config.max_in_flight_per_host, 32);
}

#[test]
fn its_thresholds_are_those_of_the_channel_over_those_of_the_gateway() {
    let config = example();
    let of = |channel| config.queries[0].thresholds_of(channel, currency("USD"));
    assert_eq!(of(None), Thresholds { warning: Some(20000.0), critical: Some(5000.0) });
    assert_eq!(of(Some(ChannelId(1385))), Thresholds { warning: Some(20000.0), critical: Some(10000.0) });
}

#[test]
fn its_account_at_the_bank_is_labelled_assumed_detailed_and_asked_asynchronously() {
    let config = example();
    let query = &config.queries[2];
    assert_eq!(query.account_label, AccountLabel::Named("settlement".into()));
    assert_eq!(query.assume_currency, Some(currency("RUB")));
    assert_eq!(query.details.as_ref(), ["/Balance/AmountIn".into()]);
    assert!(matches!(query.ask, Ask::GatewayBalance { asynchronous: true, currency: None, gateway: None, .. }));
    assert_eq!(query.ask.account().unwrap().expose(), "40701810820020300021");
}

#[test]
fn its_account_at_the_provider_is_masked() {
    assert_eq!(example().queries[3].account_label, AccountLabel::Masked);
}

#[test]
fn its_exponent_of_usdt_is_eight() {
    assert_eq!(example().exponents.of(currency("USDT")).unwrap().places(), 8);
}

#[test]
fn only_the_brands_of_its_shops_are_connected_to() {
    let config = example();
    let brands: Vec<&str> = config.brands().map(|brand| brand.name.as_ref()).collect();
    assert_eq!(brands, ["overpay"]);
}

#[test]
fn it_holds_no_secret_when_printed_for_debugging() {
    let text = format!("{:?}", example());
    assert!(!text.contains("s3cr3t") && !text.contains("4070181"), "{text}");
}
