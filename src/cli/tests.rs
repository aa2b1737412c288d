//! Values of flags, each judged by name.

use super::*;

#[test]
fn the_index_of_a_shard_is_a_number_or_ends_the_name_of_a_pod() {
    for (text, index) in [("3", 3), ("0", 0), ("overpay-exporter-3", 3), ("a-b-12", 12), ("overpay-exporter-a-0", 0)] {
        assert_eq!(shard_index(text), Ok(index), "{text}");
    }
}

#[test]
fn what_ends_in_no_number_is_no_index_of_a_shard() {
    let bad = [
        "",
        "-",
        "-3",
        "+3",
        "overpay-exporter",
        "overpay-exporter-",
        "overpay-exporter3",
        "overpay-exporter-+3",
        "overpay-exporter-7d9f8c6b5-x2k4l",
        "overpay-exporter-3 ",
        "overpay-exporter-4294967296",
        "1.5",
        "\u{0663}",
    ];
    for text in bad {
        let said = shard_index(text).unwrap_err();
        assert!(said.ends_with("as overpay-exporter-3"), "{text}: {said}");
    }
}

#[test]
fn the_total_is_a_number_of_processes_that_somebody_may_run() {
    assert_eq!(shard_total("1"), Ok(NonZeroU32::MIN));
    assert_eq!(shard_total("10000").map(NonZeroU32::get), Ok(10_000));
    for text in ["0", "10001", "", "-1", "+4", "four", "overpay-exporter-4", "4.0"] {
        assert_eq!(shard_total(text), Err("write a whole number from 1 to 10000".to_owned()), "{text}");
    }
}
