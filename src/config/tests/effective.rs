//! The configuration in use, as people are shown it.

use super::*;
use crate::yaml;

const ACCOUNT: &str = "40701810820020300021";

fn shown(lines: &str) -> String {
    good(lines).effective()
}

#[test]
fn defaults_are_filled_in() {
    let shown = shown("  channel_balances:\n  - {gateway: 3405, currencies: [USD]}\n");
    for line in
        ["interval: 1m", "timeout: 25s", "stale_after: 3m 25s", "max_data_age: 15m", "max_in_flight_per_host: 32"]
    {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn each_query_has_its_name_and_is_an_entry_of_its_own() {
    let shown = shown("  channel_balances:\n  - {gateway: 3405, currencies: [USD, EUR]}\n");
    for name in ["query: channel_balances-3405-USD", "query: channel_balances-3405-EUR"] {
        assert!(shown.contains(name), "{shown}");
    }
}

#[test]
fn the_hosts_of_the_brand_are_shown() {
    let shown = shown("  channel_balances:\n  - {gateway: 3405, currencies: all}\n");
    assert!(shown.contains("backoffice_url: https://backoffice.overpay.io/"), "{shown}");
    assert!(shown.contains("currencies: all"), "{shown}");
}

#[test]
fn the_secret_key_is_not_shown() {
    let shown = shown("  channel_balances:\n  - {gateway: 3405, currencies: [USD]}\n");
    assert!(shown.contains("secret_key: <secret>"), "{shown}");
    assert!(!shown.contains("k3y"), "{shown}");
}

#[test]
fn the_credentials_of_a_proxy_are_not_shown() {
    let brands = "brands:\n  overpay: {proxy_url: \"http://user:pa55@proxy.example:3128\"}\n";
    let shown = load(&format!("{brands}{SHOP}")).unwrap().effective();
    assert!(shown.contains("http://<secret>@proxy.example:3128/"), "{shown}");
    assert!(!shown.contains("pa55") && !shown.contains("user:"), "{shown}");
}

#[test]
fn a_proxy_without_credentials_is_shown_as_it_is() {
    let brands = "brands:\n  overpay: {proxy_url: \"http://proxy.example:3128\"}\n";
    let shown = load(&format!("{brands}{SHOP}")).unwrap().effective();
    assert!(shown.contains("http://proxy.example:3128/"), "{shown}");
}

#[test]
fn accounts_are_masked() {
    let shown = shown(&format!("  gateway_balances:\n  - {{account: \"{ACCOUNT}\", currency: RUB}}\n"));
    assert!(shown.contains("*0021") && !shown.contains(ACCOUNT), "{shown}");
}

#[test]
fn an_account_with_a_label_of_its_own_is_masked_too() {
    let shown = shown(&format!("  gateway_balances:\n  - {{account: \"{ACCOUNT}\", account_label: settlement}}\n"));
    assert!(shown.contains("settlement") && !shown.contains(ACCOUNT), "{shown}");
}

#[test]
fn accounts_are_shown_where_the_file_asks_for_them_in_full() {
    let text = format!("account_labels: full\n{SHOP}  gateway_balances:\n  - {{account: \"{ACCOUNT}\"}}\n");
    let shown = load(&text).unwrap().effective();
    assert!(shown.contains(ACCOUNT), "{shown}");
}

#[test]
fn thresholds_channels_and_what_else_a_query_has_are_shown() {
    let shown = shown(
        "  channel_balances:\n  - gateway: 3405\n    name: Acme Bank\n    currencies: [USD]\n    thresholds: {USD: \
         {warning: 20000, critical: 5000}}\n    channels: {1385: {name: Visa payouts, thresholds: {USD: {critical: \
         10000}}}}\n  gateway_balances:\n  - {gateway: 7, assume_currency: RUB, details: [/Balance/AmountIn], async: \
         true}\n  beyag_balances:\n  - {gateway: 1234, currency: USD}\n",
    );
    for part in
        ["Acme Bank", "20000", "Visa payouts", "10000", "assume_currency: RUB", "/Balance/AmountIn", "async: true"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn exponents_of_the_file_are_shown() {
    let shown = load(&format!("currencies: {{USDT: 8}}\n{SHOP}")).unwrap().effective();
    assert!(shown.contains("USDT: 8"), "{shown}");
}

/// What is shown can be used: it is read again once it says where the key is.
#[test]
fn what_is_shown_is_read_again_as_the_same() {
    let lines = "  channel_balances:\n  - {gateway: 3405, name: \"a: 'b' #c\", currencies: [USD, EUR], interval: 90s, \
                 thresholds: {USD: {warning: 0.5}}, channels: {1: {name: \"yes\"}}}\n  beyag_balances:\n  - {gateway: \
                 1234, currency: USD}\n";
    let first = good(lines);
    let text = first.effective().replace("secret_key: <secret>", "secret_key_env: KEY");
    let again = load(&text).unwrap();
    let queries = |config: &Config| config.queries.iter().map(|query| (**query).clone()).collect::<Vec<_>>();
    let (mut one, mut other) = (queries(&first), queries(&again));
    for list in [&mut one, &mut other] {
        list.sort_by(|one, other| one.name.cmp(&other.name));
    }
    assert_eq!(one, other, "{text}");
    assert_eq!(again.effective(), first.effective());
}

#[test]
fn a_whole_document_is_one() {
    let shown = shown("  channel_balances:\n  - {gateway: 3405, currencies: [USD]}\n");
    assert!(yaml::read::<serde_json::Value>("shown", &shown).is_ok(), "{shown}");
}
