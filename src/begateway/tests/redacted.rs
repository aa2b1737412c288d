//! What people see of an answer holds no secret and no account number.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::super::redacted;
use super::super::redaction::excerpt;
use super::*;
use crate::domain::shop::Brand;

fn basic() -> String {
    STANDARD.encode(format!("363:{SECRET_KEY}"))
}

fn shown(body: &str) -> String {
    redacted(&response(200, body), &with_secrets())
}

fn shown_header(name: &'static str, value: &str) -> String {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    redacted(&Response { status: 200, headers, body: Vec::new() }, &with_secrets())
}

/// The provider's message of a failure with that text.
fn message(text: &str) -> String {
    let body = serde_json::json!({ "message": text }).to_string();
    failure(&with_secrets(), 422, body).message.unwrap()
}

fn holds_nothing_secret(text: &str) {
    for secret in [SECRET_KEY, &basic(), ACCOUNT, "s3cr3t", "4070181082", "0123456789"] {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
}

#[test]
fn status_headers_and_body_are_shown() {
    let text = shown_header("content-type", "application/json");
    assert!(text.starts_with("HTTP 200\ncontent-type: application/json\n"), "{text}");
}

#[test]
fn amounts_are_what_the_answer_is_about_and_stay() {
    let text = shown(GATEWAY_BALANCE);
    assert!(text.contains("\"amount\": 6623871674"), "{text}");
    assert!(text.contains("\"AmountIn\": 132339134.78"), "{text}");
}

#[test]
fn the_account_of_an_answer_is_masked() {
    let text = shown(GATEWAY_BALANCE);
    assert!(text.contains("\"account\": \"*0021\""), "{text}");
    holds_nothing_secret(&text);
}

#[test]
fn another_account_than_the_one_asked_for_is_masked_too() {
    let text = shown(BEYAG_BALANCE);
    assert!(!text.contains("40701810842020395221"), "{text}");
}

#[test]
fn an_account_as_a_number_is_masked() {
    for field in ["account", "iban", "Nr"] {
        let text = shown(&format!(r#"{{"{field}": {ACCOUNT}}}"#));
        holds_nothing_secret(&text);
        assert!(!text.contains("4.07"), "{text}");
    }
}

#[test]
fn an_account_in_a_text_is_masked() {
    holds_nothing_secret(&shown(&format!(r#"{{"note": "no funds on {ACCOUNT}!"}}"#)));
}

#[test]
fn an_account_in_groups_of_digits_is_masked() {
    for grouped in [
        "4070 1810 8200 2030 0021",
        "4070-1810-8200-2030-0021",
        "40701.810.8.20.0203.00021",
        "40701 / 8108/2002_0300021",
        "4070\u{a0}1810\u{a0}8200\u{a0}2030\u{a0}0021",
    ] {
        let text = shown(&format!(r#"{{"note": "{grouped}"}}"#));
        assert!(text.contains("\"*0021\""), "{text}");
    }
}

#[test]
fn a_long_number_that_is_no_amount_or_id_by_its_name_is_not_shown() {
    let text =
        shown(r#"{"source": 4111111111111111, "client_id": 123456789, "balance": 4111111111111112, "n": 12345}"#);
    assert!(!text.contains("4111111111111111"), "{text}");
    assert!(text.contains("123456789") && text.contains("4111111111111112") && text.contains("12345"), "{text}");
}

#[test]
fn what_lies_in_an_account_is_of_the_account() {
    let text = shown(
        r#"{"account": {"id": "12345678", "holders": [{"no": 87654321}], "amount": 12345678, "currency": "RUB"}}"#,
    );
    assert!(!text.contains("\"12345678") && !text.contains("87654321"), "{text}");
    assert!(text.contains("\"amount\": 12345678") && text.contains("RUB"), "{text}");
}

#[test]
fn an_account_in_the_name_of_a_field_is_masked() {
    holds_nothing_secret(&shown(&format!(r#"{{"{ACCOUNT}": 5, "{SECRET_KEY}": 6}}"#)));
}

#[test]
fn the_secret_key_is_taken_out_of_texts_names_and_lists() {
    holds_nothing_secret(&shown(&format!(r#"{{"note": "key {SECRET_KEY}", "list": ["{SECRET_KEY}"]}}"#)));
}

#[test]
fn the_basic_header_is_taken_out() {
    holds_nothing_secret(&shown(&format!(r#"{{"echo": "Basic {}"}}"#, basic())));
    holds_nothing_secret(&shown_header("x-echo", &format!("Basic {}", basic())));
}

#[test]
fn a_secret_key_with_a_quote_is_found_in_json() {
    let key = r#"qu"ote\slash"#;
    let body = serde_json::json!({ "note": key }).to_string();
    let text = redacted(&response(200, body), &with_key(key));
    assert!(!text.contains("slash"), "{text}");
}

/// A query with that secret key.
fn with_key(key: &str) -> Query {
    let query = with_secrets();
    let shop = Shop { secret_key: key.to_owned().into(), ..Shop::clone(&query.shop) };
    Query { shop: Arc::new(shop), ..query }
}

#[test]
fn a_secret_key_is_found_however_it_is_quoted() {
    let query = with_key(r#"a"b\c d<e>&f'g/h+i"#);
    for quoted in [
        r#"a"b\c d<e>&f'g/h+i"#,
        r#"{"cut": "a\"b\\c d<e>&f'g/h+i"#,
        "a%22b%5Cc+d%3Ce%3E%26f%27g%2Fh%2Bi",
        "a%22b%5Cc%20d%3Ce%3E%26f%27g%2Fh%2Bi",
        r#"a"b\c d&lt;e&gt;&amp;f'g/h+i"#,
        r"a&quot;b\c d&lt;e&gt;&amp;f'g/h+i",
        r"a&quot;b\c d&lt;e&gt;&amp;f&#39;g/h+i",
    ] {
        let text = redacted(&response(502, format!("<p>{quoted}</p>")), &query);
        assert!(text.contains("<redacted></p>"), "{quoted}: {text}");
    }
}

#[test]
fn the_beginning_of_a_secret_key_that_the_other_side_cut_is_taken_out() {
    let text = redacted(&response(502, "key s3cr3t-0123"), &with_secrets());
    assert!(text.ends_with("key <redacted>"), "{text}");
}

#[test]
fn the_password_of_the_brands_proxy_is_taken_out() {
    let query = with_secrets();
    let proxy = "http://user:pr0xy-pass@proxy.example.test:3128".parse::<url::Url>().unwrap();
    let brand = Brand { proxy: Some(proxy.into()), ..Brand::clone(&query.shop.brand) };
    let shop = Shop { brand: Arc::new(brand), ..Shop::clone(&query.shop) };
    let text = redacted(&response(407, "no pr0xy-pass"), &Query { shop: Arc::new(shop), ..query });
    assert!(text.ends_with("no <redacted>"), "{text}");
}

#[test]
fn the_log_shows_the_first_200_characters_of_a_clean_body_in_one_line() {
    let body = format!("<p>\n{ACCOUNT} {SECRET_KEY}{}</p>", "x".repeat(300));
    let excerpt = excerpt(&response(502, body), &with_secrets());
    assert!(excerpt.starts_with("<p> *0021 <redacted>xxx"), "{excerpt}");
    assert_eq!(excerpt.chars().count(), 200);
}

#[test]
fn the_log_shows_json_without_its_accounts() {
    let excerpt = excerpt(&response(200, GATEWAY_BALANCE), &with_secrets());
    assert!(excerpt.contains("6623871674") && excerpt.contains("*0021"), "{excerpt}");
    holds_nothing_secret(&excerpt);
}

#[test]
fn fields_that_hold_secrets_by_their_names_are_taken_out_whole() {
    for field in ["token", "secret_key", "Password", "apiKey"] {
        let text = shown(&format!(r#"{{"{field}": "abcdefgh1234"}}"#));
        assert!(!text.contains("1234"), "{text}");
    }
}

#[test]
fn a_body_that_is_not_json_is_cleaned_as_text() {
    holds_nothing_secret(&shown(&format!("<p>{ACCOUNT} {SECRET_KEY} {}</p>", basic())));
}

#[test]
fn a_truncated_body_is_cleaned_as_text() {
    holds_nothing_secret(&shown(&GATEWAY_BALANCE[..120]));
}

#[test]
fn cookies_and_challenges_are_not_shown() {
    for name in ["set-cookie", "www-authenticate", "authorization"] {
        let text = shown_header(name, "session=abc");
        assert!(text.contains(&format!("{name}: <redacted>")), "{text}");
    }
}

#[test]
fn headers_are_cleaned() {
    holds_nothing_secret(&shown_header("x-note", &format!("{ACCOUNT} {SECRET_KEY}")));
}

#[test]
fn a_message_is_cleaned() {
    holds_nothing_secret(&message(&format!("no {ACCOUNT} for {SECRET_KEY} by {}", basic())));
}

#[test]
fn a_message_is_one_line() {
    assert_eq!(message("first\nsecond\r\u{1b}[31mred"), "first second  [31mred");
}

#[test]
fn a_message_is_cut_after_it_is_cleaned() {
    let text = format!("{}{SECRET_KEY}", "x".repeat(190));
    let message = message(&text);
    assert_eq!(message.chars().count(), 200);
    holds_nothing_secret(&message);
    assert!(!message.contains("s3c"), "{message}");
}

#[test]
fn a_short_number_in_a_message_stays() {
    assert_eq!(message("gateway 3405 at 10:30 on 2026-02-16"), "gateway 3405 at 10:30 on 2026-02-16");
}

#[test]
fn an_answer_printed_for_debugging_shows_none_of_its_body() {
    assert_eq!(format!("{:?}", response(200, ACCOUNT)), "Response { status: 200, body: 20 bytes }");
}
