//! The exporter's configuration: a YAML file that becomes shops and queries, or a list of what is wrong with it.
//!
//! Reading has two steps. What can't be read as the documented shape is one error; after that every problem of meaning
//! is told, all at once, each with its place. Nothing here repeats a secret, nor the value of a key that names one.

mod brands;
mod effective;
mod file;
mod files;
mod meaning;
mod secrets;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

pub use self::files::files_named;
pub use self::secrets::Environment;
use crate::domain::money::Exponents;
use crate::domain::query::Query;
use crate::domain::shop::{Brand, Shop};
use crate::yaml;
pub use crate::yaml::{MAX_BYTES, Problem, Problems};

/// What is to be asked, and within which limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// The shops, in the order of the file.
    pub shops: Vec<Arc<Shop>>,
    /// The queries, in the order of the file.
    pub queries: Vec<Arc<Query>>,
    /// The exponents of currencies.
    pub exponents: Arc<Exponents>,
    /// How many polls may be under way at one host.
    pub max_in_flight_per_host: usize,
    /// What is not wrong, and not well either.
    pub warnings: Problems,
}

impl Config {
    /// Reads the file, and the secrets it names.
    pub fn load(path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|source| ConfigError::Unopened { file: file.clone(), source })?;
        Self::read(&file, &text, path.parent().unwrap_or(Path::new("")), environment)
    }

    /// Reads the text of a file of that name. Relative paths in it start at that folder.
    pub fn read(file: &str, text: &str, folder: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        secrets::repeated(file, text).map_err(ConfigError::Problems)?;
        let content: file::File = yaml::read(file, text)?;
        meaning::of(&content, file, folder, environment).map_err(ConfigError::Problems)
    }

    /// The configuration as it is in use, as YAML: every default filled in, no secret.
    pub fn effective(&self) -> String {
        effective::yaml(self)
    }

    /// The brands that the shops belong to, each once.
    pub fn brands(&self) -> impl Iterator<Item = &Arc<Brand>> {
        let brands: BTreeMap<&str, &Arc<Brand>> =
            self.shops.iter().map(|shop| (shop.brand.name.as_ref(), &shop.brand)).collect();
        brands.into_values()
    }
}

/// The JSON Schema of the configuration file.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(file::File).to_value()
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be opened.
    #[error(
        "{file}: can't be read: {source}; name an existing file with --config.file, or try `overpay_exporter demo`"
    )]
    Unopened {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The file is not YAML of the documented shape.
    #[error(transparent)]
    Unreadable(#[from] yaml::Unreadable),
    /// The file can be read, and does not make sense.
    #[error("{0}")]
    Problems(Problems),
}

#[cfg(test)]
mod tests;
