//! `serve`: polls, serves, reloads on SIGHUP, ends on SIGTERM.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use super::Error;
use super::platform::{self, Platform};
use crate::build;
use crate::cli::{ServeFlags, WebFlags};
use crate::config::{Config, ConfigError, Environment};
use crate::domain::shard::Shard;
use crate::metrics::Metrics;
use crate::poll::{Plan, Poller};
use crate::store::Store;
use crate::web::{Server, Site};

pub(super) async fn run(flags: &ServeFlags) -> Result<(), Error> {
    let (index, total) = (flags.shard.shard_index, flags.shard.shard_total);
    let shard = Shard::new(index, total).ok_or_else(|| {
        Error::Usage(format!(
            "--shard.index {index} of --shard.total {total}: the index counts from 0 and is below the total"
        ))
    })?;
    let source = Source::File(flags.config.config_file.clone());
    Exporter::start(source, shard, &flags.web).await?.run().await
}

/// Where the configuration comes from, each time it is read.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A file.
    File(PathBuf),
    /// One that stays as it is.
    Fixed(Box<Config>),
}

impl Source {
    fn read(&self) -> Result<Config, ConfigError> {
        let config = match self {
            Self::File(path) => Config::load(path, &Environment::of_process())?,
            Self::Fixed(config) => Config::clone(config),
        };
        for line in config.warnings.to_string().lines() {
            warn!(problem = line, "the configuration is not as safe as it should be");
        }
        Ok(config)
    }
}

/// An exporter that has its addresses and its configuration.
#[derive(Debug)]
pub(super) struct Exporter {
    source: Source,
    shard: Shard,
    store: Arc<Store>,
    platform: Platform,
    plan: Plan<Platform>,
    server: Server,
    site: Arc<Site>,
    signals: Signals,
}

impl Exporter {
    /// Reads the configuration and takes the addresses. Nothing is polled yet.
    pub(super) async fn start(source: Source, shard: Shard, web: &WebFlags) -> Result<Self, Error> {
        // First of all: until then a SIGHUP would end the process.
        let signals = Signals::new().map_err(|error| Error::work(&error))?;
        let config = source.read()?;
        let platform = Platform::new(&config, &Platform::default())?;
        let plan = platform::plan(config, shard, platform.clone());
        let store = Arc::new(Store::default());
        let metrics = Metrics::new(Arc::clone(&store), shard).map_err(|error| Error::work(&error))?;
        let server = Server::bind(&web.listen_address).await.map_err(|error| Error::work(&error))?;
        let site = Site::new(metrics, Arc::clone(&store), &web.route_prefix, &web.telemetry_path);
        let site = Arc::new(site.map_err(|error| Error::work(&error))?);
        Ok(Self { source, shard, store, platform, plan, server, site, signals })
    }

    /// Where the metrics will be.
    pub(super) fn metrics_urls(&self) -> impl Iterator<Item = String> {
        self.server.addresses().iter().map(|address| format!("http://{address}{}", self.site.metrics_path()))
    }

    /// Polls and serves until a signal ends it.
    pub(super) async fn run(self) -> Result<(), Error> {
        info!(version = build::VERSION, revision = build::REVISION, queries = self.plan.queries.len(), "starting");
        for url in self.metrics_urls() {
            info!(%url, "listening");
        }
        let Signals { mut hangup, mut end } = self.signals;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let (plans, received) = mpsc::channel(1);
        let poller = Poller::new(Arc::clone(&self.store), self.plan);
        tasks.spawn(poller.run(received, stop.clone()));
        tasks.spawn(self.server.serve(self.site, stop.clone()));
        tasks.close();
        let mut reloader =
            Reloader { source: self.source, shard: self.shard, store: self.store, platform: self.platform, plans };
        let reloads = async {
            while hangup.recv().await.is_some() {
                reloader.reload().await;
            }
        };
        // A reload that hangs, on a file of a network that is gone, must not hold up the end.
        tokio::select! {
            () = end.received() => {}
            () = reloads => {}
        }
        info!("stopping");
        stop.cancel();
        tasks.wait().await;
        Ok(())
    }
}

#[derive(Debug)]
struct Signals {
    hangup: Signal,
    end: EndSignals,
}

#[derive(Debug)]
struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let end =
            EndSignals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
        Ok(Self { hangup: signal(SignalKind::hangup())?, end })
    }
}

impl EndSignals {
    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Reads the configuration again, while what was read before goes on.
struct Reloader {
    source: Source,
    shard: Shard,
    store: Arc<Store>,
    platform: Platform,
    plans: mpsc::Sender<Plan<Platform>>,
}

impl Reloader {
    async fn reload(&mut self) {
        info!("reloading the configuration");
        match self.read_again().await {
            Ok(plan) => {
                info!(queries = plan.queries.len(), "configuration reloaded");
                if self.plans.send(plan).await.is_err() {
                    error!("the poll loop has ended; restart the exporter");
                }
            }
            Err(problem) => {
                self.store.reload_failed();
                for line in problem.to_string().lines() {
                    error!(problem = line, "configuration not reloaded, the old one goes on");
                }
            }
        }
    }

    async fn read_again(&mut self) -> Result<Plan<Platform>, Error> {
        let (source, platform, shard) = (self.source.clone(), self.platform.clone(), self.shard);
        // Reading files may block, and must not hold up anything else.
        let read = tokio::task::spawn_blocking(move || {
            let config = source.read()?;
            let platform = Platform::new(&config, &platform)?;
            Ok::<_, Error>((platform.clone(), platform::plan(config, shard, platform)))
        });
        let (platform, plan) = read.await.map_err(|error| Error::work(&error))??;
        self.platform = platform;
        Ok(plan)
    }
}
