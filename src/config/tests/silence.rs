//! No error repeats a value of the file, unless it stands where nothing secret can.

use proptest::prelude::*;

use super::*;

const MARKER: &str = "hunter2";

/// Keys whose values are repeated, since they can hold nothing secret: durations, codes, names, paths and addresses.
const HARMLESS: [&str; 13] = [
    "interval",
    "timeout",
    "stale_after",
    "max_data_age",
    "currencies",
    "currency",
    "assume_currency",
    "brand",
    "ca_file",
    "gateway_url",
    "api_url",
    "backoffice_url",
    "details",
];

/// What a value that is wrong may look like.
fn markers() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "M",
        "'M'",
        "\"M\"",
        "[M]",
        "{M: 1}",
        "*M",
        "&M x",
        "!M x",
        "!!int M",
        "\"M",
        "'M",
        "[M",
        "{M",
        "|M",
        "| M",
        ">M",
        "@M",
        "`M",
        "%M",
        "M: x",
        "- M",
        "? M",
        "\"\\M\"",
        "\"\\uM\"",
        "[[M]]",
        "{M: {M: M}}",
        "M #",
        "M\tM",
        "!!binary M",
        "!!float M",
        "\"M\\0\"",
        "<<: M",
        "M, M",
        "M]",
        "M}",
        "https://M@M",
        "12M",
        "-M",
        "1e9M",
        ".M",
        "~M",
    ])
    .prop_map(|marker| marker.replace('M', MARKER))
}

/// The documented example without its certificates, which are not there.
fn example() -> Vec<String> {
    include_str!("documented.yml").lines().filter(|line| !line.contains("ca_file")).map(str::to_owned).collect()
}

/// The lines of the example that have a value, where it begins, and its key.
fn values() -> Vec<(usize, usize, String)> {
    example()
        .iter()
        .enumerate()
        .filter_map(|(line, text)| {
            let (key, value) = text.split_once(": ")?;
            let key = key.trim_start_matches([' ', '-']);
            (!value.is_empty() && !HARMLESS.contains(&key)).then_some((line, text.len() - value.len(), key.to_owned()))
        })
        .collect()
}

fn all_that_is_told(text: &str) -> String {
    match load(text) {
        Ok(config) => format!("{:?}", config.shops.iter().map(|shop| &shop.secret_key).collect::<Vec<_>>()),
        Err(error) => format!("{error}\n{error:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_value_that_is_wrong_is_not_repeated(at: prop::sample::Index, marker in markers()) {
        let values = values();
        let (line, column, key) = at.get(&values);
        let mut lines = example();
        lines[*line].truncate(*column);
        lines[*line].push_str(&marker);
        let text = lines.join("\n");
        let told = all_that_is_told(&text);
        // What stands at the place of a key is a key, and keys are named.
        let as_a_key = told.contains("unknown key;") || told.contains(&format!(".{MARKER}"));
        prop_assert!(!told.contains(MARKER) || as_a_key, "{key}: {marker} is told as {told}");
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_repeated(marker in markers(), source in 0..5_usize) {
        let key = ["secret_key_file", "secret_key_env", "secret_key_credential", "secret_key", "secret"][source];
        let text = format!("shops:\n- name: main\n  shop_id: 363\n  {key}: {marker}\n");
        let told = all_that_is_told(&text);
        prop_assert!(!told.contains(MARKER), "{key}: {marker} is told as {told}");
    }

    #[test]
    fn the_lines_around_a_fault_are_not_repeated(line: prop::sample::Index, fault in "[\\[{\"'*&!%@`|>:?,}\\] -]{1,4}") {
        let mut lines: Vec<String> = example().iter().map(|line| line.replace("main.key", MARKER)).collect();
        lines.insert(line.index(lines.len()), fault);
        let told = all_that_is_told(&lines.join("\n"));
        prop_assert!(!told.contains(MARKER), "{told}");
    }
}
