//! What a configuration means, and every way in which it can be wrong: where it stands, what was found, what to write.

mod brands;
mod documented;
mod effective;
mod pace;
mod places;
mod queries;
mod schema;
mod secrets;
mod silence;

use super::*;
use crate::domain::samples::currency;

/// The lines of a shop with all it needs; what is added behind them begins at line 5.
const SHOP: &str = "shops:\n- name: main\n  shop_id: 363\n  secret_key_env: KEY\n";

/// An environment in which KEY is set.
fn environment() -> Environment {
    Environment::new(|name| (name == "KEY").then(|| "k3y".to_owned()))
}

fn load(text: &str) -> Result<Config, ConfigError> {
    Config::read("f.yml", text, Path::new("/etc/overpay_exporter"), &environment())
}

/// The configuration of a shop with those lines.
fn good(lines: &str) -> Config {
    load(&format!("{SHOP}{lines}")).unwrap()
}

/// What is told of a shop with those lines.
fn told(lines: &str) -> String {
    told_of(&format!("{SHOP}{lines}"))
}

/// What is told of a whole file.
fn told_of(text: &str) -> String {
    load(text).unwrap_err().to_string()
}

fn names(config: &Config) -> Vec<&str> {
    config.queries.iter().map(|query| query.name.as_ref()).collect()
}
