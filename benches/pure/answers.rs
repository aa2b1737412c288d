//! Queries of each API and what they are answered: the documents' own examples, and answers of many rows.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use overpay_exporter::begateway::{self, Response};
use overpay_exporter::config::{Config, Environment};
use overpay_exporter::domain::money::Exponents;
use overpay_exporter::domain::observation::{Answer, Reading};
use overpay_exporter::domain::query::{Api, Query};

const CONFIGURATION: &str = r#"
shops:
  - name: main
    shop_id: 363
    secret_key_env: KEY
    channel_balances: [{gateway: 3405, currencies: all}]
    gateway_balances: [{account: "40701810820020300021", details: [/Balance/AmountIn, /Amount]}]
    beyag_balances: [{gateway: 1234, account: "40701810842020395221", details: [/Credit]}]
"#;

/// A query and its answer.
pub(crate) struct Asked {
    query: Arc<Query>,
    exponents: Arc<Exponents>,
    pub(crate) response: Response,
}

impl Asked {
    pub(crate) fn channel_balances() -> Self {
        Self::answered(Api::ChannelBalances, include_bytes!("../../tests/fixtures/channel_balances.json"))
    }

    pub(crate) fn gateway_balance() -> Self {
        Self::answered(Api::GatewayBalance, include_bytes!("../../tests/fixtures/gateway_balance_overpay.json"))
    }

    pub(crate) fn beyag_balance() -> Self {
        Self::answered(Api::BeyagBalance, include_bytes!("../../tests/fixtures/beyag_balance.json"))
    }

    /// Channel balances of so many rows.
    pub(crate) fn channel_balances_of(rows: usize) -> Self {
        Self::answered(Api::ChannelBalances, channel_balances(3405, rows, 0).as_bytes())
    }

    fn answered(api: Api, body: &[u8]) -> Self {
        let config = configuration(CONFIGURATION);
        let query = config.queries.iter().find(|query| query.ask.api() == api).expect("one of each API");
        let (query, exponents) = (Arc::clone(query), Arc::clone(&config.exponents));
        Self { query, exponents, response: response(body) }
    }

    pub(crate) fn read(&self) -> Reading {
        begateway::read(&self.query, &self.response).expect("a good answer")
    }

    pub(crate) fn trust(&self, reading: Reading) -> Answer {
        Answer::of(&self.query, reading, &self.exponents, SystemTime::now()).expect("a good answer")
    }
}

pub(crate) fn configuration(text: &str) -> Config {
    let environment = Environment::new(|_| Some("made-up".to_owned()));
    Config::read("bench.yml", text, Path::new(""), &environment).expect("a good configuration")
}

pub(crate) fn response(body: &[u8]) -> Response {
    Response { status: 200, headers: reqwest::header::HeaderMap::new(), body: body.to_owned() }
}

/// The body of an answer of so many channels; another number, other balances.
pub(crate) fn channel_balances(gateway: u64, rows: usize, number: u64) -> String {
    let mut body = format!(
        r#"{{"code": "S.0000", "message": "ok", "channel_balances": {{"as_of_date": "2026-11-01T10:00:00Z", "gateway_id": {gateway}, "currencies": ["#
    );
    for row in 0..rows as u64 {
        let comma = if row == 0 { "" } else { ", " };
        let (channel, balance) = (gateway * 100 + row, 1_000_000 + row * 1_007 + number * 101);
        let row = format!(
            r#"{{"channel_id": {channel}, "currency": "USD", "available_balance": {balance}, "active": true}}"#
        );
        write!(body, "{comma}{row}").expect("a text takes all");
    }
    body + "]}}"
}
