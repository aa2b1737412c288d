//! `check`: what a configuration means, or what is wrong with it and where.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::platform::Platform;
use super::{Error, print};
use crate::cli::CheckFlags;
use crate::config::{Config, Environment};
use crate::domain::money::Currency;
use crate::domain::query::{Ask, GatewayId, Query, ThresholdsByCurrency};
use crate::domain::shard::Shard;
use crate::web::WebConfiguration;

/// Below this mean time of an answer, in seconds, the limits are worth a warning: banks are seldom faster.
const SLOWEST_COMFORTABLE: f64 = 1.0;

pub(super) fn run(flags: &CheckFlags) -> Result<(), Error> {
    let path = &flags.config.config_file;
    let environment = Environment::of_process();
    let (environment, note) = if flags.no_secrets {
        (environment.without_secrets(), "ok; secret keys were not read")
    } else {
        (environment, "ok")
    };
    let config = Config::load(path, &environment)?;
    // The files that brands name are read here as `serve` would.
    Platform::new(&config, &Platform::default())?;
    let mut files = format!("{}: {note}\n", path.display());
    if let Some(path) = &flags.web_config_file {
        if flags.no_secrets {
            WebConfiguration::check_file_alone(path)?;
            let _ = writeln!(files, "{}: ok; certificates and keys were not read", path.display());
        } else {
            WebConfiguration::load(path)?;
            let _ = writeln!(files, "{}: ok", path.display());
        }
    }
    print(&(files + &meaning(&config, flags.shard_total)))
}

/// What a configuration means to so many shards: its queries, the load they make, and where the limits can't carry it.
fn meaning(config: &Config, shards: NonZeroU32) -> String {
    let mut text = String::new();
    // Writing to a string does not fail, here and below.
    let _ = writeln!(text, "\nshops: {}, queries: {}", config.shops.len(), config.queries.len());
    let width = config.queries.iter().map(|query| query.to_string().len()).max().unwrap_or_default();
    for query in &config.queries {
        let show = humantime::format_duration;
        let pace = query.pace;
        let _ = writeln!(
            text,
            "  {:width$}  every {}, timeout {}, stale after {}, at {}",
            query.to_string(),
            show(pace.interval),
            show(pace.timeout),
            show(pace.stale_after),
            query.host(),
        );
    }
    let hosts = loads(&config.queries, Query::host);
    let _ = writeln!(text, "\nrequests per minute by host");
    let width = hosts.keys().map(String::len).max().unwrap_or_default();
    for (host, per_second) in &hosts {
        let _ = writeln!(text, "  {host:width$}  {:.1}", per_second * 60.0);
    }
    let parts = parts(config, shards);
    if shards > NonZeroU32::MIN {
        let _ = writeln!(text, "\nqueries and requests per minute by shard");
        for (index, part) in parts.iter().enumerate() {
            let per_second: f64 = loads(part, |_| ()).values().sum();
            let _ = writeln!(text, "  {index} of {shards}  {:>6}  {:.1}", part.len(), per_second * 60.0);
        }
    }
    let mut warnings = String::new();
    let limit = config.max_in_flight_per_host;
    for (host, per_second) in busiest(&parts, Query::host) {
        // By Little's law, places divided by arrivals is the longest mean stay that the places can carry.
        #[expect(clippy::cast_precision_loss, reason = "a limit is a small number")]
        warn(&mut warnings, &host, limit as f64 / per_second, "raise max_in_flight_per_host or the intervals");
    }
    let lanes = busiest(&parts, |query| match query.ask.gateway() {
        Some(gateway) => format!("shop {}, gateway {gateway}", query.shop.name),
        None => format!("query {query}"),
    });
    for (lane, per_second) in lanes {
        warn(&mut warnings, &lane, 1.0 / per_second, "one poll at a time goes there; raise the intervals");
    }
    for line in config.warnings.to_string().lines() {
        let _ = writeln!(warnings, "warning: {line}");
    }
    for warning in currency_warnings(config) {
        let _ = writeln!(warnings, "warning: {warning}");
    }
    if config.queries.is_empty() {
        warnings.push_str(
            "warning: nothing is asked; write shops with channel_balances, gateway_balances or beyag_balances\n",
        );
    }
    if !warnings.is_empty() {
        let _ = write!(text, "\n{warnings}");
    }
    text
}

fn warn(warnings: &mut String, place: &str, mean: f64, advice: &str) {
    if mean < SLOWEST_COMFORTABLE {
        let _ = writeln!(
            warnings,
            "warning: {place}: the in-flight limit carries this load only if answers take {mean:.2}s or less on \
             average; {advice}"
        );
    }
}

/// Thresholds that no balance will meet, and balances that two queries will claim.
fn currency_warnings(config: &Config) -> BTreeSet<String> {
    // The queries of one entry of the file share its thresholds.
    let mut entries: BTreeMap<_, (GatewayId, Vec<&Query>)> = BTreeMap::new();
    let mut gateways: BTreeMap<(&str, GatewayId), BTreeSet<Option<Currency>>> = BTreeMap::new();
    for query in &config.queries {
        if let Ask::ChannelBalances { gateway, currency } = query.ask {
            entries.entry(Arc::as_ptr(&query.thresholds)).or_insert((gateway, Vec::new())).1.push(query);
            gateways.entry((&query.shop.name, gateway)).or_default().insert(currency);
        }
    }
    let mut warnings = BTreeSet::new();
    for (gateway, queries) in entries.into_values() {
        let query = queries[0];
        let of_channels = query.channel_thresholds.values().flat_map(ThresholdsByCurrency::iter);
        let thresholds: BTreeSet<Currency> =
            query.thresholds.iter().chain(of_channels).map(|(currency, _)| currency).collect();
        let asked = |currency| queries.iter().any(|query| query.ask.currency().is_none_or(|asked| asked == currency));
        for currency in thresholds.into_iter().filter(|currency| !asked(*currency)) {
            let shop = &query.shop.name;
            warnings.insert(format!("shop {shop}, gateway {gateway}: thresholds in {currency}, not asked for there"));
        }
    }
    let claimed_twice = gateways.into_iter().filter(|(_, asked)| asked.len() > 1 && asked.contains(&None));
    let claimed_twice = claimed_twice.map(|((shop, gateway), _)| {
        format!(
            "shop {shop}, gateway {gateway}: asked for all currencies at once and for some of them alone; an answer to \
             both is a conflict, and neither is published"
        )
    });
    warnings.extend(claimed_twice);
    warnings
}

/// The queries of each shard.
fn parts(config: &Config, shards: NonZeroU32) -> Vec<Vec<&Query>> {
    let mut parts = vec![Vec::new(); shards.get() as usize];
    for query in &config.queries {
        parts[Shard::that_owns(&query.shop.name, &query.name, shards).index() as usize].push(&**query);
    }
    parts
}

/// Polls per second by group of queries.
fn loads<G: Ord>(queries: &[impl Borrow<Query>], group: impl Fn(&Query) -> G) -> BTreeMap<G, f64> {
    let mut loads = BTreeMap::new();
    for query in queries.iter().map(Borrow::borrow) {
        *loads.entry(group(query)).or_default() += 1.0 / query.pace.interval.as_secs_f64();
    }
    loads
}

/// The same of the shard that has most of each group: limits hold for each shard by itself.
fn busiest(parts: &[Vec<&Query>], group: impl Fn(&Query) -> String) -> BTreeMap<String, f64> {
    let mut busiest: BTreeMap<String, f64> = BTreeMap::new();
    for (group, load) in parts.iter().flat_map(|part| loads(part, &group)) {
        let most = busiest.entry(group).or_default();
        *most = most.max(load);
    }
    busiest
}
