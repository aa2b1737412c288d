//! Writes the Grafana dashboards, `dashboards/*.json`: `cargo run --example dashboards [NAME=VALUE...] [FOLDER]`.
//!
//! Each dashboard is a file here that says which panels it has and in which order; `balances` has the expressions that
//! channels and accounts share, `panel` and `table` make panels, `dashboard` puts them on the grid. It knows the names of
//! metrics and of recorded series, and nothing of the program that publishes them.

mod alerts;
mod balances;
mod columns;
mod dashboard;
mod exporter;
mod gateway;
mod graphs;
mod headroom;
mod panel;
mod queries;
mod table;
mod variables;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// What may be different for every user, and where: in `alerts/parameters`, which the alerts are made of too.
pub(crate) struct Parameters {
    /// Where the pages of `docs/runbooks` are.
    pub(crate) runbook_url: String,
}

impl Parameters {
    /// As the repository has them.
    pub(crate) fn shipped() -> anyhow::Result<Self> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("alerts/parameters");
        let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        let runbook_url = text.lines().find_map(|line| line.strip_prefix("runbook_url="));
        Ok(Self { runbook_url: runbook_url.context("alerts/parameters has no runbook_url")?.to_owned() })
    }
}

/// Every dashboard with the name of its file.
pub(crate) fn dashboards(parameters: &Parameters) -> Vec<(&'static str, Value)> {
    vec![
        (headroom::UID, headroom::dashboard(parameters)),
        (gateway::UID, gateway::dashboard(parameters)),
        (exporter::UID, exporter::dashboard(parameters)),
    ]
}

/// A dashboard as its file has it.
pub(crate) fn written(dashboard: &Value) -> String {
    format!("{dashboard:#}\n")
}

pub(crate) fn main() -> anyhow::Result<()> {
    let mut parameters = Parameters::shipped()?;
    let mut folder = PathBuf::from("dashboards");
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            Some(("runbook_url", address)) => address.clone_into(&mut parameters.runbook_url),
            Some((name, _)) => bail!("there is no parameter `{name}`; runbook_url is the only one"),
            None => folder = argument.into(),
        }
    }
    for (name, dashboard) in dashboards(&parameters) {
        let file = folder.join(format!("{name}.json"));
        std::fs::write(&file, written(&dashboard)).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
