//! A secret key has one source, and no message says what that key of the file holds.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// What is told of a shop with those lines in place of its `secret_key_env`, read in that folder and environment.
fn told_in(folder: &Path, environment: &Environment, lines: &str) -> String {
    let text = format!("shops:\n- name: main\n  shop_id: 363\n{lines}");
    let told = Config::read("f.yml", &text, folder, environment).unwrap_err().to_string();
    assert!(!told.contains("hunter2"), "{told}");
    told
}

fn told_of_source(lines: &str) -> String {
    told_in(Path::new("/nowhere"), &environment(), lines)
}

fn key_of(folder: &Path, environment: &Environment, line: &str) -> String {
    let text = format!("shops:\n- name: main\n  shop_id: 363\n  {line}\n");
    Config::read("f.yml", &text, folder, environment).unwrap().shops[0].secret_key.expose().to_owned()
}

/// An environment in which systemd passed the credentials in that folder.
fn with_credentials(folder: &Path) -> Environment {
    let folder = folder.to_str().unwrap().to_owned();
    Environment::new(move |name| (name == "CREDENTIALS_DIRECTORY").then(|| folder.clone()))
}

#[test]
fn a_key_file_of_several_lines_is_told_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.key"), "hunter2\n# rotated in spring\n").unwrap();
    let told = told_in(folder.path(), &environment(), "  secret_key_file: main.key\n");
    assert!(told.contains("more than one line"), "{told}");
}

/// What is told of a source of that notation whose anchor `k` another key repeats.
fn told_of_anchor(source: &str) -> String {
    let text = format!("shops:\n- name: a\n  shop_id: 1\n{source}\npoll: {{interval: *k}}\n");
    load(&text).unwrap_err().to_string()
}

#[test]
fn an_anchor_on_a_source_of_the_secret_that_another_key_repeats_is_told() {
    assert_eq!(
        told_of_anchor("  secret_key_env: &k hunter2"),
        "f.yml:4:22: secret_key_env: an alias repeats this behind another key; write it without"
    );
}

#[test]
fn an_anchor_on_a_source_of_the_secret_is_told_however_it_is_written() {
    let sources = [
        "  secret_key_env: !!str &k hunter2",
        "  secret_key_env: &k !!str hunter2",
        "  secret_key_env:\n    &k hunter2",
        "  secret_key_env: # here\n    &k \"hunter2\"",
        "  ? secret_key_env\n  : &k hunter2",
        "  \"secret\\x5fkey_env\": &k hunter2",
        "  secret_key_env: &k |\n    hunter2",
        "- {secret_key_env: A, name: b, shop_id: 2}\n- {secret_key_env: &k hunter2}",
    ];
    for source in sources {
        let told = told_of_anchor(source);
        assert!(told.contains("secret_key_env: an alias repeats this"), "{source} is told as {told}");
        assert!(!told.contains("hunter2"), "{source} is told as {told}");
    }
}

#[test]
fn a_key_that_repeats_a_source_of_the_secret_is_told() {
    let text = "shops:\n- name: a\n  shop_id: 1\n  secret_key_env: &k hunter2\ncurrencies: {*k : 99}\n";
    assert!(!told_of(text).contains("hunter2"), "{}", told_of(text));
}

#[test]
fn shops_may_repeat_the_source_of_their_secret() {
    let text = "shops:\n- &a\n  name: a\n  shop_id: 1\n  secret_key_env: &k KEY\n- {name: b, shop_id: 2, secret_key_env: *k}\n\
                - {<<: *a, name: c}\n";
    assert_eq!(load(text).unwrap().shops.len(), 3);
}

#[test]
fn a_source_of_the_secret_without_its_space_is_not_repeated() {
    for text in [
        "{secret_key_env:hunter2}",
        "{secret_key:hunter2}",
        "{shops: [{name: a, secret_key:hunter2}]}",
        "secret_key: 1\nsecret_key:hunter2: 2",
    ] {
        let told = told_of(text);
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_value_that_takes_in_what_follows_for_want_of_a_quote_is_not_repeated() {
    let follows = "\n    secret_key_env: hunter2\n    shop_id: \"363\"";
    for key in [
        "poll: {interval: \"30s",
        "shops: [{name: \"a",
        "brands: {\"b",
        "currencies: {\"USD",
        "shops: [{name: a, shop_id: 1, brand: \"c",
    ] {
        let told = told_of(&format!("{key}{follows}"));
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn a_key_is_read_from_a_file_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.key"), "s3cr3t\n").unwrap();
    assert_eq!(key_of(folder.path(), &environment(), "secret_key_file: main.key"), "s3cr3t");
}

/// What is warned of a key file with that mode.
fn warned(mode: u32) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("main.key");
    fs::write(&file, "s3cr3t").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    let text = "shops:\n- name: main\n  shop_id: 363\n  secret_key_file: main.key\n";
    Config::read("f.yml", text, folder.path(), &environment()).unwrap().warnings.to_string()
}

#[test]
fn a_key_file_that_everybody_can_read_is_warned_of() {
    let warned = warned(0o644);
    assert!(warned.starts_with("f.yml:4:20: shops[0].secret_key_file: every user"), "{warned}");
    assert!(!warned.contains("s3cr3t"));
}

#[test]
fn a_key_file_for_its_owner_and_group_is_not_warned_of() {
    assert_eq!(warned(0o640), "");
    assert_eq!(warned(0o600), "");
}

#[test]
fn a_key_is_read_from_a_file_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("main.key");
    fs::write(&path, "s3cr3t").unwrap();
    let line = format!("secret_key_file: {}", path.display());
    assert_eq!(key_of(Path::new("/nowhere"), &environment(), &line), "s3cr3t");
}

#[test]
fn a_key_is_read_from_a_variable() {
    assert_eq!(key_of(Path::new(""), &environment(), "secret_key_env: KEY"), "k3y");
}

#[test]
fn a_key_is_read_from_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main"), "s3cr3t").unwrap();
    let environment = with_credentials(folder.path());
    assert_eq!(key_of(Path::new("/nowhere"), &environment, "secret_key_credential: main"), "s3cr3t");
}

#[test]
fn the_newlines_that_end_a_file_are_not_of_the_key_and_spaces_are() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.key"), " s3cr3t \r\n\n").unwrap();
    assert_eq!(key_of(folder.path(), &environment(), "secret_key_file: main.key"), " s3cr3t ");
}

#[test]
fn no_source_is_told() {
    assert_eq!(
        told_of_source(""),
        "f.yml:2:9: shops[0]: no source of the secret key; write one of secret_key_file, secret_key_env, \
         secret_key_credential"
    );
}

#[test]
fn two_sources_are_told() {
    assert_eq!(
        told_of_source("  secret_key_env: hunter2\n  secret_key_credential: hunter2\n"),
        "f.yml:5:26: shops[0]: several sources of the secret key; keep one of secret_key_file, secret_key_env, \
         secret_key_credential"
    );
}

#[test]
fn two_sources_of_which_one_works_are_told_too() {
    assert!(told_of_source("  secret_key_file: hunter2\n  secret_key_env: KEY\n").contains("several sources"));
}

#[test]
fn a_secret_in_the_file_itself_is_told_and_not_repeated() {
    assert_eq!(
        told_of_source("  secret_key: hunter2\n"),
        "f.yml:4:3: shops[0].secret_key: unknown key; a secret is never written into this file; write one of \
         secret_key_file, secret_key_env, secret_key_credential"
    );
}

#[test]
fn a_variable_that_is_not_set_is_told() {
    assert_eq!(
        told_of_source("  secret_key_env: hunter2\n"),
        "f.yml:4:19: shops[0].secret_key_env: no such environment variable is set, or it is not UTF-8; set it"
    );
}

#[test]
fn an_empty_variable_is_told() {
    let empty = Environment::new(|_| Some(String::new()));
    assert_eq!(
        told_in(Path::new(""), &empty, "  secret_key_env: hunter2\n"),
        "f.yml:4:19: shops[0].secret_key_env: the source of the secret key is empty; put the key there"
    );
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let told = told_of_source("  secret_key_file: hunter2\n");
    assert!(told.starts_with("f.yml:4:20: shops[0].secret_key_file: the key file can't be read: "), "{told}");
    assert!(told.ends_with("; name a file this process may read"), "{told}");
}

#[test]
fn a_folder_in_place_of_a_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("hunter2")).unwrap();
    let told = told_in(folder.path(), &environment(), "  secret_key_file: hunter2\n");
    assert!(told.contains("the key file can't be read"), "{told}");
}

#[test]
fn an_empty_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hunter2"), "\n").unwrap();
    assert_eq!(
        told_in(folder.path(), &environment(), "  secret_key_file: hunter2\n"),
        "f.yml:4:20: shops[0].secret_key_file: the source of the secret key is empty; put the key there"
    );
}

#[test]
fn a_file_that_is_not_utf_8_is_told_without_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.key"), b"hunter2\xff").unwrap();
    let told = told_in(folder.path(), &environment(), "  secret_key_file: main.key\n");
    assert!(told.contains("the key file can't be read"), "{told}");
}

#[test]
fn a_credential_without_systemd_is_told() {
    assert_eq!(
        told_of_source("  secret_key_credential: hunter2\n"),
        "f.yml:4:26: shops[0].secret_key_credential: systemd passed no credentials to this process; add \
         LoadCredential= to its unit"
    );
}

#[test]
fn a_credential_that_systemd_did_not_pass_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = told_in(Path::new(""), &with_credentials(folder.path()), "  secret_key_credential: hunter2\n");
    assert!(told.contains("the credential can't be read"), "{told}");
}

#[test]
fn a_credential_does_not_leave_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("credentials")).unwrap();
    fs::write(folder.path().join("hunter2"), "s3cr3t").unwrap();
    let environment = with_credentials(&folder.path().join("credentials"));
    for name in ["../hunter2", "/hunter2", "''"] {
        let told = told_in(Path::new(""), &environment, &format!("  secret_key_credential: {name}\n"));
        assert!(told.contains("this is not the name of a credential"), "{told}");
    }
}

#[test]
fn a_credential_called_like_the_folder_above_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let told = told_in(Path::new(""), &with_credentials(folder.path()), "  secret_key_credential: ..\n");
    assert!(told.contains("credential"), "{told}");
}

#[test]
fn an_environment_printed_for_debugging_shows_nothing() {
    assert_eq!(format!("{:?}", environment()), "Environment");
}
