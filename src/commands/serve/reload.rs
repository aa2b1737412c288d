//! Reading the configuration again, and taking it into use if all of it can be.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info};

use super::supervision::status;
use super::{Effective, Source};
use crate::commands::Error;
use crate::commands::platform::{self, Platform};
use crate::domain::shard::Shard;
use crate::poll::{Order, Plan};
use crate::store::Store;
use crate::systemd::Notifier;

/// Reads the configuration again, while what was read before goes on.
pub(super) struct Reloader {
    pub(super) source: Source,
    pub(super) shard: Shard,
    pub(super) store: Arc<Store>,
    pub(super) platform: Platform,
    pub(super) orders: mpsc::Sender<Order<Platform>>,
    pub(super) effective: watch::Sender<Effective>,
    pub(super) notifier: Notifier,
}

impl Reloader {
    /// Ends once the new configuration is in use, or with what is wrong with it.
    pub(super) async fn reload(&mut self) -> Result<(), Error> {
        info!("reloading the configuration");
        self.notifier.reloading().await;
        let outcome = self.take_over().await;
        match &outcome {
            Ok(queries) => info!(queries, "configuration reloaded"),
            Err(problem) => {
                self.store.reload_failed(SystemTime::now());
                for line in problem.to_string().lines() {
                    error!(problem = line, "configuration not reloaded, the old one goes on");
                }
            }
        }
        // Whatever came of it: a configuration is in use, and the status says which.
        self.notifier.ready(&status(&self.store)).await;
        outcome.map(|_| ())
    }

    /// Takes what was read again into use, and tells how many queries that is.
    async fn take_over(&mut self) -> Result<usize, Error> {
        let (platform, effective, plan) = self.read_again().await?;
        let ended = || Error::Work("the poll loop has ended; restart the exporter".to_owned());
        let (queries, (done, in_use)) = (plan.queries.len(), oneshot::channel());
        self.orders.send(Order::Follow(plan, done)).await.map_err(|_| ended())?;
        in_use.await.map_err(|_| ended())?;
        self.platform = platform;
        self.effective.send_replace(effective);
        Ok(queries)
    }

    async fn read_again(&self) -> Result<(Platform, Effective, Plan<Platform>), Error> {
        let (source, platform, shard) = (self.source.clone(), self.platform.clone(), self.shard);
        // Reading files may block, and must not hold up anything else.
        let read = tokio::task::spawn_blocking(move || {
            let config = source.read()?;
            let platform = Platform::new(&config, &platform)?;
            let effective = Effective::of(&config)?;
            Ok::<_, Error>((platform.clone(), effective, platform::plan(config, shard, platform)))
        });
        read.await.map_err(|error| Error::work(&error))?
    }
}
