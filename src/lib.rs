//! overpay_exporter: payout headroom and account balances of the beGateway platform, for Prometheus.

pub mod domain;
pub mod yaml;
