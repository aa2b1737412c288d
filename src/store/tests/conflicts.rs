//! Queries whose answers claim the same series.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::{Just, Strategy, proptest};

use super::Work;
use crate::domain::failure::Reason;
use crate::domain::observation::Answer;
use crate::domain::query::Query;
use crate::domain::samples::{account_row, answer, bank_account, channel_row, channels, provider_account, shop};
use crate::store::Transition;

/// So many queries of one shop.
fn queries(count: usize) -> Vec<Query> {
    let shop = shop("main");
    (0..count).map(|index| channels(&shop, &format!("q{index}"), 1)).collect()
}

/// An answer about those channels.
fn about(channels: impl IntoIterator<Item = u64>) -> Answer {
    answer(channels.into_iter().map(|channel| channel_row(1, channel, 100)))
}

#[test]
fn neither_of_two_claimants_is_published_whoever_came_first() {
    for order in [[0, 1], [1, 0]] {
        let work = Work::of(&queries(2));
        for query in order {
            work.answered(query, 0, about([10]));
        }
        for query in [0, 1] {
            assert_eq!(work.last_known(query), None);
            assert_eq!(work.reason(query), Some(Reason::Conflict));
            assert!(!work.state(query).is_up());
        }
    }
}

#[test]
fn one_contested_series_withholds_the_whole_answer() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10, 11, 12]));
    work.answered(1, 0, about([12, 13]));
    assert_eq!((work.last_known(0), work.last_known(1)), (None, None));
}

#[test]
fn a_conflict_does_not_touch_other_queries() {
    let work = Work::of(&queries(3));
    work.answered(0, 0, about([10]));
    work.answered(2, 0, about([12]));
    work.answered(1, 0, about([10]));
    assert_eq!(work.last_known(2), Some(vec![100]));
    assert_eq!(work.reason(2), None);
    assert_eq!(work.answered(2, 60, about([12])).reason(), None);
}

#[test]
fn the_poll_that_finds_a_conflict_counts_as_failed_for_it() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    let recorded = work.answered(1, 0, about([10]));
    assert_eq!(recorded.reason(), Some(Reason::Conflict));
    let polls = &work.store.snapshot().polls[0];
    let conflicts = polls.failures().find(|(reason, _)| *reason == Reason::Conflict).unwrap().1;
    assert_eq!((conflicts, work.state(0).failures, work.state(1).failures), (1, 0, 1));
}

#[test]
fn the_detail_names_the_rival_and_the_series() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    work.answered(1, 0, about([10]));
    for (query, rival) in [(0, "q1"), (1, "q0")] {
        let detail = work.state(query).failing.as_ref().unwrap().failure.detail.clone();
        assert!(detail.contains(rival) && detail.contains("gateway 1, channel 10, USD"), "{detail}");
    }
}

#[test]
fn both_are_told_to_fail_once() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    let told = |recorded: &crate::store::Recorded| -> Vec<String> {
        recorded.changes.iter().map(|(query, _)| query.name.to_string()).collect()
    };
    assert_eq!(told(&work.answered(1, 0, about([10]))), ["q1", "q0"]);
    for minute in 1..4 {
        assert!(told(&work.answered(0, 60 * minute, about([10]))).is_empty());
        assert!(told(&work.answered(1, 60 * minute, about([10]))).is_empty());
    }
}

#[test]
fn a_conflict_ends_when_one_claims_it_no_more_and_the_other_is_polled_again() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    work.answered(1, 0, about([10]));
    let recorded = work.answered(1, 60, about([11]));
    assert_eq!(recorded.reason(), None);
    assert_eq!(work.last_known(1), Some(vec![100]));
    assert_eq!(work.last_known(0), None);
    let recorded = work.answered(0, 60, about([10]));
    assert!(matches!(recorded.changes.as_slice(), [(_, Transition::Recovered { .. })]));
    assert_eq!(work.last_known(0), Some(vec![100]));
    assert_eq!(work.reason(0), None);
}

#[test]
fn a_failure_does_not_end_a_claim() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    work.answered(1, 0, about([10]));
    work.failed(1, 60, Reason::Timeout);
    assert_eq!(work.answered(0, 60, about([10])).reason(), Some(Reason::Conflict));
    assert_eq!((work.last_known(0), work.last_known(1)), (None, None));
}

#[test]
fn a_third_claimant_is_not_published_either() {
    let work = Work::of(&queries(3));
    for query in 0..3 {
        work.answered(query, 0, about([10]));
    }
    work.answered(0, 60, about([11]));
    assert_eq!(work.answered(1, 60, about([10])).reason(), Some(Reason::Conflict));
    work.answered(2, 60, about([12]));
    assert_eq!(work.answered(1, 120, about([10])).reason(), None);
}

#[test]
fn a_query_is_no_rival_of_itself() {
    let work = Work::of(&queries(1));
    for minute in 0..3 {
        assert_eq!(work.answered(0, 60 * minute, about([10, 11])).reason(), None);
    }
}

#[test]
fn the_same_series_of_two_shops_are_two() {
    let work = Work::of(&[channels(&shop("main"), "q", 1), channels(&shop("other"), "q", 1)]);
    work.answered(0, 0, about([10]));
    assert_eq!(work.answered(1, 0, about([10])).reason(), None);
}

#[test]
fn the_same_account_at_the_bank_and_at_the_provider_are_two_series() {
    let shop = shop("main");
    let work = Work::of(&[bank_account(&shop, "bank", Some(1)), provider_account(&shop, "provider", 1)]);
    let own = || answer([account_row(1, Some("*0021"), 100)]);
    work.answered(0, 0, own());
    assert_eq!(work.answered(1, 0, own()).reason(), None);
    assert_eq!(work.last_known(0), Some(vec![100]));
}

#[test]
fn two_accounts_of_one_mask_are_in_conflict() {
    let shop = shop("main");
    let work = Work::of(&[bank_account(&shop, "one", None), bank_account(&shop, "two", None)]);
    work.answered(0, 0, answer([account_row(1, Some("*0021"), 100)]));
    assert_eq!(work.answered(1, 0, answer([account_row(1, Some("*0021"), 7)])).reason(), Some(Reason::Conflict));
}

#[test]
fn a_claim_survives_a_reload() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    let mut swapped = queries(2);
    swapped.reverse();
    work.configure(&swapped);
    assert_eq!(work.answered(0, 60, about([10])).reason(), Some(Reason::Conflict));
    assert_eq!((work.last_known(0), work.last_known(1)), (None, None));
}

#[test]
fn a_conflict_survives_a_reload() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    work.answered(1, 0, about([10]));
    work.configure(&queries(2));
    assert_eq!((work.last_known(0), work.last_known(1)), (None, None));
    assert_eq!(work.reason(0), Some(Reason::Conflict));
}

#[test]
fn a_query_that_a_reload_takes_away_claims_nothing_more() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    work.answered(1, 0, about([10]));
    work.configure(&queries(1));
    assert_eq!(work.answered(0, 60, about([10])).reason(), None);
}

#[test]
fn an_answer_in_conflict_is_no_success() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    work.answered(1, 5, about([10]));
    assert_eq!(work.state(1).last_success, None);
    assert_eq!(work.state(1).as_of, None);
}

/// For each of several queries, the channels it is answered with; and an order in which they are.
fn claims_in_some_order() -> impl Strategy<Value = (Vec<BTreeSet<u64>>, Vec<usize>)> {
    vec(btree_set(0_u64..8, 1..4), 1..7).prop_flat_map(|claims| {
        let order: Vec<usize> = (0..claims.len()).collect();
        (Just(claims), Just(order).prop_shuffle())
    })
}

/// The queries that share no channel with another.
fn uncontested(claims: &[BTreeSet<u64>]) -> Vec<usize> {
    let shares = |one: usize| {
        claims.iter().enumerate().any(|(other, channels)| other != one && !channels.is_disjoint(&claims[one]))
    };
    (0..claims.len()).filter(|query| !shares(*query)).collect()
}

fn published(work: &Work, count: usize) -> Vec<usize> {
    (0..count).filter(|query| work.last_known(*query).is_some()).collect()
}

proptest! {
    #[test]
    fn who_is_published_does_not_depend_on_who_came_first((claims, order) in claims_in_some_order()) {
        let work = Work::of(&queries(claims.len()));
        for query in order {
            work.answered(query, 0, about(claims[query].iter().copied()));
        }
        assert_eq!(published(&work, claims.len()), uncontested(&claims));
    }

    #[test]
    fn after_a_change_of_mind_two_rounds_tell_who_is_published(
        (first, order) in claims_in_some_order(),
        second in vec(btree_set(0_u64..8, 1..4), 7),
    ) {
        let count = first.len();
        let work = Work::of(&queries(count));
        for (seconds, claims) in [(0, &first), (60, &second), (120, &second)] {
            for query in order.iter().copied() {
                work.answered(query, seconds, about(claims[query].iter().copied()));
            }
        }
        assert_eq!(published(&work, count), uncontested(&second[..count]));
        for query in 0..count {
            assert_eq!(work.reason(query).is_none(), work.last_known(query).is_some());
        }
    }

    #[test]
    fn no_series_is_ever_published_twice(
        steps in vec((0_usize..5, btree_set(0_u64..6, 1..4), 0_u8..8), 1..60)
    ) {
        let work = Work::of(&queries(5));
        for (query, channels, kind) in steps {
            match kind {
                0 => drop(work.failed(query, 0, Reason::Timeout)),
                1 => work.configure(&queries(5)),
                _ => drop(work.answered(query, 0, about(channels))),
            }
            let snapshot = work.store.snapshot();
            let mut seen = BTreeSet::new();
            for held in snapshot.queries.iter().filter_map(|state| state.last_known()).flat_map(|held| &held.rows) {
                assert!(seen.insert(held.row.series.clone()), "{} twice", held.row.series);
            }
        }
    }
}

#[test]
fn a_query_in_conflict_that_fails_otherwise_is_not_called_back_by_its_rival() {
    let work = Work::of(&queries(2));
    work.answered(0, 0, about([10]));
    work.answered(1, 0, about([10]));
    work.failed(0, 60, Reason::Timeout);
    assert!(work.answered(1, 60, about([10])).changes.is_empty(), "nothing changed, so nothing is logged");
    assert_eq!(work.reason(0), Some(Reason::Timeout));
    assert_eq!(work.last_known(0), None);
}
