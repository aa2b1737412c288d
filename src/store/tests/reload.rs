//! What a new configuration keeps of the old one's state.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Work, noon};
use crate::domain::failure::Reason;
use crate::domain::money::{Exponent, Exponents};
use crate::domain::observation::{Answer, Withheld, WithheldBecause};
use crate::domain::query::{AccountLabel, Ask, GatewayId, Query, Thresholds};
use crate::domain::samples::{PACE, answer, bank_account, channel_row, channels, currency, shop, shop_at};
use crate::domain::shop::Shop;
use crate::store::{Reload, Store};

fn good() -> Answer {
    answer([channel_row(1, 10, 100)])
}

fn query() -> Query {
    channels(&shop("main"), "q", 1)
}

/// Whether the state of a query is kept when it becomes the other.
fn keeps(before: Query, after: Query) -> bool {
    let work = Work::of(&[before]);
    work.answered(0, 0, good());
    work.failed(0, 60, Reason::Timeout);
    work.configure(&[after]);
    let state = work.state(0);
    let known = state.last_known().is_some();
    assert_eq!((state.polls, state.failures), if known { (2, 1) } else { (0, 0) });
    assert_eq!(state.failing.is_some(), known);
    known
}

fn exponents(places: u8) -> Exponents {
    Exponents::new(BTreeMap::from([(currency("USD"), Exponent::new(places).unwrap())]))
}

#[test]
fn nothing_was_reloaded_before_the_first_configuration() {
    assert_eq!(Store::default().snapshot().reload, None);
}

#[test]
fn an_unchanged_query_keeps_its_state() {
    assert!(keeps(query(), query()));
}

#[test]
fn a_query_of_another_interval_keeps_its_state() {
    let interval = Duration::from_secs(30);
    assert!(keeps(query(), Query { pace: crate::domain::query::Pace { interval, ..PACE }, ..query() }));
}

#[test]
fn a_query_of_other_thresholds_keeps_its_state() {
    let thresholds = [(currency("USD"), Thresholds { warning: Some(1.0), critical: None })].into();
    assert!(keeps(query(), Query { thresholds: Arc::new(thresholds), ..query() }));
}

#[test]
fn a_query_of_a_shop_with_a_new_key_keeps_its_state() {
    let shop = Shop { secret_key: "new".to_owned().into(), ..Shop::clone(&shop("main")) };
    assert!(keeps(query(), channels(&Arc::new(shop), "q", 1)));
}

#[test]
fn a_query_of_another_gateway_begins_anew() {
    assert!(!keeps(query(), channels(&shop("main"), "q", 2)));
}

#[test]
fn a_query_of_another_currency_begins_anew() {
    let ask = Ask::ChannelBalances { gateway: GatewayId(1), currency: Some(currency("USD")) };
    assert!(!keeps(query(), Query { ask, ..query() }));
}

#[test]
fn a_query_of_another_name_begins_anew() {
    assert!(!keeps(query(), channels(&shop("main"), "other", 1)));
}

#[test]
fn a_query_of_another_shop_begins_anew() {
    assert!(!keeps(query(), channels(&shop("other"), "q", 1)));
}

#[test]
fn a_query_of_a_shop_with_another_id_begins_anew() {
    let shop = Shop { shop_id: "364".to_owned(), ..Shop::clone(&shop("main")) };
    assert!(!keeps(query(), channels(&Arc::new(shop), "q", 1)));
}

#[test]
fn a_query_at_another_host_begins_anew() {
    assert!(!keeps(query(), channels(&shop_at("main", "elsewhere"), "q", 1)));
}

#[test]
fn a_query_whose_accounts_are_labelled_otherwise_begins_anew() {
    let account = bank_account(&shop("main"), "q", None);
    assert!(!keeps(account.clone(), Query { account_label: AccountLabel::Full, ..account }));
}

#[test]
fn a_query_of_other_details_begins_anew() {
    let account = bank_account(&shop("main"), "q", None);
    assert!(!keeps(account.clone(), Query { details: Arc::new(["/Balance/AmountIn".into()]), ..account }));
}

#[test]
fn state_follows_its_query_to_another_position() {
    let shop = shop("main");
    let (one, two) = (channels(&shop, "one", 1), channels(&shop, "two", 2));
    let work = Work::of(&[one.clone(), two.clone()]);
    work.answered(0, 0, answer([channel_row(1, 10, 1)]));
    work.answered(1, 0, answer([channel_row(2, 20, 2)]));
    work.configure(&[two, channels(&shop, "new", 3), one]);
    assert_eq!((work.last_known(0), work.last_known(1), work.last_known(2)), (Some(vec![2]), None, Some(vec![1])));
    work.answered(2, 60, answer([channel_row(1, 10, 3)]));
    assert_eq!((work.last_known(0), work.last_known(2)), (Some(vec![2]), Some(vec![3])));
}

#[test]
fn an_answer_is_judged_by_the_new_stale_after() {
    let work = Work::of(&[query()]);
    work.answered(0, 0, good());
    let stale_after = Duration::from_secs(100);
    work.configure(&[Query { pace: crate::domain::query::Pace { stale_after, ..PACE }, ..query() }]);
    assert!(work.is_fresh(0, 99));
    assert!(!work.is_fresh(0, 100));
}

#[test]
fn an_answer_whose_amounts_have_another_exponent_now_is_dropped() {
    let work = Work::of(&[query()]);
    work.answered(0, 0, good());
    work.configure_with(&[query()], &exponents(4));
    assert_eq!(work.last_known(0), None);
    assert_eq!(work.state(0).polls, 1);
}

#[test]
fn an_answer_in_a_currency_without_an_exponent_now_is_dropped() {
    let work = Work::of(&[query()]);
    let mut row = channel_row(1, 10, 100);
    row.series.currency = currency("USDT");
    let with = Exponents::new(BTreeMap::from([(currency("USDT"), Exponent::new(2).unwrap())]));
    work.configure_with(&[query()], &with);
    work.answered(0, 0, answer([row]));
    assert_eq!(work.last_known(0), Some(vec![100]));
    work.configure(&[query()]);
    assert_eq!(work.last_known(0), None);
}

#[test]
fn an_answer_whose_exponent_is_now_configured_as_it_was_is_kept() {
    let work = Work::of(&[query()]);
    work.answered(0, 0, good());
    work.configure_with(&[query()], &exponents(2));
    assert_eq!(work.last_known(0), Some(vec![100]));
}

#[test]
fn a_dropped_answer_claims_nothing() {
    let shop = shop("main");
    let queries = [channels(&shop, "one", 1), channels(&shop, "two", 1)];
    let work = Work::of(&queries);
    work.answered(0, 0, good());
    work.configure_with(&queries, &exponents(4));
    assert_eq!(work.answered(1, 60, good()).failure, None);
}

#[test]
fn counts_of_a_shop_and_api_that_are_still_asked_are_kept() {
    let shop = shop("main");
    let work = Work::of(&[channels(&shop, "q", 1), bank_account(&shop, "account", None)]);
    work.failed(0, 0, Reason::Timeout);
    work.failed(1, 0, Reason::Timeout);
    work.configure(&[channels(&shop, "renamed", 1)]);
    let polls = work.store.snapshot().polls;
    assert_eq!(polls.len(), 1);
    assert_eq!((polls[0].duration.count(), polls[0].failures().map(|(_, count)| count).sum::<u64>()), (1, 1));
}

#[test]
fn counts_begin_anew_for_a_shop_that_was_away() {
    let work = Work::of(&[query()]);
    work.failed(0, 0, Reason::Timeout);
    work.configure(&[]);
    work.configure(&[query()]);
    assert_eq!(work.store.snapshot().polls[0].duration.count(), 0);
}

#[test]
fn a_failed_reload_is_noted_and_changes_nothing_else() {
    let work = Work::of(&[query()]);
    work.answered(0, 0, good());
    work.store.reload_failed(noon());
    let snapshot = work.store.snapshot();
    assert_eq!(snapshot.reload, Some(Reload { last_success: noon(), failed_at: Some(noon()) }));
    assert_eq!(work.last_known(0), Some(vec![100]));
}

#[test]
fn a_good_reload_after_a_failed_one_is_noted() {
    let work = Work::of(&[query()]);
    work.store.reload_failed(noon());
    let later = noon() + Duration::from_mins(1);
    work.store.configure(&[], &[], &Exponents::default(), later);
    assert_eq!(work.store.snapshot().reload, Some(Reload { last_success: later, failed_at: None }));
}

#[test]
fn a_query_with_nothing_to_gain_is_not_asked_anew() {
    let work = Work::of(&[query()]);
    work.answered(0, 0, good());
    assert!(work.configure_with(&[query()], &Exponents::default()).is_empty());
}

#[test]
fn the_survivor_of_a_conflict_is_asked_anew() {
    let rival = Query { name: "rival".into(), ..query() };
    let work = Work::of(&[query(), rival]);
    work.answered(0, 0, good());
    work.answered(1, 0, good());
    assert_eq!(work.configure_with(&[query()], &Exponents::default()), [0]);
}

#[test]
fn a_query_whose_answer_is_dropped_for_its_exponent_is_asked_anew() {
    let work = Work::of(&[query()]);
    work.answered(0, 0, good());
    assert_eq!(work.configure_with(&[query()], &exponents(4)), [0]);
}

#[test]
fn a_query_with_a_withheld_row_is_asked_anew_once_its_exponent_is_known() {
    let unknown = Exponents::default().of(currency("USDT")).unwrap_err();
    let row = Withheld { gateway: GatewayId(1), channel: None, why: WithheldBecause::Exponent(unknown) };
    let work = Work::of(&[query()]);
    work.answered(0, 0, Answer { withheld: vec![row], ..good() });
    assert!(work.configure_with(&[query()], &Exponents::default()).is_empty(), "still not known");
    let known = Exponents::new([(currency("USDT"), Exponent::new(8).unwrap())].into());
    assert_eq!(work.configure_with(&[query()], &known), [0]);
}
