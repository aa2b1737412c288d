//! What goes wrong on the platform's side: faults of every kind the simulator has, others every few seconds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::dice::Dice;
use crate::fleet::{Fleet, Form, QUIET, shop_id};
use crate::process::{client, unix_now};
use crate::road::{Road, State};

/// What has struck so far.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    /// How often each kind was put in place.
    kinds: Mutex<BTreeMap<&'static str, u64>>,
    /// Whether something struck whose failures are slow to be asked again until a reload.
    pub(crate) refused: AtomicBool,
}

impl Struck {
    fn count(&self, kind: &'static str) {
        *self.kinds.lock().expect("not poisoned").entry(kind).or_default() += 1;
    }

    pub(crate) fn kinds(&self) -> BTreeMap<&'static str, u64> {
        self.kinds.lock().expect("not poisoned").clone()
    }
}

/// Where faults strike.
pub(crate) struct Storm {
    pub(crate) simulator: String,
    pub(crate) fleet: Fleet,
    pub(crate) form: Form,
    pub(crate) road: Arc<Road>,
    pub(crate) struck: Arc<Struck>,
    pub(crate) dice: Dice,
}

impl Storm {
    /// Lets faults strike until stopped, then lifts them all.
    pub(crate) async fn rage(mut self, stop: CancellationToken) {
        let blocked = tokio::spawn(block(
            Arc::clone(&self.road),
            self.form.fault_lasts,
            Arc::clone(&self.struck),
            self.dice.another(),
            stop.clone(),
        ));
        loop {
            let faults = self.some();
            self.put(&Value::Array(faults)).await;
            let lasts = Duration::from_secs(self.dice.between(self.form.fault_lasts.0, self.form.fault_lasts.1 + 1));
            if stop.run_until_cancelled(sleep(lasts)).await.is_none() {
                break;
            }
            if self.dice.one_in(6) {
                self.put(&json!([])).await;
                let _ = stop.run_until_cancelled(sleep(lasts / 2)).await;
            }
        }
        blocked.await.expect("it does not panic");
        self.put(&json!([])).await;
    }

    async fn put(&self, faults: &Value) {
        let url = format!("{}/simulator/faults", self.simulator);
        let answer = client().put(url).body(faults.to_string()).send().await.expect("the simulator answers");
        assert!(answer.status().is_success(), "{faults}: {}", answer.text().await.unwrap_or_default());
    }

    /// Faults of a few shops, and sometimes one that strikes anybody now and then; never the quiet shop.
    fn some(&mut self) -> Vec<Value> {
        // The first fault that would strike does, and this one changes nothing.
        let mut faults = vec![json!({"shop_id": shop_id(QUIET), "content_type": "application/json"})];
        let shops: Vec<(usize, bool)> = self.fleet.struck_shops().collect();
        for _ in 0..self.dice.between(1, self.form.faults_at_most + 1) {
            let (shop, may_be_limited) = *self.dice.of(&shops);
            let mut fault = self.kind(may_be_limited);
            fault.insert("shop_id".into(), json!(shop));
            if self.dice.one_in(3) {
                let gateway = self.dice.between(self.fleet.gateway_ids(shop).start, self.fleet.gateway_ids(shop).end);
                fault.insert("gateway".into(), json!(gateway));
            }
            if self.dice.one_in(3) {
                let apis = ["channel_balances", "gateway_balance", "beyag_balance"];
                fault.insert("api".into(), json!(self.dice.of(&apis)));
            }
            fault.insert("probability".into(), json!(self.dice.of(&[0.2, 0.6, 1.0, 1.0])));
            faults.push(fault.into());
        }
        if self.dice.one_in(2) {
            let mut fault = self.kind(false);
            fault.insert("probability".into(), json!(0.04));
            faults.push(fault.into());
        }
        faults
    }

    /// A fault of some kind, for whomever.
    fn kind(&mut self, may_be_limited: bool) -> Map<String, Value> {
        let over_timeout = format!("{}s", self.form.timeout.as_secs() + 1);
        let mut kinds = vec![
            ("slow", json!({"delay": "300ms"})),
            ("too slow", json!({"delay": over_timeout})),
            ("slow error", json!({"delay": "500ms", "status": 504})),
            ("500", json!({"status": 500})),
            ("502 of a proxy", json!({"status": 502, "content_type": "text/html", "body": "<html>Bad Gateway</html>"})),
            ("503 with Retry-After", json!({"status": 503, "retry_after": 6})),
            ("503 with a large Retry-After", json!({"status": 503, "retry_after": 100_000})),
            ("425", json!({"status": 425})),
            ("401", json!({"status": 401, "body": "{\"message\": \"Unauthorized\"}"})),
            ("401 with a code", json!({"status": 401, "body": "{\"error\": {\"code\": \"unauthorized\"}}"})),
            ("403 of a proxy", json!({"status": 403, "content_type": "text/html", "body": "<html>no</html>"})),
            ("404", json!({"status": 404})),
            ("422 with a code", json!({"status": 422, "body": "{\"code\": \"E.1025\", \"errors\": {\"a\": [\"b\"]}}"})),
            ("failed with 200", json!({"status": 200, "body": "{\"status\": \"failed\", \"code\": \"F.0999\"}"})),
            ("failed with 202", json!({"status": 202, "body": "{\"status\": \"failed\", \"code\": \"F.0223\"}"})),
            ("a success without a balance", json!({"body": "{\"status\": \"successful\", \"code\": \"S.0000\"}"})),
            ("an empty list", json!({"body": EMPTY})),
            ("amounts of another type", json!({"body": MISTYPED})),
            ("an empty body", json!({"body": ""})),
            ("a redirect", json!({"status": 302, "location": format!("{}/elsewhere", self.simulator)})),
            ("a large answer", json!({"pad": 2_000_000})),
            ("padding", json!({"pad": 10_000})),
            ("another content type", json!({"content_type": "text/html"})),
            ("garbage", json!({"garbage": true})),
            ("half a body", json!({"truncate": true})),
            ("cut before the answer", json!({"cut": "headers"})),
            ("cut in the body", json!({"cut": "body"})),
            ("no answer", json!({"hang": true})),
        ];
        if may_be_limited {
            kinds.extend([
                ("429 with Retry-After", json!({"status": 429, "retry_after": 6})),
                ("429 with Retry-After 7", json!({"status": 429, "retry_after": 7})),
                ("429 alone", json!({"status": 429})),
            ]);
        }
        let (kind, fault) = self.dice.of(&kinds);
        self.struck.count(kind);
        if fault["status"].as_u64().is_some_and(|status| (400..425).contains(&status)) {
            self.struck.refused.store(true, Ordering::Relaxed);
        }
        fault.as_object().expect("a fault").clone()
    }
}

const EMPTY: &str = r#"{"code": "S.0000", "status": "successful", "channel_balances": {"as_of_date":
    "2026-02-16T08:10:10.973Z", "gateway_id": 3405, "currencies": []}}"#;
const MISTYPED: &str = r#"{"code": "S.0000", "status": "successful", "gateway_id": 1, "amount": {"a": 1}, "currency":
    "KWD", "result": {"gatewayId": 1, "amount": [5], "currency": "KWD"}, "channel_balances": {"as_of_date":
    "2026-02-16T08:10:10.973Z", "gateway_id": 3405, "currencies": [{"channel_id": 1, "currency": "USD",
    "available_balance": 1.5, "active": true}]}}"#;

/// Blocks the road now and then: nobody listens there, or nobody answers.
async fn block(road: Arc<Road>, lasts: (u64, u64), struck: Arc<Struck>, mut dice: Dice, stop: CancellationToken) {
    loop {
        let open = Duration::from_secs(dice.between(lasts.0, 3 * lasts.1));
        if stop.run_until_cancelled(sleep(open)).await.is_none() {
            break;
        }
        let (kind, state) = *dice.of(&[("a host that refuses", State::Refusing), ("a silent host", State::Silent)]);
        struck.count(kind);
        road.set(state);
        let _ = stop.run_until_cancelled(sleep(Duration::from_secs(dice.between(lasts.0, lasts.1 + 1)))).await;
        road.set(State::Open);
    }
}

/// Changes channels by hand until stopped: payout control goes off and on, channels go and come back with another
/// balance. What was changed is as before at the end, but for its balance.
pub(crate) async fn hands(
    simulator: String,
    fleet: Fleet,
    truth: Arc<crate::truth::Truth>,
    mut dice: Dice,
    stop: CancellationToken,
) -> u64 {
    let mut changes = 0;
    let client = client();
    let put = async |channel: &str, change: Value| {
        let url = format!("{simulator}/simulator/channels/{channel}");
        let answer = client.put(url).body(change.to_string()).send().await.expect("the simulator answers");
        assert!(answer.status().is_success(), "{change}");
        // No two changes between two questions for the truth.
        assert!(truth.asked_since(unix_now()).await, "the simulator answers");
    };
    while !stop.is_cancelled() {
        let channel = fleet.any_channel(&mut dice);
        let pause = Duration::from_secs(dice.between(1, 15));
        changes += 1;
        put(&channel, json!({"frozen": true})).await;
        if dice.one_in(2) {
            put(&channel, json!({"active": false})).await;
            let _ = stop.run_until_cancelled(sleep(pause)).await;
            put(&channel, json!({"active": true})).await;
        } else {
            put(&channel, json!({"gone": true})).await;
            let _ = stop.run_until_cancelled(sleep(pause)).await;
            let balance = dice.between(0, 900_000_000);
            put(&channel, json!({"gone": false, "available_balance": balance})).await;
        }
        put(&channel, json!({"frozen": false})).await;
    }
    changes
}
