//! Asking the platform for real: the client's answers, read with the configuration's exponents.

use std::sync::Arc;
use std::time::SystemTime;

use crate::begateway::{Client, ClientError};
use crate::config::Config;
use crate::domain::failure::Failure;
use crate::domain::money::Exponents;
use crate::domain::observation::Answer;
use crate::domain::query::Query;
use crate::domain::shard::Shard;
use crate::poll::{Ask, Plan};

/// The platform, as the poll loop asks it.
#[derive(Clone, Debug, Default)]
pub(super) struct Platform {
    pub(super) client: Arc<Client>,
    exponents: Arc<Exponents>,
}

impl Platform {
    /// The platform as a configuration describes it; connections of `before` are kept where they can be.
    pub(super) fn new(config: &Config, before: &Self) -> Result<Self, ClientError> {
        let client = Arc::new(Client::new(config.brands(), &before.client)?);
        Ok(Self { client, exponents: Arc::clone(&config.exponents) })
    }
}

impl Ask for Platform {
    async fn ask(&self, query: Arc<Query>) -> Result<Answer, Failure> {
        let reading = self.client.ask(&query).await?;
        Answer::of(&query, reading, &self.exponents, SystemTime::now())
    }
}

/// What a shard polls of a configuration, by asking that platform.
pub(super) fn plan(config: Config, shard: Shard, ask: Platform) -> Plan<Platform> {
    let (shops, queries) = shard.part(config.shops, config.queries);
    Plan { shops, queries, exponents: config.exponents, max_in_flight_per_host: config.max_in_flight_per_host, ask }
}
