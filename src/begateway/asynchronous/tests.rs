//! Where the result is fetched from, only where the question went, and for how long it is asked for.

use reqwest::header::HeaderMap;

use super::*;
use crate::domain::samples::{PACE, bank_account, shop};
use crate::domain::shop::Shop;

const ASKED: &str = "https://gateway.example.test/async/balance";

fn fetched_from(status: u16, body: &str) -> Result<Option<Url>, Failure> {
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
    assert_eq!(fetched_from(200, &started(address)).unwrap().unwrap().as_str(), address);
}

#[test]
fn the_default_port_written_out_is_the_same_origin() {
    assert!(fetched_from(200, &started("https://gateway.example.test:443/async/result/6b1e")).unwrap().is_some());
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
fn an_answer_that_nothing_was_started_is_the_result() {
    let failed = r#"{"status": "failed", "code": "F.0100", "message": "no"}"#;
    let answered = r#"{"status": "successful", "result": {"gatewayId": 5, "amount": 1}}"#;
    for (status, body) in [(200, failed), (500, failed), (200, answered), (404, "<html>"), (302, "")] {
        assert_eq!(fetched_from(status, body), Ok(None), "{status} {body}");
    }
}

fn stage(status: u16, body: &str) -> Stage {
    Stage::of(&Response { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() })
}

#[test]
fn what_the_platform_says_of_the_balance_is_the_result() {
    for (status, body) in [
        (200, r#"{"status": "successful"}"#),
        (202, r#"{"status": "failed", "code": "F.0223"}"#),
        (401, r#"{"message": "Unauthorized"}"#),
        (404, r#"{"message": "Not found."}"#),
        (500, r#"{"status": "failed", "code": "F.0999"}"#),
    ] {
        assert_eq!(stage(status, body), Stage::Ended, "{status} {body}");
    }
}

#[test]
fn a_result_that_is_being_worked_on_is_not_there_yet() {
    for status in [200, 202, 425] {
        assert_eq!(stage(status, r#"{"status": "Processing"}"#), Stage::Processing, "{status}");
    }
    assert_eq!(stage(425, ""), Stage::Processing);
}

#[test]
fn a_busy_host_or_the_page_of_a_proxy_says_nothing_of_the_result() {
    for (status, body) in [
        (200, "<html>"),
        (302, ""),
        (401, "<html>Sign in</html>"),
        (404, ""),
        (429, r#"{"message": "later"}"#),
        (502, "<html>Bad Gateway</html>"),
        (503, r#"{"message": "later"}"#),
        (200, r#"{"status": "pending", "code": "P.0001"}"#),
    ] {
        assert_eq!(stage(status, body), Stage::Unknown, "{status} {body}");
    }
}

/// A moment so many seconds after another by both clocks.
fn later(moment: Moment, seconds: u64) -> Moment {
    let elapsed = Duration::from_secs(seconds);
    Moment { monotonic: moment.monotonic + elapsed, wall: moment.wall + elapsed }
}

fn start(pending: &Pending, query: &Query, at: Moment) {
    let (shop_id, stale_after) = (query.shop.shop_id.clone(), query.pace.stale_after);
    let request = super::super::request(query).unwrap();
    pending.keep(query, Started { request, shop_id, result: ASKED.parse().unwrap(), at, stale_after });
}

#[test]
fn what_was_started_is_fetched_until_it_would_be_stale() {
    let (pending, query, now) = (Pending::default(), bank_account(&shop("main"), "q", None), Moment::now());
    start(&pending, &query, now);
    let last = PACE.stale_after.as_secs() - 1;
    assert!(pending.holds(&query, later(now, last)));
    assert!(!pending.holds(&query, later(now, last + 1)));
}

#[test]
fn a_result_that_came_is_not_fetched_again() {
    let (pending, query, now) = (Pending::default(), bank_account(&shop("main"), "q", None), Moment::now());
    start(&pending, &query, now);
    pending.forget(&query);
    assert!(!pending.holds(&query, now));
}

#[test]
fn a_query_that_asks_something_else_by_now_is_started_anew() {
    let (pending, shop, now) = (Pending::default(), shop("main"), Moment::now());
    start(&pending, &bank_account(&shop, "q", None), now);
    let another_id = Arc::new(Shop { shop_id: "1".to_owned(), ..Shop::clone(&shop) });
    assert!(!pending.holds(&bank_account(&shop, "q", Some(5)), now));
    assert!(!pending.holds(&bank_account(&shop, "other", None), now));
    assert!(!pending.holds(&bank_account(&another_id, "q", None), now));
}

#[test]
fn what_nobody_asks_for_any_more_is_forgotten() {
    let (pending, shop, now) = (Pending::default(), shop("main"), Moment::now());
    start(&pending, &bank_account(&shop, "gone", None), now);
    start(&pending, &bank_account(&shop, "q", None), later(now, PACE.stale_after.as_secs()));
    assert_eq!(pending.lock().len(), 1);
}
