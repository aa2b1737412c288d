//! Every query has one shard, and keeps it.

use super::*;
use crate::domain::query::ChannelId;
use crate::domain::samples::{channels, shop};

const QUERIES: u32 = 4000;

fn shard_of(shop: &str, query: &str, total: u32) -> u32 {
    let owners: Vec<u32> = (0..total).filter(|index| Shard::new(*index, total).unwrap().owns(shop, query)).collect();
    assert_eq!(owners.len(), 1, "{shop}/{query} belongs to {owners:?} of {total}");
    owners[0]
}

fn name(number: u32) -> String {
    format!("channel_balances-{number}-USD")
}

#[test]
fn the_whole_is_shard_0_of_1_and_owns_everything() {
    assert_eq!((Shard::WHOLE.index(), Shard::WHOLE.total()), (0, 1));
    assert!((0..100).all(|number| Shard::WHOLE.owns("main", &name(number))));
}

#[test]
fn an_index_lies_below_the_total() {
    assert!(Shard::new(2, 3).is_some());
    assert_eq!(Shard::new(3, 3), None);
    assert_eq!(Shard::new(0, 0), None);
}

#[test]
fn a_query_belongs_to_exactly_one_shard() {
    for total in 1..=7 {
        for number in 0..200 {
            shard_of("main", &name(number), total);
        }
    }
}

#[test]
fn a_query_that_moves_when_a_shard_is_added_moves_to_the_new_one() {
    for total in 1..6 {
        for number in 0..500 {
            let (before, after) = (shard_of("main", &name(number), total), shard_of("main", &name(number), total + 1));
            assert!(after == before || after == total, "{number} moved from {before} to {after} of {}", total + 1);
        }
    }
}

#[test]
fn when_a_shard_is_added_about_its_share_of_the_queries_moves() {
    for total in 1..6 {
        let moved = (0..QUERIES)
            .filter(|number| shard_of("main", &name(*number), total) != shard_of("main", &name(*number), total + 1));
        let share = f64::from(u32::try_from(moved.count()).unwrap()) / f64::from(QUERIES);
        let fair = 1.0 / f64::from(total + 1);
        assert!((share - fair).abs() < 0.03, "{share} of the queries moved to the new one of {}", total + 1);
    }
}

#[test]
fn the_shards_have_about_the_same_number_of_queries() {
    let mut counts = [0_u32; 5];
    for number in 0..QUERIES {
        counts[shard_of("main", &name(number), 5) as usize] += 1;
    }
    assert!(counts.iter().all(|count| (700..900).contains(count)), "{counts:?}");
}

#[test]
fn where_the_shop_ends_and_the_query_begins_makes_a_difference() {
    assert_ne!(stable_hash("ab", "c"), stable_hash("a", "bc"));
    assert_ne!(stable_hash("", "abc"), stable_hash("abc", ""));
}

/// Another value here means that an upgrade moves queries between processes, and their counters with them.
#[test]
fn no_release_moves_a_query() {
    let pinned = [
        ("main", "channel_balances-3405-USD", 2, 13),
        ("main", "channel_balances-3405-EUR", 1, 11),
        ("main", "gateway_balance-account-0021", 2, 6),
        ("main", "beyag_balance-1234-USD-account-5221", 0, 13),
        ("second", "channel_balances-3405-USD", 2, 11),
    ];
    for (shop, query, of_3, of_16) in pinned {
        assert_eq!((shard_of(shop, query, 3), shard_of(shop, query, 16)), (of_3, of_16), "{shop}/{query}");
    }
}

#[test]
fn no_release_changes_the_hash() {
    assert_eq!(stable_hash("main", "channel_balances-3405-USD"), 0x8d6b_37cf_c79e_28c3);
}

/// The size of the fleet in `docs/scaling.md`, named as a configuration names it.
#[test]
fn from_4_shards_to_5_a_fifth_of_20000_queries_moves_and_all_of_it_to_the_new_one() {
    let (four, five) = (NonZeroU32::new(4).unwrap(), NonZeroU32::new(5).unwrap());
    let (mut moved, mut sizes) = (0_u32, [0_u32; 5]);
    for number in 0..20_000_u32 {
        let (shop, query) = (format!("shop-{}", number / 1000), format!("channel_balances-{}-USD", 1_000_001 + number));
        let before = Shard::that_owns(&shop, &query, four);
        let after = Shard::that_owns(&shop, &query, five);
        sizes[after.index as usize] += 1;
        if before.index != after.index {
            assert_eq!(after.index, 4, "{shop}/{query} moved from {} to an older shard", before.index);
            moved += 1;
        }
    }
    assert!((3_800..=4_200).contains(&moved), "{moved} queries moved");
    assert!(sizes.iter().all(|size| (3_800..=4_200).contains(size)), "{sizes:?}");
}

/// A shop that expects a channel of each of three gateways, and queries of them: of the first in four currencies.
fn expecting() -> (Arc<Shop>, Vec<Arc<Query>>) {
    let expected_channels = [1, 2, 3].map(|gateway| (GatewayId(gateway), ChannelId(10))).into();
    let shop = Arc::new(Shop { expected_channels, ..Shop::clone(&shop("main")) });
    let queries = [("q1-USD", 1), ("q1-EUR", 1), ("q1-GBP", 1), ("q1-JPY", 1), ("q2", 2), ("q3", 3)];
    let queries = queries.map(|(name, gateway)| Arc::new(channels(&shop, name, gateway)));
    (shop, queries.into())
}

#[test]
fn the_parts_together_have_every_query_once_and_every_expected_channel() {
    let (shop, queries) = expecting();
    let (mut asked, mut expected) = (Vec::new(), BTreeSet::new());
    for index in 0..3 {
        let (shops, own) = Shard::new(index, 3).unwrap().part(vec![Arc::clone(&shop)], queries.clone());
        asked.extend(own.iter().map(|query| query.name.to_string()));
        expected.extend(shops[0].expected_channels.clone());
    }
    asked.sort();
    assert_eq!(asked, ["q1-EUR", "q1-GBP", "q1-JPY", "q1-USD", "q2", "q3"]);
    assert_eq!(expected, shop.expected_channels);
}

#[test]
fn a_shard_expects_channels_of_its_gateways_and_knows_which_of_them_others_ask_about() {
    let (shop, queries) = expecting();
    for index in 0..3 {
        let shard = Shard::new(index, 3).unwrap();
        let (shops, own) = shard.part(vec![Arc::clone(&shop)], queries.clone());
        let gateways = |queries: &[Arc<Query>]| -> BTreeSet<GatewayId> {
            queries.iter().filter_map(|query| query.ask.gateway()).collect()
        };
        let others: Vec<_> = queries.iter().filter(|query| !own.contains(query)).cloned().collect();
        let expected: BTreeSet<GatewayId> = shops[0].expected_channels.iter().map(|(gateway, _)| *gateway).collect();
        assert_eq!(expected, gateways(&own), "shard {index}");
        let shared: BTreeSet<GatewayId> = gateways(&own).intersection(&gateways(&others)).copied().collect();
        assert_eq!(shops[0].asked_elsewhere, shared, "shard {index}");
    }
    let split = (0..3).filter(|index| {
        let (shops, _) = Shard::new(*index, 3).unwrap().part(vec![Arc::clone(&shop)], queries.clone());
        !shops[0].asked_elsewhere.is_empty()
    });
    assert!(split.count() > 1, "the queries of gateway 1 are of several shards");
}

#[test]
fn the_whole_keeps_shops_and_queries_as_they_are() {
    let (shop, queries) = expecting();
    let (shops, own) = Shard::WHOLE.part(vec![Arc::clone(&shop)], queries.clone());
    assert!(Arc::ptr_eq(&shops[0], &shop));
    assert_eq!(own, queries);
}
