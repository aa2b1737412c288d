//! The scenario file as it is written: keys and shapes, with the places where problems of meaning are told.
//!
//! Must not judge: [`check`](super::check) does.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::fault::FaultFile;
use crate::domain::money::Currency;
use crate::yaml::Located;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScenarioFile {
    #[serde(default)]
    pub(super) seed: u64,
    pub(super) async_takes: Option<Span>,
    #[serde(default)]
    pub(super) shops: Vec<ShopFile>,
    pub(super) fleet: Option<FleetFile>,
    #[serde(default)]
    pub(super) events: Vec<Located<EventFile>>,
    #[serde(default)]
    pub(super) faults: Vec<Located<FaultFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShopFile {
    pub(super) shop_id: Located<Word>,
    pub(super) secret_key: Located<Word>,
    #[serde(default)]
    pub(super) gateways: Vec<GatewayFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewayFile {
    pub(super) id: Located<u64>,
    pub(super) data_age: Option<Span>,
    #[serde(default)]
    pub(super) quirks: Vec<Quirk>,
    #[serde(default)]
    pub(super) channels: Vec<ChannelFile>,
    #[serde(default)]
    pub(super) accounts: Vec<AccountFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelFile {
    pub(super) id: Located<u64>,
    pub(super) currency: Code,
    pub(super) balance: i64,
    #[serde(default = "yes")]
    pub(super) active: bool,
    pub(super) drain: Option<DrainFile>,
    pub(super) top_up: Option<Located<TopUpFile>>,
    #[serde(default)]
    pub(super) quirks: Vec<Quirk>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountFile {
    pub(super) apis: Option<Located<Vec<AccountApi>>>,
    pub(super) account: Option<Word>,
    pub(super) currency: Located<Code>,
    pub(super) balance: i64,
    pub(super) drain: Option<DrainFile>,
    pub(super) top_up: Option<Located<TopUpFile>>,
    pub(super) answers_as: Option<u64>,
    #[serde(default)]
    pub(super) quirks: Vec<Quirk>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DrainFile {
    pub(super) amount: Located<i64>,
    pub(super) every: Located<Span>,
    pub(super) jitter: Option<Located<f64>>,
    #[serde(default)]
    pub(super) overdraft: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopUpFile {
    pub(super) amount: Located<i64>,
    pub(super) every: Option<Located<Span>>,
    pub(super) below: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventFile {
    pub(super) at: Span,
    pub(super) repeat: Option<Located<Span>>,
    pub(super) gateway: Located<u64>,
    pub(super) channel: Option<Located<u64>>,
    pub(super) account: Option<Located<Word>>,
    pub(super) currency: Option<Code>,
    pub(super) balance: Option<i64>,
    pub(super) active: Option<Located<bool>>,
    pub(super) gone: Option<bool>,
    pub(super) frozen: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FleetFile {
    pub(super) shops: Located<u64>,
    pub(super) gateways: Located<u64>,
    #[serde(default)]
    pub(super) channels: Option<Located<u64>>,
    pub(super) accounts: Option<Located<u64>>,
    pub(super) currencies: Located<Vec<Located<Code>>>,
    pub(super) balance: Option<Located<i64>>,
    pub(super) drain: Option<DrainFile>,
    pub(super) top_up: Option<Located<TopUpFile>>,
}

/// The APIs that answer for accounts, as files name them.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AccountApi {
    GatewayBalance,
    BeyagBalance,
}

/// The quirks, as files name them.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Quirk {
    CyrillicCurrency,
    AmountAsString,
    NoAmount,
    NoCurrency,
}

const fn yes() -> bool {
    true
}

/// A length of time, as `30s` or `5m`.
#[derive(Clone, Copy)]
pub(super) struct Span(pub(super) Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = humantime::parse_duration(&text).map(Self);
        read.map_err(|_| Error::custom("found no length of time; write one with its unit, as 30s or 5m"))
    }
}

/// A currency code.
#[derive(Clone, Copy)]
pub(super) struct Code(pub(super) Currency);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = text.parse().map(Self);
        read.map_err(|_| Error::custom("found no currency code; write one in capital letters, as USD"))
    }
}

/// A text that may look like a number, as an account number or a shop id does.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Word(pub(super) String);
