//! The lines of the page by shop and gateway.

use std::sync::Arc;

use super::entry::Entry;
use super::line::Line;
use crate::domain::moment::Moment;
use crate::domain::query::GatewayId;
use crate::domain::shop::Shop;

/// A shop and its gateways.
pub(super) struct ShopSection<'a> {
    pub(super) name: &'a str,
    pub(super) brand: &'a str,
    pub(super) gateways: Vec<GatewaySection<'a>>,
}

/// A gateway with its channels and accounts.
pub(super) struct GatewaySection<'a> {
    pub(super) name: String,
    /// What else tells it from others, where it has a name.
    pub(super) id: Option<String>,
    /// Where links lead to it.
    pub(super) anchor: String,
    pub(super) tables: Vec<Table<'a>>,
}

/// The channels or the accounts of a gateway.
pub(super) struct Table<'a> {
    /// Whether they are channels.
    pub(super) channels: bool,
    pub(super) lines: Vec<Line<'a>>,
}

/// The sections of entries in the order of the page.
pub(super) fn sections<'a>(entries: &[Entry<'a>], now: Moment) -> Vec<ShopSection<'a>> {
    let shops = entries.chunk_by(|one, other| one.shop.name == other.shop.name);
    shops.filter_map(|entries| Some(shop(entries.first()?.shop, entries, now))).collect()
}

fn shop<'a>(shop: &'a Arc<Shop>, entries: &[Entry<'a>], now: Moment) -> ShopSection<'a> {
    let gateways = entries.chunk_by(|one, other| one.gateway == other.gateway);
    let gateways = gateways.filter_map(|entries| Some(gateway(shop, entries.first()?.gateway, entries, now)));
    ShopSection { name: &shop.name, brand: &shop.brand.name, gateways: gateways.collect() }
}

fn gateway<'a>(shop: &Shop, gateway: Option<GatewayId>, entries: &[Entry<'a>], now: Moment) -> GatewaySection<'a> {
    let (name, id) = gateway_name(shop, gateway);
    let tables = entries.chunk_by(|one, other| one.is_of_channel() == other.is_of_channel());
    let tables = tables.map(|entries| Table {
        channels: entries.first().is_some_and(Entry::is_of_channel),
        lines: entries.iter().map(|entry| Line::of(entry, now)).collect(),
    });
    GatewaySection { name, id, anchor: anchor(&shop.name, gateway), tables: tables.collect() }
}

/// What people call a gateway, and its id where they have a name for it.
pub(super) fn gateway_name(shop: &Shop, gateway: Option<GatewayId>) -> (String, Option<String>) {
    let Some(gateway) = gateway else { return ("no gateway named".to_owned(), None) };
    let id = format!("gateway {gateway}");
    match shop.gateway_name(gateway) {
        Some(name) => (name.to_owned(), Some(id)),
        None => (id, None),
    }
}

/// Where links lead to a gateway. Names of shops have no character that would have to be escaped there.
pub(super) fn anchor(shop: &str, gateway: Option<GatewayId>) -> String {
    match gateway {
        Some(gateway) => format!("{shop}-{gateway}"),
        None => format!("{shop}-none"),
    }
}
