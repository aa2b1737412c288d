//! The real program: started as users start it, driven by flags, signals and files, and asked over HTTP.
//!
//! The client's contract is tested against the documents' own example answers, served byte for byte by `platform`, not
//! against the simulator: one misreading must not pass on both sides.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may assume")]

mod alerting;
mod alertmanager;
mod alerts;
mod asynchronous;
mod browser;
mod check;
mod clocks;
mod contract;
mod crowd;
mod crush;
mod dashboards;
mod descriptors;
mod exporter;
mod faults;
mod handshakes;
mod http2;
mod lifecycle;
mod limits;
mod listening;
mod messages;
mod names;
mod notify;
mod operations;
mod platform;
mod preload;
mod prometheus;
mod proxies;
mod query;
mod serve;
mod shards;
mod tls;
mod volumes;
mod web_configuration;
