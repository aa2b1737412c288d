//! What the poll loop is told: a plan to follow, or a query to ask now.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::domain::demand::{Asked, NotAsked};
use crate::domain::money::Exponents;
use crate::domain::query::Query;
use crate::domain::shop::Shop;

/// What is to be polled, from one reading of the configuration to the next.
#[derive(Debug)]
pub struct Plan<A> {
    /// The shops.
    pub shops: Vec<Arc<Shop>>,
    /// Their queries.
    pub queries: Vec<Arc<Query>>,
    /// The exponents of currencies.
    pub exponents: Arc<Exponents>,
    /// How many polls may be under way at one host.
    pub max_in_flight_per_host: usize,
    /// Who asks.
    pub ask: A,
}

/// What the poll loop is told while it runs.
#[derive(Debug)]
pub enum Order<A> {
    /// To poll this from now on; who waits for that hears of it.
    Follow(Plan<A>, oneshot::Sender<()>),
    /// To ask a query now.
    Ask(Demand),
    /// To give a sign of life.
    Answer(oneshot::Sender<()>),
}

/// Somebody who wants to know what a query answers now.
#[derive(Debug)]
pub struct Demand {
    /// The name of the shop.
    pub shop: String,
    /// The name of the query.
    pub query: String,
    /// Who is told.
    pub answer: oneshot::Sender<Result<Asked, NotAsked>>,
}
