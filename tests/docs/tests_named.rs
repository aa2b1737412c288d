//! The tests that `docs/threat-model.md` names as proof are there.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::tokens::{Token, tokens};

#[test]
fn every_test_that_the_threat_model_names_is_there() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for folder in ["src", "tests"] {
        tests_below(&root.join(folder), &mut tests)?;
    }
    let page = fs::read_to_string(root.join("docs/threat-model.md"))?;
    let named = named(&page);
    let lacking: Vec<_> = named.iter().filter(|name| !tests.contains(**name)).collect();
    assert!(lacking.is_empty(), "docs/threat-model.md names tests that are not there: {lacking:#?}");
    assert!(named.len() >= 20, "only {} tests are named", named.len());
    Ok(())
}

/// The names of functions below a folder that are marked as tests.
fn tests_below(folder: &Path, tests: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            tests_below(&path, tests)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tests.extend(tests_of(&fs::read_to_string(path)?));
        }
    }
    Ok(())
}

fn tests_of(source: &str) -> Vec<String> {
    let mut marked = false;
    let mut tests = Vec::new();
    for pair in tokens(source).windows(2) {
        match pair {
            [Token::Word(test), Token::Mark(']' | '(')] if test == "test" => marked = true,
            [Token::Word(function), Token::Word(name)] if function == "fn" && std::mem::take(&mut marked) => {
                tests.push(name.clone());
            }
            _ => {}
        }
    }
    tests
}

/// What a page has between backticks that is a name of a test: whole sentences in small letters, rooms before it aside.
fn named(page: &str) -> BTreeSet<&str> {
    let quoted = page.split('`').skip(1).step_by(2);
    let names = quoted.map(|quoted| quoted.rsplit("::").next().unwrap_or_default());
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    names.filter(|name| name.matches('_').count() >= 3 && name.chars().all(is_of_name)).collect()
}

#[test]
fn a_test_is_known_by_its_mark() {
    let source = "#[test] fn one() {} fn two() {} #[tokio::test(start_paused = true)] async fn three() {} fn four() {}";
    assert_eq!(tests_of(source), ["one", "three"]);
}

#[test]
fn names_of_tests_are_told_from_keys_and_units() {
    let page =
        "`secret_key_file`, `overpay_up` and `config::tests::a_key_is_read`; `LoadCredential=` is `no_test_of_ours`";
    assert_eq!(named(page), BTreeSet::from(["a_key_is_read", "no_test_of_ours"]));
}
