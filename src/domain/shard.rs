//! Which of several processes asks a query.

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;

use super::query::{Api, GatewayId, Query};
use super::shop::Shop;

/// One of several processes that read the same configuration and divide its queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    total: NonZeroU32,
}

impl Shard {
    /// The whole of the work.
    pub const WHOLE: Self = Self { index: 0, total: NonZeroU32::MIN };

    /// The shard of that index, counted from 0, of that many.
    pub fn new(index: u32, total: u32) -> Option<Self> {
        let total = NonZeroU32::new(total)?;
        (index < total.get()).then_some(Self { index, total })
    }

    /// Its index, from 0.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How many shards there are.
    pub const fn total(self) -> u32 {
        self.total.get()
    }

    /// Whether this shard asks that query. Each query belongs to one shard, the same in every process and release;
    /// when the total grows from n to n + 1, only one query in n + 1 moves.
    pub fn owns(self, shop: &str, query: &str) -> bool {
        Self::that_owns(shop, query, self.total) == self
    }

    /// The one of so many shards that asks that query.
    pub fn that_owns(shop: &str, query: &str, total: NonZeroU32) -> Self {
        Self { index: jump(stable_hash(shop, query), total), total }
    }

    /// What this shard has to know of the shops, and which queries it asks. Of the channels that a shop expects it keeps
    /// those of gateways whose channels it asks for, and notes where other shards ask for some of them too.
    pub fn part(self, shops: Vec<Arc<Shop>>, queries: Vec<Arc<Query>>) -> (Vec<Arc<Shop>>, Vec<Arc<Query>>) {
        if self == Self::WHOLE {
            return (shops, queries);
        }
        let (own, others): (Vec<_>, Vec<_>) =
            queries.into_iter().partition(|query| self.owns(&query.shop.name, &query.name));
        let (asked, asked_elsewhere) = (gateways(&own), gateways(&others));
        let shops = shops.into_iter().map(|shop| {
            if shop.expected_channels.is_empty() {
                return shop;
            }
            let of_shop = |gateways: &HashSet<(Arc<str>, GatewayId)>, gateway: &GatewayId| {
                gateways.contains(&(Arc::clone(&shop.name), *gateway))
            };
            let mut part = Shop::clone(&shop);
            part.expected_channels.retain(|(gateway, _)| of_shop(&asked, gateway));
            let gateways: BTreeSet<GatewayId> = part.expected_channels.iter().map(|(gateway, _)| *gateway).collect();
            part.asked_elsewhere = gateways.into_iter().filter(|gateway| of_shop(&asked_elsewhere, gateway)).collect();
            Arc::new(part)
        });
        (shops.collect(), own)
    }
}

/// The gateways whose channels those queries ask for.
fn gateways(queries: &[Arc<Query>]) -> HashSet<(Arc<str>, GatewayId)> {
    let of_channels = queries.iter().filter(|query| query.ask.api() == Api::ChannelBalances);
    of_channels.filter_map(|query| Some((Arc::clone(&query.shop.name), query.ask.gateway()?))).collect()
}

/// FNV-1a with a final mix: small, and never different in another release, as the standard library's hashes may be.
fn stable_hash(shop: &str, query: &str) -> u64 {
    let bytes = shop.bytes().chain([0xff]).chain(query.bytes());
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

/// Jump consistent hash (Lamping and Veach, 2014, arXiv:1406.2294).
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the algorithm is defined over these conversions; its values stay below 2^33"
)]
fn jump(mut key: u64, total: NonZeroU32) -> u32 {
    let (mut bucket, mut next) = (0_u64, 0_u64);
    while next < u64::from(total.get()) {
        bucket = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((bucket + 1) as f64 * ((1_u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as u64;
    }
    bucket as u32
}

#[cfg(test)]
mod tests;
