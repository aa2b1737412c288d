//! Many shops at once, for measuring under load: their ids, secret keys and balances follow from their numbers.

use serde::Deserialize;

use super::check::{Checker, account_seed, channel_seed};
use super::file::{Code, DrainFile, TopUpFile};
use super::ledger::{Line, Moves, Payout, TopUp};
use super::scenario::{Account, AccountApis, Channel, Gateway, Quirks};
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
/// Around what the balances open, in minor units.
const BALANCE: i64 = 5_000_000;
