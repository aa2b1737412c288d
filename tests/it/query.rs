//! `query`: every query once, now, as a table, as JSON, or as it came.

use super::exporter::{Files, configuration, run, text};
use super::platform::{Platform, Reply};

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const GATEWAY: &[u8] = include_bytes!("../fixtures/gateway_balance_overpay.json");
const QUERIES: &str = "channel_balances:\n  - gateway: 3405\n    name: Acme Bank\n    currencies: [USD]\n    thresholds: \
                       {USD: {warning: 600, critical: 100}}\n    channels: {1385: {name: Visa payouts}}\ngateway_balances:\n  \
                       - {account: \"40701810820020300021\"}";

async fn platform() -> Platform {
    let platform = Platform::start().await;
    platform.json("/shop/channel_balances/", CHANNELS);
    platform.json("/balance", GATEWAY);
    platform
}

#[tokio::test]
async fn the_table_shows_names_exact_amounts_and_what_is_low() {
    let files = Files::new(&configuration(&platform().await.url, QUERIES));
    let output = run(&["query", "--config.file", &files.configuration()]).await;
    let table = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for expected in
        ["Acme Bank (3405)", "Visa payouts (1385)", "500.00", "66,238,716.74", "RUB", "*0021", "below warning"]
    {
        assert!(table.contains(expected), "{expected} is not in\n{table}");
    }
    assert!(!table.contains("40701810820020300021"), "{table}");
    assert_eq!(text(&output.stderr), "", "no progress bar where nobody looks");
}

#[tokio::test]
async fn a_failing_query_is_told_with_its_reason_and_exit_code_1() {
    let platform = platform().await;
    let refused = br#"{"response": {"status": "error", "message": "Access denied"}}"#;
    platform.reply("/balance", Reply::Json(401, refused.to_vec()));
    let files = Files::new(&configuration(&platform.url, QUERIES));
    let output = run(&["query", "--config.file", &files.configuration()]).await;
    let table = text(&output.stdout).replace(['\n', '│', '|'], " ");
    let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(1));
    assert!(words.contains("unauthorized"), "{table}");
    assert!(words.contains("500.00"), "the other query is shown: {table}");
    assert!(text(&output.stderr).contains("1 of 2 queries failed"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn shop_and_query_select() {
    let platform = platform().await;
    let files = Files::new(&configuration(&platform.url, QUERIES));
    let arguments = ["query", "--shop", "main", "--query", "gateway_balance-account-0021", "--config.file"];
    let output = run(&[&arguments[..], &[&files.configuration()]].concat()).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(platform.requests().len(), 1);
    let output = run(&["query", "--shop", "other", "--config.file", &files.configuration()]).await;
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[tokio::test]
async fn raw_shows_the_answer_without_secrets_and_accounts() {
    let platform = platform().await;
    let echo = format!(
        r#"{{"status": "failed", "code": "F.0999", "seen": "secret-of-main, {}", "account": "40701810820020300021"}}"#,
        "MzYzOnNlY3JldC1vZi1tYWlu"
    );
    platform.reply("/balance", Reply::Json(500, echo.into_bytes()));
    let files = Files::new(&configuration(&platform.url, QUERIES));
    let output = run(&["query", "--output", "raw", "--config.file", &files.configuration()]).await;
    let raw = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(raw.contains("HTTP 500") && raw.contains("HTTP 200"), "{raw}");
    assert!(raw.contains("content-type: application/json"), "{raw}");
    assert!(raw.contains("\"available_balance\": 50000"), "amounts stay: {raw}");
    for secret in ["secret-of-main", "MzYzOnNlY3JldC1vZi1tYWlu", "40701810820020300021"] {
        assert!(!raw.contains(secret), "{secret} is in\n{raw}");
    }
}
