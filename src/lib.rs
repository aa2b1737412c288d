//! overpay_exporter: payout headroom and account balances of the beGateway platform, for Prometheus.
//!
//! The rooms of the house, from the ground up; each may use those above it in this list, and none below:
//!
//! - [`domain`]: money, queries, observations, failures; knows nobody.
//! - [`yaml`]: strict reading of YAML files, with places; [`basic`]: reading the credentials of HTTP Basic; [`build`]:
//!   what the program was built from; [`gzip`]: texts compressed in pieces; `watched`: files that are looked at until they
//!   change.
//! - [`config`]: the configuration file becomes shops and queries.
//! - [`begateway`]: how the platform's APIs are asked and read.
//! - [`store`]: the latest state of every query.
//! - [`poll`]: when each query is asked.
//! - [`metrics`]: the store's state as metric families.
//! - [`json`]: balances and failures as JSON documents tell them.
//! - [`web`]: the HTTP server.
//! - [`simulator`]: the platform's APIs with made-up money; beside all of these.
//! - [`systemd`]: what the system's service manager hands over, and what it is told.
//! - [`telemetry`], [`cli`], [`commands`]: the log, the command line, and what each command puts together.

// What holds of every answer is written for the fuzz targets, and names the library as they do.
#[cfg(test)]
extern crate self as overpay_exporter;

pub mod basic;
pub mod begateway;
pub mod build;
pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod gzip;
pub mod json;
pub mod metrics;
pub mod poll;
pub mod simulator;
pub mod store;
pub mod systemd;
pub mod telemetry;
mod watched;
pub mod web;
pub mod yaml;
