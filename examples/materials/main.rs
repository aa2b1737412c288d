//! What the program is made of, for those who get it: `cargo run --example materials bill|licences FILE`, written to
//! standard output.
//!
//! Both read, on standard input, what is really built in: the lines of `cargo tree --edges normal --prefix none`, each a
//! name, a version and perhaps more. FILE is the bill that cargo-cyclonedx made, or what `cargo metadata` says.

#![expect(clippy::print_stdout, reason = "printing is what it is for")]

pub(crate) mod bill;
pub(crate) mod licences;

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// The name and the version of a library.
pub(crate) type Identity = (String, String);

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, file] = arguments.as_slice() else { bail!("cargo run --example materials bill|licences FILE") };
    let document = serde_json::from_str(&std::fs::read_to_string(file).with_context(|| file.clone())?)?;
    let tree = std::io::read_to_string(std::io::stdin())?;
    match what.as_str() {
        "bill" => println!("{:#}", bill::corrected(document, &libraries(&tree))?),
        "licences" => print!("{}", licences::of(&document, &libraries(&tree))?),
        other => bail!("neither a bill nor licences: {other}"),
    }
    Ok(())
}

/// The libraries that `cargo tree` names, without the program itself.
pub(crate) fn libraries(tree: &str) -> BTreeSet<Identity> {
    let mut lines = tree.lines().filter_map(|line| {
        let (name, rest) = line.split_once(" v")?;
        Some((name.to_owned(), rest.split(' ').next()?.to_owned()))
    });
    // The program is the tree's root.
    lines.next();
    lines.collect()
}

/// What a document of either kind calls a library.
pub(crate) fn identity(library: &Value) -> Identity {
    (text(&library["name"]).to_owned(), text(&library["version"]).to_owned())
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
