//! Every error of reading names its place, its key and what to write, and nothing that stands in the file.

use std::collections::BTreeMap;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct File {
    word: String,
    number: Option<Located<u16>>,
    amount: Option<Located<f64>>,
    switch: Option<bool>,
    choice: Option<Choice>,
    list: Option<Vec<Located<String>>>,
    block: Option<Located<Block>>,
    #[serde(default)]
    by_id: BTreeMap<u64, Located<Block>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Block {
    secret_key_file: Option<Located<String>>,
    many: Option<Located<Vec<Located<u8>>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    This,
    That,
}

fn good(text: &str) -> File {
    read("f.yml", text).unwrap()
}

/// What is told of a text that can't be read.
fn told(text: &str) -> String {
    read::<File>("f.yml", text).unwrap_err().to_string()
}

#[test]
fn a_value_knows_its_place() {
    let file = good("word: a\nnumber:   17\n");
    let number = file.number.unwrap();
    assert_eq!((*number, number.place), (17, Place { line: 2, column: 11 }));
}

#[test]
fn a_block_knows_its_place() {
    assert_eq!(good("word: a\nblock: {many: []}\n").block.unwrap().place, Place { line: 2, column: 8 });
}

#[test]
fn places_sort_by_line_and_then_by_column() {
    let place = |line, column| Place { line, column };
    assert!(place(1, 9) < place(2, 1) && place(2, 1) < place(2, 2));
}

#[test]
fn a_missing_key_is_named() {
    assert_eq!(told("number: 1\n"), "f.yml:1:1: word: missing key; write it");
}

#[test]
fn an_unknown_key_is_named_with_those_that_are_known() {
    assert_eq!(
        told("word: a\nwrod: hunter2\n"),
        "f.yml:2:1: wrod: unknown key; known here: word, number, amount, switch, choice, list, block, by_id"
    );
}

#[test]
fn an_unknown_key_inside_a_block_is_named_with_its_path() {
    assert_eq!(
        told("word: a\nby_id:\n  7:\n    few: hunter2\n"),
        "f.yml:4:5: by_id.7.few: unknown key; known here: secret_key_file, many"
    );
}

#[test]
fn a_secret_in_the_file_is_told_to_go_elsewhere() {
    assert_eq!(
        told("word: a\nblock:\n  secret_key: hunter2\n"),
        "f.yml:3:3: block.secret_key: unknown key; a secret is never written into this file; write one of \
         secret_key_file, secret_key_env, secret_key_credential"
    );
}

#[test]
fn a_doubled_key_is_named() {
    assert_eq!(told("word: a\nword: hunter2\n"), "f.yml:2:1: word: this key stands here twice; keep one of the two");
}

#[test]
fn a_text_in_place_of_a_number() {
    assert_eq!(told("word: a\nnumber: hunter2\n"), "f.yml:2:9: number: found a text; write a whole number");
}

#[test]
fn a_number_that_is_too_large() {
    assert_eq!(told("word: a\nnumber: 65536\n"), "f.yml:2:9: number: found a number or text; write a whole number");
}

#[test]
fn a_number_below_zero_inside_a_flow() {
    assert_eq!(
        told("{word: a, number: -1, switch: true}\n"),
        "f.yml:1:19: number: found a number or text; write a whole number"
    );
}

#[test]
fn a_text_in_place_of_an_amount() {
    assert_eq!(told("word: a\namount: hunter2\n"), "f.yml:2:9: amount: found a text; write a number");
}

#[test]
fn a_text_in_place_of_true_or_false() {
    assert_eq!(told("word: a\nswitch: hunter2\n"), "f.yml:2:9: switch: found a text; write true or false");
}

#[test]
fn yes_is_not_true() {
    assert_eq!(told("word: a\nswitch: yes\n"), "f.yml:2:9: switch: found a text; write true or false");
}

#[test]
fn another_word_than_those_to_choose_from() {
    assert_eq!(told("word: a\nchoice: hunter2\n"), "f.yml:2:9: choice: found another word; write one of this, that");
}

#[test]
fn a_text_in_place_of_a_list() {
    assert_eq!(told("word: a\nlist: hunter2\n"), "f.yml:2:7: list: found a text; write a list");
}

#[test]
fn a_list_inside_a_list_is_named_by_its_index() {
    assert_eq!(told("word: a\nlist: [b, [hunter2]]\n"), "f.yml:2:11: list[1]: found a list; write a single value");
}

#[test]
fn an_element_of_a_list_that_has_a_place_of_its_own_is_named_by_its_index() {
    assert_eq!(
        told("word: a\nblock: {many: [1, hunter2]}\n"),
        "f.yml:2:19: block.many[1]: found a text; write a whole number"
    );
}

#[test]
fn a_list_in_place_of_a_single_value() {
    assert_eq!(told("word: [hunter2]\n"), "f.yml:1:7: word: found a list; write a single value");
}

#[test]
fn a_block_in_place_of_a_single_value() {
    assert_eq!(told("word:\n  hunter2: 1\n"), "f.yml:2:3: word: found a block of keys; write a single value");
}

#[test]
fn a_text_in_place_of_a_block() {
    assert_eq!(told("word: a\nblock: hunter2\n"), "f.yml:2:8: block: found a text; write a block of keys");
}

#[test]
fn nothing_in_place_of_a_single_value() {
    assert!(told("word:\nnumber: 1\n").ends_with("word: found nothing; write a single value"));
    assert!(told("{word: }\n").ends_with("word: found nothing; write a single value"));
}

#[test]
fn an_empty_file() {
    assert_eq!(told(""), "f.yml:1:1: found the end of the file; write the keys that belong here");
    assert_eq!(told("# nothing\n"), "f.yml:2:1: found the end of the file; write the keys that belong here");
}

#[test]
fn a_file_of_a_single_word() {
    assert_eq!(told("hunter2\n"), "f.yml:1:1: found a text; write a block of keys");
}

#[test]
fn a_list_of_the_values_alone_is_not_read_as_a_block_of_keys() {
    assert_eq!(told("word: a\nblock: [x, [1]]\n"), "f.yml:2:8: block: found a list; write a block of keys");
}

#[test]
fn a_second_document() {
    assert_eq!(told("word: a\n---\nword: hunter2\n"), "f.yml:2:1: found a second document; keep one in this file");
}

#[test]
fn an_anchor_may_be_used_again() {
    let file = good("word: &name abc\nlist: [*name]\n");
    assert_eq!(file.list.unwrap()[0].value, "abc");
}

#[test]
fn a_value_that_is_wrong_where_its_anchor_is_used_is_not_repeated() {
    let told = told("word: &name hunter2\nnumber: *name\n");
    assert!(told.starts_with("f.yml:") && told.ends_with(": number: found a text; write a whole number"), "{told}");
}

#[test]
fn a_tag_is_not_repeated() {
    assert_eq!(told("word: a\nchoice: !hunter2 that\n"), "f.yml:2:18: choice: found a tag; write the value without it");
}

#[test]
fn a_byte_order_mark_does_not_matter() {
    assert_eq!(good("\u{feff}word: a\n").word, "a");
}

#[test]
fn lines_that_end_in_the_way_of_windows_have_the_same_places() {
    assert_eq!(told("word: a\r\nnumber: hunter2\r\n"), "f.yml:2:9: number: found a text; write a whole number");
}

#[test]
fn columns_count_characters_not_bytes() {
    assert_eq!(told("{word: счёт, number: hunter2}"), "f.yml:1:22: number: found a text; write a whole number");
}

#[test]
fn a_great_depth_is_an_error_and_no_fault() {
    let deep = format!("word: {}hunter2{}", "[".repeat(20_000), "]".repeat(20_000));
    assert!(told(&deep).starts_with("f.yml:1:"));
}

/// Faults of the notation: the parser's own words, which hold nothing of the file.
#[test]
fn faults_of_the_notation_have_a_place_and_repeat_nothing() {
    let values = [
        "*hunter2",
        "!!int hunter2",
        "\"hunter2",
        "'hunter2",
        "[hunter2",
        "{hunter2",
        "%hunter2",
        "@hunter2",
        "`hunter2",
        "| hunter2",
        "|hunter2",
        "\"\\hunter2\"",
        "\"\\xhunter2\"",
        "hunter2: x",
        "- hunter2",
        "a\n  hunter2: [",
        "a\n hunter2: b",
        "a\nhunter2",
        "a\n[hunter2]: 1",
        "a\n<<: hunter2",
        "a\n<<: [hunter2]",
        "!!binary hunter2",
        "!!bool hunter2",
        "!!seq hunter2",
        "!!float hunter2",
        "hunter2\0",
        "\"hunter2\u{7}\"",
        "? hunter2",
        "!e!hunter2 x",
        "{<<: *hunter2}",
        "a\n\thunter2: 1",
        "a\n--- hunter2",
        "a\n... hunter2",
        "a\n%hunter2",
        "[hunter2: {]",
        "a\nnumber: !!int hunter2",
        "a\nnumber: \"hunter2\"",
        "a\nnumber: |\n  hunter2",
        "a\nchoice: {hunter2: 1}",
        "a\nchoice: [hunter2]",
        "a\nchoice: !hunter2 that\nlist: 1",
        "a\nby_id: {hunter2: {}}",
        "a\nby_id: {1: hunter2}",
        "a\nby_id: {[hunter2]: {}}",
        "a\nby_id: {{hunter2: 1}: {}}",
        "a\nlist:\n  - hunter2\n  hunter2: 1",
    ];
    for value in values {
        let text = format!("word: {value}\n");
        let Err(error) = read::<File>("f.yml", &text) else { panic!("{text:?} can be read") };
        let told = error.to_string();
        assert!(!told.contains("hunter2"), "{text:?} is told as {told}");
        assert!(told.starts_with("f.yml:") && !told.starts_with("f.yml:0:0"), "{text:?} is told as {told}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn an_unknown_key_that_may_hold_a_value_is_not_repeated() {
    for text in ["{word:hunter2}", "{word: a, hunter2}", "word: a\nblock: {secret_key:hunter2}\n", "? [hunter2]\n: a\n"]
    {
        let told = told(text);
        assert!(!told.contains("hunter2"), "{text:?} is told as {told}");
    }
}

#[test]
fn a_path_of_keys_is_told_up_to_what_no_key_holds() {
    assert_eq!(shown_key("shops[0].by_id.7"), "shops[0].by_id.7");
    assert_eq!(shown_key("shops[0].secret_key:hunter2"), "shops[0].secret_key…");
    assert_eq!(shown_key("brands.a\nb"), "brands.a…");
}

/// What is repeated: the key it stands behind, where, and the key it is repeated behind.
fn repeated(text: &str) -> Vec<(String, String, String)> {
    let key = |key: Option<String>| key.unwrap_or_else(|| "a key".to_owned());
    let told = |alias: Alias| (key(alias.behind), alias.place.to_string(), key(alias.repeated_behind));
    aliases(text).into_iter().map(told).collect()
}

fn told_as(behind: &str, place: &str, repeated_behind: &str) -> (String, String, String) {
    (behind.to_owned(), place.to_owned(), repeated_behind.to_owned())
}

#[test]
fn an_alias_knows_the_keys_that_its_value_stands_behind() {
    assert_eq!(repeated("a: &x 1\nb: *x\n"), [told_as("a", "1:7", "b")]);
}

#[test]
fn what_stands_in_a_list_stands_behind_its_key() {
    assert_eq!(repeated("a: [0, &x 1]\nb:\n- [*x]\n"), [told_as("a", "1:11", "b")]);
}

#[test]
fn behind_a_block_or_a_list_the_next_key_follows() {
    let text = "a: {b: [1], c: {}}\nd: &x 1\ne: [{f: [*x], g: *x}, *x]\n";
    let keys: Vec<_> = repeated(text).into_iter().map(|(behind, _, repeated)| behind + &repeated).collect();
    assert_eq!(keys, ["df", "dg", "de"]);
}

#[test]
fn a_key_may_be_repeated_as_a_key_and_as_a_value() {
    let text = "&x a: &y 1\nb: {*x : 2, *y : 3}\nc: *x\n*x : *y\n";
    assert_eq!(
        repeated(text),
        [
            told_as("a key", "1:4", "a key"),
            told_as("a", "1:10", "a key"),
            told_as("a key", "1:4", "c"),
            told_as("a key", "1:4", "a key"),
            told_as("a", "1:10", "a"),
        ]
    );
}

#[test]
fn lists_and_blocks_that_are_repeated_are_no_single_values() {
    assert_eq!(repeated("a: &x {b: 1}\nc: {<<: *x}\nd: &y [1]\ne: *y\n"), []);
}

#[test]
fn aliases_before_a_fault_of_the_notation_are_found() {
    assert_eq!(repeated("a: &x 1\nb: *x\nc: [").len(), 1);
}

/// Those lines, as many as are asked for, each made of its number and the number before.
fn lines(first: &str, count: u32, line: impl Fn(u32, u32) -> String) -> String {
    first.to_owned() + &(1..count).map(|n| line(n, n - 1)).collect::<Vec<_>>().concat()
}

#[test]
fn aliases_that_multiply_are_not_expanded() {
    let ten = |below| format!("*a{below}, ").repeat(10);
    let text = lines("a0: &a0 [&x 1]\n", 1000, |n, below| format!("a{n}: &a{n} [{}*x]\n", ten(below)));
    assert_eq!(aliases(&text).len(), 999);
}

#[test]
fn merges_that_multiply_are_an_error_and_no_fault() {
    let ten = |below| vec![format!("*a{below}"); 10].join(", ");
    let first = "word: a\nby_id:\n  0: &a0 {}\n";
    let told = told(&lines(first, 8, |n, below| format!("  {n}: &a{n} {{<<: [{}]}}\n", ten(below))));
    assert!(
        told.ends_with("found more than a file may hold; write less of it, or repeat less by aliases and merges"),
        "{told}"
    );
}
