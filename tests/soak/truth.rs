//! What the simulator has held, and when: its state, asked for again and again.
//!
//! All balances change at the same moments, further apart than two questions, so that every value ever held is seen.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::fleet::PAYOUT_EVERY;
use crate::process::{client, unix_now};

/// From one question to the next.
const ASK_EVERY: Duration = Duration::from_millis(400);
/// How far back the record reaches.
const KEPT: f64 = 260.0;

/// The record.
#[derive(Debug)]
pub(crate) struct Truth {
    record: Mutex<Record>,
    /// When the last question that was answered was asked, in Unix seconds.
    asked: watch::Sender<f64>,
}

#[derive(Debug, Default)]
struct Record {
    columns: HashMap<String, usize>,
    pages: VecDeque<Page>,
    questions: u64,
    strayed: u64,
}

/// One answer, true of some moment between two.
#[derive(Debug)]
struct Page {
    asked: f64,
    answered: f64,
    /// Since the simulator began.
    elapsed: f64,
    rows: Vec<Option<Row>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    balance: i64,
    active: bool,
}

/// How a published number compares with the record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Held,
    /// It was something else.
    NotHeld(String),
    /// The record has no page of that time.
    Unknown,
}

impl Truth {
    /// Asks the simulator from now on.
    pub(crate) async fn recorded(url: &str) -> Arc<Self> {
        let truth = Arc::new(Self { record: Mutex::default(), asked: watch::channel(0.0).0 });
        let (recording, url, client) = (Arc::clone(&truth), format!("{url}/simulator/state"), client());
        tokio::spawn(async move {
            loop {
                let asked = unix_now();
                if let Ok(response) = client.get(&url).send().await
                    && let Ok(state) = response.json::<State>().await
                {
                    recording.record.lock().expect("not poisoned").add(asked, &state);
                    recording.asked.send_replace(asked);
                }
                sleep(ASK_EVERY).await;
            }
        });
        truth.asked_since(unix_now()).await;
        truth
    }

    /// Waits until the simulator was asked after that time; whether it answered.
    pub(crate) async fn asked_since(&self, time: f64) -> bool {
        let mut asked = self.asked.subscribe();
        let answered = asked.wait_for(|asked| *asked >= time);
        tokio::time::timeout(Duration::from_secs(30), answered).await.is_ok()
    }

    /// Whether a balance was so much at some time between the two.
    pub(crate) fn judge(&self, key: &str, balance: i64, between: (f64, f64)) -> Verdict {
        self.record.lock().expect("not poisoned").judge(key, between, |row| row.balance == balance)
    }

    /// Whether payout control was on, or off, at some time between the two.
    pub(crate) fn judge_control(&self, key: &str, active: bool, between: (f64, f64)) -> Verdict {
        self.record.lock().expect("not poisoned").judge(key, between, |row| row.active == active)
    }

    /// How many requests led to where nothing is; a redirect that is followed leads there.
    pub(crate) fn strayed(&self) -> u64 {
        self.record.lock().expect("not poisoned").strayed
    }

    pub(crate) fn questions(&self) -> u64 {
        self.record.lock().expect("not poisoned").questions
    }
}

impl Record {
    fn add(&mut self, asked: f64, state: &State) {
        let answered = unix_now();
        let channels = state.channels.iter().map(|row| (row.key(), row.row()));
        let accounts = state.accounts.iter().map(|row| (row.key(), row.row()));
        let mut rows = vec![None; self.columns.len()];
        for (key, row) in channels.chain(accounts) {
            let next = self.columns.len();
            let column = *self.columns.entry(key).or_insert(next);
            if column >= rows.len() {
                rows.resize(column + 1, None);
            }
            rows[column] = Some(row);
        }
        self.questions += 1;
        self.strayed = state.requests.other;
        self.pages.push_back(Page { asked, answered, elapsed: state.elapsed_seconds, rows });
        while self.pages.front().is_some_and(|page| page.answered < answered - KEPT) {
            self.pages.pop_front();
        }
    }

    fn judge(&self, key: &str, (from, to): (f64, f64), held: impl Fn(&Row) -> bool) -> Verdict {
        let Some(&column) = self.columns.get(key) else { return Verdict::NotHeld("there is no such balance".into()) };
        // From the last page surely before until the first page surely after.
        let first = self.pages.partition_point(|page| page.answered <= from);
        let last = self.pages.partition_point(|page| page.asked < to);
        if first == 0 || last >= self.pages.len() {
            return Verdict::Unknown;
        }
        let pages: Vec<&Page> = self.pages.range(first - 1..=last).collect();
        let rows = || pages.iter().filter_map(|page| page.rows.get(column).copied().flatten());
        if rows().any(|row| held(&row)) {
            return Verdict::Held;
        }
        let missed = |pair: &[&Page]| pair[1].elapsed - pair[0].elapsed >= PAYOUT_EVERY.as_secs_f64();
        if pages.windows(2).any(missed) {
            return Verdict::Unknown;
        }
        let mut seen: Vec<Row> = rows().collect();
        seen.dedup();
        Verdict::NotHeld(format!("between {from:.3} and {to:.3} it was {seen:?}"))
    }
}

/// The simulator's answer, as far as it is needed.
#[derive(Debug, Deserialize)]
struct State {
    elapsed_seconds: f64,
    channels: Vec<ChannelRow>,
    accounts: Vec<AccountRow>,
    requests: Requests,
}

#[derive(Debug, Deserialize)]
struct Requests {
    other: u64,
}

#[derive(Debug, Deserialize)]
struct ChannelRow {
    shop_id: String,
    gateway_id: u64,
    channel_id: u64,
    currency: String,
    available_balance: i64,
    active: bool,
}

#[derive(Debug, Deserialize)]
struct AccountRow {
    shop_id: String,
    api: String,
    gateway_id: u64,
    account: String,
    currency: String,
    amount: i64,
}

/// Which balance: the values of the labels that its series has.
pub(crate) fn key(shop: &str, api: &str, gateway: &str, currency: &str, subject: &str) -> String {
    format!("{shop} {api} {gateway} {currency} {subject}")
}

impl ChannelRow {
    fn key(&self) -> String {
        let (gateway, channel) = (self.gateway_id.to_string(), self.channel_id.to_string());
        key(&format!("shop-{}", self.shop_id), "channel_balances", &gateway, &self.currency, &channel)
    }

    const fn row(&self) -> Row {
        Row { balance: self.available_balance, active: self.active }
    }
}

impl AccountRow {
    fn key(&self) -> String {
        let masked = format!("*{}", &self.account[self.account.len() - 4..]);
        let gateway = self.gateway_id.to_string();
        key(&format!("shop-{}", self.shop_id), &self.api, &gateway, &self.currency, &masked)
    }

    const fn row(&self) -> Row {
        Row { balance: self.amount, active: true }
    }
}
