//! Money as the platform sends it: whole minor units of a currency, and the exponent that makes major units of them.
//!
//! Must not guess: a currency whose exponent is not certain has none here, and says which candidates there are.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A currency code: `[A-Z][A-Z0-9]{1,9}`, so ISO 4217 codes and the platform's codes of cryptocurrencies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    /// The code's ASCII letters, padded with zeros.
    code: [u8; Self::MAX_LEN],
    len: u8,
}

impl Currency {
    const MAX_LEN: usize = 10;

    /// The code, as in `USD`.
    pub fn as_str(&self) -> &str {
        // The bytes were checked to be ASCII when the code was read.
        std::str::from_utf8(&self.code[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = MalformedCurrency;

    fn from_str(text: &str) -> Result<Self, MalformedCurrency> {
        let bytes = text.as_bytes();
        let well_formed = (2..=Self::MAX_LEN).contains(&bytes.len())
            && bytes[0].is_ascii_uppercase()
            && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !well_formed {
            return Err(MalformedCurrency);
        }
        let mut code = [0; Self::MAX_LEN];
        code[..bytes.len()].copy_from_slice(bytes);
        let len = u8::try_from(bytes.len()).map_err(|_| MalformedCurrency)?;
        Ok(Self { code, len })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a currency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency code has 2 to 10 capital letters and digits and begins with a letter, as USD or USDT")]
pub struct MalformedCurrency;

/// An amount in the minor units of its currency, as the platform sends it; may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinorUnits(pub i64);

impl MinorUnits {
    /// The amount in major units as an exact decimal, as in `66238716.74`.
    pub fn to_decimal(self, exponent: Exponent) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}", decimal(self.0.unsigned_abs().into(), exponent.0.into()))
    }

    /// How far the amount lies from a number of major units, as an exact decimal without a sign; none where either is
    /// out of all proportion.
    pub fn distance(self, exponent: Exponent, major: f64) -> Option<String> {
        // The shortest decimal that reads as this number is what somebody wrote.
        let written = major.to_string();
        let (whole, fraction) = written.split_once('.').unwrap_or((&written, ""));
        let theirs: i128 = format!("{whole}{fraction}").parse().ok()?;
        let (own_places, their_places) = (u32::from(exponent.0), u32::try_from(fraction.len()).ok()?);
        let places = own_places.max(their_places);
        let scaled = |number: i128, from: u32| number.checked_mul(10_i128.checked_pow(places - from)?);
        let own = scaled(self.0.into(), own_places)?;
        Some(decimal(own.checked_sub(scaled(theirs, their_places)?)?.unsigned_abs(), usize::try_from(places).ok()?))
    }

    /// The amount in major units as the nearest number a sample can hold: rounded once, by the parser of decimals.
    pub fn to_major(self, exponent: Exponent) -> f64 {
        major(i128::from(self.0), exponent)
    }
}

/// A sum of amounts in minor units, wide enough never to overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MinorSum(u128);

impl MinorSum {
    /// Adds how far `to` lies from `from`.
    pub fn add_distance(&mut self, from: MinorUnits, to: MinorUnits) {
        self.0 += u128::from(from.0.abs_diff(to.0));
    }

    /// The sum in minor units.
    pub const fn minor_units(self) -> u128 {
        self.0
    }

    /// The sum in major units as the nearest number a sample can hold.
    pub fn to_major(self, exponent: Exponent) -> f64 {
        i128::try_from(self.0).map_or(f64::INFINITY, |sum| major(sum, exponent))
    }
}

/// Minor units as a decimal of that many places.
fn decimal(minor: u128, places: usize) -> String {
    let digits = format!("{minor:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    if places == 0 { digits } else { format!("{whole}.{fraction}") }
}

/// A decimal with that between groups of three digits, as in `66,238,716.74`.
pub fn grouped(decimal: &str, separator: char) -> String {
    let (sign, digits) = decimal.strip_prefix('-').map_or(("", decimal), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn major(minor: i128, exponent: Exponent) -> f64 {
    const EXACT: i128 = 1 << 53;
    let divisor = 10f64.powi(i32::from(exponent.0));
    if (-EXACT..=EXACT).contains(&minor) {
        // Both operands are exact in f64 (powers of ten are up to 10^22), so the division rounds once.
        #[expect(clippy::cast_precision_loss, reason = "the value was just checked to be exact")]
        return minor as f64 / divisor;
    }
    // The parser rounds the exact decimal once; its text form always parses.
    format!("{minor}e-{}", exponent.0).parse().unwrap_or(f64::NAN)
}

/// How many decimal places a currency's minor unit lies below its major unit: 2 for USD, 0 for JPY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exponent(u8);

impl Exponent {
    /// The largest exponent taken: 18 places, the finest token in use, still leave an `i64` nine major units.
    pub const MAX: u8 = 18;

    /// The exponent of that many places, or none above [`Exponent::MAX`].
    pub const fn new(places: u8) -> Option<Self> {
        if places <= Self::MAX { Some(Self(places)) } else { None }
    }

    /// The number of decimal places.
    pub const fn places(self) -> u8 {
        self.0
    }
}

/// The exponents in use: what the configuration says, over what is certain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exponents {
    configured: BTreeMap<Currency, Exponent>,
}

impl Exponents {
    /// The exponents the configuration gives, over the built-in table.
    pub fn new(configured: BTreeMap<Currency, Exponent>) -> Self {
        Self { configured }
    }

    /// The exponents that the configuration gives.
    pub fn configured(&self) -> impl Iterator<Item = (Currency, Exponent)> {
        self.configured.iter().map(|(currency, exponent)| (*currency, *exponent))
    }

    /// The exponent of a currency, where it is certain.
    ///
    /// Built in is what ISO 4217 and the platform's public table agree on. Where they differ, and for every other
    /// code, nothing is guessed.
    pub fn of(&self, currency: Currency) -> Result<Exponent, UnknownExponent> {
        if let Some(exponent) = self.configured.get(&currency) {
            return Ok(*exponent);
        }
        let candidates =
            UnknownExponent { currency, iso: iso_exponent(currency), platform: platform_exponent(currency) };
        match candidates.iso {
            Some(iso) if iso == candidates.platform.0 => Ok(Exponent(iso)),
            _ => Err(candidates),
        }
    }
}

/// Nothing certain is known of a currency's exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownExponent {
    /// The currency in question.
    pub currency: Currency,
    iso: Option<u8>,
    platform: (u8, PlatformTable),
}

impl fmt::Display for UnknownExponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (places, table) = self.platform;
        write!(f, "the exponent of {} is not certain: ", self.currency)?;
        match self.iso {
            Some(iso) => write!(f, "ISO 4217 gives {iso}")?,
            None => f.write_str("ISO 4217 gives none")?,
        }
        match table {
            PlatformTable::Listed => write!(f, ", the platform's payment client {places}")?,
            PlatformTable::Remainder => {
                write!(f, ", the platform's payment client counts {places} for every code it does not list")?;
            }
            PlatformTable::Crypto => {
                write!(
                    f,
                    ", the platform's payment documents {places} for cryptocurrencies (not stated for balances)"
                )?;
            }
        }
        write!(f, "; ask the account manager and set `currencies: {{{}: …}}` in the configuration", self.currency)
    }
}

fn iso_exponent(currency: Currency) -> Option<u8> {
    let exponent = iso_currency::Currency::from_code(currency.as_str())?.exponent()?;
    u8::try_from(exponent).ok()
}

/// Where in the platform's own material an exponent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlatformTable {
    /// Listed by code in the table of its public payment client.
    Listed,
    /// Not listed there: "2 for all else".
    Remainder,
    /// One of the cryptocurrencies, documented for payment and payout amounts.
    Crypto,
}

/// What the platform's public material says (its PHP client's `Money`, its list of cryptocurrencies).
fn platform_exponent(currency: Currency) -> (u8, PlatformTable) {
    match currency.as_str() {
        "BIF" | "BYR" | "CLF" | "CLP" | "CVE" | "DJF" | "GNF" | "IDR" | "IQD" | "IRR" | "ISK" | "JPY" | "KMF"
        | "KPW" | "KRW" | "LAK" | "LBP" | "MMK" | "PYG" | "RWF" | "SLL" | "STD" | "UYI" | "VND" | "VUV" | "XAF"
        | "XOF" | "XPF" => (0, PlatformTable::Listed),
        "MOP" => (1, PlatformTable::Listed),
        "BHD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => (3, PlatformTable::Listed),
        "AXS" | "BUSD" | "BTC" | "BTCB" | "BCH" | "BNB" | "ADA" | "CSC" | "DAI" | "DASH" | "DESU" | "DOGE" | "ETH"
        | "HT" | "HUSD" | "LTC" | "USDT" | "TRX" | "TUSD" | "USDC" | "XRP" => (8, PlatformTable::Crypto),
        _ => (2, PlatformTable::Remainder),
    }
}

#[cfg(test)]
mod tests;
