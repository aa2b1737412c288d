//! `demo`: the exporter against the built-in simulator, in one process and without any setting.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::serve::{Exporter, Source};
use super::{Error, print};
use crate::cli::DemoFlags;
use crate::config::{Config, Environment};
use crate::domain::shard::Shard;
use crate::simulator::{Scenario, Simulator};

/// The configuration of the demo; the simulator's address stands for `{simulator}`.
const CONFIGURATION: &str = include_str!("demo.yml");

pub(super) async fn run(flags: &DemoFlags) -> Result<(), Error> {
    let scenario = Scenario::builtin();
    let keys: Vec<(String, String)> =
        scenario.shops().map(|(shop, key)| (format!("SECRET_KEY_{shop}"), key.to_owned())).collect();
    let simulator = Simulator::bind(scenario, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .map_err(|error| Error::Work(format!("the simulator can't listen on this machine's loopback: {error}")))?;
    let url = format!("http://{}", simulator.local_addr());
    let environment =
        Environment::new(move |name| keys.iter().find(|(variable, _)| variable == name).map(|(_, key)| key.clone()));
    let config = Config::read("demo.yml", &CONFIGURATION.replace("{simulator}", &url), Path::new(""), &environment)?;
    let exporter = Exporter::start(Source::Fixed(Box::new(config)), Shard::WHOLE, &flags.web).await?;
    let mut welcome = String::from("overpay_exporter demo: simulated money, no real gateway is asked.\n");
    for page in exporter.page_urls() {
        let _ = writeln!(welcome, "  status page  {page}");
    }
    for metrics in exporter.metrics_urls() {
        let _ = writeln!(welcome, "  metrics      {metrics}");
    }
    let _ = writeln!(welcome, "  simulator    {url}/simulator/state");
    welcome.push_str("Open the status page in a browser and watch: balances move. Ctrl-C ends it.\n");
    print(&welcome)?;
    let stop = CancellationToken::new();
    let simulator = tokio::spawn(simulator.run(stop.clone()));
    let outcome = exporter.run().await;
    stop.cancel();
    simulator.await.map_err(|error| Error::work(&error))?;
    outcome
}
