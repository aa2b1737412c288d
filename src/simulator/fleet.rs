//! Many shops at once, for measuring under load: their ids, secret keys and balances follow from their numbers.

use std::num::NonZeroU64;
use std::time::Duration;

use super::check::{Checker, account_seed, channel_seed};
use super::file::{Code, FleetFile};
use super::ledger::{Line, Moves, Payout, TopUp};
use super::scenario::{Account, AccountApis, Channel, Gateway, Quirks};
use super::seed::Seed;
use crate::domain::money::{Currency, MinorUnits};
use crate::yaml::Located;

/// The id of the first shop of a fleet.
const FIRST_SHOP: u64 = 500_001;
/// The id of the first gateway of a fleet.
const FIRST_GATEWAY: u64 = 1_000_001;
/// How many channels or accounts a gateway may have: two digits of their ids.
const MOST_PER_GATEWAY: u64 = 99;
/// How many balances a fleet may have.
const MOST_BALANCES: u64 = 2_000_000;
/// Around what the balances open where the file does not say, in minor units.
const BALANCE: i64 = 5_000_000;
/// Milliseconds from one payout to the next where the file does not say.
const PAYOUT_EVERY: Option<NonZeroU64> = NonZeroU64::new(10_000);

/// What each gateway of a fleet has.
struct Pattern {
    channels: u64,
    accounts: u64,
    currencies: Vec<Currency>,
    balance: i64,
    moves: Moves,
}

/// Adds the fleet to the scenario.
pub(super) fn muster(checker: &mut Checker<'_>, written: &FleetFile) {
    let place = written.shops.place;
    let shops = written.shops.value;
    let gateways = written.gateways.value;
    let Some(pattern) = pattern(checker, written) else { return };
    for shop in 0..shops {
        let shop_id = (FIRST_SHOP + shop).to_string();
        let secret_key = format!("fleet-{shop_id}");
        let position = checker.add_shop(place, "fleet", shop_id, secret_key);
        for gateway in 0..gateways {
            let id = FIRST_GATEWAY + shop * gateways + gateway;
            let gateway = pattern.gateway(id, position, checker.seed_of(id));
            checker.add_gateway(place, "fleet", gateway);
        }
    }
}

/// The pattern, if a fleet of it can be had.
fn pattern(checker: &mut Checker<'_>, written: &FleetFile) -> Option<Pattern> {
    let channels = per_gateway(checker, "fleet.channels", written.channels.as_ref());
    let accounts = per_gateway(checker, "fleet.accounts", written.accounts.as_ref());
    let currencies = distinct(checker, &written.currencies);
    let of_each = channels? * currencies.len() as u64 + accounts?;
    let gateways = written.shops.value.checked_mul(written.gateways.value);
    let balances = gateways.and_then(|gateways| gateways.checked_mul(of_each)).filter(|n| *n <= MOST_BALANCES);
    if balances.is_none_or(|balances| balances == 0) {
        let message = format!("found no fleet of 1 to {MOST_BALANCES} balances; write counts that make one");
        checker.problems.tell(written.shops.place, "fleet", message);
        return None;
    }
    let balance = written.balance.map_or(BALANCE, |balance| {
        if balance.value < 0 {
            let message = "found less than 0; write around what balances open, in minor units";
            checker.problems.tell(balance.place, "fleet.balance", message);
        }
        balance.value
    });
    let mut moves = checker.moves("fleet", written.drain.as_ref(), written.top_up.as_ref());
    if written.drain.is_none() && written.top_up.is_none() {
        let amount = (balance / 1_000).max(1);
        let (least, most) = (MinorUnits(amount - amount / 2), MinorUnits(amount + amount / 2));
        moves.payout = PAYOUT_EVERY.map(|every| Payout { least, most, every, overdraft: false });
        let below = Some(MinorUnits(balance / 10));
        moves.top_up = Some(TopUp { amount: MinorUnits(balance), every: None, below });
    }
    Some(Pattern { channels: channels?, accounts: accounts?, currencies, balance, moves })
}

fn per_gateway(checker: &mut Checker<'_>, key: &str, written: Option<&Located<u64>>) -> Option<u64> {
    let Some(written) = written else { return Some(0) };
    if written.value > MOST_PER_GATEWAY {
        let message = format!("found too many; write {MOST_PER_GATEWAY} at most");
        checker.problems.tell(written.place, key, message);
        return None;
    }
    Some(written.value)
}

fn distinct(checker: &mut Checker<'_>, written: &Located<Vec<Located<Code>>>) -> Vec<Currency> {
    let mut currencies = Vec::new();
    if written.value.is_empty() {
        checker.problems.tell(written.place, "fleet.currencies", "found none; write one at least");
    }
    for (n, code) in written.value.iter().enumerate() {
        if currencies.contains(&code.value.0) {
            let message = "found a currency that stands here already; write it once";
            checker.problems.tell(code.place, format!("fleet.currencies[{n}]"), message);
        } else {
            currencies.push(code.value.0);
        }
    }
    currencies
}

impl Pattern {
    fn gateway(&self, id: u64, shop: usize, seed: Seed) -> Gateway {
        let channels = (1..=self.channels).flat_map(|n| {
            let id = id * 100 + n;
            self.currencies.iter().map(move |currency| {
                let line = self.line(channel_seed(seed, id, *currency));
                Channel { id, currency: *currency, quirks: Quirks::default(), line }
            })
        });
        let accounts = (1..=self.accounts).zip(self.currencies.iter().cycle()).map(|(n, currency)| {
            let number = format!("40702810{:012}", id * 100 + n);
            Account {
                line: self.line(account_seed(seed, &number, *currency)),
                number: Some(number.into()),
                currency: *currency,
                apis: AccountApis::ALL,
                answers_as: None,
                quirks: Quirks::default(),
            }
        });
        let (channels, accounts) = (channels.collect(), accounts.collect());
        Gateway { id, shop, data_age: Duration::ZERO, channels, accounts }
    }

    /// A balance that opens between half and one and a half of what the fleet's do.
    fn line(&self, seed: Seed) -> Line {
        let half = self.balance / 2;
        let opening = seed.named("opening").between(0, self.balance - half, self.balance.saturating_add(half));
        Line::new(seed, MinorUnits(opening), true, self.moves)
    }
}
