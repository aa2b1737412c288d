//! `docs/reliability.md` and the tests are the same table: no cell is listed without its test, and no promise is made
//! that is not held to.
//!
//! What stands between the page's two marks is written from the rows when `UPDATE_DOCS` is set; the rest is by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::row::{Api, Balance, Row, Sibling, Wait};
use super::{Group, groups};

const BEGIN: &str = "<!-- Generated from the tests by `make docs`; a test holds the two equal. -->\n";
const END: &str = "<!-- End of what is generated. -->\n";

/// The tables of the matrix.
fn matrix() -> String {
    groups().iter().fold(String::new(), |mut text, group| {
        let _ = write!(text, "\n### {}\n\n{}\n{}", group.heading, promises(group), tests(group));
        text
    })
}

/// What happens meanwhile, fault by fault.
fn promises(group: &Group) -> String {
    let mut text = String::from(
        "| fault | reason | balance | next poll | other query at the host | log |\n|---|---|---|---|---|---|\n",
    );
    for row in &group.rows {
        let reason = row.reason.map_or_else(|| "none".to_owned(), |reason| format!("`{reason}`"));
        let (balance, next, sibling) = (balance(row), next(row), sibling(row));
        let _ = writeln!(text, "| {} | {reason} | {balance} | {next} | {sibling} | {} |", row.what, log(row));
    }
    text
}

/// The test of each cell, or why there is none.
fn tests(group: &Group) -> String {
    let mut text = format!(
        "| test in [`{0}`](../tests/it/faults/{0}.rs) | channel_balances | gateway_balance | beyag_balance |\n|---|---|---|---|\n",
        group.module
    );
    for row in &group.rows {
        let cell = |api: Api| match row.why_not(api) {
            Some(why) => format!("({why})"),
            None => format!("`{}::{}`", row.name, api.name()),
        };
        let [channels, gateway, beyag] = Api::ALL.map(cell);
        let _ = writeln!(text, "| {} | {channels} | {gateway} | {beyag} |", row.what);
    }
    text
}

const fn balance(row: &Row) -> &'static str {
    match row.balance {
        Balance::Kept => "kept",
        Balance::Never => "none",
        Balance::Withdrawn => "withdrawn",
        Balance::KeptThenReplaced => "kept until stale, then the one answered",
        Balance::GoesOn => "published, but that row",
    }
}

fn next(row: &Row) -> &'static str {
    match row.wait {
        _ if row.reason.is_none() => "interval",
        Wait::Interval => "interval",
        Wait::Backoff => "backoff",
        Wait::BackoffAfter(wait) if wait.as_secs() == 20 => "4 × interval",
        Wait::BackoffAfter(_) => "Retry-After, or backoff if longer",
        Wait::Limited(wait) if wait.as_secs() == 3600 => "an hour",
        Wait::Limited(wait) if wait.as_secs() == 5 => "5 s",
        Wait::Limited(_) => "Retry-After",
        Wait::LimitedDoubling => "interval, then doubling",
        Wait::Slow => "15 min",
        Wait::SlowFromTheThird => "interval; 15 min from the third on",
    }
}

const fn sibling(row: &Row) -> &'static str {
    match row.sibling {
        Sibling::None => "–",
        Sibling::GoesOn => "goes on",
        Sibling::Waits => "waits as long",
        Sibling::Fails => "fails too",
        Sibling::Circuit => "fails too, and one of the two waits for the other",
    }
}

fn log(row: &Row) -> &'static str {
    match row.wait {
        _ if row.reason.is_none() => "withheld",
        Wait::Limited(_) | Wait::LimitedDoubling if row.recovers() => "failing, limited, recovered",
        Wait::Limited(_) | Wait::LimitedDoubling => "failing, limited",
        _ if row.sibling == Sibling::Circuit => "failing, host, recovered",
        _ if row.recovers() => "failing, recovered",
        _ => "failing",
    }
}

#[test]
fn every_cell_of_the_matrix_has_its_test_and_every_test_its_cell() {
    let mut names = BTreeSet::new();
    for group in groups() {
        for row in &group.rows {
            assert!(names.insert(row.name), "two rows are named {}", row.name);
        }
        let cells = |row: &Row| {
            let tested = Api::ALL.into_iter().filter(|api| row.why_not(*api).is_none()).map(Api::name);
            (row.name, tested.collect::<Vec<_>>())
        };
        let listed: Vec<_> = group.rows.iter().map(cells).collect();
        let tested: Vec<_> = group.tested.iter().map(|(row, apis)| (*row, apis.to_vec())).collect();
        assert_eq!(listed, tested, "{}", group.heading);
    }
}

#[test]
fn the_matrix_on_the_page_is_the_one_that_is_tested() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md");
    let page = std::fs::read_to_string(&file).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("the mark of the beginning");
    let (_, after) = rest.split_once(END).expect("the mark of the end");
    let expected = format!("{before}{BEGIN}{}\n{END}{after}", matrix());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &expected).expect("it can be written");
    }
    let written = std::fs::read_to_string(&file).expect("the page");
    assert!(written == expected, "docs/reliability.md is not what is tested; run `make docs`");
}
