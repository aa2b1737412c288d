//! Failures by their codes, else by their HTTP status, and never by their texts.

use super::*;

/// What an answer that is not a success is read as at every API.
fn class(status: u16, body: &str) -> Reason {
    let reasons = [headroom(), at_the_bank(), at_the_provider()].map(|query| failure(&query, status, body).reason);
    assert!(reasons.iter().all(|reason| *reason == reasons[0]), "{reasons:?}");
    reasons[0]
}

fn coded(code: &str, status: u16) -> Reason {
    class(status, &format!(r#"{{"code": "{code}", "message": "no", "friendly_message": "no"}}"#))
}

/// Code and message of a failure.
fn told(status: u16, body: &str) -> (Option<String>, Option<String>) {
    let failure = failure(&at_the_bank(), status, body);
    (failure.code, failure.message)
}

fn message(text: &str) -> (Option<String>, Option<String>) {
    (None, Some(text.to_owned()))
}

#[test]
fn a_202_with_status_failed_and_a_code_of_the_family_f_is_a_provider_error() {
    let body = r#"{"status": "failed", "code": "F.0223", "message": "Declined"}"#;
    assert_eq!(class(202, body), Reason::ProviderError);
    assert_eq!(told(202, body), (Some("F.0223".to_owned()), Some("Declined".to_owned())));
}

#[test]
fn a_200_with_status_failed_and_a_balance_is_a_failure() {
    let body = r#"{"status": "failed", "result": {"gatewayId": 5, "amount": 5}}"#;
    assert_eq!(failure(&at_the_bank(), 200, body).reason, Reason::ProviderError);
}

#[test]
fn a_success_with_a_code_of_failure_is_a_failure() {
    let body = BEYAG_BALANCE.replace("S.0000", "F.0997");
    assert_eq!(failure(&at_the_provider(), 200, body).reason, Reason::ProviderError);
}

#[test]
fn status_words_are_compared_without_regard_to_case() {
    let body = GATEWAY_BALANCE.replace("successful", "SUCCESSFUL");
    assert!(read(&at_the_bank(), &response(200, body)).is_ok());
}

#[test]
fn a_balance_with_an_http_status_of_failure_is_a_failure() {
    assert_eq!(failure(&at_the_bank(), 500, GATEWAY_BALANCE).reason, Reason::ProviderError);
    assert_eq!(failure(&headroom(), 401, CHANNEL_BALANCES).reason, Reason::Unauthorized);
}

#[test]
fn a_processing_answer_is_no_balance() {
    let body = r#"{"status": "processing", "request_id": "1"}"#;
    assert_eq!(failure(&at_the_bank(), 200, body).reason, Reason::ProviderError);
}

#[test]
fn codes_of_wrong_credentials_are_unauthorized() {
    for code in ["F.0100", "F.0101", "F.0102", "F.0103", "F.0001", "unauthorized"] {
        assert_eq!(coded(code, 422), Reason::Unauthorized, "{code}");
    }
}

#[test]
fn codes_of_wrong_requests_are_bad_requests() {
    for code in ["F.0104", "F.0110", "F.0113", "F.0128", "E.1025", "E.0000"] {
        assert_eq!(coded(code, 500), Reason::BadRequest, "{code}");
    }
}

#[test]
fn codes_of_the_provider_and_of_what_is_pending_are_provider_errors() {
    let codes = [
        "F.0105", "F.0106", "F.0107", "F.0117", "F.0118", "F.0119", "F.0120", "F.0121", "F.0122", "F.0997", "F.0999",
        "P.0000", "P.9999", "F.1234",
    ];
    for code in codes {
        assert_eq!(coded(code, 422), Reason::ProviderError, "{code}");
    }
}

#[test]
fn a_code_goes_before_the_http_status() {
    assert_eq!(coded("F.0100", 500), Reason::Unauthorized);
    assert_eq!(coded("F.0997", 401), Reason::ProviderError);
    assert_eq!(coded("E.1025", 429), Reason::BadRequest);
}

#[test]
fn an_unknown_code_leaves_it_to_the_http_status() {
    for code in ["X.0001", "S.0000", "fatal", "400"] {
        assert_eq!(coded(code, 401), Reason::Unauthorized, "{code}");
        assert_eq!(coded(code, 429), Reason::RateLimited, "{code}");
        assert_eq!(coded(code, 502), Reason::ProviderError, "{code}");
    }
}

#[test]
fn without_a_code_the_http_status_decides() {
    let expected = [
        (301, Reason::ProviderError),
        (302, Reason::ProviderError),
        (308, Reason::ProviderError),
        (400, Reason::BadRequest),
        (401, Reason::Unauthorized),
        (403, Reason::Unauthorized),
        (404, Reason::BadRequest),
        (405, Reason::BadRequest),
        (415, Reason::BadRequest),
        (422, Reason::BadRequest),
        (429, Reason::RateLimited),
        (500, Reason::ProviderError),
        (502, Reason::ProviderError),
        (503, Reason::ProviderError),
        (504, Reason::ProviderError),
    ];
    for (status, reason) in expected {
        assert_eq!(class(status, ""), reason, "{status}");
        assert_eq!(class(status, r#"{"message": "no"}"#), reason, "{status}");
    }
}

#[test]
fn texts_do_not_decide() {
    let body = r#"{"message": "Unauthorized: invalid secret key", "friendly_message": "Too many requests"}"#;
    assert_eq!(class(422, body), Reason::BadRequest);
}

#[test]
fn a_failure_keeps_the_http_status() {
    assert_eq!(failure(&at_the_bank(), 503, "").status, Some(503));
}

#[test]
fn access_denied_inside_response_is_read() {
    let body = r#"{"response": {"status": "error", "message": "Access denied"}}"#;
    assert_eq!(told(403, body), message("Access denied"));
    assert_eq!(class(200, body), Reason::ProviderError);
}

#[test]
fn errors_inside_response_are_read() {
    let body = r#"{"response": {"message": "account is invalid", "errors": {"account": ["is invalid"]}}}"#;
    assert_eq!(class(422, body), Reason::BadRequest);
    assert_eq!(told(422, body), message("account is invalid"));
}

#[test]
fn a_flat_message_is_read() {
    for (status, text) in [(401, "Unauthorized"), (401, "Invalid shop_id/secret_key."), (404, "Not found.")] {
        assert_eq!(told(status, &format!(r#"{{"message": "{text}"}}"#)), message(text));
    }
}

#[test]
fn a_message_beside_errors_is_read() {
    let system = r#"{"message": "System error.", "errors": {"system": ["System error."]}}"#;
    assert_eq!(told(401, system), message("System error."));
    let base = r#"{"message": "Wrong", "errors": {"base": "Gateway is wrong"}}"#;
    assert_eq!(told(422, base), message("Wrong"));
}

#[test]
fn a_code_with_errors_is_read() {
    let body = r#"{"code": "E.1025", "message": "Bad", "friendly_message": "Bad", "errors": {"gateway_id": ["no"]}}"#;
    assert_eq!(class(422, body), Reason::BadRequest);
    assert_eq!(told(422, body), (Some("E.1025".to_owned()), Some("Bad".to_owned())));
}

#[test]
fn an_error_object_is_read() {
    let body = r#"{"error": {"code": "unauthorized", "message": "No", "friendly_message": "No", "help": "https://…"}}"#;
    assert_eq!(class(422, body), Reason::Unauthorized);
    assert_eq!(told(401, body), (Some("unauthorized".to_owned()), Some("No".to_owned())));
}

#[test]
fn errors_of_every_shape_tell_their_first_text() {
    let shapes = [
        r#""is wrong""#,
        r#"["is wrong"]"#,
        r#"{"account": "is wrong"}"#,
        r#"{"account": ["is wrong"]}"#,
        r#"{"account": {"number": ["is wrong"]}}"#,
        r#"[{"account": [5, null, "is wrong"]}]"#,
    ];
    for errors in shapes {
        assert_eq!(told(422, &format!(r#"{{"errors": {errors}}}"#)), message("is wrong"), "{errors}");
    }
}

#[test]
fn a_friendly_message_stands_in_for_a_message() {
    assert_eq!(told(422, r#"{"friendly_message": "Please check"}"#), message("Please check"));
}

#[test]
fn an_error_body_with_status_200_is_a_failure() {
    let bodies = [
        r#"{"message": "Unauthorized"}"#,
        r#"{"response": {"message": "no", "errors": {}}}"#,
        r#"{"errors": ["no"]}"#,
        r#"{"error": {"code": "unauthorized", "message": "no"}}"#,
    ];
    for body in bodies {
        for query in [headroom(), at_the_bank(), at_the_provider()] {
            assert!(read(&query, &response(200, body)).is_err(), "{body}");
        }
    }
}

#[test]
fn an_error_object_with_status_200_is_classed_by_its_code() {
    assert_eq!(class(200, r#"{"error": {"code": "unauthorized", "message": "no"}}"#), Reason::Unauthorized);
}

#[test]
fn what_can_be_no_code_is_not_shown_as_one() {
    for code in ["F.0100 <script>", "код", "", "F.0100\\n", &"9".repeat(33)] {
        let failure = failure(&at_the_bank(), 422, format!(r#"{{"code": "{code}", "message": "no"}}"#));
        assert_eq!(failure.code, None, "{code}");
    }
}

#[test]
fn html_with_an_http_status_of_failure_is_classed_by_that() {
    let html = "<html><head><title>502 Bad Gateway</title></head></html>";
    assert_eq!(class(502, html), Reason::ProviderError);
    assert_eq!(told(502, html), (None, None));
}

#[test]
fn html_with_status_200_is_malformed() {
    assert_eq!(class(200, "<html>Welcome</html>"), Reason::MalformedResponse);
}

#[test]
fn an_empty_body_is_malformed() {
    assert_eq!(class(200, ""), Reason::MalformedResponse);
    assert_eq!(class(204, ""), Reason::MalformedResponse);
}

#[test]
fn a_truncated_body_is_malformed_wherever_it_breaks_off() {
    for (query, body) in
        [(headroom(), CHANNEL_BALANCES), (at_the_bank(), GATEWAY_BALANCE), (at_the_provider(), BEYAG_BALANCE)]
    {
        let whole = body.trim_end().len();
        for end in 0..whole {
            assert_eq!(reason(&query, &body.as_bytes()[..end]), Reason::MalformedResponse, "{}", &body[..end]);
        }
    }
}

#[test]
fn something_behind_the_answer_is_malformed() {
    assert_eq!(reason(&at_the_bank(), format!("{GATEWAY_BALANCE}{GATEWAY_BALANCE}")), Reason::MalformedResponse);
}

#[test]
fn json_that_is_no_object_is_malformed() {
    for body in ["null", "[]", "5", "\"successful\"", "true", "[\"successful\", \"S.0000\"]", "{}"] {
        assert_eq!(class(200, body), Reason::MalformedResponse, "{body}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_malformed() {
    let body = [b"{\"status\": \"successful\", \"result\": {\"gatewayId\": 5, \"account\": \"", &[0xff][..], b"\"}}"];
    assert_eq!(reason(&at_the_bank(), body.concat()), Reason::MalformedResponse);
}

#[test]
fn json_of_a_great_depth_is_no_answer_and_no_fault() {
    let deep = |open: &str, close: &str| format!("{}5{}", open.repeat(100_000), close.repeat(100_000));
    assert_eq!(class(200, &deep("[", "]")), Reason::MalformedResponse);
    assert_eq!(class(200, &deep("{\"result\":", "}")), Reason::MalformedResponse);
    assert_eq!(class(500, &deep("[", "]")), Reason::ProviderError);
    let inside = format!(
        r#"{{"status": "successful", "result": {{"gatewayId": 5, "amount": 1, "bankInfo": {}}}}}"#,
        deep("[", "]")
    );
    let query = Query { details: Arc::new(["/0".into()]), ..at_the_bank() };
    assert!(read(&query, &response(200, inside)).is_err());
}
