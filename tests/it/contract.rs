//! The three APIs as the documents describe them: what is sent, byte for byte, and what is made of the documents' own
//! example answers.

use serde_json::{Value, json};

use super::exporter::{Files, configuration, run, text};
use super::platform::{Platform, Reply, Request};

const GATEWAY_OVERPAY: &[u8] = include_bytes!("../fixtures/gateway_balance_overpay.json");
const GATEWAY_BEPAID: &[u8] = include_bytes!("../fixtures/gateway_balance_bepaid.json");
const GATEWAY_PAYCROSS: &[u8] = include_bytes!("../fixtures/gateway_balance_paycross.json");
const BEYAG: &[u8] = include_bytes!("../fixtures/beyag_balance.json");
const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");

/// Basic authentication of shop 363 with the key in `main.key`, whose newline is not of it.
const BASIC: &str = "Basic MzYzOnNlY3JldC1vZi1tYWlu";

/// Asks those queries once with the real program: the answers as JSON, and the exit code.
async fn ask(platform: &Platform, queries: &str) -> (Vec<Value>, Option<i32>) {
    let files = Files::new(&configuration(&platform.url, queries));
    let output = run(&["query", "--output", "json", "--config.file", &files.configuration()]).await;
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr)));
    (document["queries"].as_array().expect("a list").clone(), output.status.code())
}

/// The one request that the one query sends, and the one balance it brings.
async fn one(target: &str, answer: &[u8], query: &str) -> (Request, Value) {
    let platform = Platform::start().await;
    platform.json(target, answer);
    let (answers, code) = ask(&platform, query).await;
    assert_eq!((code, answers.len()), (Some(0), 1), "{answers:?}");
    let requests = platform.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    assert_eq!(answers[0]["balances"].as_array().expect("a list").len(), 1, "{answers:?}");
    (requests[0].clone(), answers[0]["balances"][0].clone())
}

#[tokio::test]
async fn gateway_balance_by_account_is_a_post_wrapped_in_request() {
    let query = "gateway_balances:\n  - {account: \"40701810842020395221\"}";
    let (request, _) = one("/balance", GATEWAY_OVERPAY, query).await;
    assert_eq!(request.line(), "POST /balance HTTP/1.1");
    assert_eq!(request.body, r#"{"request":{"account":"40701810842020395221"}}"#);
    assert_eq!(request.header("x-api-version"), Some("2"));
    assert_eq!(request.header("authorization"), Some(BASIC));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("application/json"));
}

#[tokio::test]
async fn gateway_balance_by_currency_sends_the_currency_alone() {
    let (request, _) = one("/balance", GATEWAY_OVERPAY, "gateway_balances:\n  - {currency: USD}").await;
    assert_eq!(request.body, r#"{"request":{"currency":"USD"}}"#);
}

#[tokio::test]
async fn gateway_balance_by_gateway_sends_its_id_as_a_string() {
    let (request, _) = one("/balance", GATEWAY_OVERPAY, "gateway_balances:\n  - {gateway: 1}").await;
    assert_eq!(request.body, r#"{"request":{"gateway_id":"1"}}"#);
}

#[tokio::test]
async fn an_empty_account_asks_for_the_default_account() {
    let (request, _) = one("/balance", GATEWAY_OVERPAY, "gateway_balances:\n  - {account: \"\"}").await;
    assert_eq!(request.body, r#"{"request":{"account":""}}"#);
}

#[tokio::test]
async fn the_gateway_answers_of_all_three_brands_are_read_alike() {
    for answer in [GATEWAY_OVERPAY, GATEWAY_BEPAID, GATEWAY_PAYCROSS] {
        let query =
            "gateway_balances:\n  - {account: \"40701810820020300021\", details: [/Balance/AmountIn, /Account]}";
        let (_, balance) = one("/balance", answer, query).await;
        let expected = json!({
            "gateway": 5, "gateway_name": null, "channel": null, "channel_name": null, "account": "*0021",
            "currency": "RUB", "balance": "66238716.74", "minor_units": 6_623_871_674_i64, "exponent": 2,
            "payout_control_active": null, "thresholds": {"warning": null, "critical": null}, "below_threshold": null,
            // /Account is a text of digits, and an account's number is no number to publish.
            "details": {"/Balance/AmountIn": 132_339_134.78},
        });
        assert_eq!(balance, expected);
    }
}

#[tokio::test]
async fn beyag_balance_is_a_flat_post_with_an_integer_gateway_id() {
    let query = "beyag_balances:\n  - {gateway: 1234, account: \"40701810842020395221\", currency: USD}";
    let (request, _) = one("/beyag/balance", BEYAG, query).await;
    assert_eq!(request.line(), "POST /beyag/balance HTTP/1.1");
    assert_eq!(request.body, r#"{"gateway_id":1234,"account":"40701810842020395221","currency":"USD"}"#);
    assert_eq!(request.header("authorization"), Some(BASIC));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("x-api-version"), None);
}

#[tokio::test]
async fn a_beyag_answer_for_another_gateway_and_currency_is_labelled_as_answered() {
    let query = "beyag_balances:\n  - {gateway: 1234, account: \"40701810842020395221\", currency: USD}";
    let (_, balance) = one("/beyag/balance", BEYAG, query).await;
    assert_eq!(balance["gateway"], 1111);
    assert_eq!(balance["currency"], "RUB");
    assert_eq!(balance["account"], "*5221");
    assert_eq!(balance["balance"], "12900921.62");
}

#[tokio::test]
async fn channel_balances_are_a_get_with_a_slash_before_the_parameters() {
    let query = "channel_balances:\n  - {gateway: 3405, currencies: [USD]}";
    let (request, _) = one("/shop/channel_balances/?", CHANNELS, query).await;
    assert_eq!(request.line(), "GET /shop/channel_balances/?gateway_id=3405&currency=USD HTTP/1.1");
    assert_eq!(request.body, "");
    assert_eq!(request.header("authorization"), Some(BASIC));
    assert_eq!(request.header("accept"), Some("application/json"));
}

#[tokio::test]
async fn all_currencies_are_asked_once_without_a_currency() {
    let query = "channel_balances:\n  - {gateway: 3405, currencies: all}";
    let (request, _) = one("/shop/channel_balances/?", CHANNELS, query).await;
    assert_eq!(request.line(), "GET /shop/channel_balances/?gateway_id=3405 HTTP/1.1");
}

#[tokio::test]
async fn inactive_control_and_a_balance_are_both_published() {
    let query = "channel_balances:\n  - {gateway: 3405, currencies: [USD]}";
    let (_, balance) = one("/shop/channel_balances/?", CHANNELS, query).await;
    assert_eq!(balance["channel"], 1385);
    assert_eq!(balance["balance"], "500.00");
    assert_eq!(balance["payout_control_active"], false);
}

#[tokio::test]
async fn the_cyrillic_spelling_of_currency_is_read_too() {
    let cyrillic = String::from_utf8(CHANNELS.to_vec()).expect("UTF-8").replace("\"currency\"", "\"currenc\u{443}\"");
    let query = "channel_balances:\n  - {gateway: 3405, currencies: all}";
    let (_, balance) = one("/shop/channel_balances/?", cyrillic.as_bytes(), query).await;
    assert_eq!(balance["currency"], "USD");
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_credentials() {
    let (platform, elsewhere) = (Platform::start().await, Platform::start().await);
    let location = format!("{}/shop/channel_balances?gateway_id=3405", elsewhere.url);
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    platform.reply("/", Reply::Bytes(redirect.into_bytes()));
    let (answers, code) = ask(&platform, "channel_balances:\n  - {gateway: 3405, currencies: [USD]}").await;
    assert_eq!(code, Some(1));
    assert_eq!(answers[0]["reason"], "provider_error");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_2xx_that_says_failed_is_a_failure() {
    let platform = Platform::start().await;
    let body = br#"{"status": "failed", "code": "F.0223", "message": "Declined"}"#;
    platform.reply("/balance", Reply::Json(202, body.to_vec()));
    let (answers, code) = ask(&platform, "gateway_balances:\n  - {gateway: 5}").await;
    assert_eq!(code, Some(1));
    assert_eq!(answers[0]["answered"], false);
    assert_eq!(answers[0]["reason"], "provider_error");
    assert_eq!(answers[0]["code"], "F.0223");
    assert_eq!(answers[0]["http_status"], 202);
}

#[tokio::test]
async fn an_asynchronous_query_is_started_and_its_result_fetched_when_it_is_there() {
    let platform = Platform::start().await;
    let started = format!(
        r#"{{"status": "processing", "request_id": "9c5b", "status_url": "{0}/async/status/9c5b", "response_url": "{0}/async/result/9c5b"}}"#,
        platform.url
    );
    platform.json("/async/balance", started.as_bytes());
    platform.reply("/async/result/9c5b", Reply::Json(425, br#"{"status": "processing"}"#.to_vec()));
    let later = platform.clone();
    tokio::spawn(async move {
        // The result is there once it has been asked for.
        let asked = || later.requests().iter().any(|request| request.line().contains("/async/result/"));
        while !asked() {
            tokio::task::yield_now().await;
        }
        later.json("/async/result/9c5b", GATEWAY_OVERPAY);
    });
    let (answers, code) = ask(&platform, "gateway_balances:\n  - {gateway: 5, async: true}").await;
    assert_eq!(code, Some(0), "{answers:?}");
    assert_eq!(answers[0]["balances"][0]["balance"], "66238716.74");
    let lines: Vec<String> = platform.requests().iter().map(|request| request.line().to_owned()).collect();
    assert_eq!(lines[0], "POST /async/balance HTTP/1.1");
    assert!(lines[1..].iter().all(|line| line == "GET /async/result/9c5b HTTP/1.1"), "{lines:?}");
}

#[tokio::test]
async fn an_asynchronous_result_on_another_host_is_not_asked_for() {
    let (platform, elsewhere) = (Platform::start().await, Platform::start().await);
    let started = format!(r#"{{"status": "processing", "response_url": "{}/async/result/1"}}"#, elsewhere.url);
    platform.json("/async/balance", started.as_bytes());
    let (answers, _) = ask(&platform, "gateway_balances:\n  - {gateway: 5, async: true}").await;
    assert_eq!(answers[0]["reason"], "malformed_response");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_proxy_of_the_environment_sees_nothing_of_what_stays_on_this_machine() {
    let (platform, proxy) = (Platform::start().await, Platform::start().await);
    platform.json("/balance", GATEWAY_OVERPAY);
    let files = Files::new(&configuration(&platform.url, "gateway_balances:\n  - {gateway: 5}"));
    let mut command = super::exporter::program();
    command.env("http_proxy", &proxy.url).env("HTTP_PROXY", &proxy.url).env("ALL_PROXY", &proxy.url);
    let output = command.args(["query", "--config.file", &files.configuration()]).output().await.expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn a_host_on_this_machine_is_asked_without_a_proxy_even_if_the_brands_others_are_elsewhere() {
    let (platform, proxy) = (Platform::start().await, Platform::start().await);
    platform.json("/shop/channel_balances/", CHANNELS);
    let merged = format!(
        "brands: {{overpay: {{backoffice_url: \"{}\"}}}}\nshops:\n  - name: main\n    shop_id: 363\n    secret_key_file: \
         main.key\n    channel_balances: [{{gateway: 3405, currencies: [USD]}}]\n",
        platform.url
    );
    let files = Files::new(&merged);
    let mut command = super::exporter::program();
    command.env("http_proxy", &proxy.url).env("ALL_PROXY", &proxy.url);
    let output = command.args(["query", "--config.file", &files.configuration()]).output().await.expect("it starts");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn a_proxy_of_the_brand_is_gone_through() {
    let (platform, proxy) = (Platform::start().await, Platform::start().await);
    proxy.json(&format!("{}/balance", platform.url), GATEWAY_OVERPAY);
    let through = configuration(&platform.url, "gateway_balances:\n  - {gateway: 5}")
        .replace("sandbox: {", &format!("sandbox: {{proxy_url: \"{}\", ", proxy.url));
    let files = Files::new(&through);
    let output = run(&["query", "--config.file", &files.configuration()]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    assert_eq!((platform.requests().len(), proxy.requests().len()), (0, 1));
}
