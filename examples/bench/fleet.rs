//! What is simulated and what is asked: a scenario and the configuration that asks for all of it.
//!
//! Knows the formats of both files as the documents tell them.

use std::fmt::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io::Write as _};

use anyhow::Context as _;

/// The first shop and the first gateway of a simulated fleet.
const FIRST_SHOP: usize = 500_001;
pub(crate) const FIRST_GATEWAY: usize = 1_000_001;

/// Gateways of shops, each asked by one query about all its channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fleet {
    /// How many shops the gateways are divided between.
    pub(crate) shops: usize,
    /// How many gateways there are, which is how many queries.
    pub(crate) queries: usize,
    /// The channels of each gateway, up to 99.
    pub(crate) channels: usize,
    /// From one poll of a query to the next.
    pub(crate) interval: Duration,
    /// From one payout to the next.
    pub(crate) payout_every: Duration,
    /// How long each answer takes.
    pub(crate) delay: Duration,
    /// How many polls may be under way at a host.
    pub(crate) in_flight: usize,
}

/// One query of a fleet.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) shop: usize,
    pub(crate) secret_key: String,
    pub(crate) gateway: usize,
}

/// The files of a fleet.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) scenario: PathBuf,
    pub(crate) configuration: PathBuf,
}

impl Fleet {
    /// So many queries of a channel each, polled every minute; a shop for each hundred.
    pub(crate) const fn of(queries: usize) -> Self {
        Self {
            shops: queries.div_ceil(100),
            queries,
            channels: 1,
            interval: Duration::from_mins(1),
            payout_every: Duration::from_secs(10),
            delay: Duration::ZERO,
            in_flight: 32,
        }
    }

    /// How many polls a second there are.
    pub(crate) fn rate(self) -> f64 {
        self.queries as f64 / self.interval.as_secs_f64()
    }

    /// The user and the password of the first shop.
    pub(crate) fn credentials() -> (String, String) {
        (FIRST_SHOP.to_string(), secret_key(FIRST_SHOP))
    }

    /// How many gateways the first shop has.
    pub(crate) const fn of_first_shop(self) -> usize {
        self.queries / self.shops
    }

    /// Every query.
    pub(crate) fn each(self) -> impl Iterator<Item = Query> {
        let of_each = self.of_first_shop();
        (0..self.shops * of_each).map(move |n| {
            let shop = FIRST_SHOP + n / of_each;
            Query { shop, secret_key: secret_key(shop), gateway: FIRST_GATEWAY + n }
        })
    }

    /// Writes scenario and configuration into a folder. Queries are sent to the host of that address; where that is
    /// https, its certificate is signed by `ca.pem` in the folder.
    pub(crate) fn write(self, folder: &Path, host: &str) -> anyhow::Result<Files> {
        let files = Files { scenario: folder.join("scenario.yml"), configuration: folder.join("overpay_exporter.yml") };
        fs::write(&files.scenario, self.scenario()?)?;
        let (interval, in_flight) = (humantime::format_duration(self.interval), self.in_flight);
        let mut text = format!("poll: {{interval: {interval}, max_in_flight_per_host: {in_flight}}}\n");
        let ca = if host.starts_with("https:") { ", ca_file: ca.pem" } else { "" };
        write!(text, "brands:\n  bench: {{backoffice_url: \"{host}\"{ca}}}\nshops:\n")?;
        let gateways = self.of_first_shop();
        for shop in 0..self.shops {
            let id = FIRST_SHOP + shop;
            let key = folder.join(format!("{id}.key"));
            let mut key_file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&key)?;
            key_file.write_all(secret_key(id).as_bytes()).with_context(|| key.display().to_string())?;
            writeln!(text, "  - name: shop-{id}\n    brand: bench\n    shop_id: {id}\n    secret_key_file: {id}.key")?;
            text.push_str("    channel_balances:\n");
            for gateway in 0..gateways {
                let gateway = FIRST_GATEWAY + shop * gateways + gateway;
                writeln!(text, "      - gateway: {gateway}\n        currencies: [USD]")?;
                text.push_str("        thresholds: {USD: {warning: 2000, critical: 1000}}\n");
            }
        }
        fs::write(&files.configuration, text)?;
        Ok(files)
    }

    fn scenario(self) -> anyhow::Result<String> {
        let Self { shops, channels, .. } = self;
        let (gateways, every) = (self.of_first_shop(), humantime::format_duration(self.payout_every));
        let mut text = format!(
            "seed: 1\nfleet:\n  shops: {shops}\n  gateways: {gateways}\n  channels: {channels}\n  currencies: [USD]\n  \
             drain: {{amount: 5000, every: {every}, jitter: 0.5}}\n  top_up: {{below: 500000, amount: 5000000}}\n"
        );
        if !self.delay.is_zero() {
            let delay = humantime::format_duration(self.delay);
            writeln!(text, "faults: [{{api: channel_balances, delay: {delay}}}]")?;
        }
        Ok(text)
    }
}

fn secret_key(shop: usize) -> String {
    format!("fleet-{shop}")
}
