//! What holds of the YAML files, whatever stands in them: no message repeats what a key of secrets holds, and what is
//! taken makes sense.

use std::collections::HashSet;
use std::path::Path;

use overpay_exporter::begateway;
use overpay_exporter::config::{Config, Environment};
use overpay_exporter::simulator::Scenario;

/// What the keys of secrets hold.
const PLANTED: &str = "pl4nt3d-s3cr3t";
/// What every environment variable holds.
const IN_THE_ENVIRONMENT: &str = "s3cr3t-of-the-environment";

/// Reads the input as a configuration file.
///
/// # Panics
///
/// Where something does not hold.
pub fn configuration(input: &[u8]) {
    let Some(text) = text(input) else { return };
    check_configuration(&text);
    check_configuration(&planted(&text));
}

fn check_configuration(text: &str) {
    let environment = Environment::new(|_| Some(IN_THE_ENVIRONMENT.to_owned()));
    match Config::read("f.yml", text, Path::new("/nowhere"), &environment) {
        Ok(config) => {
            let printed = format!("{config:?}");
            assert!(!printed.contains(IN_THE_ENVIRONMENT), "{printed}");
            let mut names = HashSet::new();
            for query in &config.queries {
                assert!(names.insert(query.to_string()), "two queries are named {query}");
                assert!(begateway::request(query).is_ok(), "{query} can't be asked");
                let pace = query.pace;
                assert!(pace.interval.as_secs() >= 5 && pace.timeout < pace.interval, "{pace:?}");
                assert!(pace.stale_after >= pace.interval + pace.timeout, "{pace:?}");
                assert_eq!(query.shop.secret_key.expose(), IN_THE_ENVIRONMENT);
            }
        }
        Err(error) => tells_no_secret(&error.to_string(), &format!("{error:?}")),
    }
}

/// Reads the input as a scenario of the simulator.
///
/// # Panics
///
/// Where something does not hold.
pub fn scenario(input: &[u8]) {
    let Some(text) = text(input) else { return };
    // A fleet of millions takes its time, as it may.
    if text.contains("fleet")
        && text.as_bytes().windows(2).any(|pair| pair.iter().all(u8::is_ascii_alphanumeric) && pair[0].is_ascii_digit())
    {
        return;
    }
    for text in [planted(&text), text] {
        match Scenario::read("f.yml", &text) {
            Ok(scenario) => {
                let mut ids = HashSet::new();
                for (shop_id, secret_key) in scenario.shops() {
                    assert!(ids.insert(shop_id), "two shops have the id {shop_id}");
                    assert!(!secret_key.is_empty() && !shop_id.contains(':'), "{shop_id} can't prove who it is");
                }
            }
            Err(error) => tells_no_secret(&error.to_string(), &format!("{error:?}")),
        }
    }
}

/// The text of an input. None of one that is not UTF-8, or that holds what is only planted, or that names a file which
/// may never end.
fn text(input: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(input).ok()?;
    let harmless = ["/dev", "/proc", "/sys", PLANTED, IN_THE_ENVIRONMENT].iter().all(|found| !text.contains(found));
    harmless.then(|| text.to_owned())
}

fn tells_no_secret(shown: &str, debugged: &str) {
    for told in [shown, debugged] {
        assert!(!told.contains(PLANTED) && !told.contains(IN_THE_ENVIRONMENT), "{told}");
    }
    assert!(shown.lines().all(|line| line.starts_with("f.yml:")), "{shown}");
}

/// The text with every value behind a key of secrets replaced, as far as it stands on the line of its key. Quotes, tags
/// and anchors stay.
fn planted(text: &str) -> String {
    const KEY: &str = "secret_key";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(KEY) {
        let (before, key) = rest.split_at(at);
        let name = key.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(key.len());
        let colon = key[name..].find(|c| !matches!(c, '"' | '\'' | ' ')).unwrap_or(0) + name;
        out.push_str(before);
        if is_within_a_name(before) || !key[colon..].starts_with(':') {
            out.push_str(&key[..name]);
            rest = &key[name..];
            continue;
        }
        let mut value = colon + 1;
        loop {
            value += key[value..].find(|c| !matches!(c, '"' | '\'' | ' ')).unwrap_or(key.len() - value);
            if !key[value..].starts_with(['&', '!']) {
                break;
            }
            value += key[value..].find([' ', '\n', ',', '}', ']']).unwrap_or(key.len() - value);
            if !key[value..].starts_with(' ') {
                break;
            }
        }
        let end =
            key[value..].find(['"', '\'', ',', '}', ']', '#', '\n', '\r', '*', '|', '>']).unwrap_or(key.len() - value);
        out.push_str(&key[..value]);
        if end > 0 {
            out.push_str(PLANTED);
        }
        rest = &key[value + end..];
    }
    out + rest
}

/// Whether what follows goes on with the name of a tag, an anchor or an alias.
fn is_within_a_name(before: &str) -> bool {
    let mut words = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '{' | '[' | ','));
    words.next().is_some_and(|word| word.starts_with(['!', '&', '*']))
}
