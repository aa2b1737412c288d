//! A snapshot of the store as samples.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use super::families::{self, Family};
use super::samples::{Samples, count_of};
use crate::domain::moment::Moment;
use crate::domain::observation::{Series, Subject};
use crate::domain::query::{Api, ChannelId, GatewayId, Query, Severity};
use crate::domain::shop::Shop;
use crate::store::{Held, HeldRow, QueryState, Snapshot};

/// Adds everything that follows from a snapshot, seen from that moment.
pub(super) fn collect(samples: &mut Samples, snapshot: &Snapshot, now: Moment) {
    let mut exponents = BTreeMap::new();
    let mut gateways = BTreeSet::new();
    let mut channels = BTreeSet::new();
    for state in &snapshot.queries {
        add_health(samples, state, now);
        let Some(held) = state.last_known() else { continue };
        let fresh = state.fresh(now).is_some();
        for row in &held.rows {
            match row.row.series.subject {
                Subject::Channel(_) => add_channel(samples, state, held, row, fresh),
                Subject::Account(_) => add_account(samples, state, held, row, fresh),
            }
            exponents.insert(row.row.series.currency, row.row.exponent);
        }
        let shop = state.query.shop.name.as_ref();
        for (gateway, channel) in held.told_of() {
            if gateways.insert((shop, gateway)) {
                add_gateway_info(samples, &state.query.shop, gateway);
            }
            if let Some(channel) = channel.filter(|channel| channels.insert((shop, gateway, *channel))) {
                add_channel_info(samples, &state.query.shop, gateway, channel);
            }
        }
    }
    for (currency, exponent) in exponents {
        samples.add(&families::CURRENCY_EXPONENT, &[currency.as_str()], exponent.places().into());
    }
    for shop in snapshot.shops.iter() {
        samples.add(&families::SHOP_INFO, &[&shop.name, &shop.brand.name, &shop.shop_id], 1.0);
        for (gateway, channel) in &shop.expected_channels {
            let labels = [&*shop.name, &gateway.to_string(), &channel.to_string()];
            samples.add(&families::CHANNEL_EXPECTED, &labels, 1.0);
        }
    }
    for polls in &snapshot.polls {
        let labels = [&*polls.shop, polls.api.as_str()];
        samples.add_histogram(&families::POLL_DURATION, &labels, &polls.duration);
        samples.add_histogram(&families::POLL_QUEUE, &labels, &polls.queued);
        for (reason, count) in polls.failures() {
            let labels = [labels[0], labels[1], reason.as_str()];
            samples.add(&families::POLL_FAILURES_BY_REASON, &labels, count_of(count));
        }
    }
    if let Some(reload) = snapshot.reload {
        samples.add(&families::RELOAD_SUCCESSFUL, &[], f64::from(u8::from(reload.is_successful())));
        samples.add(&families::RELOAD_SUCCESS_TIME, &[], unix_seconds(reload.last_success));
    }
}

/// Health is there whatever the answers are: never dropped, never stale.
fn add_health(samples: &mut Samples, state: &QueryState, now: Moment) {
    let query = &*state.query;
    let gateway = query.ask.gateway().map(|gateway| gateway.to_string()).unwrap_or_default();
    let labels = [&*query.shop.name, query.ask.api().as_str(), &gateway, &*query.name];
    let mut add = |family: &Family, value: f64| samples.add(family, &labels, value);
    add(&families::UP, f64::from(u8::from(state.is_up())));
    add(&families::POLLS, count_of(state.polls));
    add(&families::POLL_FAILURES, count_of(state.failures));
    add(&families::POLL_INTERVAL, query.pace.interval.as_secs_f64());
    add(&families::POLL_LAST_SUCCESS, state.last_success.map_or(0.0, unix_seconds));
    if let Some(next) = state.next_poll {
        add(&families::POLL_NEXT, unix_seconds(now.wall_at(next)));
    }
    if let Some(rows) = state.rows_withheld {
        add(&families::ROWS_WITHHELD, count_of(rows as u64));
    }
    if query.ask.api() == Api::ChannelBalances {
        add(&families::AS_OF_MAX_AGE, query.pace.max_data_age.as_secs_f64());
    }
    if let Some(as_of) = state.as_of {
        add(&families::AS_OF, unix_seconds(as_of));
    }
    if let Some(failing) = &state.failing {
        let [shop, api, gateway, query] = labels;
        samples.add(&families::POLL_FAILING, &[shop, api, gateway, query, failing.failure.reason.as_str()], 1.0);
    }
}

fn add_channel(samples: &mut Samples, state: &QueryState, held: &Held, row: &HeldRow, fresh: bool) {
    let Series { gateway, currency, subject } = &row.row.series;
    let channel = subject.channel();
    let gateway = gateway.to_string();
    let channel_label = channel.map(|channel| channel.to_string()).unwrap_or_default();
    let labels = [&*state.query.shop.name, &gateway, currency.as_str(), &channel_label];
    let [shop, gateway, currency_label, channel_label] = labels;
    let exponent = row.row.exponent;
    let balance = row.row.amount.to_major(exponent);
    if fresh {
        samples.add(&families::AVAILABLE_BALANCE, &labels, balance);
        if let Some(active) = row.row.active {
            samples.add(&families::CONTROL_ACTIVE, &labels, f64::from(u8::from(active)));
        }
    }
    samples.add(&families::AVAILABLE_BALANCE_LAST_KNOWN, &labels, balance);
    samples.add(&families::AVAILABLE_BALANCE_DECREASE, &labels, row.decreased.to_major(exponent));
    samples.add(&families::AVAILABLE_BALANCE_INCREASE, &labels, row.increased.to_major(exponent));
    let last_success = [shop, gateway, currency_label, channel_label, &*state.query.name];
    samples.add(&families::AVAILABLE_BALANCE_LAST_SUCCESS, &last_success, unix_seconds(held.at.wall));
    for (severity, amount) in severities(&state.query, row) {
        let labels = [shop, gateway, currency_label, channel_label, severity];
        samples.add(&families::AVAILABLE_BALANCE_THRESHOLD, &labels, amount);
    }
}

fn add_account(samples: &mut Samples, state: &QueryState, held: &Held, row: &HeldRow, fresh: bool) {
    let Series { gateway, currency, subject } = &row.row.series;
    let Subject::Account(account) = subject else { return };
    let gateway = gateway.to_string();
    let account = account.as_deref().unwrap_or_default();
    let api = state.query.ask.api().as_str();
    let labels = [&*state.query.shop.name, api, &gateway, currency.as_str(), account];
    let [shop, api, gateway, currency_label, account] = labels;
    let exponent = row.row.exponent;
    let balance = row.row.amount.to_major(exponent);
    if fresh {
        samples.add(&families::ACCOUNT_BALANCE, &labels, balance);
        for (field, number) in &row.row.details {
            samples.add(&families::ACCOUNT_DETAIL, &[shop, api, gateway, currency_label, account, field], *number);
        }
    }
    samples.add(&families::ACCOUNT_BALANCE_LAST_KNOWN, &labels, balance);
    samples.add(&families::ACCOUNT_BALANCE_DECREASE, &labels, row.decreased.to_major(exponent));
    samples.add(&families::ACCOUNT_BALANCE_INCREASE, &labels, row.increased.to_major(exponent));
    let last_success = [shop, api, gateway, currency_label, account, &*state.query.name];
    samples.add(&families::ACCOUNT_BALANCE_LAST_SUCCESS, &last_success, unix_seconds(held.at.wall));
    for (severity, amount) in severities(&state.query, row) {
        let labels = [shop, api, gateway, currency_label, account, severity];
        samples.add(&families::ACCOUNT_BALANCE_THRESHOLD, &labels, amount);
    }
}

fn severities(query: &Query, row: &HeldRow) -> impl Iterator<Item = (&'static str, f64)> {
    let thresholds = row.row.thresholds(query);
    [(Severity::Warning, thresholds.warning), (Severity::Critical, thresholds.critical)]
        .into_iter()
        .filter_map(|(severity, amount)| Some((severity.as_str(), amount?)))
}

fn add_gateway_info(samples: &mut Samples, shop: &Shop, gateway: GatewayId) {
    let id = gateway.to_string();
    let name = shop.gateway_name(gateway).unwrap_or(&id);
    samples.add(&families::GATEWAY_INFO, &[&shop.name, &id, name], 1.0);
}

fn add_channel_info(samples: &mut Samples, shop: &Shop, gateway: GatewayId, channel: ChannelId) {
    let id = channel.to_string();
    let name = shop.channel_name(gateway, channel).unwrap_or(&id);
    samples.add(&families::CHANNEL_INFO, &[&shop.name, &gateway.to_string(), &id, name], 1.0);
}

/// The time in Unix seconds; times before 1970 do not occur.
fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
