//! The families against the contract.

use std::collections::BTreeSet;

use crate::metrics::families::{ALL, Family};
use crate::metrics::reference;

/// Every family: name, type, labels.
const CONTRACT: [(&str, &str, &str); 45] = [
    ("overpay_available_balance", "gauge", "shop gateway currency channel"),
    ("payout_control_active", "gauge", "shop gateway currency channel"),
    ("overpay_available_balance_last_known", "gauge", "shop gateway currency channel"),
    ("overpay_available_balance_last_success_timestamp_seconds", "gauge", "shop gateway currency channel query"),
    ("overpay_available_balance_threshold", "gauge", "shop gateway currency channel severity"),
    ("overpay_available_balance_decrease_total", "counter", "shop gateway currency channel"),
    ("overpay_available_balance_increase_total", "counter", "shop gateway currency channel"),
    ("overpay_account_balance", "gauge", "shop api gateway currency account"),
    ("overpay_account_balance_last_known", "gauge", "shop api gateway currency account"),
    ("overpay_account_balance_last_success_timestamp_seconds", "gauge", "shop api gateway currency account query"),
    ("overpay_account_balance_threshold", "gauge", "shop api gateway currency account severity"),
    ("overpay_account_balance_decrease_total", "counter", "shop api gateway currency account"),
    ("overpay_account_balance_increase_total", "counter", "shop api gateway currency account"),
    ("overpay_account_detail", "gauge", "shop api gateway currency account field"),
    ("overpay_currency_exponent", "gauge", "currency"),
    ("overpay_shop_info", "gauge", "shop brand shop_id"),
    ("overpay_gateway_info", "gauge", "shop gateway name"),
    ("overpay_channel_info", "gauge", "shop gateway channel name"),
    ("overpay_channel_expected", "gauge", "shop gateway channel"),
    ("overpay_up", "gauge", "shop api gateway query"),
    ("overpay_poll_failing", "gauge", "shop api gateway query reason"),
    ("overpay_answer_rows_withheld", "gauge", "shop api gateway query"),
    ("overpay_polls_total", "counter", "shop api gateway query"),
    ("overpay_poll_failures_total", "counter", "shop api gateway query"),
    ("overpay_poll_failures_by_reason_total", "counter", "shop api reason"),
    ("overpay_poll_duration_seconds", "histogram", "shop api"),
    ("overpay_poll_queue_seconds", "histogram", "shop api"),
    ("overpay_poll_interval_seconds", "gauge", "shop api gateway query"),
    ("overpay_poll_last_success_timestamp_seconds", "gauge", "shop api gateway query"),
    ("overpay_poll_next_timestamp_seconds", "gauge", "shop api gateway query"),
    ("overpay_as_of_timestamp_seconds", "gauge", "shop api gateway query"),
    ("overpay_as_of_max_age_seconds", "gauge", "shop api gateway query"),
    ("overpay_exporter_build_info", "gauge", "version revision rustversion"),
    ("overpay_exporter_shard_info", "gauge", "index total"),
    ("overpay_exporter_shards", "gauge", ""),
    ("overpay_exporter_config_last_reload_successful", "gauge", ""),
    ("overpay_exporter_config_last_reload_success_timestamp_seconds", "gauge", ""),
    ("overpay_exporter_http_requests_total", "counter", "handler code"),
    ("process_cpu_seconds_total", "counter", ""),
    ("process_open_fds", "gauge", ""),
    ("process_max_fds", "gauge", ""),
    ("process_virtual_memory_bytes", "gauge", ""),
    ("process_resident_memory_bytes", "gauge", ""),
    ("process_start_time_seconds", "gauge", ""),
    ("process_threads", "gauge", ""),
];

fn help_of(wanted: impl Fn(&Family) -> bool) -> Vec<&'static str> {
    let found: Vec<&'static str> = ALL.iter().filter(|family| wanted(family)).map(|family| family.help).collect();
    assert!(!found.is_empty());
    found
}

#[test]
fn the_families_are_those_of_the_contract() {
    let families: Vec<(&str, &str, String)> =
        ALL.iter().map(|family| (family.name, family.kind.as_str(), family.labels.join(" "))).collect();
    let contract: Vec<(&str, &str, String)> =
        CONTRACT.into_iter().map(|(name, kind, labels)| (name, kind, labels.to_owned())).collect();
    assert_eq!(families, contract);
}

#[test]
fn no_family_is_there_twice() {
    let names: BTreeSet<&str> = ALL.iter().map(|family| family.name).collect();
    assert_eq!(names.len(), ALL.len());
}

#[test]
fn counters_alone_end_in_total() {
    for family in ALL {
        assert_eq!(family.name.ends_with("_total"), family.kind.as_str() == "counter", "{}", family.name);
    }
}

#[test]
fn every_help_says_that_values_are_cached_between_polls() {
    for help in help_of(|_| true) {
        assert!(help.contains("cached between polls"), "{help}");
    }
}

#[test]
fn every_help_is_a_sentence_on_one_line() {
    for help in help_of(|_| true) {
        assert!(help.ends_with('.') && !help.contains('\n') && !help.contains("  "), "{help}");
    }
}

#[test]
fn amounts_say_that_they_are_in_major_units() {
    let balances = |family: &Family| family.name.contains("_balance") && !family.name.contains("_timestamp_");
    for help in help_of(balances) {
        assert!(help.contains("in major units of the currency"), "{help}");
    }
}

#[test]
fn timestamps_say_that_they_are_in_unix_seconds() {
    for help in help_of(|family| family.name.ends_with("_timestamp_seconds")) {
        assert!(help.contains("in Unix seconds"), "{help}");
    }
}

#[test]
fn durations_say_that_they_are_in_seconds() {
    for help in help_of(|family| family.name.trim_end_matches("_total").ends_with("_seconds")) {
        assert!(help.contains("seconds"), "{help}");
    }
}

#[test]
fn sizes_say_that_they_are_in_bytes() {
    for help in help_of(|family| family.name.ends_with("_bytes")) {
        assert!(help.contains("in bytes"), "{help}");
    }
}

#[test]
fn what_is_always_1_says_so() {
    for help in help_of(|family| family.name.ends_with("_info") || family.name.ends_with("_expected")) {
        assert!(help.starts_with("Always 1: "), "{help}");
    }
}

#[test]
fn the_reference_has_a_row_for_every_family() {
    let page = reference();
    for (name, kind, labels) in CONTRACT {
        let labels: Vec<String> = labels.split_whitespace().map(|label| format!("`{label}`")).collect();
        let row = format!("| `{name}` | {kind} | {} | ", labels.join(" "));
        assert_eq!(page.matches(&row).count(), 1, "{row}");
    }
}
