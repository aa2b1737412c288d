//! A snapshot of the store as samples.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::families::{self, Family};
use super::labels::{Labels, Value};
use super::number::Number;
use super::samples::Samples;
use crate::domain::moment::Moment;
use crate::domain::observation::{Series, Subject};
use crate::domain::query::{Api, ChannelId, GatewayId, Query, Severity};
use crate::domain::shop::Shop;
use crate::store::{Held, HeldRow, QueryState, Snapshot};

/// Adds everything that follows from a snapshot, seen from that moment.
pub(super) fn collect(samples: &mut Samples, snapshot: &Snapshot, now: Moment) {
    let mut exponents = BTreeMap::new();
    let mut told_of = HashSet::with_capacity(snapshot.queries.len() * 2);
    let mut labels = Labels::default();
    for state in &snapshot.queries {
        add_health(samples, &mut labels, state, now);
        let Some(held) = state.last_known() else { continue };
        let fresh = state.fresh(now).is_some();
        for row in &held.rows {
            match row.row.series.subject {
                Subject::Channel(_) => add_channel(samples, &mut labels, state, held, row, fresh),
                Subject::Account(_) => add_account(samples, &mut labels, state, held, row, fresh),
            }
            exponents.insert(row.row.series.currency, row.row.exponent);
        }
        let shop = &state.query.shop;
        for (gateway, channel) in held.told_of() {
            if told_of.insert((Arc::as_ptr(shop), gateway, None)) {
                add_gateway_info(samples, shop, gateway);
            }
            if let Some(channel) =
                channel.filter(|channel| told_of.insert((Arc::as_ptr(shop), gateway, Some(*channel))))
            {
                add_channel_info(samples, &mut labels, shop, gateway, channel);
            }
        }
    }
    for (currency, exponent) in exponents {
        samples.add(&families::CURRENCY_EXPONENT, &[currency.as_str().into()], Number::Whole(exponent.places().into()));
    }
    for shop in snapshot.shops.iter() {
        let brand = &*shop.brand.name;
        let info = [(&*shop.name).into(), brand.into(), shop.shop_id.as_str().into()];
        samples.add(&families::SHOP_INFO, &info, Number::Whole(1));
        for (gateway, channel) in &shop.expected_channels {
            let channel = [(&*shop.name).into(), Value::Id(gateway.0), Value::Id(channel.0)];
            samples.add(&families::CHANNEL_EXPECTED, &channel, Number::Whole(1));
        }
    }
    for polls in &snapshot.polls {
        labels.set(families::POLL_DURATION.labels, &[(&*polls.shop).into(), polls.api.as_str().into()]);
        samples.add_histogram(&families::POLL_DURATION, &labels, &polls.duration);
        samples.add_histogram(&families::POLL_QUEUE, &labels, &polls.queued);
        for (reason, count) in polls.failures() {
            let more = ("reason", reason.as_str());
            samples.add_labelled_with(&families::POLL_FAILURES_BY_REASON, &labels, more, Number::Whole(count));
        }
    }
    if let Some(reload) = snapshot.reload {
        samples.add(&families::RELOAD_SUCCESSFUL, &[], Number::truth(reload.is_successful()));
        samples.add(&families::RELOAD_SUCCESS_TIME, &[], Number::time(reload.last_success));
    }
}

/// Health is there whatever the answers are: never dropped, never stale.
fn add_health(samples: &mut Samples, labels: &mut Labels, state: &QueryState, now: Moment) {
    let query = &*state.query;
    let api = query.ask.api();
    let gateway = query.ask.gateway().map_or(Value::Text(""), |gateway| Value::Id(gateway.0));
    let of_query = [(&*query.shop.name).into(), api.as_str().into(), gateway, (&*query.name).into()];
    labels.set(families::UP.labels, &of_query);
    let labels = &*labels;
    let mut add = |family: &Family, value: Number| samples.add_labelled(family, labels, value);
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
        let more = ("reason", failing.failure.reason.as_str());
        samples.add_labelled_with(&families::POLL_FAILING, labels, more, Number::Whole(1));
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

fn add_channel(
    samples: &mut Samples,
    labels: &mut Labels,
    state: &QueryState,
    held: &Held,
    row: &HeldRow,
    fresh: bool,
) {
    let Series { gateway, currency, subject } = &row.row.series;
    let channel = subject.channel().map_or(Value::Text(""), |channel| Value::Id(channel.0));
    let of_channel = [(&*state.query.shop.name).into(), Value::Id(gateway.0), currency.as_str().into(), channel];
    labels.set(families::AVAILABLE_BALANCE.labels, &of_channel);
    add_balance(samples, &CHANNEL, labels, state, held, row, fresh);
    if let Some(active) = row.row.active.filter(|_| fresh) {
        samples.add_labelled(&families::CONTROL_ACTIVE, labels, Number::truth(active));
    }
}

fn add_account(
    samples: &mut Samples,
    labels: &mut Labels,
    state: &QueryState,
    held: &Held,
    row: &HeldRow,
    fresh: bool,
) {
    let Series { gateway, currency, subject } = &row.row.series;
    let Subject::Account(account) = subject else { return };
    let (shop, api, account) =
        (&*state.query.shop.name, state.query.ask.api().as_str(), account.as_deref().unwrap_or_default());
    let of_account = [shop.into(), api.into(), Value::Id(gateway.0), currency.as_str().into(), account.into()];
    labels.set(families::ACCOUNT_BALANCE.labels, &of_account);
    add_balance(samples, &ACCOUNT, labels, state, held, row, fresh);
    for (field, number) in row.row.details.iter().filter(|_| fresh) {
        samples.add_labelled_with(&families::ACCOUNT_DETAIL, labels, ("field", field), *number);
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
    let of_query = ("query", &*state.query.name);
    samples.add_labelled_with(families.last_success, labels, of_query, Number::time(held.at.wall));
    for (severity, amount) in severities(&state.query, row) {
        samples.add_labelled_with(families.threshold, labels, ("severity", severity), amount);
    }
}

fn severities(query: &Query, row: &HeldRow) -> impl Iterator<Item = (&'static str, f64)> {
    let thresholds = row.row.thresholds(query);
    [(Severity::Warning, thresholds.warning), (Severity::Critical, thresholds.critical)]
        .into_iter()
        .filter_map(|(severity, amount)| Some((severity.as_str(), amount?)))
}

fn add_gateway_info(samples: &mut Samples, shop: &Shop, gateway: GatewayId) {
    let name = shop.gateway_name(gateway).map_or(Value::Id(gateway.0), Value::Text);
    let labels = [(&*shop.name).into(), Value::Id(gateway.0), name];
    samples.add(&families::GATEWAY_INFO, &labels, Number::Whole(1));
}

fn add_channel_info(samples: &mut Samples, labels: &mut Labels, shop: &Shop, gateway: GatewayId, channel: ChannelId) {
    let name = shop.channel_name(gateway, channel).map_or(Value::Id(channel.0), Value::Text);
    let of_channel = [(&*shop.name).into(), Value::Id(gateway.0), Value::Id(channel.0), name];
    labels.set(families::CHANNEL_INFO.labels, &of_channel);
    samples.add_labelled(&families::CHANNEL_INFO, labels, Number::Whole(1));
}
