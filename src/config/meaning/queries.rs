//! The queries of a shop: one for each currency of a gateway, one for each account.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::super::brands;
use super::super::file::{self, AccountLabels, Currencies, GivenPace, ThresholdsByCurrency};
use super::pace::DefaultPace;
use super::{WRITE_A_NAME, currency, is_name};
use crate::domain::money::Currency;
use crate::domain::query::{AccountLabel, AccountNumber, Ask, ChannelId, GatewayId, Query, Thresholds};
use crate::domain::shop::Shop;
use crate::yaml::{self, Located, Place, Problems, shown};

/// What the queries of a shop have in common.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) shop: &'a Arc<Shop>,
    /// Where the shop stands.
    pub(super) place: Place,
    /// Whether the shop's brand is one that hosts can be asked of.
    pub(super) brand_is_known: bool,
    pub(super) default_pace: &'a DefaultPace,
    pub(super) account_labels: AccountLabels,
}

/// The queries of a shop, in the order of the file.
pub(super) fn of(given: &file::Shop, key: &str, context: Context<'_>, problems: &mut Problems) -> Vec<Arc<Query>> {
    let mut queries = Queries { context, problems, names: HashMap::new(), asked: HashMap::new(), list: Vec::new() };
    for (index, entry) in given.channel_balances.iter().enumerate() {
        queries.add_channel_balances(entry, &format!("{key}.channel_balances[{index}]"));
    }
    for (index, entry) in given.gateway_balances.iter().enumerate() {
        queries.add_gateway_balance(entry, &format!("{key}.gateway_balances[{index}]"));
    }
    for (index, entry) in given.beyag_balances.iter().enumerate() {
        queries.add_beyag_balance(entry, &format!("{key}.beyag_balances[{index}]"));
    }
    queries.list
}

/// A shop's queries while they are collected.
struct Queries<'a> {
    context: Context<'a>,
    problems: &'a mut Problems,
    /// Where each name was first given.
    names: HashMap<Arc<str>, Place>,
    /// The name under which each question was first asked.
    asked: HashMap<Ask, Arc<str>>,
    list: Vec<Arc<Query>>,
}

/// An entry of the file that becomes one query or several.
struct Entry<'a> {
    key: &'a str,
    place: Place,
    name: Option<&'a Located<String>>,
    /// The query but for its name and what it asks.
    pattern: Query,
}

/// What the entries for accounts have in common.
struct AccountEntry<'a> {
    key: &'a str,
    place: Place,
    query: Option<&'a Located<String>>,
    pace: GivenPace,
    thresholds: &'a ThresholdsByCurrency,
    account_label: Option<&'a Located<String>>,
    assume_currency: Option<&'a Located<String>>,
    details: &'a [Located<String>],
    ask: Ask,
}

impl Queries<'_> {
    fn add_channel_balances(&mut self, given: &file::ChannelBalances, key: &str) {
        let gateway = GatewayId(given.gateway.value);
        let all = Ask::ChannelBalances { gateway, currency: None };
        let thresholds = self.thresholds(&given.thresholds, &BTreeMap::new(), &format!("{key}.thresholds"));
        let mut channels = BTreeMap::new();
        for (id, channel) in &given.channels {
            let key = format!("{key}.channels.{id}.thresholds");
            channels.insert(ChannelId(*id), self.thresholds(&channel.thresholds, &thresholds, &key).into());
        }
        let mut entry = self.entry(key, given.gateway.place, given.query.as_ref(), given.pace(), &all);
        entry.pattern.thresholds = Arc::new(thresholds.into());
        entry.pattern.channel_thresholds = Arc::new(channels);
        self.check_host(&entry);
        let currencies_key = format!("{key}.currencies");
        let codes = match &given.currencies.value {
            Currencies::All => return self.add(&entry, entry.place, all),
            Currencies::These(codes) => codes.as_slice(),
            Currencies::Neither => {
                let message = "these are no currencies; write a list of currency codes, as [USD, EUR], or all";
                return self.problems.add(given.currencies.place, currencies_key, message);
            }
        };
        if codes.is_empty() {
            let message = "an empty list asks for nothing; write currency codes, as [USD, EUR], or all";
            self.problems.add(given.currencies.place, currencies_key.as_str(), message);
        }
        if let Some(query) = given.query.as_ref().filter(|_| codes.len() > 1) {
            let message = "one name for several queries, one for each currency; write an entry for each, or no name";
            return self.problems.add(query.place, format!("{key}.query"), message);
        }
        for (index, code) in codes.iter().enumerate() {
            let key = format!("{currencies_key}[{index}]");
            if let Some(currency) = currency(code, code.place, &key, self.problems) {
                self.add(&entry, code.place, Ask::ChannelBalances { gateway, currency: Some(currency) });
            }
        }
    }

    fn add_gateway_balance(&mut self, given: &file::GatewayBalance, key: &str) {
        let places = [
            given.account.as_ref().map(|account| account.place),
            given.currency.as_ref().map(|currency| currency.place),
            given.gateway.as_ref().map(|gateway| gateway.place),
        ];
        let Some(place) = places.into_iter().flatten().min() else {
            let message = "asks for no account; write any of account, currency, gateway (account: \"\" is the default \
                           account): which of them the bank wants, the account manager knows";
            return self.problems.add(self.context.place, key, message);
        };
        let ask = Ask::GatewayBalance {
            account: given.account.as_ref().map(|account| AccountNumber::from(account.as_str())),
            currency: self.optional_currency(given.currency.as_ref(), key, "currency"),
            gateway: given.gateway.as_ref().map(|gateway| GatewayId(gateway.value)),
            asynchronous: given.asynchronous,
        };
        self.add_account(&AccountEntry {
            key,
            place,
            query: given.query.as_ref(),
            pace: given.pace(),
            thresholds: &given.thresholds,
            account_label: given.account_label.as_ref(),
            assume_currency: given.assume_currency.as_ref(),
            details: &given.details,
            ask,
        });
    }

    fn add_beyag_balance(&mut self, given: &file::BeyagBalance, key: &str) {
        // An empty account is not sent, so it asks the same as none.
        let account = given.account.as_ref().filter(|account| !account.is_empty());
        let ask = Ask::BeyagBalance {
            gateway: GatewayId(given.gateway.value),
            account: account.map(|account| AccountNumber::from(account.as_str())),
            currency: self.optional_currency(given.currency.as_ref(), key, "currency"),
        };
        self.add_account(&AccountEntry {
            key,
            place: given.gateway.place,
            query: given.query.as_ref(),
            pace: given.pace(),
            thresholds: &given.thresholds,
            account_label: given.account_label.as_ref(),
            assume_currency: given.assume_currency.as_ref(),
            details: &given.details,
            ask,
        });
    }

    fn add_account(&mut self, given: &AccountEntry<'_>) {
        let key = given.key;
        let thresholds = self.thresholds(given.thresholds, &BTreeMap::new(), &format!("{key}.thresholds"));
        let assumed = self.optional_currency(given.assume_currency, key, "assume_currency");
        if let (Some(place), Some(assumed), Some(asked)) =
            (given.assume_currency.map(|given| given.place), assumed, given.ask.currency())
            && assumed != asked
        {
            let message = format!("assumes {assumed}, but asks for {asked}; keep one of the two");
            self.problems.add(place, format!("{key}.assume_currency"), message);
        }
        let mut entry = self.entry(key, given.place, given.query, given.pace, &given.ask);
        entry.pattern.thresholds = Arc::new(thresholds.into());
        entry.pattern.assume_currency = assumed;
        entry.pattern.account_label = match (given.account_label, self.context.account_labels) {
            (Some(label), _) => {
                if label.trim().is_empty() {
                    let message = "an empty label; write one, or leave the key out for the masked number";
                    self.problems.add(label.place, format!("{key}.account_label"), message);
                }
                AccountLabel::Named(label.as_str().into())
            }
            (None, AccountLabels::Masked) => AccountLabel::Masked,
            (None, AccountLabels::Full) => AccountLabel::Full,
        };
        for (index, pointer) in given.details.iter().enumerate() {
            if !pointer.starts_with('/') {
                let message = format!("found {}; write a JSON pointer, as /Balance/AmountIn", shown(pointer));
                self.problems.add(pointer.place, format!("{key}.details[{index}]"), message);
            } else if given.details[..index].iter().any(|first| first.value == pointer.value) {
                let message = format!("found {} twice; keep one of the two", shown(pointer));
                self.problems.add(pointer.place, format!("{key}.details[{index}]"), message);
            }
        }
        entry.pattern.details = given.details.iter().map(|pointer| pointer.as_str().into()).collect();
        self.check_host(&entry);
        self.add(&entry, given.place, given.ask.clone());
    }

    fn entry<'e>(
        &mut self,
        key: &'e str,
        place: Place,
        name: Option<&'e Located<String>>,
        pace: GivenPace,
        ask: &Ask,
    ) -> Entry<'e> {
        let pattern = Query {
            shop: Arc::clone(self.context.shop),
            name: "".into(),
            ask: ask.clone(),
            pace: self.context.default_pace.overlaid(pace, key, self.problems),
            thresholds: Arc::default(),
            channel_thresholds: Arc::default(),
            account_label: AccountLabel::default(),
            assume_currency: None,
            details: Arc::new([]),
        };
        Entry { key, place, name, pattern }
    }

    /// Adds a query that an entry asks for at that place.
    fn add(&mut self, entry: &Entry<'_>, place: Place, ask: Ask) {
        let name: Arc<str> = match entry.name {
            Some(name) if !is_name(name) => {
                return self.problems.add(name.place, format!("{}.query", entry.key), WRITE_A_NAME);
            }
            Some(name) => name.as_str().into(),
            None => ask.default_name().into(),
        };
        if let Some(first) = self.asked.get(&ask) {
            let message = format!("asks the same as the query {first}; keep one of the two");
            return self.problems.add(place, entry.key, message);
        }
        if let Some(first) = self.names.get(&name) {
            let line = first.line;
            let message = format!("the query at line {line} is named {name} too; write `query:` with another name");
            return self.problems.add(place, entry.key, message);
        }
        self.names.insert(Arc::clone(&name), place);
        self.asked.insert(ask.clone(), Arc::clone(&name));
        self.list.push(Arc::new(Query { name, ask, ..entry.pattern.clone() }));
    }

    /// The brand must have the host that the query is asked at: credentials go to no host on a guess.
    fn check_host(&mut self, entry: &Entry<'_>) {
        let (brand, api) = (&self.context.shop.brand, entry.pattern.ask.api());
        if !self.context.brand_is_known || brand.url(api).is_some() {
            return;
        }
        let url_key = brands::url_key(api);
        let likely = brands::likely_host(&brand.name, api)
            .map(|host| format!(" (likely {host}, by other public pages)"))
            .unwrap_or_default();
        let message = format!(
            "the brand {0} has no documented host for {api}; ask the account manager and set brands.{0}.{url_key}{likely}",
            yaml::shown_key(&brand.name)
        );
        self.problems.add(entry.place, entry.key, message);
    }

    fn optional_currency(&mut self, code: Option<&Located<String>>, key: &str, field: &str) -> Option<Currency> {
        currency(code?, code?.place, &format!("{key}.{field}"), self.problems)
    }

    /// The thresholds of a block, each judged together with those it overrides.
    fn thresholds(
        &mut self,
        given: &ThresholdsByCurrency,
        general: &BTreeMap<Currency, Thresholds>,
        key: &str,
    ) -> BTreeMap<Currency, Thresholds> {
        let mut thresholds = BTreeMap::new();
        for (code, given) in given.iter() {
            let key = format!("{key}.{code}");
            let Some(currency) = currency(code, given.place, &key, self.problems) else { continue };
            for (severity, amount) in [("warning", given.warning), ("critical", given.critical)] {
                if let Some(amount) = amount.filter(|amount| !amount.value.is_finite()) {
                    let message = format!("found {}; write an amount in major units", amount.value);
                    self.problems.add(amount.place, format!("{key}.{severity}"), message);
                }
            }
            let amount = |amount: Option<Located<f64>>| amount.map(|amount| amount.value);
            let own = Thresholds { warning: amount(given.warning), critical: amount(given.critical) };
            let whole = own.over(general.get(&currency).copied().unwrap_or_default());
            if let (Some(warning), Some(critical)) = (whole.warning, whole.critical)
                && warning < critical
            {
                let message = format!(
                    "the warning at {warning} is below the critical threshold of {critical}, so that it would come \
                     after it; write a warning of {critical} or more"
                );
                self.problems.add(given.warning.map_or(given.place, |warning| warning.place), key, message);
            }
            thresholds.insert(currency, own);
        }
        thresholds
    }
}
