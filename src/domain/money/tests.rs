//! Amounts keep every digit, and an exponent is certain or not there at all.

use proptest::prelude::*;

use super::*;
use crate::domain::samples::currency;

fn places(count: u8) -> Exponent {
    Exponent::new(count).unwrap()
}

fn certain(code: &str) -> Option<u8> {
    Exponents::default().of(currency(code)).ok().map(Exponent::places)
}

fn doubt(code: &str) -> String {
    Exponents::default().of(currency(code)).unwrap_err().to_string()
}

#[test]
fn a_currency_is_printed_as_it_was_written() {
    assert_eq!(currency("USD").to_string(), "USD");
    assert_eq!(format!("{:?}", currency("USDT")), "USDT");
}

#[test]
fn a_currency_fills_the_width_it_is_given() {
    assert_eq!(format!("{:<6}|", currency("USD")), "USD   |");
}

#[test]
fn two_letters_are_the_shortest_currency() {
    assert_eq!(currency("HT").as_str(), "HT");
    assert_eq!("H".parse::<Currency>(), Err(MalformedCurrency));
}

#[test]
fn ten_characters_are_the_longest_currency() {
    assert_eq!(currency("ABCDEFGH90").as_str(), "ABCDEFGH90");
    assert_eq!("ABCDEFGH901".parse::<Currency>(), Err(MalformedCurrency));
}

#[test]
fn a_digit_may_follow_the_first_letter_of_a_currency() {
    assert_eq!(currency("C98").as_str(), "C98");
}

#[test]
fn a_currency_does_not_begin_with_a_digit() {
    assert_eq!("1INCH".parse::<Currency>(), Err(MalformedCurrency));
}

#[test]
fn a_currency_in_lower_case_is_malformed() {
    assert_eq!("usd".parse::<Currency>(), Err(MalformedCurrency));
    assert_eq!("USd".parse::<Currency>(), Err(MalformedCurrency));
}

#[test]
fn a_currency_in_cyrillic_letters_that_look_latin_is_malformed() {
    assert_eq!("Р\u{423}В".parse::<Currency>(), Err(MalformedCurrency));
    assert_eq!("US\u{420}".parse::<Currency>(), Err(MalformedCurrency));
}

#[test]
fn a_currency_with_spaces_is_malformed() {
    for text in [" USD", "USD ", "U D", "USD\n", "USD\0"] {
        assert_eq!(text.parse::<Currency>(), Err(MalformedCurrency), "{text:?}");
    }
}

#[test]
fn an_empty_currency_is_malformed() {
    assert_eq!("".parse::<Currency>(), Err(MalformedCurrency));
}

#[test]
fn currencies_sort_by_their_codes() {
    let mut codes = ["USDT", "EUR", "USD", "HT"].map(currency);
    codes.sort();
    assert_eq!(codes.map(|code| code.to_string()), ["EUR", "HT", "USD", "USDT"]);
}

#[test]
fn the_documented_amount_in_rub_has_two_decimal_places() {
    assert_eq!(MinorUnits(6_623_871_674).to_decimal(places(2)), "66238716.74");
    assert_eq!(MinorUnits(6_623_871_674).to_major(places(2)).to_string(), "66238716.74");
}

#[test]
fn without_decimal_places_no_point_is_written() {
    assert_eq!(MinorUnits(50_000).to_decimal(places(0)), "50000");
    assert_eq!(MinorUnits(-7).to_decimal(places(0)), "-7");
}

#[test]
fn an_amount_below_one_keeps_its_leading_zeros() {
    assert_eq!(MinorUnits(5).to_decimal(places(3)), "0.005");
    assert_eq!(MinorUnits(-5).to_decimal(places(2)), "-0.05");
    assert_eq!(MinorUnits(1).to_decimal(places(8)), "0.00000001");
}

#[test]
fn zero_keeps_its_decimal_places_and_no_sign() {
    assert_eq!(MinorUnits(0).to_decimal(places(2)), "0.00");
    assert!(MinorUnits(0).to_major(places(2)).is_sign_positive());
}

#[test]
fn the_smallest_amount_is_written_in_full() {
    assert_eq!(MinorUnits(i64::MIN).to_decimal(places(2)), "-92233720368547758.08");
    assert_eq!(MinorUnits(i64::MIN).to_decimal(places(0)), "-9223372036854775808");
}

#[test]
fn the_largest_amount_is_written_in_full_at_the_largest_exponent() {
    assert_eq!(MinorUnits(i64::MAX).to_decimal(places(18)), "9.223372036854775807");
}

#[test]
fn beyond_2_to_the_53rd_a_sample_is_rounded_once() {
    // As a float divided by a float it would be rounded twice.
    for minor in [(1 << 53) + 1, 9_007_199_254_740_995, i64::MAX, i64::MIN, i64::MAX - 512] {
        for exponent in [0, 2, 3, 8, 18].map(places) {
            let exact: f64 = MinorUnits(minor).to_decimal(exponent).parse().unwrap();
            assert_eq!(MinorUnits(minor).to_major(exponent).to_bits(), exact.to_bits(), "{minor}");
        }
    }
}

proptest! {
    #[test]
    fn a_decimal_holds_every_digit_of_the_amount(minor: i64, exponent in 0..=Exponent::MAX) {
        let decimal = MinorUnits(minor).to_decimal(places(exponent));
        let fraction = decimal.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        prop_assert_eq!(fraction, usize::from(exponent));
        prop_assert_eq!(decimal.replace('.', "").parse::<i64>(), Ok(minor));
    }

    #[test]
    fn a_sample_is_the_number_nearest_to_the_decimal(minor: i64, exponent in 0..=Exponent::MAX) {
        let exact: f64 = MinorUnits(minor).to_decimal(places(exponent)).parse().unwrap();
        prop_assert_eq!(MinorUnits(minor).to_major(places(exponent)).to_bits(), exact.to_bits());
    }

    #[test]
    fn a_sample_of_an_everyday_amount_prints_as_its_decimal(minor in -1_000_000_000_000_i64..1_000_000_000_000) {
        let sample = MinorUnits(minor).to_major(places(2));
        prop_assert_eq!(format!("{sample:.2}"), MinorUnits(minor).to_decimal(places(2)));
    }

    #[test]
    fn a_sum_of_distances_is_the_same_up_and_down(from: i64, to: i64) {
        let (mut up, mut down) = (MinorSum::default(), MinorSum::default());
        up.add_distance(MinorUnits(from), MinorUnits(to));
        down.add_distance(MinorUnits(to), MinorUnits(from));
        prop_assert_eq!(up, down);
    }
}

#[test]
fn a_sum_begins_at_zero() {
    assert!(MinorSum::default().to_major(places(2)).abs() < f64::EPSILON);
}

#[test]
fn a_sum_adds_distances_in_minor_units_before_it_is_divided() {
    let mut sum = MinorSum::default();
    for _ in 0..10 {
        sum.add_distance(MinorUnits(0), MinorUnits(10));
    }
    // Ten times 0.1 added as floats would be 0.9999999999999999.
    assert_eq!(sum.to_major(places(2)).to_bits(), 1.0_f64.to_bits());
}

#[test]
fn a_sum_does_not_overflow() {
    let mut sum = MinorSum::default();
    for _ in 0..1000 {
        sum.add_distance(MinorUnits(i64::MIN), MinorUnits(i64::MAX));
    }
    assert_eq!(sum.to_major(places(0)).to_bits(), 18_446_744_073_709_551_615_000_f64.to_bits());
}

#[test]
fn eighteen_decimal_places_are_the_most() {
    assert_eq!(Exponent::new(18).map(Exponent::places), Some(18));
    assert_eq!(Exponent::new(19), None);
}

#[test]
fn what_iso_and_the_platform_agree_on_is_built_in() {
    let agreed = [
        ("USD", 2),
        ("EUR", 2),
        ("RUB", 2),
        ("BYN", 2),
        ("HUF", 2),
        ("UAH", 2),
        ("KZT", 2),
        ("MGA", 2),
        ("MRU", 2),
        ("UZS", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("CLP", 0),
        ("ISK", 0),
        ("VND", 0),
        ("XAF", 0),
        ("XOF", 0),
        ("XPF", 0),
        ("PYG", 0),
        ("RWF", 0),
        ("BIF", 0),
        ("DJF", 0),
        ("GNF", 0),
        ("KMF", 0),
        ("VUV", 0),
        ("UYI", 0),
        ("BHD", 3),
        ("JOD", 3),
        ("KWD", 3),
        ("LYD", 3),
        ("OMR", 3),
        ("TND", 3),
    ];
    for (code, exponent) in agreed {
        assert_eq!(certain(code), Some(exponent), "{code}");
    }
}

#[test]
fn where_iso_and_the_platform_differ_nothing_is_built_in() {
    for code in ["CLF", "CVE", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MMK", "SLL", "STD", "UGX", "MOP"] {
        assert_eq!(certain(code), None, "{code}");
    }
}

#[test]
fn a_difference_names_both_candidates_and_their_sources() {
    assert_eq!(
        doubt("IDR"),
        "the exponent of IDR is not certain: ISO 4217 gives 2, the platform's payment client 0; ask the account \
         manager and set `currencies: {IDR: …}` in the configuration"
    );
    assert!(doubt("MOP").contains("ISO 4217 gives 2, the platform's payment client 1;"), "{}", doubt("MOP"));
    assert!(doubt("CLF").contains("ISO 4217 gives 4, the platform's payment client 0;"), "{}", doubt("CLF"));
    assert!(
        doubt("UGX")
            .contains("ISO 4217 gives 0, the platform's payment client counts 2 for every code it does not list;"),
        "{}",
        doubt("UGX")
    );
}

#[test]
fn uyw_which_the_platform_does_not_list_and_iso_gives_four_places_is_withheld() {
    assert!(doubt("UYW").contains("ISO 4217 gives 4"), "{}", doubt("UYW"));
}

#[test]
fn cryptocurrencies_are_withheld_with_eight_places_as_a_candidate_from_the_payment_documents() {
    let codes = [
        "AXS", "BUSD", "BTC", "BTCB", "BCH", "BNB", "ADA", "CSC", "DAI", "DASH", "DESU", "DOGE", "ETH", "HT", "HUSD",
        "LTC", "USDT", "TRX", "TUSD", "USDC", "XRP",
    ];
    for code in codes {
        let doubt = doubt(code);
        let candidate = "the platform's payment documents 8 for cryptocurrencies (not stated for balances)";
        assert!(doubt.contains(candidate), "{code}: {doubt}");
        assert!(doubt.contains("ISO 4217 gives none"), "{code}: {doubt}");
    }
}

#[test]
fn a_code_nobody_lists_is_withheld() {
    assert_eq!(certain("ZZZ"), None);
    assert!(doubt("ZZZ").contains("ISO 4217 gives none"), "{}", doubt("ZZZ"));
}

#[test]
fn codes_of_metals_and_of_no_currency_are_withheld() {
    for code in ["XAU", "XAG", "XXX", "XTS", "XDR"] {
        assert_eq!(certain(code), None, "{code}");
    }
}

#[test]
fn the_configuration_settles_a_doubt() {
    let exponents = Exponents::new([(currency("USDT"), places(6))].into());
    assert_eq!(exponents.of(currency("USDT")), Ok(places(6)));
    assert!(exponents.of(currency("BTC")).is_err());
}

#[test]
fn the_configuration_goes_before_the_built_in_table() {
    let exponents = Exponents::new([(currency("USD"), places(3))].into());
    assert_eq!(exponents.of(currency("USD")), Ok(places(3)));
    assert_eq!(exponents.of(currency("EUR")), Ok(places(2)));
}

#[test]
fn a_distance_is_exact_in_as_many_places_as_either_has() {
    let distance = |amount, places, major| MinorUnits(amount).distance(Exponent::new(places).unwrap(), major);
    assert_eq!(distance(4_541_004, 2, 20_000.0).as_deref(), Some("25410.04"));
    assert_eq!(distance(50_000, 2, 10_000.0).as_deref(), Some("9500.00"));
    assert_eq!(distance(-1, 2, 0.125).as_deref(), Some("0.135"));
    assert_eq!(distance(7, 0, 7.0).as_deref(), Some("0"));
    assert_eq!(distance(i64::MIN, 18, 0.0).as_deref(), Some("9.223372036854775808"));
    assert_eq!(distance(1, 2, 1e300), None);
}
