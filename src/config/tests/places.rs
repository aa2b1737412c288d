//! Faults of reading are told one at a time, faults of meaning all at once and in the order of the file.

use std::fmt::Write as _;

use super::*;

#[test]
fn a_file_that_is_not_there_is_told() {
    let error = Config::load(Path::new("/nowhere/overpay_exporter.yml"), &environment()).unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/overpay_exporter.yml: can't be read: "), "{error}");
    assert!(error.contains("; name an existing file with --config.file"), "{error}");
}

#[test]
fn an_unknown_key_is_told_with_its_path() {
    assert_eq!(
        told("  channel_balances:\n  - gateway: 1\n    currency: USD\n"),
        "f.yml:7:5: shops[0].channel_balances[0].currency: unknown key; known here: gateway, name, currencies, query, \
         interval, timeout, stale_after, max_data_age, thresholds, channels"
    );
}

#[test]
fn a_doubled_key_is_told() {
    assert_eq!(
        told("  shop_id: 364\n"),
        "f.yml:5:3: shops[0].shop_id: this key stands here twice; keep one of the two"
    );
}

#[test]
fn a_missing_key_is_told() {
    assert_eq!(told_of("poll: {}\n"), "f.yml:1:1: shops: missing key; write it");
    assert_eq!(
        told("  beyag_balances:\n  - currency: USD\n"),
        "f.yml:6:5: shops[0].beyag_balances[0].gateway: missing key; write it"
    );
}

#[test]
fn a_value_of_another_kind_is_told() {
    assert_eq!(
        told("  beyag_balances:\n  - gateway: first\n"),
        "f.yml:6:14: shops[0].beyag_balances[0].gateway: found a text; write a whole number"
    );
}

#[test]
fn several_faults_of_meaning_are_told_in_the_order_of_the_file() {
    let text = "\
brands:
  x: {gateway_url: ftp://a}
shops:
- name: my shop
  brand: y
  shop_id: ''
  secret_key_env: NOT_SET
  gateway_balances:
  - {account: '', interval: 1s}
  - {account: x, currency: usd}
poll: {max_in_flight_per_host: 0}
currencies: {USDT: 19}
";
    let told = told_of(text);
    let places: Vec<&str> = told.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "f.yml:2:20",
            "f.yml:4:9",
            "f.yml:5:10",
            "f.yml:6:12",
            "f.yml:7:19",
            "f.yml:9:29",
            "f.yml:10:28",
            "f.yml:11:32",
            "f.yml:12:20"
        ],
        "{told}"
    );
}

#[test]
fn each_problem_has_a_place_a_key_and_a_message() {
    let ConfigError::Problems(problems) = load(&SHOP.replace("main", "my shop")).unwrap_err() else {
        panic!("it can be read")
    };
    let problem = problems.iter().next().unwrap();
    assert_eq!((problem.place.line, problem.place.column, problem.key.as_str()), (2, 9, "shops[0].name"));
}

#[test]
fn a_file_of_thousands_of_queries_is_read() {
    let mut lines = "  channel_balances:\n".to_owned();
    for gateway in 0..5000 {
        writeln!(lines, "  - {{gateway: {gateway}, currencies: all}}").unwrap();
    }
    assert_eq!(good(&lines).queries.len(), 5000);
}

#[test]
fn anchors_and_merged_keys_save_repetition() {
    let lines = "  beyag_balances:\n  - &first {gateway: 1, interval: 2m}\n  - {<<: *first, gateway: 2}\n";
    let config = good(lines);
    assert_eq!(config.queries[1].pace.interval.as_secs(), 120);
}
