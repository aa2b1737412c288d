//! A snapshot of the store as samples.

use std::collections::{BTreeMap, BTreeSet};

use super::families::{self, Family};
use super::number::Number;
use super::samples::{Labels, Samples};
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
        samples.add(&families::CURRENCY_EXPONENT, &[currency.as_str()], Number::Whole(exponent.places().into()));
    }
    for shop in snapshot.shops.iter() {
        samples.add(&families::SHOP_INFO, &[&shop.name, &shop.brand.name, &shop.shop_id], Number::Whole(1));
        for (gateway, channel) in &shop.expected_channels {
            let labels = [&*shop.name, &gateway.to_string(), &channel.to_string()];
            samples.add(&families::CHANNEL_EXPECTED, &labels, Number::Whole(1));
        }
    }
    for polls in &snapshot.polls {
        let labels = [&*polls.shop, polls.api.as_str()];
        samples.add_histogram(&families::POLL_DURATION, &labels, &polls.duration);
        samples.add_histogram(&families::POLL_QUEUE, &labels, &polls.queued);
        for (reason, count) in polls.failures() {
            let labels = [labels[0], labels[1], reason.as_str()];
            samples.add(&families::POLL_FAILURES_BY_REASON, &labels, Number::Whole(count));
        }
    }
    if let Some(reload) = snapshot.reload {
        samples.add(&families::RELOAD_SUCCESSFUL, &[], Number::truth(reload.is_successful()));
        samples.add(&families::RELOAD_SUCCESS_TIME, &[], Number::time(reload.last_success));
    }
}

/// Health is there whatever the answers are: never dropped, never stale.
fn add_health(samples: &mut Samples, state: &QueryState, now: Moment) {
    let query = &*state.query;
    let api = query.ask.api();
    let gateway = query.ask.gateway().map(|gateway| gateway.to_string()).unwrap_or_default();
    let labels = [&*query.shop.name, api.as_str(), &gateway, &*query.name];
    let labels = Labels::of(families::UP.labels, &labels);
    let mut add = |family: &Family, value: Number| samples.add_labelled(family, &labels, value);
    add(&families::UP, Number::truth(state.is_up()));
    add(&families::POLLS, Number::Whole(state.polls));
    add(&families::POLL_FAILURES, Number::Whole(state.failures));
    add(&families::POLL_INTERVAL, query.pace.interval.as_secs_f64().into());
    add(&families::POLL_LAST_SUCCESS, state.last_success.map_or(Number::Whole(0), Number::time));
    if let Some(next) = state.next_poll {
        add(&families::POLL_NEXT, Number::time(now.wall_at(next)));
    }
    if let Some(rows) = state.rows_withheld {
        add(&families::ROWS_WITHHELD, Number::Whole(rows as u64));
    }
    if api == Api::ChannelBalances {
        add(&families::AS_OF_MAX_AGE, query.pace.max_data_age.as_secs_f64().into());
    }
    if let Some(as_of) = state.as_of {
        add(&families::AS_OF, Number::time(as_of));
    }
    if let Some(failing) = &state.failing {
        let labels = labels.with("reason", failing.failure.reason.as_str());
        samples.add_labelled(&families::POLL_FAILING, &labels, Number::Whole(1));
    }
}

/// The families of a kind of balance.
struct BalanceFamilies {
    balance: &'static Family,
    last_known: &'static Family,
    decrease: &'static Family,
    increase: &'static Family,
    last_success: &'static Family,
    threshold: &'static Family,
}

const CHANNEL: BalanceFamilies = BalanceFamilies {
    balance: &families::AVAILABLE_BALANCE,
    last_known: &families::AVAILABLE_BALANCE_LAST_KNOWN,
    decrease: &families::AVAILABLE_BALANCE_DECREASE,
    increase: &families::AVAILABLE_BALANCE_INCREASE,
    last_success: &families::AVAILABLE_BALANCE_LAST_SUCCESS,
    threshold: &families::AVAILABLE_BALANCE_THRESHOLD,
};

const ACCOUNT: BalanceFamilies = BalanceFamilies {
    balance: &families::ACCOUNT_BALANCE,
    last_known: &families::ACCOUNT_BALANCE_LAST_KNOWN,
    decrease: &families::ACCOUNT_BALANCE_DECREASE,
    increase: &families::ACCOUNT_BALANCE_INCREASE,
    last_success: &families::ACCOUNT_BALANCE_LAST_SUCCESS,
    threshold: &families::ACCOUNT_BALANCE_THRESHOLD,
};

fn add_channel(samples: &mut Samples, state: &QueryState, held: &Held, row: &HeldRow, fresh: bool) {
    let Series { gateway, currency, subject } = &row.row.series;
    let channel = subject.channel().map(|channel| channel.to_string()).unwrap_or_default();
    let labels = [&*state.query.shop.name, &gateway.to_string(), currency.as_str(), &channel];
    let labels = Labels::of(families::AVAILABLE_BALANCE.labels, &labels);
    add_balance(samples, &CHANNEL, &labels, state, held, row, fresh);
    if let Some(active) = row.row.active.filter(|_| fresh) {
        samples.add_labelled(&families::CONTROL_ACTIVE, &labels, Number::truth(active));
    }
}

fn add_account(samples: &mut Samples, state: &QueryState, held: &Held, row: &HeldRow, fresh: bool) {
    let Series { gateway, currency, subject } = &row.row.series;
    let Subject::Account(account) = subject else { return };
    let (api, account) = (state.query.ask.api().as_str(), account.as_deref().unwrap_or_default());
    let labels = [&*state.query.shop.name, api, &gateway.to_string(), currency.as_str(), account];
    let labels = Labels::of(families::ACCOUNT_BALANCE.labels, &labels);
    add_balance(samples, &ACCOUNT, &labels, state, held, row, fresh);
    for (field, number) in row.row.details.iter().filter(|_| fresh) {
        samples.add_labelled(&families::ACCOUNT_DETAIL, &labels.with("field", field), Number::Float(*number));
    }
}

fn add_balance(
    samples: &mut Samples,
    families: &BalanceFamilies,
    labels: &Labels,
    state: &QueryState,
    held: &Held,
    row: &HeldRow,
    fresh: bool,
) {
    let exponent = row.row.exponent;
    let balance = Number::amount(row.row.amount, exponent);
    if fresh {
        samples.add_labelled(families.balance, labels, balance);
    }
    samples.add_labelled(families.last_known, labels, balance);
    samples.add_labelled(families.decrease, labels, Number::sum(row.decreased, exponent));
    samples.add_labelled(families.increase, labels, Number::sum(row.increased, exponent));
    let of_query = labels.with("query", &state.query.name);
    samples.add_labelled(families.last_success, &of_query, Number::time(held.at.wall));
    for (severity, amount) in severities(&state.query, row) {
        samples.add_labelled(families.threshold, &labels.with("severity", severity), amount.into());
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
    samples.add(&families::GATEWAY_INFO, &[&shop.name, &id, name], Number::Whole(1));
}

fn add_channel_info(samples: &mut Samples, shop: &Shop, gateway: GatewayId, channel: ChannelId) {
    let id = channel.to_string();
    let name = shop.channel_name(gateway, channel).unwrap_or(&id);
    samples.add(&families::CHANNEL_INFO, &[&shop.name, &gateway.to_string(), &id, name], Number::Whole(1));
}
