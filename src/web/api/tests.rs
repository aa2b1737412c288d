//! The JSON of stores in many states.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::*;
use crate::domain::failure::{self, Reason};
use crate::domain::money::Exponents;
use crate::domain::observation::{Answer, Row};
use crate::domain::query::{AccountLabel, Ask, GatewayId, Query, Thresholds};
use crate::domain::samples::{account_row, answer, bank_account, channel_row, channels, currency, shop};
use crate::domain::shop::Shop;
use crate::store::{Store, Timing};

/// The JSON so many seconds after an outcome at noon of the first query.
fn told(queries: &[Query], outcome: Result<Answer, failure::Failure>, seconds: u64) -> Value {
    let store = Store::default();
    let shops: Vec<Arc<Shop>> = queries.iter().map(|query| Arc::clone(&query.shop)).collect();
    let queries: Vec<Arc<Query>> = queries.iter().cloned().map(Arc::new).collect();
    store.configure(&shops, &queries, &Exponents::default(), noon());
    let start = Moment { monotonic: Instant::now(), wall: noon() };
    store.record(0, outcome, Timing::default(), start);
    let elapsed = Duration::from_secs(seconds);
    let now = Moment { monotonic: start.monotonic + elapsed, wall: start.wall + elapsed };
    serde_json::from_slice(&super::queries(&store.snapshot(), Shard::new(3, 4).unwrap(), now, None).unwrap()).unwrap()
}

/// 16 February 2026, 12:00 UTC.
fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(492_012)
}

#[test]
fn a_fresh_balance_is_told_exactly_with_its_thresholds() {
    let thresholds = [(currency("USD"), Thresholds { warning: Some(20.0), critical: None })].into();
    let query = Query { thresholds: Arc::new(thresholds), ..channels(&shop("main"), "q", 1) };
    let row = Row { active: Some(false), ..channel_row(1, 10, 1_999) };
    let told = told(&[query], Ok(answer([row])), 60);
    assert_eq!(told["time"], "2026-02-16T12:01:00.000Z");
    assert_eq!(
        told["queries"][0],
        json!({
            "shop": "main", "query": "q", "api": "channel_balances", "gateway": 1, "gateway_name": null,
            "currency": null, "account": null, "host": "backoffice.example.test",
            "pace": {
                "interval_seconds": 60.0, "timeout_seconds": 25.0, "stale_after_seconds": 240.0,
                "max_data_age_seconds": 900.0
            },
            "up": true, "polls": 1, "failures": 0, "failing": null, "last_success": "2026-02-16T12:00:00.000Z",
            "next_poll": null, "as_of": null, "answered_at": "2026-02-16T12:00:00.000Z", "data_age_seconds": 60.0,
            "stale": false, "conflict": false,
            "balances": [{
                "gateway": 1, "gateway_name": null, "channel": 10, "channel_name": null, "account": null,
                "currency": "USD", "balance": "19.99", "minor_units": 1999, "exponent": 2,
                "payout_control_active": false, "thresholds": {"warning": 20.0, "critical": null},
                "below_threshold": "warning", "details": {}
            }],
            "withheld": []
        })
    );
}

#[test]
fn a_stale_balance_is_not_told() {
    let told = told(&[channels(&shop("main"), "q", 1)], Ok(answer([channel_row(1, 10, 1_999)])), 240);
    let query = &told["queries"][0];
    assert_eq!((&query["stale"], &query["balances"]), (&json!(true), &json!([])));
    assert_eq!(query["data_age_seconds"], 240.0);
}

#[test]
fn a_failure_is_told_with_reason_and_since_when() {
    let failure = failure::Failure { status: Some(401), ..failure::Failure::new(Reason::Unauthorized, "refused") };
    let told = told(&[channels(&shop("main"), "q", 1)], Err(failure), 60);
    assert_eq!(
        told["queries"][0]["failing"],
        json!({
            "since": "2026-02-16T12:00:00.000Z", "reason": "unauthorized", "detail": "refused", "http_status": 401,
            "code": null, "message": null
        })
    );
    assert_eq!(told["queries"][0]["up"], false);
}

#[test]
fn accounts_are_masked_unless_configured_otherwise() {
    let shop = shop("main");
    let ask = |label| Query {
        ask: Ask::GatewayBalance {
            account: Some("40701810820020300021".into()),
            currency: None,
            gateway: Some(GatewayId(5)),
            asynchronous: false,
        },
        account_label: label,
        ..bank_account(&shop, "q", Some(5))
    };
    let account = |label| {
        let told = told(&[ask(label)], Ok(answer([account_row(5, Some("*0021"), 1)])), 1);
        assert_eq!(told["queries"][0]["balances"][0]["account"], "*0021");
        told["queries"][0]["account"].clone()
    };
    assert_eq!(account(AccountLabel::Masked), "*0021");
    assert_eq!(account(AccountLabel::Named("settlement".into())), "settlement");
    assert_eq!(account(AccountLabel::Full), "40701810820020300021");
}

#[test]
fn a_missing_channel_is_told() {
    let mut named = Shop::clone(&shop("main"));
    named.expected_channels.insert((GatewayId(1), crate::domain::query::ChannelId(99)));
    let told = told(&[channels(&Arc::new(named), "q", 1)], Ok(answer([channel_row(1, 10, 1)])), 1);
    let missing = json!([{"shop": "main", "gateway": 1, "gateway_name": null, "channel": 99, "channel_name": null}]);
    assert_eq!(told["missing_channels"], missing);
}

#[test]
fn one_shop_alone_can_be_asked_for() {
    let store = Store::default();
    let queries = [channels(&shop("main"), "q", 1), channels(&shop("second"), "q", 1)].map(Arc::new);
    store.configure(&[], &queries, &Exponents::default(), noon());
    let shops = |shop| {
        let text = super::queries(&store.snapshot(), Shard::WHOLE, Moment::now(), shop).unwrap();
        let told: Value = serde_json::from_slice(&text).unwrap();
        let queries = told["queries"].as_array().unwrap();
        queries.iter().map(|query| query["shop"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shops(None), ["main", "second"]);
    assert_eq!(shops(Some("second")), ["second"]);
    assert!(shops(Some("none")).is_empty());
}

#[test]
fn the_document_says_which_shard_it_is_of() {
    let told = told(&[channels(&shop("main"), "q", 1)], Ok(answer([])), 0);
    assert_eq!(told["shard"], json!({"index": 3, "total": 4}));
}
