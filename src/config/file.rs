//! The shape of the configuration file, key by key. Its documentation becomes the JSON Schema's.
//!
//! Knows what can be read, not whether it makes sense.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::yaml::{Located, Pairs, shown};

/// The configuration of overpay_exporter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// Defaults for every query; each but the limit per host can be set on a query too.
    #[serde(default)]
    pub(super) poll: Poll,
    /// How account numbers are published: as their last four digits, or in full.
    #[serde(default)]
    pub(super) account_labels: AccountLabels,
    /// Brands of the platform by name; overpay, bepaid and paycross are built in, and what is given here is merged over
    /// them.
    #[serde(default)]
    pub(super) brands: BTreeMap<String, Located<Brand>>,
    /// Exponents of currencies by code, over the built-in table: USDT: 8.
    #[serde(default)]
    pub(super) currencies: BTreeMap<String, Located<u8>>,
    /// The shops to ask for.
    pub(super) shops: Vec<Shop>,
}

/// Defaults for every query.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Poll {
    /// From one poll to the next; 5s at least. 1m unless given.
    pub(super) interval: Option<Located<HumanDuration>>,
    /// One poll, from connecting to the last byte; below the interval. 25s or 0.8 of the interval unless given,
    /// whichever is less.
    pub(super) timeout: Option<Located<HumanDuration>>,
    /// The age at which a value is no longer published; at least interval + timeout. 3 intervals + timeout unless given.
    pub(super) stale_after: Option<Located<HumanDuration>>,
    /// How old the platform's own as_of_date may be before the alert. 15m unless given.
    pub(super) max_data_age: Option<Located<HumanDuration>>,
    /// How many polls may be under way at one host. 32 unless given.
    pub(super) max_in_flight_per_host: Option<Located<usize>>,
}

/// How account numbers are published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum AccountLabels {
    /// As `*` and the last four digits.
    #[default]
    Masked,
    /// In full.
    Full,
}

/// Where a brand's APIs are and how they are reached.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Brand {
    /// The host of the gateway balance, as `https://gateway.example.com`.
    pub(super) gateway_url: Option<Located<String>>,
    /// The host of the beyag balance.
    pub(super) api_url: Option<Located<String>>,
    /// The host of the channel balances.
    pub(super) backoffice_url: Option<Located<String>>,
    /// PEM certificates to trust beside the system's.
    pub(super) ca_file: Option<Located<PathBuf>>,
    /// The proxy to go through, as `http://proxy.example:3128`.
    pub(super) proxy_url: Option<Located<String>>,
    /// Allows plain http to hosts off this machine.
    #[serde(default)]
    pub(super) allow_insecure_http: bool,
}

/// A shop and what is asked for it.
#[expect(clippy::struct_field_names, reason = "the keys of the file")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Shop {
    /// Its name in labels: letters, digits, `_`, `.`, `-`; unique.
    pub(super) name: Located<String>,
    /// The brand it belongs to; overpay unless given.
    pub(super) brand: Option<Located<String>>,
    /// Its id on the platform.
    #[schemars(schema_with = "number_or_text")]
    pub(super) shop_id: Located<String>,
    /// The file that holds its secret key. One of the three sources must be given.
    pub(super) secret_key_file: Option<Located<PathBuf>>,
    /// The environment variable that holds its secret key.
    pub(super) secret_key_env: Option<Located<String>>,
    /// The systemd credential that holds its secret key.
    pub(super) secret_key_credential: Option<Located<String>>,
    /// Payout headroom by gateway.
    #[serde(default)]
    pub(super) channel_balances: Vec<ChannelBalances>,
    /// Account balances at acquiring banks.
    #[serde(default)]
    pub(super) gateway_balances: Vec<GatewayBalance>,
    /// Account balances at payment method providers.
    #[serde(default)]
    pub(super) beyag_balances: Vec<BeyagBalance>,
}

/// The payout headroom of a gateway's channels.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChannelBalances {
    /// The gateway's id.
    pub(super) gateway: Located<u64>,
    /// What people call the gateway; one name per shop and gateway.
    pub(super) name: Option<Located<String>>,
    /// The currencies, one query each; or `all`, which asks once without a currency.
    pub(super) currencies: Located<Currencies>,
    /// The query's name, instead of one made of API, gateway and currency.
    pub(super) query: Option<Located<String>>,
    /// See `poll`.
    pub(super) interval: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) timeout: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) stale_after: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) max_data_age: Option<Located<HumanDuration>>,
    /// Thresholds by currency, for every channel.
    #[serde(default)]
    pub(super) thresholds: ThresholdsByCurrency,
    /// Single channels by id: names, expectations, thresholds that override severity by severity.
    #[serde(default)]
    pub(super) channels: BTreeMap<u64, Located<Channel>>,
}

/// A channel that is expected in the answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Channel {
    /// What people call it; one name per shop, gateway and channel.
    pub(super) name: Option<Located<String>>,
    /// Thresholds by currency, which override those of the gateway severity by severity.
    #[serde(default)]
    pub(super) thresholds: ThresholdsByCurrency,
}

/// An account's balance at the acquiring bank. Any of account, currency and gateway; the bank decides which it wants.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewayBalance {
    /// The account number; an empty one is the default account.
    // A key with a schema of its own counts as required unless it has a default.
    #[serde(default)]
    #[schemars(schema_with = "number_or_text_or_nothing")]
    pub(super) account: Option<Located<String>>,
    /// The currency to ask for.
    pub(super) currency: Option<Located<String>>,
    /// The gateway's id.
    pub(super) gateway: Option<Located<u64>>,
    /// What people call the gateway; one name per shop and gateway.
    pub(super) name: Option<Located<String>>,
    /// The account's label, instead of its number.
    pub(super) account_label: Option<Located<String>>,
    /// The currency of an answer that names none; never sent.
    pub(super) assume_currency: Option<Located<String>>,
    /// JSON pointers to numbers in the answer's `bankInfo`, published as they are.
    #[serde(default)]
    pub(super) details: Vec<Located<String>>,
    /// Starts the query and fetches its answer later, for banks slower than a connection lives.
    #[serde(default, rename = "async")]
    pub(super) asynchronous: bool,
    /// The query's name, instead of one made of API, gateway, currency and masked account.
    pub(super) query: Option<Located<String>>,
    /// See `poll`.
    pub(super) interval: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) timeout: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) stale_after: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) max_data_age: Option<Located<HumanDuration>>,
    /// Thresholds by currency.
    #[serde(default)]
    pub(super) thresholds: ThresholdsByCurrency,
}

/// An account's balance at the payment method provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BeyagBalance {
    /// The gateway's id.
    pub(super) gateway: Located<u64>,
    /// What people call the gateway; one name per shop and gateway.
    pub(super) name: Option<Located<String>>,
    /// The account number; without it the provider answers for the default account.
    // A key with a schema of its own counts as required unless it has a default.
    #[serde(default)]
    #[schemars(schema_with = "number_or_text_or_nothing")]
    pub(super) account: Option<Located<String>>,
    /// The currency to ask for.
    pub(super) currency: Option<Located<String>>,
    /// The account's label, instead of its number.
    pub(super) account_label: Option<Located<String>>,
    /// The currency of an answer that names none; never sent.
    pub(super) assume_currency: Option<Located<String>>,
    /// JSON pointers to numbers in the answer's `provider_info`, published as they are.
    #[serde(default)]
    pub(super) details: Vec<Located<String>>,
    /// The query's name, instead of one made of API, gateway, currency and masked account.
    pub(super) query: Option<Located<String>>,
    /// See `poll`.
    pub(super) interval: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) timeout: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) stale_after: Option<Located<HumanDuration>>,
    /// See `poll`.
    pub(super) max_data_age: Option<Located<HumanDuration>>,
    /// Thresholds by currency.
    #[serde(default)]
    pub(super) thresholds: ThresholdsByCurrency,
}

/// What a block of the file says about the pace of its queries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GivenPace {
    pub(super) interval: Option<Located<HumanDuration>>,
    pub(super) timeout: Option<Located<HumanDuration>>,
    pub(super) stale_after: Option<Located<HumanDuration>>,
    pub(super) max_data_age: Option<Located<HumanDuration>>,
}

// Each block spells the four keys out, since `flatten` would cost the errors their places.
macro_rules! paced {
    ($($block:ty),*) => {
        $(impl $block {
            /// The pace that this block gives.
            pub(super) const fn pace(&self) -> GivenPace {
                GivenPace {
                    interval: self.interval,
                    timeout: self.timeout,
                    stale_after: self.stale_after,
                    max_data_age: self.max_data_age,
                }
            }
        })*
    };
}
paced!(Poll, ChannelBalances, GatewayBalance, BeyagBalance);

/// Thresholds by currency code.
pub(super) type ThresholdsByCurrency = Pairs<Located<Thresholds>>;

/// Below what a balance deserves attention, in major units.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Thresholds {
    /// Somebody should look.
    pub(super) warning: Option<Located<f64>>,
    /// Somebody must act; at most the warning.
    pub(super) critical: Option<Located<f64>>,
}

/// The currencies of a gateway: a list of codes, or `all`.
#[derive(Debug)]
pub(super) enum Currencies {
    All,
    These(Vec<Located<String>>),
    /// A single value that is not `all`; told with its place, which an error while reading would not know.
    Neither,
}

impl<'de> Deserialize<'de> for Currencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CurrenciesVisitor;

        impl<'de> Visitor<'de> for CurrenciesVisitor {
            type Value = Currencies;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of currency codes, as [USD, EUR], or all")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
                Ok(if word == "all" { Currencies::All } else { Currencies::Neither })
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Currencies::Neither)
            }

            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Currencies::Neither)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut codes: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(code) = codes.next_element()? {
                    list.push(code);
                }
                Ok(Currencies::These(list))
            }
        }

        deserializer.deserialize_any(CurrenciesVisitor)
    }
}

impl JsonSchema for Currencies {
    fn schema_name() -> Cow<'static, str> {
        "Currencies".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                { "const": "all" },
                { "type": "array", "minItems": 1, "items": { "type": "string", "pattern": "^[A-Z][A-Z0-9]{1,9}$" } }
            ]
        })
    }
}

/// A duration as people write it: `30s`, `1m 30s`, `2h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HumanDuration(pub(super) Duration);

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        humantime::parse_duration(&text).map(Self).map_err(|_| {
            Error::custom(format_args!("found {}; write a duration with its unit, as 30s, 1m 30s or 2h", shown(&text)))
        })
    }
}

impl JsonSchema for HumanDuration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration with its unit: 30s, 1m 30s, 2h.",
            "pattern": "^([0-9]+ ?[A-Za-z]+ ?)+$"
        })
    }
}

fn number_or_text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer"] })
}

fn number_or_text_or_nothing(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer", "null"] })
}
