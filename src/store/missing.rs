//! Channels that are configured and that no answer tells of.

use std::collections::HashSet;
use std::sync::Arc;

use super::Snapshot;
use crate::domain::query::{Api, ChannelId, GatewayId};
use crate::domain::shop::Shop;

/// A channel that the configuration names and no answer tells of.
#[derive(Clone, Debug)]
pub struct MissingChannel {
    /// The shop it is configured for.
    pub shop: Arc<Shop>,
    /// Its gateway.
    pub gateway: GatewayId,
    /// The channel.
    pub channel: ChannelId,
}

impl Snapshot {
    /// The channels that the configuration names and no last good answer tells of, of gateways that are asked about.
    /// While a query of a gateway has no such answer, little is known of its channels, and none counts as missing; nor
    /// does any of a gateway that other shards ask about too.
    pub fn missing_channels(&self) -> Vec<MissingChannel> {
        let (mut asked, mut unanswered, mut told_of) = (HashSet::new(), HashSet::new(), HashSet::new());
        for state in &self.queries {
            let (shop, ask) = (&state.query.shop, &state.query.ask);
            let Some(gateway) = ask.gateway().filter(|_| ask.api() == Api::ChannelBalances) else { continue };
            if shop.expected_channels.is_empty() {
                continue;
            }
            asked.insert((&*shop.name, gateway));
            match state.last_known() {
                Some(held) => told_of.extend(held.told_of().map(|told_of| (&*shop.name, told_of))),
                None => {
                    unanswered.insert((&*shop.name, gateway));
                }
            }
        }
        let mut missing = Vec::new();
        for shop in self.shops.iter() {
            for (gateway, channel) in &shop.expected_channels {
                let of_gateway = (&*shop.name, *gateway);
                let known = asked.contains(&of_gateway)
                    && !unanswered.contains(&of_gateway)
                    && !shop.asked_elsewhere.contains(gateway);
                if known && !told_of.contains(&(&*shop.name, (*gateway, Some(*channel)))) {
                    missing.push(MissingChannel { shop: Arc::clone(shop), gateway: *gateway, channel: *channel });
                }
            }
        }
        missing
    }
}
