//! An answer is published as it was meant, or fails as a whole; only a row of a doubtful currency stays behind alone.

use super::*;
use crate::domain::query::AccountLabel;
use crate::domain::samples::{bank_account, channels, currency, provider_account, shop};

const ACCOUNT: &str = "40701810820020300021";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_771_229_410)
}

/// A row of a channel in that currency.
fn channel(id: u64, code: Option<&str>) -> ReadRow {
    ReadRow {
        gateway: GatewayId(3405),
        channel: Some(ChannelId(id)),
        account: None,
        currency: code.map(currency),
        amount: MinorUnits(50_000),
        active: Some(false),
        details: Vec::new(),
    }
}

/// A row of an account in RUB.
fn account(number: Option<&str>) -> ReadRow {
    ReadRow { channel: None, account: number.map(Into::into), active: None, ..channel(0, Some("RUB")) }
}

fn answer(query: &Query, rows: Vec<ReadRow>) -> Result<Answer, Failure> {
    Answer::of(query, Reading { as_of: None, since: None, rows }, &Exponents::default(), now())
}

fn asking(code: Option<&str>) -> Query {
    let ask = Ask::ChannelBalances { gateway: GatewayId(3405), currency: code.map(currency) };
    Query { ask, ..channels(&shop("main"), "headroom", 3405) }
}

fn currencies(answer: &Answer) -> Vec<String> {
    answer.rows.iter().map(|row| row.series.currency.to_string()).collect()
}

fn label(query: &Query, number: Option<&str>) -> Option<String> {
    match &answer(query, vec![account(number)]).unwrap().rows[0].series.subject {
        Subject::Account(label) => label.as_deref().map(str::to_owned),
        Subject::Channel(_) => panic!("an account's row became a channel's"),
    }
}

#[test]
fn a_row_keeps_what_the_answer_says() {
    let answer = answer(&asking(Some("USD")), vec![channel(1385, Some("USD"))]).unwrap();
    let series = Series {
        gateway: GatewayId(3405),
        currency: currency("USD"),
        subject: Subject::Channel(Some(ChannelId(1385))),
    };
    let exponent = Exponent::new(2).unwrap();
    let row = Row { series, amount: MinorUnits(50_000), exponent, active: Some(false), details: Vec::new() };
    assert_eq!(answer, Answer { as_of: None, since: None, rows: vec![row], withheld: Vec::new() });
}

#[test]
fn an_answer_in_another_currency_than_asked_is_published_in_its_own() {
    assert_eq!(currencies(&answer(&asking(Some("USD")), vec![channel(1, Some("RUB"))]).unwrap()), ["RUB"]);
}

#[test]
fn an_answer_of_another_gateway_than_asked_is_published_under_its_own() {
    let mut row = account(Some(ACCOUNT));
    row.gateway = GatewayId(1111);
    let answer = answer(&provider_account(&shop("main"), "provider", 1234), vec![row]).unwrap();
    assert_eq!(answer.rows[0].series.gateway, GatewayId(1111));
}

#[test]
fn a_row_that_names_no_currency_is_in_the_one_asked_for() {
    assert_eq!(currencies(&answer(&asking(Some("USD")), vec![channel(1, None)]).unwrap()), ["USD"]);
}

#[test]
fn a_row_that_names_no_currency_is_in_the_one_assumed_where_none_was_asked_for() {
    let query = Query { assume_currency: Some(currency("RUB")), ..bank_account(&shop("main"), "bank", None) };
    assert_eq!(currencies(&answer(&query, vec![ReadRow { currency: None, ..account(None) }]).unwrap()), ["RUB"]);
}

#[test]
fn a_currency_that_the_row_names_goes_before_the_one_assumed() {
    let query = Query { assume_currency: Some(currency("USD")), ..bank_account(&shop("main"), "bank", None) };
    assert_eq!(currencies(&answer(&query, vec![account(None)]).unwrap()), ["RUB"]);
}

#[test]
fn a_row_without_any_currency_is_withheld() {
    let failure = answer(&asking(None), vec![channel(1, None)]).unwrap_err();
    assert_eq!((failure.reason, failure.withheld), (Reason::UnknownCurrency, 1));
    assert!(failure.detail.contains("names no currency and the query asks for none"), "{failure}");
}

#[test]
fn a_row_in_a_doubtful_currency_is_withheld_and_the_others_are_published() {
    let rows = vec![channel(1, Some("USD")), channel(2, Some("USDT")), channel(3, Some("EUR"))];
    let answer = answer(&asking(None), rows).unwrap();
    assert_eq!(currencies(&answer), ["USD", "EUR"]);
    assert_eq!(answer.withheld.len(), 1);
    assert_eq!((answer.withheld[0].gateway, answer.withheld[0].channel), (GatewayId(3405), Some(ChannelId(2))));
    assert!(answer.withheld[0].why.to_string().starts_with("the exponent of USDT is not certain"));
}

#[test]
fn nothing_but_withheld_rows_is_an_unknown_currency_and_they_are_counted() {
    let rows = vec![channel(1, Some("USDT")), channel(2, None), channel(3, Some("IDR"))];
    let failure = answer(&asking(None), rows).unwrap_err();
    assert_eq!((failure.reason, failure.withheld), (Reason::UnknownCurrency, 3));
    assert!(failure.detail.contains("`currencies: {USDT: …}`"), "{failure}");
}

#[test]
fn a_configured_exponent_publishes_what_was_withheld() {
    let exponents = Exponents::new([(currency("USDT"), Exponent::new(6).unwrap())].into());
    let reading = Reading { as_of: None, since: None, rows: vec![channel(1, Some("USDT"))] };
    let answer = Answer::of(&asking(None), reading, &exponents, now()).unwrap();
    assert_eq!(answer.rows[0].exponent.places(), 6);
}

#[test]
fn an_empty_list_is_no_data() {
    assert_eq!(answer(&asking(None), Vec::new()).unwrap_err().reason, Reason::NoData);
}

#[test]
fn two_rows_of_one_series_are_a_conflict() {
    let failure = answer(&asking(None), vec![channel(1385, Some("USD")), channel(1385, Some("USD"))]).unwrap_err();
    assert_eq!(failure.reason, Reason::Conflict);
    assert!(failure.detail.contains("gateway 3405, channel 1385, USD"), "{failure}");
}

#[test]
fn two_rows_that_agree_on_the_amount_are_a_conflict_too() {
    let zero = |active| ReadRow { amount: MinorUnits(0), active, ..channel(1385, Some("USD")) };
    let failure = answer(&asking(None), vec![zero(Some(true)), zero(None)]).unwrap_err();
    assert_eq!(failure.reason, Reason::Conflict);
}

#[test]
fn the_asked_currency_and_the_same_one_named_are_one_series() {
    let failure = answer(&asking(Some("USD")), vec![channel(1, None), channel(1, Some("USD"))]).unwrap_err();
    assert_eq!(failure.reason, Reason::Conflict);
}

#[test]
fn two_rows_without_a_channel_are_a_conflict() {
    let row = ReadRow { channel: None, ..channel(0, Some("USD")) };
    assert_eq!(answer(&asking(None), vec![row.clone(), row]).unwrap_err().reason, Reason::Conflict);
}

#[test]
fn one_channel_in_two_currencies_is_two_series() {
    let rows = vec![channel(1385, Some("USD")), channel(1385, Some("EUR"))];
    assert_eq!(currencies(&answer(&asking(None), rows).unwrap()), ["USD", "EUR"]);
}

#[test]
fn a_conflict_beside_withheld_rows_is_a_conflict() {
    let rows = vec![channel(1, Some("USDT")), channel(2, Some("USD")), channel(2, Some("USD"))];
    assert_eq!(answer(&asking(None), rows).unwrap_err().reason, Reason::Conflict);
}

fn dated(as_of: SystemTime) -> Result<Answer, Failure> {
    let reading = Reading { as_of: Some(as_of), since: None, rows: vec![channel(1, Some("USD"))] };
    Answer::of(&asking(None), reading, &Exponents::default(), now())
}

#[test]
fn an_answer_dated_up_to_five_minutes_ahead_is_taken() {
    for ahead in [Duration::from_secs(299), Duration::from_mins(5)] {
        assert_eq!(dated(now() + ahead).unwrap().as_of, Some(now() + ahead));
    }
}

#[test]
fn an_answer_dated_more_than_five_minutes_ahead_is_malformed() {
    let failure = dated(now() + Duration::from_secs(301)).unwrap_err();
    assert_eq!(failure.reason, Reason::MalformedResponse);
    assert!(failure.detail.contains("compare the clocks"), "{failure}");
}

#[test]
fn an_answer_as_old_as_the_clock_is_taken() {
    assert!(dated(SystemTime::UNIX_EPOCH).is_ok());
}

#[test]
fn an_account_is_masked_unless_the_configuration_says_otherwise() {
    let query = bank_account(&shop("main"), "bank", None);
    assert_eq!(label(&query, Some(ACCOUNT)).as_deref(), Some("*0021"));
}

#[test]
fn an_account_is_shown_in_full_where_the_configuration_says_so() {
    let query = Query { account_label: AccountLabel::Full, ..bank_account(&shop("main"), "bank", None) };
    assert_eq!(label(&query, Some(ACCOUNT)).as_deref(), Some(ACCOUNT));
}

#[test]
fn an_account_with_a_label_of_its_own_has_that_even_if_the_answer_names_none() {
    let named = AccountLabel::Named("settlement".into());
    let query = Query { account_label: named, ..bank_account(&shop("main"), "bank", None) };
    assert_eq!(label(&query, Some(ACCOUNT)).as_deref(), Some("settlement"));
    assert_eq!(label(&query, None).as_deref(), Some("settlement"));
}

#[test]
fn an_answer_that_names_no_account_has_no_account_label() {
    assert_eq!(label(&bank_account(&shop("main"), "bank", None), None), None);
    let full = Query { account_label: AccountLabel::Full, ..bank_account(&shop("main"), "bank", None) };
    assert_eq!(label(&full, None), None);
}

#[test]
fn the_account_asked_for_is_not_put_in_place_of_one_the_answer_does_not_name() {
    let account = Some(ACCOUNT.into());
    let ask = Ask::GatewayBalance { account, currency: None, gateway: None, asynchronous: false };
    let query = Query { ask, ..bank_account(&shop("main"), "bank", None) };
    assert_eq!(label(&query, None), None);
}

#[test]
fn two_accounts_with_the_same_mask_are_a_conflict() {
    let query = bank_account(&shop("main"), "bank", None);
    let failure = answer(&query, vec![account(Some(ACCOUNT)), account(Some("99999990021"))]).unwrap_err();
    assert_eq!(failure.reason, Reason::Conflict);
    assert!(!failure.detail.contains("4070181"), "{failure}");
}
