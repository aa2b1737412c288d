//! Chance that is the same each time: numbers drawn from a seed, by place and not in turn.
//!
//! Knows nothing of what the numbers are for. Nothing here is fit for keys.

use std::fmt::Write as _;

/// Where numbers are drawn from. The same seed and the same place give the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seed(u64);

impl Seed {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed of one part of the whole.
    pub(super) const fn part(self, part: u64) -> Self {
        Self(mix(self.0 ^ mix(part.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The seed of a part that has a name.
    pub(super) fn named(self, name: &str) -> Self {
        name.bytes().fold(self.part(name.len() as u64), |seed, byte| seed.part(u64::from(byte)))
    }

    /// The n-th number, between two bounds that both belong to it.
    pub(super) fn between(self, n: u64, least: i64, most: i64) -> i64 {
        let Some(span) = most.checked_sub(least).and_then(|span| u64::try_from(span).ok()) else {
            return least;
        };
        // Below the span and its 1, so it always fits.
        let drawn = (u128::from(self.part(n).0) * (u128::from(span) + 1)) >> u64::BITS;
        least.saturating_add(i64::try_from(drawn).unwrap_or_default())
    }

    /// Whether something of that probability happens.
    pub(super) fn hits(self, probability: f64) -> bool {
        // The upper half holds 32 bits, which f64 holds exactly.
        let drawn = u32::try_from(mix(self.0) >> 32).unwrap_or_default();
        f64::from(drawn) < probability * (f64::from(u32::MAX) + 1.0)
    }

    /// That many bytes that are no JSON.
    pub(super) fn garbage(self, len: u64) -> Vec<u8> {
        let words = (0..len.div_ceil(8)).flat_map(|n| self.part(n).0.to_le_bytes());
        // 0xff begins neither JSON nor UTF-8.
        std::iter::once(0xff).chain(words).take(usize::try_from(len).unwrap_or(usize::MAX)).collect()
    }

    /// The n-th id in the shape of a random UUID.
    pub(super) fn uuid(self, n: u64) -> String {
        let seed = self.part(n);
        let high = (seed.part(0).0 & !0xf000) | 0x4000;
        let low = (seed.part(1).0 & !(0b11 << 62)) | (0b10 << 62);
        let mut uuid = String::with_capacity(36);
        let _ = write!(
            uuid,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff,
        );
        uuid
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea and Flood, 2014).
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
