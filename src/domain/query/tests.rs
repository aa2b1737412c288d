//! Queries have names that give nothing away, and know when they ask the same.

use super::*;
use crate::domain::samples::{bank_account, channels, currency, provider_account, shop, shop_at};
use crate::domain::shop::Brand;

const ACCOUNT: &str = "40701810820020300021";

fn headroom(code: Option<&str>) -> Ask {
    Ask::ChannelBalances { gateway: GatewayId(3405), currency: code.map(currency) }
}

fn at_the_bank(number: Option<&str>, code: Option<&str>, gateway: Option<u64>) -> Ask {
    Ask::GatewayBalance {
        account: number.map(AccountNumber::from),
        currency: code.map(currency),
        gateway: gateway.map(GatewayId),
        asynchronous: false,
    }
}

fn thresholds(warning: Option<f64>, critical: Option<f64>) -> Thresholds {
    Thresholds { warning, critical }
}

#[test]
fn channel_balances_are_named_by_gateway_and_currency() {
    assert_eq!(headroom(Some("USD")).default_name(), "channel_balances-3405-USD");
}

#[test]
fn channel_balances_in_all_currencies_are_named_by_gateway() {
    assert_eq!(headroom(None).default_name(), "channel_balances-3405");
}

#[test]
fn a_gateway_balance_is_named_by_the_last_digits_of_its_account() {
    assert_eq!(at_the_bank(Some(ACCOUNT), None, None).default_name(), "gateway_balance-account-0021");
}

#[test]
fn a_gateway_balance_is_named_by_all_that_it_asks_for() {
    assert_eq!(at_the_bank(Some(ACCOUNT), Some("RUB"), Some(5)).default_name(), "gateway_balance-5-RUB-account-0021");
}

#[test]
fn the_default_account_has_no_place_in_a_name() {
    assert_eq!(at_the_bank(Some(""), None, None).default_name(), "gateway_balance");
}

#[test]
fn an_account_too_short_to_show_is_named_account_alone() {
    assert_eq!(at_the_bank(Some("1234567"), None, None).default_name(), "gateway_balance-account");
}

#[test]
fn a_beyag_balance_is_named_by_gateway_currency_and_account() {
    let ask = Ask::BeyagBalance {
        gateway: GatewayId(1234),
        account: Some("40701810842020395221".into()),
        currency: Some(currency("USD")),
    };
    assert_eq!(ask.default_name(), "beyag_balance-1234-USD-account-5221");
}

#[test]
fn a_query_is_shown_with_its_shop() {
    assert_eq!(channels(&shop("main"), "headroom", 3405).to_string(), "main/headroom");
}

#[test]
fn a_masked_account_shows_its_last_four_digits() {
    assert_eq!(AccountNumber::from(ACCOUNT).masked(), "*0021");
    assert_eq!(AccountNumber::from("12345678").masked(), "*5678");
}

#[test]
fn an_account_below_eight_characters_is_masked_in_full() {
    assert_eq!(AccountNumber::from("1234567").masked(), "*");
    assert_eq!(AccountNumber::from("").masked(), "*");
}

#[test]
fn eight_characters_are_counted_not_bytes() {
    assert_eq!(AccountNumber::from("счёт1234").masked(), "*1234");
    assert_eq!(AccountNumber::from("счт1234").masked(), "*");
}

#[test]
fn letters_behind_the_last_digits_are_left_out_of_the_mask() {
    assert_eq!(AccountNumber::from("40817810RUB").masked(), "*7810");
}

#[test]
fn an_account_without_four_digits_together_is_masked_in_full() {
    for number in ["settlement", "DE89-37-04-00", "LT12AB34CD56", "123абвгд", "абвгд123"] {
        assert_eq!(AccountNumber::from(number).masked(), "*", "{number}");
    }
}

#[test]
fn printing_an_account_for_debugging_prints_its_mask() {
    assert_eq!(format!("{:?}", AccountNumber::from(ACCOUNT)), "*0021");
    let query = Query { ask: at_the_bank(Some(ACCOUNT), None, None), ..bank_account(&shop("main"), "bank", None) };
    assert!(!format!("{query:?}").contains("4070181"), "{query:?}");
}

#[test]
fn printing_a_query_for_debugging_prints_no_secret_key() {
    let query = bank_account(&shop("main"), "bank", None);
    assert!(!format!("{query:?}").contains(query.shop.secret_key.expose()), "{query:?}");
}

#[test]
fn an_ask_tells_its_account_only_if_it_names_one() {
    assert!(at_the_bank(Some(ACCOUNT), None, None).account().is_some());
    assert!(at_the_bank(Some(""), None, None).account().is_none());
    assert!(headroom(None).account().is_none());
}

#[test]
fn the_thresholds_of_a_channel_override_those_of_the_query_severity_by_severity() {
    let mut query = channels(&shop("main"), "headroom", 3405);
    query.thresholds = Arc::new([(currency("USD"), thresholds(Some(20000.0), Some(5000.0)))].into());
    let own = [(currency("USD"), thresholds(None, Some(10000.0)))].into();
    query.channel_thresholds = Arc::new([(ChannelId(1385), own)].into());

    let of = |channel| query.thresholds_of(channel, currency("USD"));
    assert_eq!(of(Some(ChannelId(1385))), thresholds(Some(20000.0), Some(10000.0)));
    assert_eq!(of(Some(ChannelId(1386))), thresholds(Some(20000.0), Some(5000.0)));
    assert_eq!(of(None), thresholds(Some(20000.0), Some(5000.0)));
}

#[test]
fn thresholds_are_for_one_currency() {
    let mut query = channels(&shop("main"), "headroom", 3405);
    query.thresholds = Arc::new([(currency("USD"), thresholds(Some(1.0), None))].into());
    assert_eq!(query.thresholds_of(None, currency("EUR")), Thresholds::default());
}

#[test]
fn a_threshold_of_zero_is_a_threshold() {
    let zero = thresholds(None, Some(0.0));
    assert_eq!(zero.over(thresholds(Some(2.0), Some(1.0))), thresholds(Some(2.0), Some(0.0)));
}

#[test]
fn the_host_is_that_of_the_api_asked() {
    let shop = shop("main");
    assert_eq!(channels(&shop, "a", 1).host(), "backoffice.example.test");
    assert_eq!(bank_account(&shop, "b", None).host(), "gateway.example.test");
    assert_eq!(provider_account(&shop, "c", 1).host(), "api.example.test");
}

#[test]
fn a_host_is_named_with_the_port_that_its_scheme_does_not_imply() {
    let mut shop = Shop::clone(&shop("main"));
    let with_port = Brand { backoffice_url: "http://127.0.0.1:9400".parse().ok(), ..Brand::without_hosts("sandbox") };
    shop.brand = Arc::new(with_port);
    assert_eq!(channels(&Arc::new(shop), "a", 1).host(), "127.0.0.1:9400");
}

fn paced_otherwise(query: &Query) -> Query {
    Query { pace: Pace { interval: Duration::from_hours(1), ..query.pace }, ..query.clone() }
}

#[test]
fn a_query_with_another_pace_and_other_thresholds_asks_the_same() {
    let query = channels(&shop("main"), "headroom", 3405);
    let mut other = paced_otherwise(&query);
    other.thresholds = Arc::new([(currency("USD"), thresholds(Some(1.0), None))].into());
    assert!(query.asks_the_same(&other));
}

#[test]
fn a_query_with_a_new_secret_key_asks_the_same() {
    let query = channels(&shop("main"), "headroom", 3405);
    let renewed = Shop { secret_key: "new".to_owned().into(), ..Shop::clone(&query.shop) };
    assert!(query.asks_the_same(&Query { shop: Arc::new(renewed), ..query.clone() }));
}

#[test]
fn a_query_of_another_name_gateway_or_shop_asks_something_else() {
    let query = channels(&shop("main"), "headroom", 3405);
    assert!(!query.asks_the_same(&channels(&shop("main"), "other", 3405)));
    assert!(!query.asks_the_same(&channels(&shop("main"), "headroom", 3406)));
    assert!(!query.asks_the_same(&channels(&shop("second"), "headroom", 3405)));
}

#[test]
fn a_query_at_another_host_asks_something_else() {
    let query = channels(&shop("main"), "headroom", 3405);
    assert!(!query.asks_the_same(&channels(&shop_at("main", "elsewhere"), "headroom", 3405)));
}

#[test]
fn a_query_for_another_shop_id_asks_something_else() {
    let query = channels(&shop("main"), "headroom", 3405);
    let other = Shop { shop_id: "364".to_owned(), ..Shop::clone(&query.shop) };
    assert!(!query.asks_the_same(&Query { shop: Arc::new(other), ..query.clone() }));
}

#[test]
fn a_query_that_labels_its_answer_otherwise_asks_something_else() {
    let query = bank_account(&shop("main"), "bank", None);
    let full = Query { account_label: AccountLabel::Full, ..query.clone() };
    let assuming = Query { assume_currency: Some(currency("RUB")), ..query.clone() };
    let detailed = Query { details: Arc::new(["/Balance/AmountIn".into()]), ..query.clone() };
    for other in [full, assuming, detailed] {
        assert!(!query.asks_the_same(&other), "{other:?}");
    }
}

#[test]
fn the_gravest_threshold_that_is_crossed_counts() {
    let thresholds = Thresholds { warning: Some(20.0), critical: Some(5.0) };
    assert_eq!(thresholds.crossed_by(4.99), Some(Severity::Critical));
    assert_eq!(thresholds.crossed_by(5.0), Some(Severity::Warning));
    assert_eq!(thresholds.crossed_by(20.0), None);
    assert_eq!(Thresholds::default().crossed_by(-1.0), None);
}
