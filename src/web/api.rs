//! The state of the queries as JSON: what the status page shows, for programs.
//!
//! A stale number is never told: what is no longer fresh has no balances here.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::domain::moment::Moment;
use crate::domain::shard::Shard;
use crate::json::{Balance, Failure, Time, Withheld};
use crate::store::{MissingChannel, QueryState, Snapshot};

/// All queries, or those of the shop of that name.
pub(super) fn queries(
    snapshot: &Snapshot,
    shard: Shard,
    now: Moment,
    shop: Option<&str>,
) -> Result<Vec<u8>, serde_json::Error> {
    let wanted = |name: &str| shop.is_none_or(|shop| shop == name);
    let missing = snapshot.missing_channels();
    let document = Document {
        time: Time(now.wall),
        shard: Part { index: shard.index(), total: shard.total() },
        queries: Sequence(|| {
            let states = snapshot.queries.iter().filter(|state| wanted(&state.query.shop.name));
            states.map(|state| query(state, now))
        }),
        missing_channels: Sequence(|| missing.iter().filter(|missing| wanted(&missing.shop.name)).map(Missing::from)),
    };
    let mut text = serde_json::to_vec(&document)?;
    text.push(b'\n');
    Ok(text)
}

/// One query.
pub(super) fn query(state: &QueryState, now: Moment) -> impl Serialize {
    let query = &*state.query;
    let (fresh, known) = (state.fresh(now), state.last_known());
    let gateway = query.ask.gateway();
    let pace = query.pace;
    State {
        shop: &query.shop.name,
        query: &query.name,
        api: query.ask.api().as_str(),
        gateway: gateway.map(|gateway| gateway.0),
        gateway_name: gateway.and_then(|gateway| query.shop.gateway_name(gateway)),
        currency: query.ask.currency().map(|currency| currency.to_string()),
        account: query.account_label.of(query.ask.account()).map(|label| label.to_string()),
        host: query.host(),
        pace: Pace {
            interval_seconds: Seconds(pace.interval),
            timeout_seconds: Seconds(pace.timeout),
            stale_after_seconds: Seconds(pace.stale_after),
            max_data_age_seconds: Seconds(pace.max_data_age),
        },
        up: state.is_up(),
        polls: state.polls,
        failures: state.failures,
        failing: state.failing.as_ref().map(|failing| Failing {
            since: Time(now.wall_at(failing.since)),
            failure: Failure::from(&failing.failure),
        }),
        last_success: state.last_success.map(Time),
        next_poll: state.next_poll.map(|next| Time(now.wall_at(next))),
        as_of: state.as_of.map(Time),
        answered_at: known.map(|held| Time(held.at.wall)),
        data_age_seconds: known.map(|held| Seconds(now.since(held.at))),
        stale: state.stale(now).is_some(),
        conflict: state.is_in_conflict(),
        balances: fresh
            .map(|held| held.rows.iter().map(|row| Balance::of(query, &row.row)).collect())
            .unwrap_or_default(),
        withheld: fresh.map(|held| held.withheld.iter().map(Withheld::from).collect()).unwrap_or_default(),
    }
}

#[derive(Serialize)]
struct Document<Q: Serialize, M: Serialize> {
    time: Time,
    shard: Part,
    queries: Q,
    missing_channels: M,
}

/// Which part of the queries this exporter asks.
#[derive(Serialize)]
struct Part {
    index: u32,
    total: u32,
}

#[derive(Serialize)]
struct State<'a> {
    shop: &'a str,
    query: &'a str,
    api: &'static str,
    gateway: Option<u64>,
    gateway_name: Option<&'a str>,
    currency: Option<String>,
    account: Option<String>,
    host: String,
    pace: Pace,
    up: bool,
    polls: u64,
    failures: u64,
    failing: Option<Failing<'a>>,
    last_success: Option<Time>,
    next_poll: Option<Time>,
    as_of: Option<Time>,
    answered_at: Option<Time>,
    data_age_seconds: Option<Seconds>,
    stale: bool,
    conflict: bool,
    balances: Vec<Balance<'a>>,
    withheld: Vec<Withheld>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the fields are named as the document names them")]
struct Pace {
    interval_seconds: Seconds,
    timeout_seconds: Seconds,
    stale_after_seconds: Seconds,
    max_data_age_seconds: Seconds,
}

#[derive(Serialize)]
struct Failing<'a> {
    since: Time,
    #[serde(flatten)]
    failure: Failure<'a>,
}

/// A channel that the configuration names and that no answer tells of.
#[derive(Serialize)]
struct Missing<'a> {
    shop: &'a str,
    gateway: u64,
    gateway_name: Option<&'a str>,
    channel: u64,
    channel_name: Option<&'a str>,
}

impl<'a> From<&'a MissingChannel> for Missing<'a> {
    fn from(missing: &'a MissingChannel) -> Self {
        let MissingChannel { shop, gateway, channel } = missing;
        Self {
            shop: &shop.name,
            gateway: gateway.0,
            gateway_name: shop.gateway_name(*gateway),
            channel: channel.0,
            channel_name: shop.channel_name(*gateway, *channel),
        }
    }
}

/// A length of time in seconds, to the millisecond.
struct Seconds(Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.0.as_secs_f64() * 1000.0).round() / 1000.0)
    }
}

/// A list whose items are made one by one while it is written.
struct Sequence<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Sequence<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

#[cfg(test)]
mod tests;
