//! The configuration as it is in use: every default filled in, every query spelled out, no secret.
//!
//! Its keys are those of the file, so that people find them there; only `secret_key` stands for all ways of naming a
//! key. Account numbers are masked unless the file asks for them in labels.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use url::Url;

use super::Config;
use crate::domain::query::{AccountLabel, AccountNumber, Ask, Query, Thresholds, ThresholdsByCurrency};
use crate::domain::shop::{Brand, ProxyUrl, Shop};
use crate::yaml;

/// What stands for a secret.
const SECRET: &str = "<secret>";

#[derive(Serialize)]
struct Effective<'a> {
    poll: Limits,
    brands: BTreeMap<&'a str, EffectiveBrand<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    currencies: BTreeMap<String, u8>,
    shops: Vec<EffectiveShop<'a>>,
}

#[derive(Serialize)]
struct Limits {
    max_in_flight_per_host: usize,
}

#[derive(Serialize)]
struct EffectiveBrand<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backoffice_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy_url: Option<String>,
}

#[derive(Serialize)]
struct EffectiveShop<'a> {
    name: &'a str,
    brand: &'a str,
    shop_id: &'a str,
    secret_key: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    channel_balances: Vec<EffectiveQuery<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gateway_balances: Vec<EffectiveQuery<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    beyag_balances: Vec<EffectiveQuery<'a>>,
}

/// A query. Each API has some of these keys.
#[derive(Serialize)]
struct EffectiveQuery<'a> {
    query: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currencies: Option<Currencies>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assume_currency: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [Arc<str>],
    #[serde(rename = "async", skip_serializing_if = "Option::is_none")]
    asynchronous: Option<bool>,
    interval: String,
    timeout: String,
    stale_after: String,
    max_data_age: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    thresholds: BTreeMap<String, EffectiveThresholds>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    channels: BTreeMap<u64, EffectiveChannel<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Currencies {
    All(&'static str),
    One([String; 1]),
}

#[derive(Serialize)]
struct EffectiveThresholds {
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    critical: Option<f64>,
}

#[derive(Serialize)]
struct EffectiveChannel<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    thresholds: BTreeMap<String, EffectiveThresholds>,
}

/// The YAML of the configuration in use.
pub(super) fn yaml(config: &Config) -> String {
    let limits = Limits { max_in_flight_per_host: config.max_in_flight_per_host };
    let brands = config.brands().map(|brand| (&*brand.name, EffectiveBrand::of(brand))).collect();
    let currencies =
        config.exponents.configured().map(|(currency, exponent)| (currency.to_string(), exponent.places())).collect();
    let mut queries: BTreeMap<&str, Vec<&Query>> = BTreeMap::new();
    for query in &config.queries {
        queries.entry(&query.shop.name).or_default().push(query);
    }
    let shops = config.shops.iter().map(|shop| {
        let queries = queries.get(&*shop.name).map(Vec::as_slice).unwrap_or_default();
        EffectiveShop::of(shop, queries)
    });
    let effective = Effective { poll: limits, brands, currencies, shops: shops.collect() };
    yaml::write(&effective).unwrap_or_else(|error| format!("# the configuration in use {error}\n"))
}

impl<'a> EffectiveBrand<'a> {
    fn of(brand: &'a Brand) -> Self {
        Self {
            gateway_url: brand.gateway_url.as_ref().map(Url::as_str),
            api_url: brand.api_url.as_ref().map(Url::as_str),
            backoffice_url: brand.backoffice_url.as_ref().map(Url::as_str),
            ca_file: brand.ca_file.as_ref().map(|path| path.display().to_string()),
            proxy_url: brand.proxy.as_ref().map(without_credentials),
        }
    }
}

impl<'a> EffectiveShop<'a> {
    fn of(shop: &'a Shop, queries: &[&'a Query]) -> Self {
        let of = |wanted: fn(&Ask) -> bool| {
            queries.iter().filter(|query| wanted(&query.ask)).map(|query| EffectiveQuery::of(query)).collect()
        };
        Self {
            name: &shop.name,
            brand: &shop.brand.name,
            shop_id: &shop.shop_id,
            secret_key: SECRET,
            channel_balances: of(|ask| matches!(ask, Ask::ChannelBalances { .. })),
            gateway_balances: of(|ask| matches!(ask, Ask::GatewayBalance { .. })),
            beyag_balances: of(|ask| matches!(ask, Ask::BeyagBalance { .. })),
        }
    }
}

impl<'a> EffectiveQuery<'a> {
    fn of(query: &'a Query) -> Self {
        let gateway = query.ask.gateway();
        let is_of_channels = matches!(query.ask, Ask::ChannelBalances { .. });
        let code = query.ask.currency().map(|currency| currency.to_string());
        let currencies =
            is_of_channels.then(|| code.clone().map_or(Currencies::All("all"), |code| Currencies::One([code])));
        let (account, asynchronous) = match &query.ask {
            Ask::ChannelBalances { .. } => (None, None),
            Ask::GatewayBalance { account, asynchronous, .. } => (account.as_ref(), Some(*asynchronous)),
            Ask::BeyagBalance { account, .. } => (account.as_ref(), None),
        };
        let pace = query.pace;
        Self {
            query: &query.name,
            gateway: gateway.map(|gateway| gateway.0),
            name: gateway.and_then(|gateway| query.shop.gateway_names.get(&gateway)).map(AsRef::as_ref),
            account: account.map(|account| shown(account, &query.account_label)),
            account_label: match &query.account_label {
                AccountLabel::Named(label) => Some(label),
                AccountLabel::Masked | AccountLabel::Full => None,
            },
            currencies,
            currency: code.filter(|_| !is_of_channels),
            assume_currency: query.assume_currency.map(|currency| currency.to_string()),
            details: &query.details,
            asynchronous,
            interval: duration(pace.interval),
            timeout: duration(pace.timeout),
            stale_after: duration(pace.stale_after),
            max_data_age: duration(pace.max_data_age),
            thresholds: thresholds(&query.thresholds),
            channels: channels(query),
        }
    }
}

fn channels(query: &Query) -> BTreeMap<u64, EffectiveChannel<'_>> {
    let Ask::ChannelBalances { gateway, .. } = query.ask else { return BTreeMap::new() };
    let expected = query.shop.expected_channels.iter().filter(|(of, _)| *of == gateway);
    let effective = |channel| EffectiveChannel {
        name: query.shop.channel_names.get(&(gateway, channel)).map(AsRef::as_ref),
        thresholds: query.channel_thresholds.get(&channel).map(thresholds).unwrap_or_default(),
    };
    expected.map(|(_, channel)| (channel.0, effective(*channel))).collect()
}

fn thresholds(given: &ThresholdsByCurrency) -> BTreeMap<String, EffectiveThresholds> {
    let effective = |given: Thresholds| EffectiveThresholds { warning: given.warning, critical: given.critical };
    given.iter().map(|(currency, given)| (currency.to_string(), effective(given))).collect()
}

fn shown(account: &AccountNumber, label: &AccountLabel) -> String {
    match label {
        AccountLabel::Full => account.expose().to_owned(),
        // The default account has no number to hide.
        _ if account.expose().is_empty() => String::new(),
        AccountLabel::Masked | AccountLabel::Named(_) => account.masked(),
    }
}

/// A proxy's address, with something else in the place of its credentials.
fn without_credentials(proxy: &ProxyUrl) -> String {
    let url = proxy.expose();
    if url.username().is_empty() && url.password().is_none() {
        return url.to_string();
    }
    let mut bare = url.clone();
    let _ = (bare.set_username(""), bare.set_password(None));
    bare.as_str().replacen("://", &format!("://{SECRET}@"), 1)
}

fn duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}
