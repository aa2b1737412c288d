//! Shops and their queries: names, accounts, currencies, thresholds.

use super::*;
use crate::domain::query::AccountLabel;

const WRITE_A_CODE: &str =
    "a currency code has 2 to 10 capital letters and digits and begins with a letter, as USD or USDT";

/// What is told of a gateway's channels with those keys, which stand at line 6 from column 5 on.
fn told_of_channels(keys: &str) -> String {
    told(&format!("  channel_balances:\n  - {keys}\n"))
}

fn told_of_account(keys: &str) -> String {
    told(&format!("  gateway_balances:\n  - {keys}\n"))
}

#[test]
fn each_currency_is_a_query_and_all_is_one() {
    let config =
        good("  channel_balances:\n  - {gateway: 1, currencies: [USD, EUR]}\n  - {gateway: 2, currencies: all}\n");
    assert_eq!(names(&config), ["channel_balances-1-USD", "channel_balances-1-EUR", "channel_balances-2"]);
}

#[test]
fn a_query_has_the_name_it_is_given() {
    let config = good("  beyag_balances:\n  - {gateway: 1, query: provider.main}\n");
    assert_eq!(names(&config), ["provider.main"]);
}

#[test]
fn a_malformed_currency_is_told_at_its_place() {
    assert_eq!(
        told_of_channels("{gateway: 1, currencies: [USD, usd]}"),
        format!("f.yml:6:36: shops[0].channel_balances[0].currencies[1]: found \"usd\"; {WRITE_A_CODE}")
    );
    assert_eq!(
        told_of_account("{currency: RUR0000000000}"),
        format!("f.yml:6:16: shops[0].gateway_balances[0].currency: found \"RUR0000000000\"; {WRITE_A_CODE}")
    );
    assert_eq!(
        told_of_account("{account: '', assume_currency: rub}"),
        format!("f.yml:6:36: shops[0].gateway_balances[0].assume_currency: found \"rub\"; {WRITE_A_CODE}")
    );
}

#[test]
fn a_malformed_currency_of_a_threshold_is_told() {
    assert_eq!(
        told_of_channels("{gateway: 1, currencies: all, thresholds: {usd: {warning: 1}}}"),
        format!("f.yml:6:53: shops[0].channel_balances[0].thresholds.usd: found \"usd\"; {WRITE_A_CODE}")
    );
}

#[test]
fn a_malformed_currency_of_an_exponent_is_told() {
    assert_eq!(told("currencies: {usdt: 8}\n"), format!("f.yml:5:20: currencies.usdt: found \"usdt\"; {WRITE_A_CODE}"));
}

#[test]
fn an_exponent_above_18_is_told() {
    assert_eq!(
        told("currencies: {USDT: 19}\n"),
        "f.yml:5:20: currencies.USDT: found 19; write the number of decimal places, 0 to 18"
    );
}

#[test]
fn a_word_in_place_of_currencies_is_told_at_its_place() {
    for word in ["ALL", "USD", "12", "~"] {
        assert_eq!(
            told_of_channels(&format!("{{gateway: 1, currencies: {word}}}")),
            "f.yml:6:30: shops[0].channel_balances[0].currencies: these are no currencies; write a list of currency \
             codes, as [USD, EUR], or all",
            "{word}"
        );
    }
}

#[test]
fn no_currencies_are_told() {
    assert_eq!(
        told_of_channels("{gateway: 1, currencies: []}"),
        "f.yml:6:30: shops[0].channel_balances[0].currencies: an empty list asks for nothing; write currency codes, as \
         [USD, EUR], or all"
    );
}

#[test]
fn one_name_for_several_currencies_is_told() {
    assert_eq!(
        told_of_channels("{gateway: 1, currencies: [USD, EUR], query: both}"),
        "f.yml:6:49: shops[0].channel_balances[0].query: one name for several queries, one for each currency; write an \
         entry for each, or no name"
    );
}

#[test]
fn the_same_question_twice_is_told() {
    assert_eq!(
        told_of_channels("{gateway: 1, currencies: [USD]}\n  - {gateway: 1, currencies: [USD], query: again}"),
        "f.yml:7:31: shops[0].channel_balances[1]: asks the same as the query channel_balances-1-USD; keep one of the \
         two"
    );
}

#[test]
fn the_same_currency_twice_in_one_list_is_told() {
    let told = told_of_channels("{gateway: 1, currencies: [USD, USD]}");
    assert!(told.starts_with("f.yml:6:36: ") && told.contains("asks the same"), "{told}");
}

#[test]
fn the_default_account_of_a_provider_named_and_left_out_is_the_same_question() {
    let told = told("  beyag_balances:\n  - {gateway: 1, account: ''}\n  - {gateway: 1, query: again}\n");
    assert!(told.contains("asks the same as the query beyag_balance-1"), "{told}");
}

#[test]
fn two_questions_of_one_name_are_told() {
    assert_eq!(
        told("  beyag_balances:\n  - {gateway: 1, query: a}\n  - {gateway: 2, query: a}\n"),
        "f.yml:7:15: shops[0].beyag_balances[1]: the query at line 6 is named a too; write `query:` with another name"
    );
}

#[test]
fn two_accounts_of_one_mask_need_names() {
    let told = told_of_account("account: '11110021'\n  - account: '22220021'");
    assert!(told.contains("is named gateway_balance-account-0021 too; write `query:`"), "{told}");
}

#[test]
fn queries_of_two_shops_may_have_one_name() {
    let second = "- name: second\n  shop_id: 364\n  secret_key_env: KEY\n  beyag_balances: [{gateway: 1}]\n";
    let config = good(&format!("  beyag_balances: [{{gateway: 1}}]\n{second}"));
    assert_eq!(names(&config), ["beyag_balance-1", "beyag_balance-1"]);
}

#[test]
fn a_query_whose_name_can_be_no_label_is_told() {
    for name in ["'a b'", "''", "a/b", "счёт"] {
        assert_eq!(
            told(&format!("  beyag_balances:\n  - {{gateway: 1, query: {name}}}\n")),
            "f.yml:6:25: shops[0].beyag_balances[0].query: this is not a name; write letters, digits, `_`, `.` and `-`"
        );
    }
}

#[test]
fn a_shop_whose_name_can_be_no_label_is_told() {
    let text = SHOP.replace("main", "my shop");
    assert_eq!(told_of(&text), "f.yml:2:9: shops[0].name: this is not a name; write letters, digits, `_`, `.` and `-`");
}

#[test]
fn two_shops_of_one_name_are_told() {
    assert_eq!(
        told("- {name: main, shop_id: 1, secret_key_env: KEY}\n"),
        "f.yml:5:10: shops[1].name: the shop at line 2 is named main too; name each shop differently"
    );
}

#[test]
fn a_shop_id_may_be_a_text() {
    assert_eq!(load(&SHOP.replace("363", "\"0363\"")).unwrap().shops[0].shop_id, "0363");
}

#[test]
fn a_shop_id_that_http_basic_can_not_carry_is_told() {
    for id in ["''", "'a:b'", "\"a\\nb\""] {
        assert_eq!(
            told_of(&SHOP.replace("363", id)),
            "f.yml:3:12: shops[0].shop_id: this is not a shop id; write the platform's id"
        );
    }
}

#[test]
fn two_names_for_one_gateway_are_told() {
    let lines = "  channel_balances:\n  - {gateway: 1, currencies: all, name: Acme}\n  beyag_balances:\n  - {gateway: 1, name: Acne}\n";
    assert_eq!(
        told(lines),
        "f.yml:8:24: shops[0].beyag_balances[0].name: gateway 1 is named \"Acne\" here and \"Acme\" at line 6; write \
         one name for it"
    );
}

#[test]
fn one_name_for_one_gateway_may_stand_twice() {
    let lines = "  beyag_balances: [{gateway: 1, name: Acme, query: a, currency: USD}, {gateway: 1, name: Acme}]\n";
    assert_eq!(good(lines).shops[0].gateway_names.len(), 1);
}

#[test]
fn two_names_for_one_channel_are_told() {
    let entry =
        |code: &str, name: &str| format!("{{gateway: 1, currencies: [{code}], channels: {{7: {{name: {name}}}}}}}");
    let told = told_of_channels(&format!("{}\n  - {}", entry("USD", "Visa"), entry("EUR", "Mir")));
    assert!(
        told.contains("channels.7.name: channel 7 of gateway 1 is named \"Mir\" here and \"Visa\" at line 6"),
        "{told}"
    );
}

#[test]
fn an_empty_name_is_told() {
    let told = told_of_channels("{gateway: 1, currencies: all, name: ' '}");
    assert!(told.ends_with("an empty name; write what people call it, or no name"), "{told}");
}

#[test]
fn a_name_without_a_gateway_is_told() {
    let told = told_of_account("{account: '', name: Acme}");
    assert!(told.contains("a name for a gateway, but no gateway"), "{told}");
}

#[test]
fn a_question_for_no_account_is_told() {
    let told = told_of_account("{details: [/a]}");
    assert!(told.starts_with("f.yml:2:9: shops[0].gateway_balances[0]: asks for no account; write any of"), "{told}");
}

#[test]
fn an_empty_account_asks_for_the_default_one() {
    assert_eq!(names(&good("  gateway_balances: [{account: ''}]\n")), ["gateway_balance"]);
}

#[test]
fn an_account_without_quotes_keeps_all_its_digits() {
    for number in ["40701810820020300021", "0017", "1_000"] {
        let config = good(&format!("  gateway_balances: [{{account: {number}}}]\n"));
        assert_eq!(config.queries[0].ask.account().unwrap().expose(), number);
    }
}

#[test]
fn accounts_are_shown_in_full_where_the_file_says_so() {
    let config = good("  gateway_balances: [{account: ''}, {gateway: 1, account_label: own}]\naccount_labels: full\n");
    let labels: Vec<_> = config.queries.iter().map(|query| query.account_label.clone()).collect();
    assert_eq!(labels, [AccountLabel::Full, AccountLabel::Named("own".into())]);
}

#[test]
fn an_empty_account_label_is_told() {
    let told = told_of_account("{account: '', account_label: ''}");
    assert!(told.contains("account_label: an empty label; write one"), "{told}");
}

#[test]
fn an_assumed_currency_that_is_not_the_one_asked_for_is_told() {
    assert_eq!(
        told_of_account("{currency: USD, assume_currency: RUB}"),
        "f.yml:6:38: shops[0].gateway_balances[0].assume_currency: assumes RUB, but asks for USD; keep one of the two"
    );
}

#[test]
fn a_detail_that_is_no_json_pointer_is_told() {
    assert_eq!(
        told_of_account("{account: '', details: [/Amount, Amount]}"),
        "f.yml:6:38: shops[0].gateway_balances[0].details[1]: found \"Amount\"; write a JSON pointer, as \
         /Balance/AmountIn"
    );
}

#[test]
fn a_detail_that_stands_there_twice_is_told() {
    assert_eq!(
        told_of_account("{account: '', details: [/Amount, /Amount]}"),
        "f.yml:6:38: shops[0].gateway_balances[0].details[1]: found \"/Amount\" twice; keep one of the two"
    );
}

#[test]
fn a_warning_below_the_critical_threshold_is_told() {
    assert_eq!(
        told_of_account("{account: '', thresholds: {RUB: {warning: 1, critical: 2}}}"),
        "f.yml:6:47: shops[0].gateway_balances[0].thresholds.RUB: the warning at 1 is below the critical threshold of \
         2, so that it would come after it; write a warning of 2 or more"
    );
}

#[test]
fn a_warning_at_the_critical_threshold_is_taken() {
    good("  gateway_balances: [{account: '', thresholds: {RUB: {warning: 2, critical: 2}}}]\n");
}

#[test]
fn a_channels_critical_threshold_above_the_gateways_warning_is_told() {
    let told = told_of_channels(
        "{gateway: 1, currencies: all, thresholds: {USD: {warning: 5}}, channels: {7: {thresholds: {USD: {critical: 9}}}}}",
    );
    assert!(
        told.contains("channels.7.thresholds.USD: the warning at 5 is below the critical threshold of 9"),
        "{told}"
    );
}

#[test]
fn a_threshold_that_is_no_amount_is_told() {
    for amount in [".nan", ".inf", "-.inf"] {
        let told = told_of_account(&format!("{{account: '', thresholds: {{RUB: {{warning: {amount}}}}}}}"));
        assert!(
            told.contains("thresholds.RUB.warning: found") && told.ends_with("write an amount in major units"),
            "{told}"
        );
    }
}
