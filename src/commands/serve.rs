//! `serve`: polls, serves, reloads on SIGHUP, ends on SIGTERM.

mod changes;
mod reload;
mod signals;
mod supervision;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use self::changes::Watch;
use self::reload::Reloader;
use self::signals::Signals;
use self::supervision::{Supervision, status};
use super::Error;
use super::platform::{self, Platform};
use crate::build;
use crate::cli::{ServeFlags, WebFlags};
use crate::config::{Config, ConfigError, Environment};
use crate::domain::demand::{Asked, NotAsked};
use crate::domain::shard::Shard;
use crate::gzip;
use crate::metrics::Metrics;
use crate::poll::{Demand, Order, Poller};
use crate::store::Store;
use crate::systemd::{self, Notifier};
use crate::web::{Later, Operations, Paths, Server, Site, WebConfiguration};

pub(super) async fn run(flags: &ServeFlags) -> Result<(), Error> {
    let (index, total) = (flags.shard.shard_index, flags.shard.shard_total);
    let shard = Shard::new(index, total.get()).ok_or_else(|| {
        Error::Usage(format!(
            "--shard.index {index} of --shard.total {total}: the index counts from 0 and is below the total"
        ))
    })?;
    let source = Source::File { path: flags.config.config_file.clone(), look_every: flags.watch.config_watch };
    Exporter::start(source, shard, &flags.web).await?.run().await
}

/// Where the configuration comes from, each time it is read.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A file, and how often to look whether it, or one that it names, has changed.
    File { path: PathBuf, look_every: Option<Duration> },
    /// One that stays as it is.
    Fixed(Box<Config>),
}

impl Source {
    fn read(&self) -> Result<Config, ConfigError> {
        let config = match self {
            Self::File { path, .. } => Config::load(path, &Environment::of_process())?,
            Self::Fixed(config) => Config::clone(config),
        };
        for line in config.warnings.to_string().lines() {
            warn!(problem = line, "the configuration is not as safe as it should be");
        }
        Ok(config)
    }
}

/// An exporter that has its addresses and its configuration.
pub(super) struct Exporter {
    queries: usize,
    poller: Poller<Platform>,
    received: mpsc::Receiver<Order<Platform>>,
    server: Server,
    site: Arc<Site>,
    paths: Paths,
    reloader: Reloader,
    watch: Watch,
    asked_for: mpsc::Receiver<oneshot::Sender<Result<(), String>>>,
    signals: Signals,
}

impl Exporter {
    /// Reads the configuration and takes the addresses. Nothing is polled yet.
    pub(super) async fn start(source: Source, shard: Shard, web: &WebFlags) -> Result<Self, Error> {
        // First of all: until then a SIGHUP would end the process.
        let signals = Signals::new().map_err(|error| Error::work(&error))?;
        // What is seen before the files are read is at most older than what is read: no change is missed.
        let watch = Watch::begin(&source);
        let config = source.read()?;
        let web_configuration = match &web.web_config_file {
            Some(path) => WebConfiguration::load(path)?,
            None => WebConfiguration::default(),
        };
        let platform = Platform::new(&config, &Platform::default())?;
        let (effective, in_use) = watch::channel(Effective::of(&config)?);
        let plan = platform::plan(config, shard, platform.clone());
        let store = Arc::new(Store::default());
        let metrics = Metrics::new(Arc::clone(&store), shard).map_err(|error| Error::work(&error))?;
        let server = server(web).await?;
        let (orders, received) = mpsc::channel(16);
        let (reloads, asked_for) = mpsc::channel(1);
        let operations = Arc::new(Operator { in_use, reloads, orders: orders.clone() });
        let paths = Paths::new(&web.route_prefix, &web.telemetry_path);
        let site = Site::new(metrics, Arc::clone(&store), paths.clone(), web_configuration, operations)
            .map_err(|error| Error::work(&error))?
            .with_shard(shard)
            .with_lifecycle(web.enable_lifecycle)
            .with_exposed(server.exposed().next().is_some());
        let notifier = Notifier::of_process();
        let reloader = Reloader { source, shard, store: Arc::clone(&store), platform, orders, effective, notifier };
        let queries = plan.queries.len();
        let poller = Poller::new(store, plan);
        let site = Arc::new(site);
        Ok(Self { queries, poller, received, server, site, paths, reloader, watch, asked_for, signals })
    }

    /// Where the metrics will be.
    pub(super) fn metrics_urls(&self) -> impl Iterator<Item = String> {
        self.urls(self.paths.metrics())
    }

    /// Where the status page will be.
    pub(super) fn page_urls(&self) -> impl Iterator<Item = String> {
        self.urls(self.paths.page())
    }

    fn urls(&self, path: String) -> impl Iterator<Item = String> {
        let scheme = if self.site.uses_tls() { "https" } else { "http" };
        self.server.addresses().iter().map(move |address| format!("{scheme}://{address}{path}"))
    }

    /// Polls and serves until a signal ends it.
    pub(super) async fn run(self) -> Result<(), Error> {
        info!(version = build::VERSION, revision = build::REVISION, queries = self.queries, "starting");
        for url in self.metrics_urls() {
            info!(%url, "listening");
        }
        if self.site.is_open_to_all() {
            let addresses: Vec<String> = self.server.exposed().map(ToString::to_string).collect();
            warn!(
                addresses = addresses.join(" "),
                "everybody who reaches these addresses sees the balances; listen on loopback, or name users \
                 (basic_auth_users) or require client certificates with --web.config.file"
            );
        }
        let Self { poller, received, server, site, mut reloader, mut watch, mut asked_for, signals, .. } = self;
        let (notifier, store) = (reloader.notifier, Arc::clone(&reloader.store));
        let (orders, heartbeat) = (reloader.orders.clone(), server.heartbeat(&site));
        let supervision = Supervision { notifier, store: Arc::clone(&store), orders, heartbeat };
        let Signals { mut hangup, mut end } = signals;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(poller.run(received, stop.clone()));
        let mut serving = server.start(site, stop.clone()).map_err(|error| Error::work(&error))?;
        notifier.ready(&status(&store)).await;
        tasks.spawn(stop.clone().run_until_cancelled_owned(supervision.run()));
        tasks.close();
        let reloads = async {
            loop {
                let who_asks = tokio::select! {
                    Some(()) = hangup.recv() => None,
                    () = watch.changed() => None,
                    Some(answer) = asked_for.recv() => Some(answer),
                };
                watch.read_now().await;
                // The log has told what was wrong.
                let outcome = reloader.reload().await.map_err(|problem| problem.to_string());
                if let Some(answer) = who_asks {
                    // Who asked may have gone away.
                    let _: Result<(), _> = answer.send(outcome);
                }
            }
        };
        // A reload that hangs, on a file of a network that is gone, must not hold up the end.
        let served = tokio::select! {
            () = end.received() => None,
            () = reloads => None,
            served = &mut serving => Some(served),
        };
        info!("stopping");
        notifier.stopping().await;
        stop.cancel();
        tasks.wait().await;
        let served = match served {
            Some(served) => served,
            None => serving.await,
        };
        match served {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Error::work(&error)),
            Err(_) => Err(Error::Work("the thread that serves has ended by a fault".to_owned())),
        }
    }
}

/// Takes the addresses, or the sockets of systemd.
async fn server(web: &WebFlags) -> Result<Server, Error> {
    if web.systemd_socket {
        let sockets = systemd::sockets().map_err(|error| Error::Usage(error.to_string()))?;
        return Server::of(sockets).map_err(|error| Error::work(&error));
    }
    Server::bind(&web.listen_address).await.map_err(|error| Error::work(&error))
}

/// The configuration in use, for who asks what it is. It is asked for seldom, so it is kept compressed.
#[derive(Clone, Debug)]
struct Effective {
    file: Arc<[u8]>,
}

impl Effective {
    fn of(config: &Config) -> Result<Self, Error> {
        let file = gzip::compressed(config.effective().as_bytes()).map_err(|error| Error::work(&error))?;
        Ok(Self { file: file.into() })
    }
}

/// What the web side may ask for, handed to those who do it.
struct Operator {
    in_use: watch::Receiver<Effective>,
    reloads: mpsc::Sender<oneshot::Sender<Result<(), String>>>,
    orders: mpsc::Sender<Order<Platform>>,
}

impl Operations for Operator {
    fn effective_configuration(&self) -> io::Result<Vec<u8>> {
        let effective = self.in_use.borrow().clone();
        gzip::text_of(&effective.file)
    }

    fn reload(&self) -> Later<'_, Result<(), String>> {
        Box::pin(async {
            let (answer, outcome) = oneshot::channel();
            let _ = self.reloads.send(answer).await;
            outcome.await.unwrap_or_else(|_| Err("the exporter stops".to_owned()))
        })
    }

    fn poll<'a>(&'a self, shop: &'a str, query: &'a str) -> Later<'a, Result<Asked, NotAsked>> {
        Box::pin(async {
            let (answer, outcome) = oneshot::channel();
            let demand = Demand { shop: shop.to_owned(), query: query.to_owned(), answer };
            let _ = self.orders.send(Order::Ask(demand)).await;
            outcome.await.unwrap_or(Err(NotAsked::Dropped))
        })
    }
}
