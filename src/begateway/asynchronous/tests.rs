//! Where the result is fetched from: only where the question went.

use reqwest::header::HeaderMap;

use super::*;
use crate::domain::failure::Reason;

const ASKED: &str = "https://gateway.example.test/async/balance";

fn fetched_from(status: u16, body: &str) -> Result<Url, Failure> {
    let answer = Response { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() };
    result_url(&ASKED.parse().unwrap(), &answer)
}

/// The failure of a start that leads to that address.
fn refused(address: &str) -> Failure {
    fetched_from(200, &started(address)).unwrap_err()
}

fn started(address: &str) -> String {
    format!(
        r#"{{"status": "processing", "request_id": "6b1e", "status_url": "https://gateway.example.test/async/status/6b1e",
            "response_url": "{address}"}}"#
    )
}

#[test]
fn the_result_is_fetched_from_the_gateways_own_origin() {
    let address = "https://gateway.example.test/async/result/6b1e";
    assert_eq!(fetched_from(200, &started(address)).unwrap().as_str(), address);
}

#[test]
fn the_default_port_written_out_is_the_same_origin() {
    assert!(fetched_from(200, &started("https://gateway.example.test:443/async/result/6b1e")).is_ok());
}

#[test]
fn another_host_gets_no_credentials() {
    let failure = refused("https://gateway.example.org/async/result/6b1e");
    assert_eq!(failure.reason, Reason::MalformedResponse);
    assert!(failure.detail.contains("leads to another host"), "{failure}");
}

#[test]
fn a_host_below_or_above_the_gateways_gets_no_credentials() {
    for host in ["evil.gateway.example.test", "example.test", "gateway.example.test.evil.org"] {
        assert_eq!(refused(&format!("https://{host}/async/result/6b1e")).reason, Reason::MalformedResponse, "{host}");
    }
}

#[test]
fn another_port_or_scheme_gets_no_credentials() {
    for origin in ["https://gateway.example.test:8443", "http://gateway.example.test", "ftp://gateway.example.test"] {
        assert_eq!(refused(&format!("{origin}/async/result/6b1e")).reason, Reason::MalformedResponse, "{origin}");
    }
}

#[test]
fn a_host_hidden_behind_a_user_name_gets_no_credentials() {
    for address in [
        "https://gateway.example.test@evil.org/r",
        "https://me@gateway.example.test/r",
        "https://:k@gateway.example.test/r",
    ] {
        assert_eq!(refused(address).reason, Reason::MalformedResponse, "{address}");
    }
}

#[test]
fn an_address_that_is_none_is_malformed() {
    for address in ["", "/async/result/6b1e", "//gateway.example.test/r", "data:,x", "https://"] {
        assert_eq!(refused(address).reason, Reason::MalformedResponse, "{address}");
    }
}

#[test]
fn a_start_without_an_address_is_malformed() {
    let failure = fetched_from(200, r#"{"status": "processing"}"#).unwrap_err();
    assert_eq!(failure.reason, Reason::MalformedResponse);
    assert!(failure.detail.contains("`response_url`"), "{failure}");
}

#[test]
fn a_start_that_fails_is_classed_by_its_code() {
    let body = r#"{"status": "failed", "code": "F.0100", "message": "no"}"#;
    assert_eq!(fetched_from(200, body).unwrap_err().reason, Reason::Unauthorized);
    assert_eq!(fetched_from(500, body).unwrap_err().reason, Reason::Unauthorized);
}

#[test]
fn a_start_that_the_host_refuses_is_classed_by_its_status() {
    assert_eq!(fetched_from(404, "<html>").unwrap_err().reason, Reason::BadRequest);
    assert_eq!(fetched_from(302, "").unwrap_err().reason, Reason::ProviderError);
}

#[test]
fn a_start_that_is_not_json_is_malformed() {
    assert_eq!(fetched_from(200, "<html>").unwrap_err().reason, Reason::MalformedResponse);
}

#[test]
fn no_message_repeats_the_address() {
    assert!(!refused("https://evil.example.org/r").to_string().contains("evil"));
}
