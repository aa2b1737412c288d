//! The simulator: the platform's three balance APIs with money that moves and faults that strike, on one address.
//!
//! For demos, tests and drills. What happens is a [`Scenario`]; each answer is a function of it and of the time
//! elapsed, so that a scenario plays the same way each time. Of the rooms inside, `server` alone knows sockets and the
//! clock; the others take a request and a moment. Must not know the exporter, which asks over HTTP
//! as anybody else does.

mod answer;
mod call;
mod check;
mod control;
mod fault;
mod file;
mod fleet;
mod ledger;
mod pending;
mod problem;
mod reply;
mod scenario;
mod seed;
mod server;
#[cfg(test)]
mod tests;
mod world;

pub use problem::{Problem, ScenarioError};
pub use scenario::Scenario;
pub use server::Simulator;
