//! What is published of a state, family by family.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::{any, proptest};

use super::{Work, noon, read};
use crate::domain::failure::Reason;
use crate::domain::money::{Exponent, MinorUnits};
use crate::domain::observation::{Answer, Row, Subject, Withheld, WithheldBecause};
use crate::domain::query::{ChannelId, GatewayId, Query, Thresholds, ThresholdsByCurrency};
use crate::domain::samples::{
    PACE, account_row, answer, bank_account, channel_row, channels, currency, provider_account, shop,
};
use crate::domain::shop::Shop;

const STALE: u64 = PACE.stale_after.as_secs();

/// A query of channels, answered with one of them.
fn channel() -> Work {
    let work = Work::of(&[channels(&shop("main"), "q", 1)]);
    work.answered(0, 0, answer([Row { active: Some(true), ..channel_row(1, 10, 5_000) }]));
    work
}

/// A query of an account without a gateway, answered with a detail.
fn account() -> Work {
    let work = Work::of(&[bank_account(&shop("main"), "q", None)]);
    let details = vec![("/Balance/AmountIn".into(), 12.5)];
    work.answered(0, 0, answer([Row { details, ..account_row(1, Some("*0021"), 5_000) }]));
    work
}

fn thresholds(warning: Option<f64>, critical: Option<f64>) -> ThresholdsByCurrency {
    [(currency("USD"), Thresholds { warning, critical })].into()
}

#[test]
fn balances_are_in_major_units() {
    assert_eq!(channel().seen(1).value("overpay_available_balance"), "50");
    assert_eq!(account().seen(1).value("overpay_account_balance"), "50");
}

#[test]
fn payout_control_is_1_or_0_and_absent_where_the_row_does_not_say() {
    for (active, expected) in [(Some(true), Some("1")), (Some(false), Some("0")), (None, None)] {
        let work = Work::of(&[channels(&shop("main"), "q", 1)]);
        work.answered(0, 0, answer([Row { active, ..channel_row(1, 10, 0) }]));
        let samples = work.seen(1).of("payout_control_active");
        assert_eq!(samples.first().map(|(_, value)| value.as_str()), expected);
    }
}

#[test]
fn a_stale_channel_loses_its_balance_and_its_control() {
    let seen = channel().seen(STALE);
    assert!(!seen.has("overpay_available_balance"));
    assert!(!seen.has("payout_control_active"));
}

#[test]
fn a_stale_channel_keeps_all_that_is_not_its_balance() {
    let (fresh, stale) = (channel().seen(STALE - 1), channel().seen(STALE));
    let own = ["overpay_available_balance{", "payout_control_active{"];
    let kept = fresh.text;
    let kept = kept.lines().filter(|line| !line.starts_with('#') && !own.iter().any(|name| line.starts_with(name)));
    let stale = stale.text;
    assert_eq!(stale.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(), kept.collect::<Vec<_>>());
    assert!(stale.contains("\noverpay_available_balance_last_known{"));
}

#[test]
fn a_stale_account_loses_its_balance_and_its_details() {
    let (fresh, stale) = (account().seen(STALE - 1), account().seen(STALE));
    for family in ["overpay_account_balance", "overpay_account_detail"] {
        assert!(fresh.has(family) && !stale.has(family), "{family}");
    }
    assert_eq!(stale.value("overpay_account_balance_last_known"), "50");
    assert_eq!(stale.value("overpay_account_balance_decrease_total"), "0");
    assert_eq!(stale.value("overpay_account_balance_last_success_timestamp_seconds"), "1771243200");
}

#[test]
fn staleness_is_judged_at_the_scrape() {
    let work = channel();
    assert!(work.seen(STALE - 1).has("overpay_available_balance"));
    assert!(!work.seen(STALE).has("overpay_available_balance"));
    assert!(work.seen(STALE - 1).has("overpay_available_balance"));
}

#[test]
fn labels_without_a_value_are_left_out() {
    let work = Work::of(&[bank_account(&shop("main"), "q", None)]);
    work.answered(0, 0, answer([account_row(1, None, 5_000)]));
    let seen = work.seen(1);
    let labels = r#"{shop="main",api="gateway_balance",gateway="1",currency="USD"}"#;
    assert_eq!(seen.labels("overpay_account_balance"), labels);
    assert_eq!(seen.labels("overpay_up"), r#"{shop="main",api="gateway_balance",query="q"}"#);
}

#[test]
fn a_row_that_names_no_channel_has_no_channel_label_and_no_channel_info() {
    let work = Work::of(&[channels(&shop("main"), "q", 1)]);
    let mut row = channel_row(1, 10, 5_000);
    row.series.subject = Subject::Channel(None);
    work.answered(0, 0, answer([row]));
    let seen = work.seen(1);
    assert_eq!(seen.labels("overpay_available_balance"), r#"{shop="main",gateway="1",currency="USD"}"#);
    assert!(!seen.has("overpay_channel_info"));
}

#[test]
fn the_gateway_of_a_balance_is_the_one_answered_and_that_of_health_the_one_configured() {
    let work = Work::of(&[channels(&shop("main"), "q", 1)]);
    work.answered(0, 0, answer([channel_row(2, 10, 0)]));
    let seen = work.seen(1);
    assert!(seen.labels("overpay_available_balance").contains(r#"gateway="2""#));
    assert!(seen.labels("overpay_up").contains(r#"gateway="1""#));
}

#[test]
fn health_begins_with_zeros() {
    let seen = Work::of(&[channels(&shop("main"), "q", 1)]).seen(0);
    for family in [
        "overpay_up",
        "overpay_polls_total",
        "overpay_poll_failures_total",
        "overpay_poll_last_success_timestamp_seconds",
        "overpay_poll_duration_seconds_count",
        "overpay_poll_queue_seconds_count",
    ] {
        assert_eq!(seen.value(family), "0", "{family}");
    }
    assert_eq!(seen.value("overpay_poll_interval_seconds"), "60");
    assert!(!seen.has("overpay_poll_failing"));
}

#[test]
fn every_reason_begins_with_0() {
    let samples = Work::of(&[channels(&shop("main"), "q", 1)]).seen(0).of("overpay_poll_failures_by_reason_total");
    let expected: BTreeSet<String> = Reason::ALL
        .into_iter()
        .map(|reason| format!(r#"{{shop="main",api="channel_balances",reason="{reason}"}}"#))
        .collect();
    assert!(samples.iter().all(|(_, value)| value == "0"));
    assert_eq!(samples.into_iter().map(|(labels, _)| labels).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn a_failing_query_says_why_and_keeps_its_balance() {
    let work = channel();
    work.failed(0, 60, Reason::RateLimited);
    let seen = work.seen(61);
    assert_eq!(seen.value("overpay_up"), "0");
    let labels = r#"{shop="main",api="channel_balances",gateway="1",query="q",reason="rate_limited"}"#;
    assert_eq!(seen.one("overpay_poll_failing"), (labels.to_owned(), "1".to_owned()));
    assert_eq!(seen.value("overpay_available_balance"), "50");
}

#[test]
fn a_query_that_recovered_says_no_reason() {
    let work = channel();
    work.failed(0, 60, Reason::Timeout);
    work.answered(0, 120, answer([channel_row(1, 10, 0)]));
    let seen = work.seen(121);
    assert!(!seen.has("overpay_poll_failing"));
    assert_eq!(seen.value("overpay_up"), "1");
}

#[test]
fn health_outlives_every_answer() {
    let seen = channel().seen(100 * STALE);
    assert_eq!((seen.value("overpay_up"), seen.value("overpay_polls_total")), ("1".to_owned(), "1".to_owned()));
}

#[test]
fn no_claimant_of_a_contested_series_is_published() {
    let shop = shop("main");
    let work = Work::of(&[channels(&shop, "one", 1), channels(&shop, "two", 1)]);
    work.answered(0, 0, answer([channel_row(1, 10, 1)]));
    work.answered(1, 0, answer([channel_row(1, 10, 2)]));
    let seen = work.seen(1);
    for family in ["overpay_available_balance", "overpay_available_balance_last_known", "overpay_currency_exponent"] {
        assert!(!seen.has(family), "{family}");
    }
    let failing = seen.of("overpay_poll_failing");
    assert_eq!(failing.len(), 2);
    assert!(failing.iter().all(|(labels, _)| labels.contains(r#"reason="conflict""#)));
}

#[test]
fn a_channels_own_threshold_overrides_severity_by_severity() {
    let own = BTreeMap::from([(ChannelId(11), thresholds(None, Some(100.0)))]);
    let query = Query {
        thresholds: Arc::new(thresholds(Some(200.5), Some(50.0))),
        channel_thresholds: Arc::new(own),
        ..channels(&shop("main"), "q", 1)
    };
    let work = Work::of(&[query]);
    work.answered(0, 0, answer([channel_row(1, 10, 0), channel_row(1, 11, 0)]));
    let seen = work.seen(10 * STALE);
    let of = |channel: u64, severity: &str| {
        let labels = format!(r#"{{shop="main",gateway="1",currency="USD",channel="{channel}",severity="{severity}"}}"#);
        let samples = seen.of("overpay_available_balance_threshold");
        samples.into_iter().find(|(found, _)| *found == labels).unwrap().1
    };
    assert_eq!([of(10, "warning"), of(10, "critical")], ["200.5", "50"]);
    assert_eq!([of(11, "warning"), of(11, "critical")], ["200.5", "100"]);
}

#[test]
fn a_threshold_of_another_currency_is_not_published() {
    let query = Query { thresholds: Arc::new(thresholds(Some(1.0), None)), ..channels(&shop("main"), "q", 1) };
    let work = Work::of(&[query]);
    let mut row = channel_row(1, 10, 0);
    row.series.currency = currency("EUR");
    work.answered(0, 0, answer([row]));
    assert!(!work.seen(1).has("overpay_available_balance_threshold"));
}

#[test]
fn an_account_has_the_thresholds_of_its_query() {
    let query = Query { thresholds: Arc::new(thresholds(None, Some(7.0))), ..provider_account(&shop("main"), "q", 1) };
    let work = Work::of(&[query]);
    work.answered(0, 0, answer([account_row(1, Some("settlement"), 0)]));
    let labels =
        r#"{shop="main",api="beyag_balance",gateway="1",currency="USD",account="settlement",severity="critical"}"#;
    assert_eq!(work.seen(1).one("overpay_account_balance_threshold"), (labels.to_owned(), "7".to_owned()));
}

#[test]
fn names_are_those_configured_and_else_the_ids() {
    let named = Shop {
        gateway_names: BTreeMap::from([(GatewayId(1), "Acme Bank".into())]),
        channel_names: BTreeMap::from([((GatewayId(1), ChannelId(10)), "Visa payouts".into())]),
        ..Shop::clone(&shop("main"))
    };
    let work = Work::of(&[channels(&Arc::new(named), "q", 1)]);
    work.answered(0, 0, answer([channel_row(1, 10, 0), channel_row(1, 11, 0), channel_row(2, 10, 0)]));
    let labels =
        |family: &str| -> Vec<String> { work.seen(1).of(family).into_iter().map(|(labels, _)| labels).collect() };
    let gateways = [r#"{shop="main",gateway="1",name="Acme Bank"}"#, r#"{shop="main",gateway="2",name="2"}"#];
    assert_eq!(labels("overpay_gateway_info"), gateways);
    let channels = [
        r#"{shop="main",gateway="1",channel="10",name="Visa payouts"}"#,
        r#"{shop="main",gateway="1",channel="11",name="11"}"#,
        r#"{shop="main",gateway="2",channel="10",name="10"}"#,
    ];
    assert_eq!(labels("overpay_channel_info"), channels);
}

#[test]
fn a_withheld_row_has_its_names_and_is_counted() {
    let work = Work::of(&[channels(&shop("main"), "q", 1)]);
    let row = Withheld { gateway: GatewayId(1), channel: Some(ChannelId(99)), why: WithheldBecause::NoCurrency };
    work.answered(0, 0, Answer { withheld: vec![row], ..answer([channel_row(1, 10, 0)]) });
    let seen = work.seen(1);
    assert_eq!(seen.value("overpay_answer_rows_withheld"), "1");
    assert!(seen.of("overpay_channel_info").iter().any(|(labels, _)| labels.contains(r#"channel="99""#)));
    assert_eq!(seen.of("overpay_available_balance").len(), 1);
}

#[test]
fn the_exponent_of_every_currency_published_is_there_once() {
    let work = Work::of(&[channels(&shop("main"), "q", 1)]);
    let mut yen = channel_row(1, 10, 5_000);
    (yen.series.currency, yen.exponent) = (currency("JPY"), Exponent::new(0).unwrap());
    work.answered(0, 0, answer([yen, channel_row(1, 10, 1), channel_row(1, 11, 1)]));
    let expected =
        [(r#"{currency="JPY"}"#.to_owned(), "0".to_owned()), (r#"{currency="USD"}"#.to_owned(), "2".to_owned())];
    assert_eq!(work.seen(1).of("overpay_currency_exponent"), expected);
}

#[test]
fn an_expected_channel_is_there_before_any_answer() {
    let expected = BTreeSet::from([(GatewayId(1), ChannelId(10))]);
    let shop = Shop { expected_channels: expected, ..Shop::clone(&shop("main")) };
    let labels = r#"{shop="main",gateway="1",channel="10"}"#;
    let seen = Work::of(&[channels(&Arc::new(shop), "q", 1)]).seen(0);
    assert_eq!(seen.one("overpay_channel_expected"), (labels.to_owned(), "1".to_owned()));
    assert!(!seen.has("overpay_channel_info"));
}

#[test]
fn the_limit_on_the_age_of_as_of_date_is_there_where_the_api_has_one() {
    let shop = shop("main");
    let work = Work::of(&[channels(&shop, "q", 1), bank_account(&shop, "account", None)]);
    let as_of = Some(noon() - Duration::from_mins(1));
    work.answered(0, 0, Answer { as_of, ..answer([channel_row(1, 10, 0)]) });
    let seen = work.seen(1);
    assert_eq!(seen.value("overpay_as_of_max_age_seconds"), "900");
    assert_eq!(seen.value("overpay_as_of_timestamp_seconds"), "1771243140");
}

#[test]
fn a_failed_reload_shows() {
    let work = channel();
    work.store.reload_failed(noon());
    let seen = work.seen(1);
    assert_eq!(seen.value("overpay_exporter_config_last_reload_successful"), "0");
    assert_eq!(seen.value("overpay_exporter_config_last_reload_success_timestamp_seconds"), "1771243200");
}

#[test]
fn the_widest_amounts_are_finite_numbers() {
    let work = Work::of(&[channels(&shop("main"), "q", 1)]);
    for amount in [i64::MAX, i64::MIN, i64::MAX] {
        work.answered(0, 0, answer([Row { amount: MinorUnits(amount), ..channel_row(1, 10, 0) }]));
    }
    assert!(read(&work.seen(1).text).iter().all(|sample| sample.value.is_finite()));
}

proptest! {
    #[test]
    fn any_name_arrives_as_it_was_given(name in any::<String>(), account in any::<String>()) {
        let named = Shop {
            gateway_names: BTreeMap::from([(GatewayId(1), format!("x{name}").into())]),
            ..Shop::clone(&shop("main"))
        };
        let work = Work::of(&[bank_account(&Arc::new(named), "q", None)]);
        work.answered(0, 0, answer([account_row(1, Some(&format!("x{account}")), 0)]));
        // Only a newline ends a line for Prometheus; Rust's `lines` takes a carriage return in front of it too.
        let text = work.seen(1).text;
        let samples: Vec<super::Sample> =
            text.split_terminator('\n').filter(|line| !line.starts_with('#')).map(super::read_sample).collect();
        let of = |family: &str| samples.iter().find(|sample| sample.name == family).unwrap();
        assert_eq!(of("overpay_gateway_info").labels["name"], format!("x{name}"));
        assert_eq!(of("overpay_account_balance").labels["account"], format!("x{account}"));
    }
}
