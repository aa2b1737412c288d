//! Which of several processes asks a query.

use std::num::NonZeroU32;

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
        jump(stable_hash(shop, query), self.total) == self.index
    }
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
