//! A scenario that was found good: shops, their gateways, and the money of each channel and account.
//!
//! Knows neither the file it came from nor the APIs it is told through.

use std::time::Duration;

use super::fault::Fault;
use super::ledger::Line;
use super::seed::Seed;
use crate::domain::money::Currency;
use crate::domain::shop::SecretKey;

/// What the simulator plays: shops, gateways, moving money, and faults.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub(super) seed: Seed,
    /// How long an asynchronous balance takes.
    pub(super) async_takes: Duration,
    pub(super) shops: Vec<Shop>,
    /// The gateways of all shops; no two have the same id.
    pub(super) gateways: Vec<Gateway>,
    pub(super) faults: Vec<Fault>,
}

impl Scenario {
    /// The id and secret key of each shop.
    pub fn shops(&self) -> impl Iterator<Item = (&str, &str)> {
        self.shops.iter().map(|shop| (&*shop.shop_id, shop.secret_key.expose()))
    }
}

/// A shop and what proves that a request is its own.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    pub(super) shop_id: Box<str>,
    pub(super) secret_key: SecretKey,
}

/// A gateway of one shop.
#[derive(Clone, Debug)]
pub(super) struct Gateway {
    pub(super) id: u64,
    /// Which of the shops it belongs to.
    pub(super) shop: usize,
    /// How far the date of its channel balances lies back.
    pub(super) data_age: Duration,
    pub(super) channels: Vec<Channel>,
    pub(super) accounts: Vec<Account>,
}

/// A channel's payout headroom in one currency.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    pub(super) id: u64,
    pub(super) currency: Currency,
    pub(super) quirks: Quirks,
    pub(super) line: Line,
}

/// An account at the bank or provider behind the gateway.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Its number, if the bank gives one.
    pub(super) number: Option<Box<str>>,
    pub(super) currency: Currency,
    pub(super) apis: AccountApis,
    /// The gateway the answer names instead of its own.
    pub(super) answers_as: Option<u64>,
    pub(super) quirks: Quirks,
    pub(super) line: Line,
}

/// The APIs that answer for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccountApis {
    pub(super) gateway_balance: bool,
    pub(super) beyag_balance: bool,
}

/// How a balance is told otherwise than the examples of the documents tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each quirk is on or off, whatever the others are")]
pub(super) struct Quirks {
    /// The field's name ends in a Cyrillic letter, as in the documents' table.
    pub(super) cyrillic_currency: bool,
    /// The amount is a string.
    pub(super) amount_as_string: bool,
    /// There is no amount.
    pub(super) no_amount: bool,
    /// There is no currency.
    pub(super) no_currency: bool,
}
