//! What the page lists, before anything is written: each balance, and each query and channel that has none.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::moment::Moment;
use crate::domain::money::Currency;
use crate::domain::observation::{Row, Subject, Withheld};
use crate::domain::query::{Api, ChannelId, GatewayId, Severity};
use crate::domain::shop::Shop;
use crate::store::{Held, MissingChannel, QueryState, Snapshot};

/// One thing to list.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) shop: &'a Arc<Shop>,
    pub(super) gateway: Option<GatewayId>,
    pub(super) what: What<'a>,
    pub(super) urgency: Urgency,
}

/// What is listed.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    /// A balance that counts.
    Fresh(&'a QueryState, &'a Held, &'a Row),
    /// A balance that is too old.
    Stale(&'a QueryState, &'a Held, &'a Row),
    /// A row that is not published for its currency.
    Withheld(&'a QueryState, &'a Held, &'a Withheld),
    /// A query of which nothing is to be shown.
    Nothing(&'a QueryState),
    /// A channel of the configuration that no answer tells of.
    Missing(ChannelId),
}

/// How soon somebody should look at it; the most urgent comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    Critical,
    Unknown,
    Warning,
    Withheld,
    Failing,
    Waiting,
    Fine,
}

/// Everything that the shops which are taken have to list, in the order of the page: shops and gateways as the queries
/// come in the configuration; in a gateway channels before accounts.
pub(super) fn entries<'a>(
    snapshot: &'a Snapshot,
    missing: &'a [MissingChannel],
    now: Moment,
    takes_shop: impl Fn(&str) -> bool,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for state in snapshot.queries.iter().filter(|state| takes_shop(&state.query.shop.name)) {
        add(&mut entries, state, now);
    }
    for missing in missing.iter().filter(|missing| takes_shop(&missing.shop.name)) {
        let what = What::Missing(missing.channel);
        let (shop, gateway) = (&missing.shop, Some(missing.gateway));
        entries.push(Entry { shop, gateway, what, urgency: Urgency::Withheld });
    }
    let (mut shops, mut gateways) = (HashMap::new(), HashMap::new());
    for entry in &entries {
        let (shop, next) = (&*entry.shop.name, shops.len());
        let shop_place = *shops.entry(shop).or_insert(next);
        let next = gateways.len();
        gateways.entry((shop, entry.gateway)).or_insert((shop_place, next));
    }
    let of_gateway = |entry: &Entry<'_>| gateways.get(&(&*entry.shop.name, entry.gateway)).copied();
    entries.sort_by(|one, other| of_gateway(one).cmp(&of_gateway(other)).then_with(|| one.place().cmp(&other.place())));
    entries
}

fn add<'a>(entries: &mut Vec<Entry<'a>>, state: &'a QueryState, now: Moment) {
    let shop = &state.query.shop;
    let mut add = |gateway, what, urgency| entries.push(Entry { shop, gateway, what, urgency });
    let Some(held) = state.last_known() else {
        let urgency = if state.failing.is_some() { Urgency::Unknown } else { Urgency::Waiting };
        return add(state.query.ask.gateway(), What::Nothing(state), urgency);
    };
    let fresh = state.fresh(now).is_some();
    for held_row in &held.rows {
        let row = &held_row.row;
        let gateway = Some(row.series.gateway);
        if !fresh {
            add(gateway, What::Stale(state, held, row), Urgency::Unknown);
            continue;
        }
        let urgency = match row.severity(&state.query) {
            Some(Severity::Critical) => Urgency::Critical,
            Some(Severity::Warning) => Urgency::Warning,
            None if state.failing.is_some() => Urgency::Failing,
            None => Urgency::Fine,
        };
        add(gateway, What::Fresh(state, held, row), urgency);
    }
    for row in &held.withheld {
        add(Some(row.gateway), What::Withheld(state, held, row), Urgency::Withheld);
    }
}

impl<'a> Entry<'a> {
    /// The query it comes from, if it comes from one.
    pub(super) const fn state(&self) -> Option<&'a QueryState> {
        match self.what {
            What::Fresh(state, ..) | What::Stale(state, ..) | What::Withheld(state, ..) | What::Nothing(state) => {
                Some(state)
            }
            What::Missing(_) => None,
        }
    }

    /// How low it is, if it counts and is.
    pub(super) const fn severity(&self) -> Option<Severity> {
        match self.urgency {
            Urgency::Critical => Some(Severity::Critical),
            Urgency::Warning => Some(Severity::Warning),
            _ => None,
        }
    }

    /// Whether it is of payout headroom, not of an account.
    pub(super) fn is_of_channel(&self) -> bool {
        self.state().is_none_or(|state| state.query.ask.api() == Api::ChannelBalances)
    }

    /// Where it stands in its gateway.
    fn place(&self) -> impl Ord + use<'a> {
        let (subject, currency): (Option<&'a Subject>, Option<Currency>) = match self.what {
            What::Fresh(_, _, row) | What::Stale(_, _, row) => (Some(&row.series.subject), Some(row.series.currency)),
            What::Withheld(..) | What::Nothing(_) | What::Missing(_) => (None, None),
        };
        let channel = match self.what {
            What::Withheld(_, _, row) => row.channel,
            What::Missing(channel) => Some(channel),
            _ => subject.and_then(Subject::channel),
        };
        let name = self.state().map(|state| &*state.query.name);
        (!self.is_of_channel(), channel.is_none(), channel, subject, currency, name)
    }
}
