//! What must hold of everything that reads what others write: one function for each fuzz target.
//!
//! Each takes any input and panics where something does not hold. The tests of stable Rust run them too, on the inputs
//! that were kept (`tests/fuzzed.rs`).

pub mod base64;
pub mod files;
pub mod http_basic;
pub mod json;
pub mod readings;
pub mod refusal;
pub mod web_configuration;

use std::path::Path;
use std::sync::LazyLock;

use overpay_exporter::begateway::Response;
use overpay_exporter::config::{Config, Environment};
use overpay_exporter::domain::query::{Api, Query};
use reqwest::header::HeaderMap;

/// The secret key of the shop that asks, which no text that people see may hold.
pub const SECRET_KEY: &str = "s3cr3t-0123456789012-key";

/// Panics where something does not hold of an input.
pub type Check = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Check); 8] = [
    ("channel_balances", channel_balances),
    ("gateway_balance", gateway_balance),
    ("beyag_balance", beyag_balance),
    ("refusal", refusal),
    ("configuration", files::configuration),
    ("scenario", files::scenario),
    ("http_basic", http_basic::check),
    ("web_configuration", web_configuration::check),
];

/// Reads the input as a body of the channel balances.
pub fn channel_balances(body: &[u8]) {
    answer(Api::ChannelBalances, body);
}

/// Reads the input as a body of the gateway balance.
pub fn gateway_balance(body: &[u8]) {
    answer(Api::GatewayBalance, body);
}

/// Reads the input as a body of the beyag balance.
pub fn beyag_balance(body: &[u8]) {
    answer(Api::BeyagBalance, body);
}

/// Reads the input as an HTTP status and a body of each API.
pub fn refusal(input: &[u8]) {
    let response = refusal::response(input);
    for query in queries() {
        readings::check(query, &response);
        refusal::check(query, &response);
    }
}

fn answer(api: Api, body: &[u8]) {
    let response = Response { status: 200, headers: HeaderMap::new(), body: body.to_vec() };
    for query in queries().filter(|query| query.ask.api() == api) {
        readings::check(query, &response);
    }
}

/// A query of each API.
fn queries() -> impl Iterator<Item = &'static Query> {
    static CONFIG: LazyLock<Config> = LazyLock::new(|| {
        let environment = Environment::new(|_| Some(SECRET_KEY.to_owned()));
        let config = Config::read("queries.yml", include_str!("queries.yml"), Path::new(""), &environment);
        config.unwrap_or_else(|error| panic!("{error}"))
    });
    CONFIG.queries.iter().map(AsRef::as_ref)
}
