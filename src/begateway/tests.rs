//! The three APIs: what is asked of them, and how every kind of answer is read.

mod amounts;
mod arbitrary;
mod beyag_balance;
mod channel_balances;
mod gateway_balance;
mod redacted;
mod refusals;
mod requests;

use std::sync::Arc;

use super::{Response, read};
use crate::domain::failure::{Failure, Reason};
use crate::domain::observation::{ReadRow, Reading};
use crate::domain::query::{AccountNumber, Ask, GatewayId, Query};
use crate::domain::samples::{bank_account, channels, currency, provider_account, shop};
use crate::domain::shop::Shop;

/// The answer that the documents of the brand Overpay show for a gateway balance.
const GATEWAY_BALANCE: &str = include_str!("../../tests/fixtures/gateway_balance_overpay.json");
const BEYAG_BALANCE: &str = include_str!("../../tests/fixtures/beyag_balance.json");
const CHANNEL_BALANCES: &str = include_str!("../../tests/fixtures/channel_balances.json");

const ACCOUNT: &str = "40701810820020300021";
const SECRET_KEY: &str = "s3cr3t-0123456789012-key";

/// Asks for the channels of gateway 3405.
fn headroom() -> Query {
    channels(&shop("main"), "headroom", 3405)
}

/// Asks for the default account at the bank.
fn at_the_bank() -> Query {
    bank_account(&shop("main"), "bank", None)
}

/// Asks for the default account at the provider, through gateway 1234.
fn at_the_provider() -> Query {
    provider_account(&shop("main"), "provider", 1234)
}

/// Asks for an account by its number, with a secret key full of digits.
fn with_secrets() -> Query {
    let query = at_the_bank();
    let shop = Shop { secret_key: SECRET_KEY.to_owned().into(), ..Shop::clone(&query.shop) };
    let account = Some(AccountNumber::from(ACCOUNT));
    let ask = Ask::GatewayBalance { account, currency: None, gateway: None, asynchronous: false };
    Query { shop: Arc::new(shop), ask, ..query }
}

fn response(status: u16, body: impl AsRef<[u8]>) -> Response {
    Response { status, headers: reqwest::header::HeaderMap::new(), body: body.as_ref().to_vec() }
}

/// The one row of a success.
fn row(query: &Query, body: &str) -> ReadRow {
    let reading = read(query, &response(200, body)).unwrap();
    assert_eq!(reading.rows.len(), 1, "{reading:?}");
    reading.rows.into_iter().next().unwrap()
}

/// The failure that an answer is read as.
fn failure(query: &Query, status: u16, body: impl AsRef<[u8]>) -> Failure {
    read(query, &response(status, body)).unwrap_err()
}

/// The class of the failure that a body with status 200 is read as.
fn reason(query: &Query, body: impl AsRef<[u8]>) -> Reason {
    failure(query, 200, body).reason
}
