//! The licences of the libraries that are linked into the program. Most of them ask that their text comes along.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{Identity, identity, text};

/// A list of the libraries with their licences, and each text once, behind the names of those that have it.
pub(crate) fn of(metadata: &Value, built_in: &BTreeSet<Identity>) -> anyhow::Result<String> {
    let packages = metadata["packages"].as_array().context("the metadata name no packages")?;
    let packages: BTreeMap<_, _> = packages.iter().map(|package| (identity(package), package)).collect();
    let mut page = String::from("overpay_exporter is built with these libraries. Their texts follow.\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for library in built_in {
        let called = format!("{} {}", library.0, library.1);
        let package = packages.get(library).with_context(|| format!("the metadata lack {called}"))?;
        writeln!(page, "{called}: {}", text(&package["license"]))?;
        let manifest = Path::new(text(&package["manifest_path"]));
        let mut found = BTreeSet::new();
        gather(manifest.parent().context("a manifest in a folder")?, &mut found)?;
        ensure!(!found.is_empty(), "{called} has no text of a licence");
        for text in found {
            texts.entry(text).or_default().push(called.clone());
        }
    }
    // The order is that of the libraries.
    let mut texts: Vec<_> = texts.into_iter().map(|(text, libraries)| (libraries, text)).collect();
    texts.sort();
    for (libraries, text) in texts {
        write!(page, "\n{}\n{}\n\n{text}\n", "-".repeat(78), libraries.join(", "))?;
    }
    Ok(page)
}

/// The texts of licences in a folder and below it.
fn gather(folder: &Path, texts: &mut BTreeSet<String>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), texts)?;
        } else if ["license", "licence", "copying", "notice", "copyright"].iter().any(|begin| name.starts_with(begin)) {
            let text = String::from_utf8_lossy(&std::fs::read(entry.path())?).into_owned();
            let lines: Vec<_> = text.trim().lines().map(str::trim_end).collect();
            texts.insert(lines.join("\n"));
        }
    }
    Ok(())
}
