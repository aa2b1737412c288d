//! The simulator, room by room; the pure rooms are asked at moments of the test's choosing.

mod apis;
mod control;
mod faults;
mod ledger;
mod scenario;
mod seed;
mod server;

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::Value;

use super::Scenario;
use super::call::Request;
use super::reply::{Delivery, Outcome, Reply};
use super::world::{Moment, World};

/// A shop with a channel of each quirk, accounts at two APIs, and a second shop.
const SCENARIO: &str = include_str!("tests/scenario.yml");

const SHOP: Option<(&str, &str)> = Some(("363", "key-363"));
const OTHER_SHOP: Option<(&str, &str)> = Some(("364", "key-364"));

/// A scenario being played at moments of the test's choosing.
struct Play {
    world: World,
    elapsed: Duration,
}

impl Play {
    fn of(text: &str) -> Self {
        Self { world: World::new(Scenario::read("scenario.yml", text).unwrap()), elapsed: Duration::ZERO }
    }

    fn at(&mut self, seconds: u64) -> &mut Self {
        self.elapsed = Duration::from_secs(seconds);
        self
    }

    fn send(&mut self, method: &Method, target: &str, shop: Option<(&str, &str)>, body: &str) -> Outcome {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("simulator:9400"));
        headers.insert("X-API-Version", HeaderValue::from_static("2"));
        if let Some((shop_id, secret_key)) = shop {
            let token = STANDARD.encode(format!("{shop_id}:{secret_key}"));
            headers.insert(AUTHORIZATION, format!("Basic {token}").parse().unwrap());
        }
        self.send_with(method, target, &headers, body)
    }

    fn send_with(&mut self, method: &Method, target: &str, headers: &HeaderMap, body: &str) -> Outcome {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let request = Request { method, path, query, headers, body: body.as_bytes() };
        self.world.answer(&request, Moment { elapsed: self.elapsed, wall: noon() })
    }

    fn get(&mut self, target: &str, shop: Option<(&str, &str)>) -> Reply {
        whole(self.send(&Method::GET, target, shop, ""))
    }

    fn post(&mut self, target: &str, shop: Option<(&str, &str)>, body: &str) -> Reply {
        whole(self.send(&Method::POST, target, shop, body))
    }

    fn put(&mut self, target: &str, body: &str) -> Reply {
        whole(self.send(&Method::PUT, target, None, body))
    }

    /// The channels of a gateway in all currencies.
    fn channels(&mut self, gateway: u64) -> Vec<Value> {
        let reply = self.get(&format!("/shop/channel_balances/?gateway_id={gateway}"), SHOP);
        assert_eq!(reply.status, StatusCode::OK);
        json(&reply)["channel_balances"]["currencies"].as_array().unwrap().clone()
    }
}

fn whole(outcome: Outcome) -> Reply {
    match outcome.delivery {
        Delivery::Whole(reply) => reply,
        other => panic!("not answered whole: {other:?}"),
    }
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// 16 February 2026, 12:00 UTC.
fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(492_012)
}

/// The keys and kinds of a JSON value, without its values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), shape(value))).collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => "string".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Null => "null".into(),
        Value::Number(number) if number.is_f64() => "decimal".into(),
        Value::Number(_) => "integer".into(),
    }
}
