//! Made-up shops, queries and answers, for the tests of several rooms.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::money::{Currency, Exponent, MinorUnits};
use super::observation::{Answer, Row, Series, Subject};
use super::query::{AccountLabel, Ask, ChannelId, GatewayId, Pace, Query};
use super::shop::{Brand, Shop};

/// Asked every minute, stale after four.
pub(crate) const PACE: Pace = Pace {
    interval: Duration::from_mins(1),
    timeout: Duration::from_secs(25),
    stale_after: Duration::from_mins(4),
    max_data_age: Duration::from_mins(15),
};

/// The currency of that code.
pub(crate) fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

/// A shop of that name at hosts of its own brand, `example`.
pub(crate) fn shop(name: &str) -> Arc<Shop> {
    shop_at(name, "example")
}

/// A shop of that name at the hosts of that brand: another brand, other hosts.
pub(crate) fn shop_at(name: &str, brand: &str) -> Arc<Shop> {
    let host = |api: &str| Some(format!("https://{api}.{brand}.test").parse().unwrap());
    let brand = Brand {
        gateway_url: host("gateway"),
        api_url: host("api"),
        backoffice_url: host("backoffice"),
        ..Brand::without_hosts(brand)
    };
    Arc::new(Shop {
        name: name.into(),
        brand: Arc::new(brand),
        shop_id: "363".to_owned(),
        secret_key: "key-363".to_owned().into(),
        gateway_names: BTreeMap::new(),
        channel_names: BTreeMap::new(),
        expected_channels: BTreeSet::new(),
        asked_elsewhere: BTreeSet::new(),
    })
}

/// A query of a gateway's channels in all currencies.
pub(crate) fn channels(shop: &Arc<Shop>, name: &str, gateway: u64) -> Query {
    query(shop, name, Ask::ChannelBalances { gateway: GatewayId(gateway), currency: None })
}

/// A query of the balance of an account at the bank, through that gateway or with none named.
pub(crate) fn bank_account(shop: &Arc<Shop>, name: &str, gateway: Option<u64>) -> Query {
    let gateway = gateway.map(GatewayId);
    query(shop, name, Ask::GatewayBalance { account: None, currency: None, gateway, asynchronous: false })
}

/// A query of the balance of an account at the provider.
pub(crate) fn provider_account(shop: &Arc<Shop>, name: &str, gateway: u64) -> Query {
    query(shop, name, Ask::BeyagBalance { gateway: GatewayId(gateway), account: None, currency: None })
}

fn query(shop: &Arc<Shop>, name: &str, ask: Ask) -> Query {
    Query {
        shop: Arc::clone(shop),
        name: name.into(),
        ask,
        pace: PACE,
        thresholds: Arc::default(),
        channel_thresholds: Arc::default(),
        account_label: AccountLabel::default(),
        assume_currency: None,
        details: Arc::new([]),
    }
}

/// A channel's payout headroom in USD cents.
pub(crate) fn channel_row(gateway: u64, channel: u64, amount: i64) -> Row {
    row(gateway, Subject::Channel(Some(ChannelId(channel))), amount)
}

/// The balance of an account of that label in USD cents.
pub(crate) fn account_row(gateway: u64, account: Option<&str>, amount: i64) -> Row {
    row(gateway, Subject::Account(account.map(Arc::from)), amount)
}

fn row(gateway: u64, subject: Subject, amount: i64) -> Row {
    Row {
        series: Series { gateway: GatewayId(gateway), currency: currency("USD"), subject },
        amount: MinorUnits(amount),
        exponent: Exponent::new(2).unwrap(),
        active: None,
        details: Vec::new(),
    }
}

/// An answer of those rows.
pub(crate) fn answer(rows: impl IntoIterator<Item = Row>) -> Answer {
    Answer { as_of: None, since: None, rows: rows.into_iter().collect(), withheld: Vec::new() }
}
