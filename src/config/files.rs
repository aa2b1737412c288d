//! Which files a configuration names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::file::File;
use crate::yaml;

/// The key files and CA files that the text of the configuration file at that path names. None if it can't be read as
/// documented; whether it makes sense does not matter.
pub fn files_named(path: &Path, text: &str) -> BTreeSet<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let Ok(content) = yaml::read::<File>(&path.display().to_string(), text) else { return BTreeSet::new() };
    let keys = content.shops.iter().filter_map(|shop| shop.secret_key_file.as_ref());
    let authorities = content.brands.values().filter_map(|brand| brand.ca_file.as_ref());
    keys.chain(authorities).map(|file| folder.join(&file.value)).collect()
}
