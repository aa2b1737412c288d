//! A query: what is asked, about whom, how often, and how its answer is to be labelled and judged.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::money::Currency;
use super::shop::Shop;

/// One configured question, asked again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The shop that asks.
    pub shop: Arc<Shop>,
    /// Its name, unique in the shop: the `query` label.
    pub name: Arc<str>,
    /// What is asked.
    pub ask: Ask,
    /// How often, how long, and how long its answer counts.
    pub pace: Pace,
    /// Thresholds by currency, for every series of the answer.
    pub thresholds: Arc<ThresholdsByCurrency>,
    /// Thresholds of single channels, which override those of the query severity by severity.
    pub channel_thresholds: Arc<BTreeMap<ChannelId, ThresholdsByCurrency>>,
    /// How the accounts of the answer are labelled.
    pub account_label: AccountLabel,
    /// The currency of an answer that names none; never sent.
    pub assume_currency: Option<Currency>,
    /// JSON pointers into the provider's own part of the answer.
    pub details: Arc<[Arc<str>]>,
}

impl Query {
    /// Whether the other query asks the same of the same host for the same shop, so that what was answered to the one
    /// is an answer to the other. Its pace, labels and thresholds may differ.
    pub fn asks_the_same(&self, other: &Self) -> bool {
        let (shop, theirs) = (&self.shop, &other.shop);
        shop.name == theirs.name
            && self.name == other.name
            && self.ask == other.ask
            && shop.shop_id == theirs.shop_id
            && shop.brand.url(self.ask.api()) == theirs.brand.url(other.ask.api())
            && self.labels_alike(other)
    }

    /// Whether an answer read for the one carries the labels of the other.
    fn labels_alike(&self, other: &Self) -> bool {
        self.account_label == other.account_label
            && self.assume_currency == other.assume_currency
            && self.details == other.details
    }

    /// The thresholds of a series of the answer.
    pub fn thresholds_of(&self, channel: Option<ChannelId>, currency: Currency) -> Thresholds {
        let general = self.thresholds.get(currency).unwrap_or_default();
        let own = channel
            .and_then(|channel| self.channel_thresholds.get(&channel))
            .and_then(|by_currency| by_currency.get(currency))
            .unwrap_or_default();
        own.over(general)
    }

    /// The host the query is asked at, as in `gateway.example.com` or `127.0.0.1:9400`.
    pub fn host(&self) -> String {
        let Some(url) = self.shop.brand.url(self.ask.api()) else { return String::new() };
        match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.shop.name, self.name)
    }
}

/// One of the platform's three balance APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// Payout headroom per channel, the platform's own limit on payouts.
    ChannelBalances,
    /// The balance of an account at the acquiring bank, asked through the gateway.
    GatewayBalance,
    /// The balance of an account at the payment method provider.
    BeyagBalance,
}

impl Api {
    /// The value of the `api` label, and the beginning of a query's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChannelBalances => "channel_balances",
            Self::GatewayBalance => "gateway_balance",
            Self::BeyagBalance => "beyag_balance",
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is asked, and of which API.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// Payout headroom of a gateway's channels, in one currency or in all.
    ChannelBalances {
        /// The gateway asked about.
        gateway: GatewayId,
        /// The currency asked for; none asks for all.
        currency: Option<Currency>,
    },
    /// An account's balance at the bank. Which parameters a bank wants differs from bank to bank.
    GatewayBalance {
        /// The account; an empty one is the default account.
        account: Option<AccountNumber>,
        /// The currency.
        currency: Option<Currency>,
        /// The gateway.
        gateway: Option<GatewayId>,
        /// Whether the answer is started and fetched later, for banks slower than a connection lives.
        asynchronous: bool,
    },
    /// An account's balance at the provider.
    BeyagBalance {
        /// The gateway.
        gateway: GatewayId,
        /// The account; none or an empty one is the default account.
        account: Option<AccountNumber>,
        /// The currency.
        currency: Option<Currency>,
    },
}

impl Ask {
    /// The API asked.
    pub const fn api(&self) -> Api {
        match self {
            Self::ChannelBalances { .. } => Api::ChannelBalances,
            Self::GatewayBalance { .. } => Api::GatewayBalance,
            Self::BeyagBalance { .. } => Api::BeyagBalance,
        }
    }

    /// The gateway asked about, if the query names one.
    pub const fn gateway(&self) -> Option<GatewayId> {
        match self {
            Self::ChannelBalances { gateway, .. } | Self::BeyagBalance { gateway, .. } => Some(*gateway),
            Self::GatewayBalance { gateway, .. } => *gateway,
        }
    }

    /// The currency asked for, if the query names one.
    pub const fn currency(&self) -> Option<Currency> {
        match self {
            Self::ChannelBalances { currency, .. }
            | Self::GatewayBalance { currency, .. }
            | Self::BeyagBalance { currency, .. } => *currency,
        }
    }

    /// The account asked about, if the query names one that is not empty.
    pub fn account(&self) -> Option<&AccountNumber> {
        match self {
            Self::ChannelBalances { .. } => None,
            Self::GatewayBalance { account, .. } | Self::BeyagBalance { account, .. } => {
                account.as_ref().filter(|account| !account.expose().is_empty())
            }
        }
    }

    /// The name of a query that is given none: API, gateway, currency and masked account, as far as it asks for them.
    pub fn default_name(&self) -> String {
        let mut parts = vec![self.api().to_string()];
        parts.extend(self.gateway().map(|gateway| gateway.to_string()));
        parts.extend(self.currency().map(|currency| currency.to_string()));
        if let Some(account) = self.account() {
            parts.push("account".to_owned());
            parts.extend(account.last_digits().map(str::to_owned));
        }
        parts.join("-")
    }
}

/// The id of a gateway: a bank's or provider's connection on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GatewayId(pub u64);

impl fmt::Display for GatewayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a channel: a way of paying out through a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u64);

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A bank account number. Printing it prints its mask.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccountNumber(Arc<str>);

impl AccountNumber {
    /// The whole number: for the request, and for labels where the configuration asks for it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `*` and the last four digits; `*` alone below eight characters or four digits.
    pub fn masked(&self) -> String {
        format!("*{}", self.last_digits().unwrap_or_default())
    }

    fn last_digits(&self) -> Option<&str> {
        if self.0.chars().count() < 8 {
            return None;
        }
        let end = self.0.rfind(|c: char| c.is_ascii_digit())? + 1;
        let start = end.checked_sub(4)?;
        let digits = self.0.get(start..end)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)
    }
}

impl From<&str> for AccountNumber {
    fn from(number: &str) -> Self {
        Self(number.into())
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// How an account is named in labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AccountLabel {
    /// By `*` and its last four digits.
    #[default]
    Masked,
    /// By its whole number, because the configuration asks for it.
    Full,
    /// By the query's own `account_label`.
    Named(Arc<str>),
}

impl AccountLabel {
    /// The label of an account; none where it is not named and none is configured.
    pub fn of(&self, account: Option<&AccountNumber>) -> Option<Arc<str>> {
        match (self, account) {
            (Self::Named(name), _) => Some(Arc::clone(name)),
            (_, None) => None,
            (Self::Masked, Some(account)) => Some(account.masked().into()),
            (Self::Full, Some(account)) => Some(account.expose().into()),
        }
    }
}

/// How often a query is asked, how long it may take, and how long its answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// From one poll to the next.
    pub interval: Duration,
    /// One poll, from connecting to the last byte.
    pub timeout: Duration,
    /// The age at which a value is no longer published.
    pub stale_after: Duration,
    /// How old `as_of_date` may be before it is worth an alert.
    pub max_data_age: Duration,
}

/// Below what a balance deserves attention, in major units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// Somebody should look.
    pub warning: Option<f64>,
    /// Somebody must act.
    pub critical: Option<f64>,
}

/// Thresholds of several currencies, mostly of one. There may be as many of these as queries, and a map makes room for
/// eleven at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThresholdsByCurrency(Box<[(Currency, Thresholds)]>);

impl ThresholdsByCurrency {
    /// Those of a currency, if it has any.
    pub fn get(&self, currency: Currency) -> Option<Thresholds> {
        self.iter().find(|(of, _)| *of == currency).map(|(_, thresholds)| thresholds)
    }

    /// Those of each currency, in the order of the currencies.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, Thresholds)> {
        self.0.iter().copied()
    }
}

impl From<BTreeMap<Currency, Thresholds>> for ThresholdsByCurrency {
    fn from(thresholds: BTreeMap<Currency, Thresholds>) -> Self {
        Self(thresholds.into_iter().collect())
    }
}

impl<const N: usize> From<[(Currency, Thresholds); N]> for ThresholdsByCurrency {
    fn from(thresholds: [(Currency, Thresholds); N]) -> Self {
        BTreeMap::from(thresholds).into()
    }
}

impl Thresholds {
    /// These thresholds, and the others for the severities that these do not give.
    #[must_use]
    pub fn over(self, general: Self) -> Self {
        Self { warning: self.warning.or(general.warning), critical: self.critical.or(general.critical) }
    }

    /// The gravest of them that an amount in major units lies below.
    pub fn crossed_by(self, amount: f64) -> Option<Severity> {
        let below = |threshold: Option<f64>| threshold.is_some_and(|threshold| amount < threshold);
        if below(self.critical) {
            Some(Severity::Critical)
        } else if below(self.warning) {
            Some(Severity::Warning)
        } else {
            None
        }
    }
}

/// How grave it is that a balance is low; the graver one comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody must act.
    Critical,
    /// Somebody should look.
    Warning,
}

impl Severity {
    /// The value of the `severity` label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests;
