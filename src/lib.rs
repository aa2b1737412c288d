//! overpay_exporter: payout headroom and account balances of the beGateway platform, for Prometheus.

pub mod begateway;
pub mod config;
pub mod domain;
pub mod yaml;
