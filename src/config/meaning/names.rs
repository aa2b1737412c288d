//! What people call a shop's gateways and channels: one name for each, wherever it is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::file;
use crate::domain::query::{ChannelId, GatewayId};
use crate::yaml::{Located, Problems, shown};

/// The names in a shop, and the channels the configuration lists.
pub(super) struct Names {
    pub(super) gateways: BTreeMap<GatewayId, Arc<str>>,
    pub(super) channels: BTreeMap<(GatewayId, ChannelId), Arc<str>>,
    pub(super) expected_channels: BTreeSet<(GatewayId, ChannelId)>,
}

/// The names a shop's entries give.
pub(super) fn of(given: &file::Shop, key: &str, problems: &mut Problems) -> Names {
    let mut gateways: BTreeMap<GatewayId, &Located<String>> = BTreeMap::new();
    let mut channels: BTreeMap<(GatewayId, ChannelId), &Located<String>> = BTreeMap::new();
    let mut expected_channels = BTreeSet::new();
    let entries = given.channel_balances.iter().enumerate().map(|(i, entry)| {
        (format!("{key}.channel_balances[{i}].name"), Some(entry.gateway.value), entry.name.as_ref())
    });
    let entries = entries.chain(given.gateway_balances.iter().enumerate().map(|(i, entry)| {
        let gateway = entry.gateway.as_ref().map(|gateway| gateway.value);
        (format!("{key}.gateway_balances[{i}].name"), gateway, entry.name.as_ref())
    }));
    let entries =
        entries.chain(given.beyag_balances.iter().enumerate().map(|(i, entry)| {
            (format!("{key}.beyag_balances[{i}].name"), Some(entry.gateway.value), entry.name.as_ref())
        }));
    for (key, gateway, name) in entries {
        let Some(name) = name else { continue };
        let Some(gateway) = gateway else {
            problems.add(name.place, key, "a name for a gateway, but no gateway; write `gateway:` too, or no name");
            continue;
        };
        one_name(&mut gateways, GatewayId(gateway), name, &format!("gateway {gateway}"), &key, problems);
    }
    for (i, entry) in given.channel_balances.iter().enumerate() {
        let gateway = GatewayId(entry.gateway.value);
        for (id, channel) in &entry.channels {
            expected_channels.insert((gateway, ChannelId(*id)));
            if let Some(name) = &channel.name {
                let key = format!("{key}.channel_balances[{i}].channels.{id}.name");
                let what = format!("channel {id} of gateway {gateway}");
                one_name(&mut channels, (gateway, ChannelId(*id)), name, &what, &key, problems);
            }
        }
    }
    Names {
        gateways: gateways.into_iter().map(|(id, name)| (id, name.as_str().into())).collect(),
        channels: channels.into_iter().map(|(id, name)| (id, name.as_str().into())).collect(),
        expected_channels,
    }
}

fn one_name<'a, Id: Ord>(
    names: &mut BTreeMap<Id, &'a Located<String>>,
    id: Id,
    name: &'a Located<String>,
    what: &str,
    key: &str,
    problems: &mut Problems,
) {
    if name.trim().is_empty() {
        problems.add(name.place, key, "an empty name; write what people call it, or no name");
    } else if let Some(first) = names.get(&id).filter(|first| first.value != name.value) {
        let message = format!(
            "{what} is named {} here and {} at line {}; write one name for it",
            shown(name),
            shown(first),
            first.place.line
        );
        problems.add(name.place, key, message);
    } else {
        names.insert(id, name);
    }
}
