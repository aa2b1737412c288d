//! What fuzzing kept is read again by every test run: nothing in fuzz/seeds and fuzz/corpus breaks what must hold of
//! every input.
#![expect(clippy::panic, clippy::expect_used, reason = "a property that does not hold is a panic")]

/// What must hold, shared with the fuzz targets.
#[path = "../fuzz/src/lib.rs"]
pub mod properties;

use std::fs;
use std::path::Path;

/// Reads every input of a target that was kept.
fn holds(target: &str) {
    let (_, check) = properties::TARGETS.into_iter().find(|(name, _)| *name == target).expect("a target of that name");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut read = 0;
    // A target may have nothing in fuzz/corpus yet; git keeps no empty folder.
    let kept = ["seeds", "corpus"].map(|kept| folder.join(kept).join(target));
    for kept in kept.into_iter().filter(|kept| kept.exists()) {
        for file in fs::read_dir(kept).expect("inputs that were kept") {
            let path = file.expect("a file").path();
            let input = fs::read(&path).expect("an input");
            assert!(std::panic::catch_unwind(|| check(&input)).is_ok(), "{} breaks it", path.display());
            read += 1;
        }
    }
    assert!(read > 0, "nothing was read");
}

#[test]
fn what_was_kept_of_channel_balances_holds() {
    holds("channel_balances");
}

#[test]
fn what_was_kept_of_gateway_balance_holds() {
    holds("gateway_balance");
}

#[test]
fn what_was_kept_of_beyag_balance_holds() {
    holds("beyag_balance");
}

#[test]
fn what_was_kept_of_refusal_holds() {
    holds("refusal");
}

#[test]
fn what_was_kept_of_configuration_holds() {
    holds("configuration");
}

#[test]
fn what_was_kept_of_scenario_holds() {
    holds("scenario");
}

#[test]
fn what_was_kept_of_http_basic_holds() {
    holds("http_basic");
}

#[test]
fn what_was_kept_of_web_configuration_holds() {
    holds("web_configuration");
}
