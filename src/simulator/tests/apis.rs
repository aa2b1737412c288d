//! The three APIs: who is let in, what is asked, and the shapes of the answers.

use hyper::header::{ALLOW, AUTHORIZATION, HeaderMap, LOCATION, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::{OTHER_SHOP, Play, SCENARIO, SHOP, json, shape, whole};
use crate::simulator::reply::Reply;

const CHANNELS: &str = "/shop/channel_balances/?gateway_id=3405&currency=USD";

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The parameter that a 422 names.
fn invalid(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    let body = json(reply);
    assert!(body["code"].as_str().unwrap().starts_with("E."));
    assert!(body["message"].is_string() && body["friendly_message"].is_string());
    body["errors"].as_object().unwrap().keys().next().unwrap().clone()
}

#[test]
fn channel_balances_have_the_shape_of_the_documents() {
    let mut play = Play::of(SCENARIO);
    let reply = play.get("/shop/channel_balances/?gateway_id=3405&currency=EUR", SHOP);
    assert_eq!((reply.status, reply.content_type.to_str().unwrap()), (StatusCode::OK, "application/json"));
    assert_eq!(shape(&json(&reply)), shape(&document(include_str!("documents/channel_balances.json"))));
}

#[test]
fn channel_balances_tell_the_channels_of_the_currency_asked_for() {
    let body = json(&Play::of(SCENARIO).get(CHANNELS, SHOP));
    assert_eq!(body["channel_balances"]["gateway_id"], 3405);
    assert_eq!(
        body["channel_balances"]["currencies"],
        json!([
            {"channel_id": 1385, "currency": "USD", "available_balance": 50000, "active": false},
            {"channel_id": 1386, "currency": "USD", "available_balance": 90000, "active": true},
        ])
    );
}

#[test]
fn without_a_currency_channel_balances_tell_all_of_them() {
    let told: Vec<_> = Play::of(SCENARIO)
        .channels(3405)
        .iter()
        .map(|row| (row["channel_id"].as_u64().unwrap(), row["currency"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(told, [(1385, "USD".into()), (1385, "EUR".into()), (1386, "USD".into())]);
}

#[test]
fn channel_balances_are_dated_in_utc_with_milliseconds() {
    let mut play = Play::of(SCENARIO);
    let dated = |reply: &Reply| json(reply)["channel_balances"]["as_of_date"].clone();
    assert_eq!(dated(&play.get(CHANNELS, SHOP)), "2026-02-16T12:00:00.000Z");
    assert_eq!(dated(&play.get("/shop/channel_balances/?gateway_id=3406", SHOP)), "2026-02-16T11:40:00.000Z");
}

#[test]
fn money_moves_between_two_requests() {
    let mut play = Play::of(SCENARIO);
    let before = play.channels(3405);
    let after = play.at(15).channels(3405);
    assert_eq!(before[0], after[0]);
    assert!(after[2]["available_balance"].as_i64() < before[2]["available_balance"].as_i64());
}

#[test]
fn a_channel_has_the_quirks_of_the_scenario() {
    let rows = Play::of(SCENARIO).channels(3406);
    assert_eq!(
        rows,
        [
            json!({"channel_id": 1, "currenc\u{443}": "USD", "available_balance": 1, "active": true}),
            json!({"channel_id": 2, "currency": "USD", "available_balance": "2", "active": true}),
            json!({"channel_id": 3, "currency": "USD", "active": true}),
            json!({"channel_id": 4, "available_balance": 4, "active": true}),
        ]
    );
}

#[test]
fn the_spelling_without_a_slash_is_redirected() {
    let reply = Play::of(SCENARIO).get("/shop/channel_balances?gateway_id=3405&currency=USD", SHOP);
    assert_eq!(reply.status, StatusCode::MOVED_PERMANENTLY);
    let location = "http://simulator:9400/shop/channel_balances/?gateway_id=3405&currency=USD";
    assert_eq!(reply.headers, [(LOCATION, location.parse().unwrap())]);
}

#[test]
fn channel_balances_want_a_gateway_that_is_a_number_and_a_currency_that_is_a_code() {
    let mut play = Play::of(SCENARIO);
    assert_eq!(invalid(&play.get("/shop/channel_balances/", SHOP)), "gateway_id");
    assert_eq!(invalid(&play.get("/shop/channel_balances/?gateway_id=x", SHOP)), "gateway_id");
    assert_eq!(invalid(&play.get("/shop/channel_balances/?gateway_id=3405&currency=usd", SHOP)), "currency");
}

#[test]
fn a_shop_sees_its_own_gateways_alone() {
    let mut play = Play::of(SCENARIO);
    let target = "/shop/channel_balances/?gateway_id=3500";
    assert_eq!(play.get(target, OTHER_SHOP).status, StatusCode::OK);
    assert_eq!(invalid(&play.get(target, SHOP)), "gateway_id");
    assert_eq!(invalid(&play.get("/shop/channel_balances/?gateway_id=9", SHOP)), "gateway_id");
    assert_eq!(invalid(&play.post("/beyag/balance", OTHER_SHOP, r#"{"gateway_id":1234}"#)), "gateway_id");
    let account = r#"{"request":{"account":"40701810820020300021"}}"#;
    assert_eq!(invalid(&play.post("/balance", OTHER_SHOP, account)), "account");
}

#[test]
fn wrong_or_missing_credentials_are_refused_in_the_words_of_each_api() {
    let mut play = Play::of(SCENARIO);
    for shop in [None, Some(("363", "key-364")), Some(("999", "key-363")), Some(("", ""))] {
        let backoffice = play.get(CHANNELS, shop);
        assert_eq!(backoffice.status, StatusCode::UNAUTHORIZED);
        assert_eq!(json(&backoffice), json!({"response": {"status": "error", "message": "Access denied"}}));
        assert!(backoffice.headers.iter().any(|(name, _)| name == WWW_AUTHENTICATE));
        for target in ["/balance", "/beyag/balance", "/async/balance"] {
            let refused = play.post(target, shop, "{}");
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
            assert_eq!(json(&refused), json!({"message": "Invalid shop_id/secret_key."}));
        }
    }
}

#[test]
fn credentials_that_are_no_basic_are_refused() {
    let mut play = Play::of(SCENARIO);
    for value in ["Basic", "Basic ???", "Bearer MzYzOmtleS0zNjM=", "Basic MzYz"] {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        let refused = whole(play.send_with(&Method::GET, CHANNELS, &headers, ""));
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{value}");
    }
}

#[test]
fn other_paths_are_not_found_and_other_methods_not_allowed() {
    let mut play = Play::of(SCENARIO);
    let unknown = play.get("/balances", SHOP);
    assert_eq!((unknown.status, json(&unknown)), (StatusCode::NOT_FOUND, json!({"message": "Not found."})));
    let wrong = play.get("/balance", SHOP);
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong.headers, [(ALLOW, "POST".parse().unwrap())]);
    assert_eq!(play.post(CHANNELS, SHOP, "").status, StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn the_gateway_balance_has_the_shape_of_the_documents() {
    let reply = Play::of(SCENARIO).post("/balance", SHOP, r#"{"request":{"gateway_id":"5"}}"#);
    assert_eq!(reply.status, StatusCode::OK);
    let body = json(&reply);
    assert_eq!(shape(&body), shape(&document(include_str!("documents/gateway_balance.json"))));
    assert_eq!(body["status"], "successful");
    assert_eq!(body["result"]["gatewayId"], 5);
    assert_eq!(body["result"]["amount"], 6_623_871_674_i64);
    assert_eq!(body["result"]["bankInfo"]["Amount"], 66_238_716.74);
    assert_eq!(body["result"]["bankInfo"]["Balance"]["OperDate"], "2026-02-16T00:00:00");
}

#[test]
fn the_gateway_balance_is_found_by_account_by_currency_and_by_gateway() {
    let mut play = Play::of(SCENARIO);
    let mut amount = |request: &str| {
        let reply = play.post("/balance", SHOP, &format!(r#"{{"request":{request}}}"#));
        json(&reply)["result"]["amount"].as_i64()
    };
    assert_eq!(amount(r#"{"account":"40701810820020300022"}"#), Some(200));
    assert_eq!(amount(r#"{"currency":"EUR"}"#), Some(300));
    assert_eq!(amount(r#"{"gateway_id":"6"}"#), Some(300));
    assert_eq!(amount(r#"{"gateway_id":"5","currency":"USD"}"#), Some(200));
    assert_eq!(amount(r#"{"gateway_id":"5","account":"","currency":"USD"}"#), Some(200));
    assert_eq!(amount(r#"{"account":""}"#), Some(6_623_871_674));
    assert_eq!(amount(r#"{"gateway_id":"6","account":""}"#), Some(300));
    assert_eq!(amount(r#"{"account":"40701810820020300022","currency":"RUB"}"#), None);
    assert_eq!(amount(r#"{"gateway_id":"1234"}"#), None, "an account of the beyag balance alone");
}

#[test]
fn the_gateway_balance_is_strict_about_its_request() {
    let mut play = Play::of(SCENARIO);
    let mut refused = |body: &str| invalid(&play.post("/balance", SHOP, body));
    assert_eq!(refused(r#"{"account":""}"#), "request");
    assert_eq!(refused(r#"{"request":{}}"#), "request");
    assert_eq!(refused(r#"{"request":{"gateway_id":5}}"#), "gateway_id");
    assert_eq!(refused(r#"{"request":{"gateway_id":"five"}}"#), "gateway_id");
    assert_eq!(refused(r#"{"request":{"account":40701810820020300021}}"#), "account");
    assert_eq!(refused(r#"{"request":{"currency":"rubles"}}"#), "currency");
    assert_eq!(play.post("/balance", SHOP, "{").status, StatusCode::BAD_REQUEST);
    assert_eq!(play.post("/balance", SHOP, "[]").status, StatusCode::BAD_REQUEST);
}

#[test]
fn the_gateway_balance_wants_version_2_of_the_api() {
    let token = "Basic MzYzOmtleS0zNjM=".parse().unwrap();
    let headers = HeaderMap::from_iter([(AUTHORIZATION, token)]);
    let body = r#"{"request":{"gateway_id":"5"}}"#;
    let reply = whole(Play::of(SCENARIO).send_with(&Method::POST, "/balance", &headers, body));
    assert_eq!(invalid(&reply), "X-API-Version");
}

#[test]
fn the_beyag_balance_has_the_shape_of_the_documents() {
    let body = r#"{"gateway_id":1234,"account":"40701810842020395221","currency":"USD"}"#;
    let reply = Play::of(SCENARIO).post("/beyag/balance", SHOP, body);
    assert_eq!(reply.status, StatusCode::OK);
    let body = json(&reply);
    assert_eq!(shape(&body), shape(&document(include_str!("documents/beyag_balance.json"))));
    assert_eq!(
        (&body["status"], &body["code"], &body["message"]),
        (&json!("Successful"), &json!("S.0000"), &json!("none"))
    );
    assert_eq!((&body["gateway_id"], &body["currency"]), (&json!(1111), &json!("RUB")), "as the documents' example");
}

#[test]
fn the_beyag_balance_is_found_by_account_and_by_currency() {
    let mut play = Play::of(SCENARIO);
    let mut amount = |request: &str| json(&play.post("/beyag/balance", SHOP, request))["amount"].as_i64();
    assert_eq!(amount(r#"{"gateway_id":1234}"#), Some(1_290_092_162));
    assert_eq!(amount(r#"{"gateway_id":1234,"currency":"EUR"}"#), Some(400));
    assert_eq!(amount(r#"{"gateway_id":1234,"account":"40701810842020395222"}"#), Some(400));
    assert_eq!(amount(r#"{"gateway_id":1234,"account":"0"}"#), None);
    assert_eq!(amount(r#"{"gateway_id":6}"#), Some(300), "an account of both APIs");
}

#[test]
fn the_beyag_balance_wants_a_gateway_that_is_an_integer() {
    let mut play = Play::of(SCENARIO);
    assert_eq!(invalid(&play.post("/beyag/balance", SHOP, r#"{"gateway_id":"1234"}"#)), "gateway_id");
    assert_eq!(invalid(&play.post("/beyag/balance", SHOP, r#"{"account":""}"#)), "gateway_id");
}

#[test]
fn a_bank_tells_major_units_only_where_the_exponent_is_certain() {
    let scenario = "shops: [{shop_id: 363, secret_key: key-363, gateways: [{id: 1, accounts: [
        {currency: JPY, balance: 1500}, {currency: KWD, balance: 1500}, {currency: USDT, balance: 1500}]}]}]";
    let mut play = Play::of(scenario);
    let mut bank = |currency: &str| {
        let body = format!(r#"{{"request":{{"gateway_id":"1","currency":"{currency}"}}}}"#);
        json(&play.post("/balance", SHOP, &body))["result"]["bankInfo"].clone()
    };
    assert_eq!(bank("JPY")["Amount"], 1500.0);
    assert_eq!(bank("KWD")["Amount"], 1.5);
    assert_eq!(bank("USDT"), json!({"Balance": {"OperDate": "2026-02-16T00:00:00"}}));
}

#[test]
fn an_asynchronous_balance_is_there_when_its_time_has_come() {
    let mut play = Play::of(SCENARIO);
    let started = play.post("/async/balance", SHOP, r#"{"request":{"gateway_id":"5"}}"#);
    let started = json(&started);
    assert_eq!(started["status"], "processing");
    let id = started["request_id"].as_str().unwrap();
    assert_eq!(started["status_url"], format!("http://simulator:9400/async/status/{id}"));
    assert_eq!(started["response_url"], format!("http://simulator:9400/async/result/{id}"));

    let (status, result) = (format!("/async/status/{id}"), format!("/async/result/{id}"));
    let early = play.at(4).get(&result, SHOP);
    assert_eq!((early.status, &json(&early)["status"]), (StatusCode::TOO_EARLY, &json!("processing")));
    assert_eq!(json(&play.get(&status, SHOP))["status"], "processing");

    let ready = play.at(5).get(&result, SHOP);
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(json(&ready)["result"]["amount"], 6_623_871_674_i64);
    assert_eq!(json(&play.get(&status, SHOP))["status"], "successful");
    assert_eq!(play.at(500).get(&result, SHOP), ready, "an answer stays the same");
}

#[test]
fn an_asynchronous_balance_belongs_to_the_shop_that_started_it() {
    let mut play = Play::of(SCENARIO);
    let started = play.post("/async/balance", SHOP, r#"{"request":{"gateway_id":"5"}}"#);
    let target = format!("/async/result/{}", json(&started)["request_id"].as_str().unwrap());
    assert_eq!(play.at(60).get(&target, OTHER_SHOP).status, StatusCode::NOT_FOUND);
    assert_eq!(play.get(&target, None).status, StatusCode::UNAUTHORIZED);
    assert_eq!(play.get("/async/result/none", SHOP).status, StatusCode::NOT_FOUND);
    assert_eq!(play.get("/async/status/none", SHOP).status, StatusCode::NOT_FOUND);
}

#[test]
fn the_oldest_asynchronous_balances_are_dropped() {
    let mut play = Play::of(SCENARIO);
    let mut start = || {
        let started = play.post("/async/balance", SHOP, r#"{"request":{"gateway_id":"5"}}"#);
        format!("/async/result/{}", json(&started)["request_id"].as_str().unwrap())
    };
    let (first, second) = (start(), start());
    for _ in 1..10_000 {
        start();
    }
    assert_eq!(play.get(&first, SHOP).status, StatusCode::NOT_FOUND);
    assert_eq!(play.get(&second, SHOP).status, StatusCode::TOO_EARLY);
}

#[test]
fn an_asynchronous_balance_that_finds_no_account_says_so_as_its_result() {
    let mut play = Play::of(SCENARIO);
    let started = play.post("/async/balance", SHOP, r#"{"request":{"gateway_id":"77"}}"#);
    let target = format!("/async/result/{}", json(&started)["request_id"].as_str().unwrap());
    assert_eq!(invalid(&play.at(10).get(&target, SHOP)), "gateway_id");
}
