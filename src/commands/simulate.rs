//! `simulate`: the built-in simulator of the platform, alone.

use std::fs;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Error, print};
use crate::cli::SimulateFlags;
use crate::simulator::{Scenario, Simulator};

pub(super) async fn run(flags: &SimulateFlags) -> Result<(), Error> {
    let scenario = match &flags.scenario_file {
        None => Scenario::builtin(),
        Some(path) => {
            let file = path.display().to_string();
            let text =
                fs::read_to_string(path).map_err(|error| Error::Usage(format!("{file}: can't be read: {error}")))?;
            Scenario::read(&file, &text).map_err(|error| Error::Usage(error.to_string()))?
        }
    };
    let simulator = Simulator::bind(scenario, flags.listen)
        .map_err(|error| Error::Work(format!("can't listen on {}: {error}", flags.listen)))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| Error::work(&error))?;
    print(&format!("simulator of the platform on http://{}\n", simulator.local_addr()))?;
    let stop = CancellationToken::new();
    let running = tokio::spawn(simulator.run(stop.clone()));
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
    running.await.map_err(|error| Error::work(&error))
}
