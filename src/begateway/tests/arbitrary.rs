//! Whatever comes, nothing panics, and no amount appears that did not come.

use proptest::prelude::*;

use super::super::redacted;
use super::*;

fn queries() -> [Query; 3] {
    let details = |query| Query { details: Arc::new(["/Balance/AmountIn".into(), "/Credit".into()]), ..query };
    [headroom(), details(at_the_bank()), details(at_the_provider())]
}

/// Reads the body as an answer of every API: each amount read stands there, digit by digit.
fn invents_nothing(status: u16, body: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(body);
    for query in queries() {
        let response = response(status, body);
        if let Ok(reading) = read(&query, &response) {
            for row in reading.rows {
                let digits = row.amount.0.unsigned_abs().to_string();
                prop_assert!(text.contains(&digits), "{digits} is not in {text}");
            }
        }
        redacted(&response, &query);
    }
    Ok(())
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
        invents_nothing(status, &body)?;
    }

    #[test]
    fn arbitrary_json_gives_no_amount_that_is_not_in_it(status in 200..300_u16, body in json()) {
        invents_nothing(status, body.to_string().as_bytes())?;
    }

    #[test]
    fn a_documented_answer_with_a_fault_gives_no_amount_that_is_not_in_it(body in mutated()) {
        invents_nothing(200, &body)?;
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
