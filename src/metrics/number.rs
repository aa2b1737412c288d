//! Numbers of samples, and writing them: the shortest decimal that reads as the float Prometheus will hold.

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::money::{Exponent, MinorSum, MinorUnits};

/// Decimals of so many digits are each the shortest that reads as its float, so they can be written without a detour.
const EXACT: u64 = 1_000_000_000_000_000;

/// The number of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// A count.
    Whole(u64),
    /// A whole number of units below the point: its sign, its digits, and how many places they lie below.
    Decimal {
        /// Whether it is below 0.
        negative: bool,
        /// Below `EXACT`.
        digits: u64,
        /// How many of them are behind the point.
        places: u8,
    },
    /// Any other.
    Float(f64),
}

impl Number {
    /// 1 where it holds, else 0.
    pub(super) const fn truth(holds: bool) -> Self {
        Self::Whole(holds as u64)
    }

    /// An amount in major units.
    pub(super) fn amount(amount: MinorUnits, exponent: Exponent) -> Self {
        let digits = amount.0.unsigned_abs();
        if digits < EXACT {
            return Self::Decimal { negative: amount.0 < 0, digits, places: exponent.places() };
        }
        Self::Float(amount.to_major(exponent))
    }

    /// A sum of amounts in major units.
    pub(super) fn sum(sum: MinorSum, exponent: Exponent) -> Self {
        match u64::try_from(sum.minor_units()) {
            Ok(digits) if digits < EXACT => Self::Decimal { negative: false, digits, places: exponent.places() },
            _ => Self::Float(sum.to_major(exponent)),
        }
    }

    /// A time in Unix seconds, to the millisecond, as Prometheus keeps times. Times before 1970 do not occur.
    pub(super) fn time(time: SystemTime) -> Self {
        let millis = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        match u64::try_from(millis) {
            Ok(digits) if digits < EXACT => Self::Decimal { negative: false, digits, places: 3 },
            _ => Self::Float(f64::INFINITY),
        }
    }

    /// Writes it as Rust writes the float it is.
    pub(super) fn write(self, text: &mut Vec<u8>) {
        match self {
            Self::Whole(number) => text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            Self::Decimal { negative, digits, places } => {
                if negative && digits > 0 {
                    text.push(b'-');
                }
                write_decimal(digits, places, text);
            }
            // Writing to a vector does not fail.
            Self::Float(number) => drop(write!(text, "{number}")),
        }
    }
}

impl From<f64> for Number {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number that is in range")]
    fn from(number: f64) -> Self {
        let is_whole = number.is_sign_positive() && number < 1e15 && number.fract() == 0.0;
        if is_whole { Self::Whole(number as u64) } else { Self::Float(number) }
    }
}

/// Writes digits with a point before the last `places` of them, and no zeros at the end behind it.
fn write_decimal(mut digits: u64, mut places: u8, text: &mut Vec<u8>) {
    while places > 0 && digits.is_multiple_of(10) {
        digits /= 10;
        places -= 1;
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(digits).as_bytes();
    let places = usize::from(places);
    if places == 0 {
        text.extend_from_slice(digits);
    } else if digits.len() > places {
        let (whole, fraction) = digits.split_at(digits.len() - places);
        text.extend_from_slice(whole);
        text.push(b'.');
        text.extend_from_slice(fraction);
    } else {
        text.extend_from_slice(b"0.");
        text.resize(text.len() + places - digits.len(), b'0');
        text.extend_from_slice(digits);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::{any, proptest};

    use super::*;

    fn written(number: Number) -> String {
        let mut text = Vec::new();
        number.write(&mut text);
        String::from_utf8(text).unwrap()
    }

    fn exponent(places: u8) -> Exponent {
        Exponent::new(places).unwrap()
    }

    #[test]
    fn amounts_have_their_point_and_no_zeros_behind() {
        for (amount, places, expected) in [
            (6_623_871_674, 2, "66238716.74"),
            (5_000, 2, "50"),
            (5, 2, "0.05"),
            (-5, 2, "-0.05"),
            (-500, 2, "-5"),
            (50, 3, "0.05"),
            (0, 2, "0"),
            (7, 0, "7"),
            (1, 18, "0.000000000000000001"),
            (i64::MAX, 2, "92233720368547760"),
            (i64::MIN, 0, "-9223372036854776000"),
        ] {
            assert_eq!(written(Number::amount(MinorUnits(amount), exponent(places))), expected, "{amount} {places}");
        }
    }

    #[test]
    fn times_have_three_places_at_most() {
        let time = |millis| Number::time(UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(written(time(1_771_243_200_000)), "1771243200");
        assert_eq!(written(time(1_771_243_200_250)), "1771243200.25");
        assert_eq!(written(Number::time(UNIX_EPOCH + Duration::from_nanos(1_999_999))), "0.001");
    }

    proptest! {
        #[test]
        fn a_float_is_written_as_rust_writes_it(number in any::<f64>(), whole in any::<i32>()) {
            let whole = f64::from(whole);
            for number in [number, whole, whole * 999_983.0, whole / 8.0, 1e15, 1e15 - 1.0, -0.0, f64::INFINITY] {
                assert_eq!(written(number.into()), number.to_string());
            }
        }

        #[test]
        fn an_amount_is_written_as_the_float_it_is(amount in any::<i64>(), shift in 0_u32..63, places in 0_u8..=18) {
            let (amount, exponent) = (MinorUnits(amount >> shift), exponent(places));
            let float = amount.to_major(exponent);
            // There is no negative zero among amounts.
            assert_eq!(written(Number::amount(amount, exponent)), float.to_string());
        }

        #[test]
        fn a_sum_is_written_as_the_float_it_is(amount in any::<i64>(), shift in 0_u32..63, places in 0_u8..=18) {
            let mut sum = MinorSum::default();
            sum.add_distance(MinorUnits(0), MinorUnits(amount >> shift));
            assert_eq!(written(Number::sum(sum, exponent(places))), sum.to_major(exponent(places)).to_string());
        }
    }
}
