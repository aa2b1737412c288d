//! Whatever comes, nothing panics, and no amount, id or detail appears that did not come, at its documented place.

/// What HTTP Basic makes of a secret key.
#[path = "../../../fuzz/src/base64.rs"]
#[expect(unreachable_pub, reason = "public to the fuzz targets, which share it")]
mod base64;
/// The values of a body, found without the readers' parser.
#[path = "../../../fuzz/src/json.rs"]
#[expect(unreachable_pub, reason = "public to the fuzz targets, which share it")]
mod json;
/// What holds of every answer, as the fuzz targets check it.
#[path = "../../../fuzz/src/readings.rs"]
#[expect(unreachable_pub, reason = "public to the fuzz targets, which share it")]
mod readings;

use proptest::prelude::*;

use super::super::redacted;
use super::*;

fn queries() -> [Query; 3] {
    let details = |query| Query { details: Arc::new(["/Balance/AmountIn".into(), "/Credit".into()]), ..query };
    [headroom(), details(at_the_bank()), details(at_the_provider())]
}

/// Reads the body as an answer of every API: whatever is read of it stands there.
fn invents_nothing(status: u16, body: &[u8]) {
    for query in queries() {
        readings::check(&query, &response(status, body));
    }
}

/// A whole number as the platform may write it: as a number, or as a text, with escapes in it or not.
fn whole(number: impl Strategy<Value = i64>) -> impl Strategy<Value = String> {
    (number, 0..4_u8).prop_map(|(number, form)| match form {
        0 => format!("\"{number}\""),
        1 => format!("\"{}\"", escaped(&number.to_string())),
        _ => number.to_string(),
    })
}

/// Each letter as its escape.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| format!("{escaped}\\u{byte:04x}"))
}

/// Fields that no reader asks for, with numbers that it may mistake for those it asks for.
fn decoys() -> impl Strategy<Value = Vec<String>> {
    let name = prop::sample::select(vec!["balance", "Amount", "available", "id", "gateway", "amount ", "total"]);
    let field = (name, whole(any::<i64>())).prop_map(|(name, number)| format!("\"{name}\": {number}"));
    prop::collection::vec(field, 0..4)
}

/// An object of those fields and decoys, in any order.
fn object(fields: Vec<String>) -> impl Strategy<Value = String> {
    decoys()
        .prop_flat_map(move |decoys| Just([fields.clone(), decoys].concat()).prop_shuffle())
        .prop_map(|fields| format!("{{{}}}", fields.join(", ")))
}

/// The fields of an account's balance, the gateway's id under that name and the provider's part under that one.
fn account_fields(gateway: &'static str, part: &'static str) -> impl Strategy<Value = String> {
    let id = || whole(0..=i64::MAX);
    let number = any::<f64>().prop_filter("JSON has no other", |number| number.is_finite());
    (id(), whole(any::<i64>()), "[0-9]{20}", number, any::<u64>()).prop_flat_map(
        move |(id, amount, account, inside, credit)| {
            object(vec![
                format!("\"{gateway}\": {id}"),
                format!("\"amount\": {amount}"),
                format!("\"account\": \"{account}\""),
                "\"currency\": \"RUB\"".to_owned(),
                format!("\"{part}\": {{\"Balance\": {{\"AmountIn\": {inside:e}}}, \"Credit\": {credit}}}"),
                "\"status\": \"Successful\"".to_owned(),
            ])
        },
    )
}

/// An answer of the channel balances, with any numbers in any order.
fn any_channel_balances() -> impl Strategy<Value = String> {
    let row = (whole(0..=i64::MAX), whole(any::<i64>()), any::<bool>()).prop_flat_map(|(channel, amount, active)| {
        object(vec![
            format!("\"channel_id\": {channel}"),
            format!("\"available_balance\": {amount}"),
            "\"currency\": \"USD\"".to_owned(),
            format!("\"active\": {active}"),
        ])
    });
    (whole(0..=i64::MAX), prop::collection::vec(row, 0..4))
        .prop_flat_map(|(gateway, rows)| {
            object(vec![
                format!("\"gateway_id\": {gateway}"),
                "\"as_of_date\": \"2026-02-16T08:10:10.973Z\"".to_owned(),
                format!("\"currencies\": [{}]", rows.join(", ")),
            ])
        })
        .prop_map(|balances| format!("{{\"code\": \"S.0000\", \"channel_balances\": {balances}}}"))
}

/// An answer of the gateway balance, its result an object or a text that holds one.
fn any_gateway_balance() -> impl Strategy<Value = String> {
    (account_fields("gatewayId", "bankInfo"), any::<bool>()).prop_map(|(result, quoted)| {
        let result = if quoted { serde_json::Value::from(result).to_string() } else { result };
        format!("{{\"status\": \"successful\", \"result\": {result}}}")
    })
}

/// What a documented answer is read as is what stands in it, so it is read at all.
fn is_read(query: &Query, body: &str) {
    let response = response(200, body);
    assert!(read(query, &response).is_ok(), "{body} is not read");
    readings::check(query, &response);
}

/// A documented answer with a part of it replaced.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let bodies = prop::sample::select(vec![CHANNEL_BALANCES, GATEWAY_BALANCE, BEYAG_BALANCE]);
    let pieces = prop::sample::select(vec![
        "",
        "null",
        "0",
        "-1",
        "1e5",
        "1.5",
        "\"\"",
        "{}",
        "[]",
        "true",
        ",",
        ":",
        "}",
        "]",
        "\"",
        "\\u0000",
        "{\"a\":",
        "99999999999999999999",
        "\"amount\":",
        "\"7\"",
    ]);
    (bodies, any::<prop::sample::Index>(), 0..12_usize, pieces).prop_map(|(body, at, length, piece)| {
        let body = body.as_bytes();
        let start = at.index(body.len());
        let end = (start + length).min(body.len());
        [&body[..start], piece.as_bytes(), &body[end..]].concat()
    })
}

/// JSON values of any shape.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let names = prop::sample::select(vec![
        "status",
        "code",
        "message",
        "errors",
        "error",
        "response",
        "result",
        "gatewayId",
        "gateway_id",
        "amount",
        "currency",
        "account",
        "channel_balances",
        "currencies",
        "available_balance",
        "as_of_date",
        "active",
    ]);
    let words =
        prop::sample::select(vec!["successful", "failed", "S.0000", "F.0100", "USD", "12", "2026-02-16T08:10:10Z"]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        words.prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((names.clone(), inner), 0..8).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_no_balance(status in 100..600_u16, body in prop::collection::vec(any::<u8>(), 0..200)) {
        invents_nothing(status, &body);
    }

    #[test]
    fn arbitrary_json_gives_no_amount_that_is_not_in_it(status in 200..300_u16, body in json()) {
        invents_nothing(status, body.to_string().as_bytes());
    }

    #[test]
    fn a_documented_answer_with_a_fault_gives_no_amount_that_is_not_in_it(body in mutated()) {
        invents_nothing(200, &body);
    }

    #[test]
    fn channel_balances_are_read_as_they_stand_in_the_answer(body in any_channel_balances()) {
        is_read(&queries()[0], &body);
    }

    #[test]
    fn a_gateway_balance_is_read_as_it_stands_in_the_answer(body in any_gateway_balance()) {
        is_read(&queries()[1], &body);
    }

    #[test]
    fn a_beyag_balance_is_read_as_it_stands_in_the_answer(body in account_fields("gateway_id", "provider_info")) {
        is_read(&queries()[2], &body);
    }

    #[test]
    fn no_message_repeats_what_was_read(word in "[a-z]{12}") {
        for body in [CHANNEL_BALANCES, GATEWAY_BALANCE, BEYAG_BALANCE] {
            for value in ["50000", "6623871674", "1290092162", "3405", "1111", "5,", "false", "\"RUB\"", "\"USD\""] {
                let body = body.replacen(value, &format!("\"{word}\"{}", if value.ends_with(',') { "," } else { "" }), 1);
                for query in queries() {
                    if let Err(failure) = read(&query, &response(200, &body)) {
                        prop_assert!(!failure.detail.contains(&word), "{}", failure);
                    }
                }
            }
        }
    }

    #[test]
    fn an_account_anywhere_in_an_answer_is_not_shown(before in "[^0-9]{0,20}", after in "[^0-9]{0,20}") {
        let text = format!("{before}{ACCOUNT}{after}");
        let body = serde_json::json!({ "message": &text, "note": [&text], &text: 5 }).to_string();
        let shown = redacted(&response(422, &body), &with_secrets());
        prop_assert!(!shown.contains(ACCOUNT), "{shown}");
        let failure = failure(&with_secrets(), 422, &body);
        prop_assert!(!format!("{failure:?}").contains(ACCOUNT), "{failure:?}");
    }

    #[test]
    fn a_secret_key_anywhere_in_an_answer_is_not_shown(before in ".{0,20}", after in ".{0,20}") {
        let text = format!("{before}{SECRET_KEY}{after}");
        let body = serde_json::json!({ "message": &text, "note": [&text], &text: 5 }).to_string();
        let shown = redacted(&response(422, &body), &with_secrets());
        prop_assert!(!shown.contains("s3cr3t"), "{shown}");
        let failure = failure(&with_secrets(), 422, &body);
        prop_assert!(!format!("{failure:?}").contains("s3cr3t"), "{failure:?}");
    }
}
