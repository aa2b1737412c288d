//! From the scenario file to a scenario: every value is given its meaning, and every one without is told.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroU64;
use std::time::Duration;

use super::file::{
    AccountApi, AccountFile, ChannelFile, DrainFile, EventFile, GatewayFile, Quirk, ScenarioFile, ShopFile, Span,
    TopUpFile,
};
use super::fleet;
use super::ledger::{Change, Event, Line, Moves, Payout, TopUp, millis};
use super::problem::{Problems, ScenarioError};
use super::scenario::{Account, AccountApis, Channel, Gateway, Quirks, Scenario, Shop};
use super::seed::Seed;
use crate::domain::money::{Currency, MinorUnits};
use crate::domain::shop::SecretKey;
use crate::yaml::{self, Located, Place};

/// How long an asynchronous balance takes where the file does not say.
const ASYNC_TAKES: Duration = Duration::from_secs(3);

/// The shortest time from one move to the next: what is asked for after a long time must still be reckoned at once.
const SHORTEST_PACE: Duration = Duration::from_millis(100);

impl Scenario {
    /// The scenario of the demo, and of `simulate` without a file.
    pub fn builtin() -> Self {
        // A test holds the file readable, so the scenario without shops is never played.
        Self::read("builtin.yml", include_str!("builtin.yml")).unwrap_or_else(|_| Self::empty(0))
    }

    /// Reads a scenario file. What can't be read is told alone, what has no good meaning all at once.
    pub fn read(file: &str, text: &str) -> Result<Self, ScenarioError> {
        let written: ScenarioFile = yaml::read(file, text)?;
        let mut scenario = Self::empty(written.seed);
        scenario.async_takes = written.async_takes.map_or(ASYNC_TAKES, |span| span.0);
        let (shops, gateways) = (HashSet::new(), HashMap::new());
        let mut checker = Checker { scenario, shops, gateways, problems: Problems::of(file) };
        if written.shops.is_empty() && written.fleet.is_none() {
            let place = Place { line: 1, column: 1 };
            checker.problems.tell(place, "shops", "found neither shops nor a fleet; write one of them");
        }
        for (n, shop) in written.shops.into_iter().enumerate() {
            checker.shop(&format!("shops[{n}]"), shop);
        }
        if let Some(fleet) = written.fleet {
            fleet::muster(&mut checker, &fleet);
        }
        for (n, event) in written.events.into_iter().enumerate() {
            checker.event(&format!("events[{n}]"), event.place, &event.value);
        }
        for (n, fault) in written.faults.into_iter().enumerate() {
            let key = format!("faults[{n}]");
            let fault = fault.value.check(fault.place, &key, Duration::ZERO, &mut checker.problems);
            checker.scenario.faults.push(fault);
        }
        checker.problems.unless_any(checker.scenario)
    }

    fn empty(seed: u64) -> Self {
        Self {
            seed: Seed::new(seed),
            async_takes: ASYNC_TAKES,
            shops: Vec::new(),
            gateways: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// The scenario so far, and what was wrong with it.
pub(super) struct Checker<'a> {
    scenario: Scenario,
    /// The ids of its shops.
    shops: HashSet<String>,
    /// Where in the scenario a gateway stands.
    gateways: HashMap<u64, usize>,
    pub(super) problems: Problems<'a>,
}

impl Checker<'_> {
    fn shop(&mut self, key: &str, written: ShopFile) {
        let ShopFile { shop_id, secret_key, gateways } = written;
        let id = &shop_id.value.0;
        if id.is_empty() || id.contains(':') || id.chars().any(char::is_control) {
            let message = "found no id that HTTP Basic can carry; write one without a colon, as 363";
            self.problems.tell(shop_id.place, format!("{key}.shop_id"), message);
        }
        if secret_key.value.0.is_empty() {
            let message = "found nothing; write a made-up key of the simulator";
            self.problems.tell(secret_key.place, format!("{key}.secret_key"), message);
        }
        let shop = self.add_shop(shop_id.place, &format!("{key}.shop_id"), shop_id.value.0, secret_key.value.0);
        for (n, gateway) in gateways.into_iter().enumerate() {
            self.gateway(&format!("{key}.gateways[{n}]"), shop, gateway);
        }
    }

    /// Adds a shop and gives its position.
    pub(super) fn add_shop(&mut self, place: Place, key: &str, shop_id: String, secret_key: String) -> usize {
        if !self.shops.insert(shop_id.clone()) {
            self.problems.tell(place, key, "found the id of another shop; write each shop once");
        }
        self.scenario.shops.push(Shop { shop_id: shop_id.into(), secret_key: SecretKey::from(secret_key) });
        self.scenario.shops.len() - 1
    }

    fn gateway(&mut self, key: &str, shop: usize, written: GatewayFile) {
        let GatewayFile { id, data_age, quirks, channels, accounts } = written;
        let seed = self.seed_of(id.value);
        let mut gateway = Gateway {
            id: id.value,
            shop,
            data_age: data_age.map_or(Duration::ZERO, |age| age.0),
            channels: Vec::with_capacity(channels.len()),
            accounts: Vec::with_capacity(accounts.len()),
        };
        for (n, channel) in channels.iter().enumerate() {
            let key = format!("{key}.channels[{n}]");
            let place = channel.id.place;
            let channel = self.channel(&key, seed, &quirks, channel);
            if gateway.channels.iter().any(|other| (other.id, other.currency) == (channel.id, channel.currency)) {
                let message = "found a channel that stands here already in this currency; write it once";
                self.problems.tell(place, format!("{key}.id"), message);
            }
            gateway.channels.push(channel);
        }
        for (n, account) in accounts.into_iter().enumerate() {
            let key = format!("{key}.accounts[{n}]");
            let place = account.currency.place;
            let account = self.account(&key, seed, &quirks, account);
            if gateway.accounts.iter().any(|other| other.answers_for_the_same(&account)) {
                let message = "found an account that stands here already in this currency; write it once";
                self.problems.tell(place, format!("{key}.currency"), message);
            }
            gateway.accounts.push(account);
        }
        self.add_gateway(id.place, &format!("{key}.id"), gateway);
    }

    /// Adds a gateway with all that belongs to it.
    pub(super) fn add_gateway(&mut self, place: Place, key: &str, gateway: Gateway) {
        if self.gateways.insert(gateway.id, self.scenario.gateways.len()).is_some() {
            let message = "found the id of another gateway; write each gateway once, in one shop";
            self.problems.tell(place, key, message);
        }
        self.scenario.gateways.push(gateway);
    }

    /// The seed of a gateway's money, whatever else the scenario holds.
    pub(super) const fn seed_of(&self, gateway: u64) -> Seed {
        self.scenario.seed.part(gateway)
    }

    fn channel(&mut self, key: &str, seed: Seed, general: &[Quirk], written: &ChannelFile) -> Channel {
        let moves = self.moves(key, written.drain.as_ref(), written.top_up.as_ref());
        let (id, currency) = (written.id.value, written.currency.0);
        let line = Line::new(channel_seed(seed, id, currency), MinorUnits(written.balance), written.active, moves);
        Channel { id, currency, quirks: Quirks::of(general.iter().chain(&written.quirks)), line }
    }

    fn account(&mut self, key: &str, seed: Seed, general: &[Quirk], written: AccountFile) -> Account {
        let moves = self.moves(key, written.drain.as_ref(), written.top_up.as_ref());
        let apis = written.apis.map_or(AccountApis::ALL, |apis| {
            if apis.value.is_empty() {
                let message = "found no API; write gateway_balance, beyag_balance or both, or leave the key out";
                self.problems.tell(apis.place, format!("{key}.apis"), message);
            }
            let answers = |api| apis.value.contains(&api);
            AccountApis {
                gateway_balance: answers(AccountApi::GatewayBalance),
                beyag_balance: answers(AccountApi::BeyagBalance),
            }
        });
        let number = written.account.map(|account| account.0).filter(|number| !number.is_empty());
        let currency = written.currency.value.0;
        let seed = account_seed(seed, number.as_deref().unwrap_or_default(), currency);
        Account {
            line: Line::new(seed, MinorUnits(written.balance), true, moves),
            number: number.map(Into::into),
            currency,
            apis,
            answers_as: written.answers_as,
            quirks: Quirks::of(general.iter().chain(&written.quirks)),
        }
    }

    /// What moves a balance whose keys stand under `key`.
    pub(super) fn moves(&mut self, key: &str, drain: Option<&DrainFile>, top_up: Option<&Located<TopUpFile>>) -> Moves {
        let payout = drain.and_then(|drain| self.payout(&format!("{key}.drain"), drain));
        let top_up = top_up.map(|top_up| self.top_up(&format!("{key}.top_up"), top_up, drain.is_some()));
        Moves { payout, top_up }
    }

    fn payout(&mut self, key: &str, written: &DrainFile) -> Option<Payout> {
        self.positive(&format!("{key}.amount"), &written.amount);
        let jitter = written.jitter.as_ref().map_or(0.0, |jitter| {
            if !(0.0..=1.0).contains(&jitter.value) {
                let message = "found a number that is no share; write one from 0 to 1";
                self.problems.tell(jitter.place, format!("{key}.jitter"), message);
            }
            jitter.value
        });
        let amount = written.amount.value;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "the share of a made-up payout; the conversion saturates"
        )]
        let spread = (amount as f64 * jitter) as i64;
        let every = self.pace(&format!("{key}.every"), &written.every)?;
        let (least, most) = (amount.saturating_sub(spread), amount.saturating_add(spread));
        Some(Payout { least: MinorUnits(least), most: MinorUnits(most), every, overdraft: written.overdraft })
    }

    fn top_up(&mut self, key: &str, written: &Located<TopUpFile>, drains: bool) -> TopUp {
        self.positive(&format!("{key}.amount"), &written.amount);
        if written.every.is_none() && (written.below.is_none() || !drains) {
            let message = "found no time for it; write `every`, or `below` beside a drain to look after each payout";
            self.problems.tell(written.place, key, message);
        }
        TopUp {
            amount: MinorUnits(written.amount.value),
            every: written.every.as_ref().and_then(|every| self.pace(&format!("{key}.every"), every)),
            below: written.below.map(MinorUnits),
        }
    }

    fn positive(&mut self, key: &str, amount: &Located<i64>) {
        if amount.value <= 0 {
            self.problems.tell(amount.place, key, "found nothing to move; write more than 0, in minor units");
        }
    }

    fn pace(&mut self, key: &str, every: &Located<Span>) -> Option<NonZeroU64> {
        if every.value.0 < SHORTEST_PACE {
            let shortest = humantime::format_duration(SHORTEST_PACE);
            self.problems.tell(every.place, key, format!("found too short a time; write {shortest} at least"));
        }
        NonZeroU64::new(millis(every.value.0))
    }

    fn event(&mut self, key: &str, place: Place, written: &EventFile) {
        let change = Change {
            balance: written.balance.map(MinorUnits),
            active: written.active.as_ref().map(|active| active.value),
            gone: written.gone,
            frozen: written.frozen,
        };
        if change == Change::default() {
            let message = "found nothing that happens; write one of balance, active, gone, frozen";
            self.problems.tell(place, key, message);
        }
        let repeat = written.repeat.as_ref().and_then(|repeat| self.pace(&format!("{key}.repeat"), repeat));
        let event = Event::new(written.at.0, repeat, change);
        let Some(gateway) = self.gateways.get(&written.gateway.value).copied() else {
            let message = "found a gateway that stands in no shop; write the id of one that does";
            self.problems.tell(written.gateway.place, format!("{key}.gateway"), message);
            return;
        };
        let gateway = &mut self.scenario.gateways[gateway];
        let in_currency = |currency: Currency| written.currency.is_none_or(|code| code.0 == currency);
        let (field, place, struck) = match (&written.channel, &written.account) {
            (Some(channel), None) => {
                let channels = gateway.channels.iter_mut();
                let struck = channels.filter(|other| other.id == channel.value && in_currency(other.currency));
                ("channel", channel.place, struck.map(|channel| channel.line.expect(event)).count())
            }
            (None, Some(account)) => {
                if let Some(active) = &written.active {
                    let message = "found payout control of an account; write it for a channel";
                    self.problems.tell(active.place, format!("{key}.active"), message);
                }
                let number = Some(&*account.value.0).filter(|number| !number.is_empty());
                let accounts = gateway.accounts.iter_mut();
                let struck = accounts.filter(|other| other.number.as_deref() == number && in_currency(other.currency));
                ("account", account.place, struck.map(|account| account.line.expect(event)).count())
            }
            _ => {
                self.problems.tell(place, key, "found no one it happens to; write one of channel and account");
                return;
            }
        };
        if struck == 0 {
            let message = "found none such in that gateway and currency; write one that stands there";
            self.problems.tell(place, format!("{key}.{field}"), message);
        }
    }
}

impl Account {
    /// Whether a request could not tell the two apart.
    fn answers_for_the_same(&self, other: &Self) -> bool {
        (&self.number, self.currency) == (&other.number, other.currency)
            && (self.apis.gateway_balance && other.apis.gateway_balance
                || self.apis.beyag_balance && other.apis.beyag_balance)
    }
}

impl AccountApis {
    /// Both.
    pub(super) const ALL: Self = Self { gateway_balance: true, beyag_balance: true };
}

impl Quirks {
    fn of<'a>(written: impl Iterator<Item = &'a Quirk>) -> Self {
        written.fold(Self::default(), |quirks, quirk| match quirk {
            Quirk::CyrillicCurrency => Self { cyrillic_currency: true, ..quirks },
            Quirk::AmountAsString => Self { amount_as_string: true, ..quirks },
            Quirk::NoAmount => Self { no_amount: true, ..quirks },
            Quirk::NoCurrency => Self { no_currency: true, ..quirks },
        })
    }
}

/// The seed of a channel's money in one currency.
pub(super) fn channel_seed(gateway: Seed, id: u64, currency: Currency) -> Seed {
    gateway.named("channel").part(id).named(currency.as_str())
}

/// The seed of an account's money.
pub(super) fn account_seed(gateway: Seed, number: &str, currency: Currency) -> Seed {
    gateway.named("account").named(number).named(currency.as_str())
}
