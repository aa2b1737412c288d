//! Every query has one shard, and keeps it.

use super::*;

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
