//! The control endpoints: the truth, and a hand on it.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::{OTHER_SHOP, Play, SCENARIO, SHOP, json, whole};
use crate::simulator::reply::Reply;

fn state(play: &mut Play) -> Value {
    json(&play.get("/simulator/state", None))
}

fn errors(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    serde_json::from_value(json(reply)["errors"].clone()).unwrap()
}

#[test]
fn the_state_tells_the_same_money_as_the_apis() {
    let mut play = Play::of(SCENARIO);
    let rows = play.at(90).channels(3405);
    let state = state(&mut play);
    assert_eq!(state["elapsed_seconds"], 90.0);
    assert_eq!(state["channels"].as_array().unwrap().len(), 8);
    assert_eq!(
        state["channels"][2],
        json!({
            "shop_id": "363", "gateway_id": 3405, "channel_id": 1386, "currency": "USD",
            "available_balance": rows[2]["available_balance"], "active": true,
        })
    );
}

#[test]
fn the_state_tells_an_account_once_for_each_api_that_answers_for_it() {
    let state = state(&mut Play::of(SCENARIO));
    let told = |api: &str| {
        let accounts = state["accounts"].as_array().unwrap().iter();
        accounts.filter(|account| account["api"] == api).map(|account| account["amount"].as_i64().unwrap()).collect()
    };
    let (gateway, beyag): (Vec<i64>, Vec<i64>) = (told("gateway_balance"), told("beyag_balance"));
    assert_eq!(gateway, [6_623_871_674, 200, 300]);
    assert_eq!(beyag, [300, 1_290_092_162, 400]);
    assert_eq!(
        state["accounts"][0],
        json!({
            "shop_id": "363", "api": "gateway_balance", "gateway_id": 5, "account": "40701810820020300021",
            "currency": "RUB", "amount": 6_623_871_674_i64,
        })
    );
}

#[test]
fn the_state_counts_the_requests_of_each_endpoint_and_none_of_its_own() {
    let mut play = Play::of(SCENARIO);
    play.channels(3405);
    play.get("/shop/channel_balances/?gateway_id=3405", None);
    play.post("/balance", SHOP, "{}");
    play.post("/beyag/balance", SHOP, "{}");
    play.post("/async/balance", SHOP, "{}");
    play.get("/async/status/x", SHOP);
    play.get("/async/result/x", SHOP);
    play.get("/", SHOP);
    state(&mut play);
    assert_eq!(
        state(&mut play)["requests"],
        json!({
            "channel_balances": 2, "gateway_balance": 1, "beyag_balance": 1, "async_balance": 1, "async_status": 1,
            "async_result": 1, "other": 1,
        })
    );
}

#[test]
fn the_state_holds_no_secret_key() {
    let mut play = Play::of(SCENARIO);
    let reply = play.get("/simulator/state", None);
    assert!(!String::from_utf8_lossy(&reply.body).contains("key-36"));
}

#[test]
fn the_state_tells_the_faults_in_force() {
    let faults = "[{from: 10s, until: 1m, api: beyag_balance, status: 503}, {from: 1h, hang: true}]";
    let mut play = Play::of(&format!("{SCENARIO}\nfaults: {faults}"));
    assert_eq!(state(&mut play)["faults"], json!([]));
    let told = json!([{"from": "10s", "until": "1m", "api": "beyag_balance", "status": 503}]);
    assert_eq!(state(play.at(30))["faults"], told);
}

#[test]
fn faults_are_replaced_and_cleared() {
    let mut play = Play::of(&format!("{SCENARIO}\nfaults: [{{hang: true}}]"));
    let replaced = play.at(100).put("/simulator/faults", r#"[{"status": 503, "api": "channel_balances"}]"#);
    assert_eq!(replaced.status, StatusCode::OK);
    assert_eq!(json(&replaced), json!([{"from": "1m 40s", "status": 503, "api": "channel_balances"}]));
    assert_eq!(play.get("/shop/channel_balances/?gateway_id=3405", SHOP).status, 503);
    assert_eq!(play.put("/simulator/faults", "[]").status, StatusCode::OK);
    assert_eq!(play.channels(3405).len(), 3);
}

#[test]
fn the_times_of_faults_set_by_hand_count_from_then_on() {
    let mut play = Play::of(SCENARIO);
    play.at(100).put("/simulator/faults", r#"[{"from": "10s", "until": "20s", "status": 503}]"#);
    let target = "/shop/channel_balances/?gateway_id=3405";
    let statuses = [100, 109, 110, 119, 120].map(|seconds| play.at(seconds).get(target, SHOP).status.as_u16());
    assert_eq!(statuses, [200, 200, 503, 503, 200]);
}

#[test]
fn faults_that_can_not_be_read_leave_those_in_force() {
    let mut play = Play::of(&format!("{SCENARIO}\nfaults: [{{status: 500}}]"));
    let refused = play.put("/simulator/faults", "[{\"status\": 99},\n {}]");
    assert_eq!(
        errors(&refused),
        [
            "body:1:13: [0].status: found a number that ends no answer; write an HTTP status from 200 to 599",
            "body:2:2: [1]: found nothing that goes wrong; write one of delay, status, body, content_type, \
             retry_after, location, pad, garbage, truncate, cut, hang",
        ]
    );
    assert_eq!(errors(&play.put("/simulator/faults", r#"[{"sta": 5}]"#)).len(), 1);
    assert_eq!(play.get("/shop/channel_balances/?gateway_id=3405", SHOP).status, 500);
}

#[test]
fn a_channel_is_drained_and_switched_off_by_hand() {
    let mut play = Play::of(SCENARIO);
    let target = "/simulator/channels/3405/1386/USD";
    let set = play.at(10).put(target, r#"{"available_balance": 100, "active": false, "frozen": true}"#);
    assert_eq!(
        json(&set),
        json!({
            "shop_id": "363", "gateway_id": 3405, "channel_id": 1386, "currency": "USD", "available_balance": 100,
            "active": false,
        })
    );
    assert_eq!(play.at(60).channels(3405)[2]["available_balance"], 100);
    play.put(target, r#"{"active": true}"#);
    let row = play.channels(3405)[2].clone();
    assert_eq!((&row["available_balance"], &row["active"]), (&json!(100), &json!(true)));
}

#[test]
fn a_channel_is_taken_away_and_brought_back_by_hand() {
    let mut play = Play::of(SCENARIO);
    play.put("/simulator/channels/3405/1385/EUR", r#"{"gone": true}"#);
    assert_eq!(play.channels(3405).len(), 2);
    assert_eq!(state(&mut play)["channels"].as_array().unwrap().len(), 7);
    play.put("/simulator/channels/3405/1385/EUR", r#"{"gone": false}"#);
    assert_eq!(play.channels(3405).len(), 3);
}

#[test]
fn an_account_is_set_by_hand() {
    let mut play = Play::of(SCENARIO);
    let set = play.put("/simulator/accounts/6/40701810820020300033/EUR", r#"{"amount": -5}"#);
    assert_eq!(json(&set)[0]["amount"], -5);
    assert_eq!(json(&play.post("/beyag/balance", SHOP, r#"{"gateway_id": 6}"#))["amount"], -5);
    play.put("/simulator/accounts/6/40701810820020300033/EUR", r#"{"gone": true}"#);
    assert_eq!(play.post("/beyag/balance", SHOP, r#"{"gateway_id": 6}"#).status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[test]
fn what_does_not_exist_is_not_found() {
    let mut play = Play::of(SCENARIO);
    for target in ["channels/9/1385/USD", "channels/3405/9/USD", "channels/3405/1385/JPY", "accounts/5/9/RUB", "x"] {
        assert_eq!(play.put(&format!("/simulator/{target}"), "{}").status, StatusCode::NOT_FOUND, "{target}");
    }
}

#[test]
fn a_hand_that_writes_something_else_is_refused() {
    let mut play = Play::of(SCENARIO);
    let refused = play.put("/simulator/channels/3405/1385/USD", r#"{"balance": 5}"#);
    assert_eq!(
        errors(&refused),
        ["body:1:2: balance: unknown key; known here: available_balance, active, gone, frozen"]
    );
    assert_eq!(errors(&play.put("/simulator/channels/3405/1385/USD", r#"{"active": 1}"#)).len(), 1);
}

#[test]
fn other_methods_are_not_allowed() {
    let mut play = Play::of(SCENARIO);
    for (method, target) in [
        (Method::POST, "/simulator/state"),
        (Method::GET, "/simulator/faults"),
        (Method::GET, "/simulator/channels/3405/1385/USD"),
    ] {
        let reply = whole(play.send(&method, target, OTHER_SHOP, ""));
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{target}");
    }
}
