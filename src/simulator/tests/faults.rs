//! Faults: when, whom and how they strike.

use std::time::Duration;

use hyper::header::{LOCATION, RETRY_AFTER};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::{OTHER_SHOP, Play, SCENARIO, SHOP, json};
use crate::simulator::reply::{Delivery, Outcome, Reply};

const CHANNELS: &str = "/shop/channel_balances/?gateway_id=3405&currency=USD";

fn play(faults: &str) -> Play {
    Play::of(&format!("{SCENARIO}\nfaults:\n{faults}"))
}

fn outcome(play: &mut Play) -> Outcome {
    play.send(&Method::GET, CHANNELS, SHOP, "")
}

fn answer(faults: &str) -> Reply {
    play(faults).get(CHANNELS, SHOP)
}

#[test]
fn a_fault_is_in_force_from_its_beginning_until_its_end() {
    let mut play = play("  - {from: 10s, until: 20s, status: 503}");
    let statuses = [9, 10, 19, 20].map(|seconds| play.at(seconds).get(CHANNELS, SHOP).status.as_u16());
    assert_eq!(statuses, [200, 503, 503, 200]);
}

#[test]
fn a_fault_without_times_is_always_in_force() {
    let mut play = play("  - {status: 500}");
    assert!([0, 1_000_000].iter().all(|seconds| play.at(*seconds).get(CHANNELS, SHOP).status == 500));
}

#[test]
fn a_fault_with_a_repeat_comes_back() {
    let mut play = play("  - {from: 10s, until: 20s, repeat: 1m, status: 503}");
    let statuses = [0, 15, 25, 69, 70, 79, 80, 610].map(|seconds| play.at(seconds).get(CHANNELS, SHOP).status.as_u16());
    assert_eq!(statuses, [200, 503, 200, 200, 503, 503, 200, 503]);
}

#[test]
fn a_fault_strikes_its_api_alone() {
    let mut play = play("  - {api: beyag_balance, status: 503}");
    assert_eq!(play.get(CHANNELS, SHOP).status, 200);
    assert_eq!(play.post("/balance", SHOP, r#"{"request":{"gateway_id":"6"}}"#).status, 200);
    assert_eq!(play.post("/beyag/balance", SHOP, r#"{"gateway_id":6}"#).status, 503);
}

#[test]
fn a_fault_of_the_gateway_balance_strikes_its_asynchronous_mode_too() {
    let mut play = play("  - {api: gateway_balance, gateway: 5, status: 503}");
    assert_eq!(play.post("/async/balance", SHOP, r#"{"request":{"gateway_id":"5"}}"#).status, 503);
    assert_eq!(play.post("/async/balance", SHOP, r#"{"request":{"gateway_id":"6"}}"#).status, 200);
}

#[test]
fn a_fault_strikes_its_shop_alone() {
    let mut play = play("  - {shop_id: 364, status: 503}");
    assert_eq!(play.get(CHANNELS, SHOP).status, 200);
    assert_eq!(play.get("/shop/channel_balances/?gateway_id=3500", OTHER_SHOP).status, 503);
}

#[test]
fn a_fault_strikes_its_gateway_alone() {
    let mut play = play("  - {gateway: 5, status: 503}");
    assert_eq!(play.get(CHANNELS, SHOP).status, 200);
    let by_account = r#"{"request":{"account":"40701810820020300022"}}"#;
    assert_eq!(play.post("/balance", SHOP, by_account).status, 503, "the account belongs to gateway 5");
}

#[test]
fn the_first_fault_that_strikes_is_the_only_one() {
    let reply = answer("  - {from: 1h, status: 500}\n  - {status: 502}\n  - {status: 503}");
    assert_eq!(reply.status, StatusCode::BAD_GATEWAY);
}

#[test]
fn a_probability_strikes_about_as_often_and_the_same_way_each_time() {
    let struck = |probability: f64| -> Vec<bool> {
        let mut play = play(&format!("  - {{probability: {probability:?}, status: 503}}"));
        (0..1000).map(|_| play.get(CHANNELS, SHOP).status == 503).collect()
    };
    let count = struck(0.2).iter().filter(|struck| **struck).count();
    assert!((150..250).contains(&count), "{count} of 1000");
    assert_eq!(struck(0.2), struck(0.2));
    assert!(struck(0.0).iter().all(|struck| !struck));
}

#[test]
fn a_status_alone_comes_with_a_short_body() {
    let reply = answer("  - {status: 503}");
    assert_eq!(json(&reply), json!({"message": "Service Unavailable"}));
}

#[test]
fn a_fault_gives_status_body_and_headers() {
    let reply = answer(
        "  - {status: 429, body: '<html>', content_type: text/html, retry_after: 7, location: 'http://127.0.0.1:1/'}",
    );
    assert_eq!((reply.status, &reply.body[..]), (StatusCode::TOO_MANY_REQUESTS, &b"<html>"[..]));
    assert_eq!(reply.content_type, "text/html");
    let headers = [(RETRY_AFTER, "7".parse().unwrap()), (LOCATION, "http://127.0.0.1:1/".parse().unwrap())];
    assert_eq!(reply.headers, headers);
}

#[test]
fn a_body_alone_is_a_success_with_that_body() {
    let reply = answer(r#"  - {body: '{"code": "F.0999"}'}"#);
    assert_eq!((reply.status, json(&reply)), (StatusCode::OK, json!({"code": "F.0999"})));
}

#[test]
fn a_delay_keeps_the_answer() {
    let delayed = outcome(&mut play("  - {delay: 3s}"));
    assert_eq!(delayed.delay, Duration::from_secs(3));
    assert_eq!(delayed.delivery, outcome(&mut Play::of(SCENARIO)).delivery);
}

#[test]
fn a_delay_goes_with_other_faults() {
    let delayed = outcome(&mut play("  - {delay: 3s, status: 503}"));
    assert_eq!(delayed.delay, Duration::from_secs(3));
    assert!(matches!(delayed.delivery, Delivery::Whole(reply) if reply.status == 503));
}

#[test]
fn garbage_is_a_success_that_can_not_be_read() {
    let reply = answer("  - {garbage: true}");
    assert_eq!((reply.status, reply.content_type.to_str().unwrap()), (StatusCode::OK, "application/json"));
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err());
    assert_eq!(reply, answer("  - {garbage: true}"), "the same each time");
}

#[test]
fn a_truncated_answer_ends_in_the_middle() {
    let (cut, good) = (answer("  - {truncate: true}"), Play::of(SCENARIO).get(CHANNELS, SHOP));
    assert_eq!(cut.body, good.body[..good.body.len() / 2]);
}

#[test]
fn a_padded_answer_is_larger_and_still_good() {
    let reply = answer("  - {pad: 100000}");
    assert!(reply.body.len() > 100_000);
    assert_eq!(json(&reply)["code"], "S.0000");
}

#[test]
fn connections_are_cut_or_left_hanging() {
    assert_eq!(outcome(&mut play("  - {cut: headers}")).delivery, Delivery::Cut);
    assert_eq!(outcome(&mut play("  - {hang: true}")).delivery, Delivery::Hang);
    assert_eq!(outcome(&mut play("  - {cut: body, body: ''}")).delivery, Delivery::Cut, "nothing to cut in");
    let cut = outcome(&mut play("  - {cut: body, status: 502}")).delivery;
    assert!(matches!(cut, Delivery::CutInBody(reply) if reply.status == 502));
}

#[test]
fn faults_never_strike_the_control_endpoints() {
    assert_eq!(play("  - {status: 503}").get("/simulator/state", None).status, StatusCode::OK);
}
