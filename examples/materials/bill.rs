//! The bill of materials, corrected.
//!
//! cargo-cyclonedx believes `cargo metadata`, which also names libraries of optional features that nobody switched on. A bill
//! with these raises alarms over code that is not there. So all that is not built in is taken out here, and all that is built
//! in has to be there. It does not tell where the sources lay either.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{Identity, identity, text};

/// The bill with the libraries that are built in, and with the edges between them.
pub(crate) fn corrected(mut bill: Value, built_in: &BTreeSet<Identity>) -> anyhow::Result<Value> {
    let program = bill["metadata"]["component"].clone();
    let (place, _) = text(&program["bom-ref"]).split_once('#').context("the bill names no program")?;

    let components = bill["components"].as_array_mut().context("the bill names no components")?;
    components.retain(|component| built_in.contains(&identity(component)));
    let told = components.iter().map(identity).collect();
    let missing: Vec<_> = built_in.difference(&told).collect();
    ensure!(missing.is_empty(), "the bill lacks {missing:?}");

    let known = components.iter().chain([&program]).map(|component| text(&component["bom-ref"]).to_owned());
    let known: BTreeSet<_> = known.collect();
    let edges = bill["dependencies"].as_array_mut().context("the bill tells no dependencies")?;
    edges.retain(|edge| known.contains(text(&edge["ref"])));
    for needed in edges.iter_mut().filter_map(|edge| edge.get_mut("dependsOn")?.as_array_mut()) {
        needed.retain(|reference| known.contains(text(reference)));
    }
    let nowhere = format!("path+file:///{}", text(&program["name"]));
    Ok(serde_json::from_str(&bill.to_string().replace(place, &nowhere))?)
}
