//! The files that a package puts below `/etc`.

use std::path::Path;
use std::process::Command;

use overpay_exporter::config::{Config, Environment};

use super::flags;

fn shipped(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name);
    std::fs::read_to_string(file).expect("it is there")
}

/// Reads a configuration as the packaged unit would, with the key `main`.
fn read(text: &str) -> Config {
    let credentials = tempfile::tempdir().expect("a folder");
    std::fs::write(credentials.path().join("key_main"), "made up").expect("written");
    let folder = credentials.path().to_str().expect("UTF-8").to_owned();
    let environment = Environment::new(move |name| (name == "CREDENTIALS_DIRECTORY").then(|| folder.clone()));
    Config::read("overpay_exporter.example.yml", text, Path::new("/nowhere"), &environment)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_example_can_be_served_with_its_key_as_a_credential() {
    let config = read(&shipped("overpay_exporter.example.yml"));
    assert_eq!(config.shops[0].secret_key.expose(), "made up");
    assert_eq!(config.queries.len(), 2);
}

#[test]
fn what_the_example_has_in_comments_can_be_served_too() {
    let text = shipped("overpay_exporter.example.yml");
    let uncommented =
        text.lines().map(|line| line.strip_prefix("    # ").map_or(line.to_owned(), |line| format!("    {line}")));
    let uncommented: Vec<String> = uncommented.collect();
    assert_eq!(read(&uncommented.join("\n")).queries.len(), 4);
}

/// The variables of the file for `/etc/default` with their values, all of them in comments.
fn variables() -> Vec<(String, String)> {
    let text = shipped("overpay_exporter.default");
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "nothing is set as it is shipped");
    let assignments = text.lines().filter_map(|line| line.strip_prefix("#OVERPAY_EXPORTER_")?.split_once('='));
    assignments.map(|(name, value)| (format!("OVERPAY_EXPORTER_{name}"), value.to_owned())).collect()
}

#[test]
fn the_defaults_have_the_variable_of_every_flag_of_serve_and_no_other() {
    let flags = flags("serve");
    let mut expected: Vec<&str> = flags.values().filter_map(|flag| flag.variable.as_deref()).collect();
    let variables = variables();
    let mut written: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    expected.sort_unstable();
    written.sort_unstable();
    assert_eq!(written, expected);
}

#[test]
fn the_defaults_are_those_of_the_flags_but_for_what_the_unit_sets() {
    let variables = variables();
    for flag in flags("serve").values().filter(|flag| flag.variable.is_some()) {
        let (name, value) =
            variables.iter().find(|(name, _)| Some(name) == flag.variable.as_ref()).expect("it is there");
        let expected = match name.as_str() {
            "OVERPAY_EXPORTER_CONFIG_FILE" => "/etc/overpay_exporter/overpay_exporter.yml",
            "OVERPAY_EXPORTER_WEB_SYSTEMD_SOCKET" => "true",
            "OVERPAY_EXPORTER_WEB_ENABLE_LIFECYCLE" => "false",
            _ => flag.default.as_deref().unwrap_or_default(),
        };
        assert_eq!(value, expected, "{name}");
    }
}

#[test]
fn the_program_takes_the_defaults_as_they_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing.yml");
    let output = Command::new(env!("CARGO_BIN_EXE_overpay_exporter"))
        .envs(variables())
        .env("OVERPAY_EXPORTER_CONFIG_FILE", &missing)
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&output.stderr);
    // Every flag was understood, so that all it misses is the file.
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("missing.yml") && !told.contains("error: invalid"), "{told}");
}
