//! Turns and limits, by hand and against a simple model.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, proptest};

use super::FairQueue;
use super::Standing::{self, Answered, Failing};
use crate::domain::query::Query;
use crate::domain::samples::{bank_account, channels, shop, shop_at};
use crate::domain::shop::Shop;

/// Queries of a shop about those gateways.
fn of_gateways(shop: &Arc<Shop>, gateways: impl IntoIterator<Item = u64>) -> Vec<Arc<Query>> {
    let named = |(index, gateway)| Arc::new(channels(shop, &format!("q{index}"), gateway));
    gateways.into_iter().enumerate().map(named).collect()
}

/// A queue in which all of them are due, in that order.
fn queue_of(queries: &[Arc<Query>], limit: usize) -> FairQueue {
    let mut queue = FairQueue::new(queries, limit);
    (0..queries.len()).for_each(|query| queue.push(query, Answered));
    queue
}

/// What the limits let out now.
fn popped(queue: &mut FairQueue) -> Vec<usize> {
    std::iter::from_fn(|| queue.pop()).collect()
}

#[test]
fn nothing_comes_out_of_an_empty_queue() {
    assert_eq!(FairQueue::new(&of_gateways(&shop("main"), [1]), 32).pop(), None);
}

#[test]
fn a_host_takes_no_more_than_its_limit() {
    let mut queue = queue_of(&of_gateways(&shop("main"), 0..10), 3);
    assert_eq!(popped(&mut queue), [0, 1, 2]);
    queue.done(1);
    assert_eq!(popped(&mut queue), [3]);
}

#[test]
fn a_limit_of_0_lets_one_through() {
    let mut queue = queue_of(&of_gateways(&shop("main"), 0..2), 0);
    assert_eq!(popped(&mut queue), [0]);
}

#[test]
fn hosts_have_a_limit_each() {
    let mut queries = of_gateways(&shop("main"), 0..3);
    queries.extend(of_gateways(&shop_at("other", "elsewhere"), 0..3));
    let mut queue = queue_of(&queries, 2);
    let out: HashSet<usize> = popped(&mut queue).into_iter().collect();
    assert_eq!(out, HashSet::from([0, 1, 3, 4]));
}

#[test]
fn a_gateway_of_a_shop_takes_one_at_a_time_in_the_order_they_were_due() {
    let mut queue = queue_of(&of_gateways(&shop("main"), [1, 1, 1]), 32);
    for query in 0..3 {
        assert_eq!(popped(&mut queue), [query]);
        queue.done(query);
    }
    assert_eq!(queue.pop(), None);
}

#[test]
fn a_gateway_that_is_asked_about_at_two_hosts_takes_one_at_a_time() {
    let shop = shop("main");
    let queries = [channels(&shop, "headroom", 1), bank_account(&shop, "account", Some(1))].map(Arc::new);
    assert_ne!(queries[0].host(), queries[1].host());
    let mut queue = queue_of(&queries, 32);
    assert_eq!(popped(&mut queue), [0]);
    queue.done(0);
    assert_eq!(popped(&mut queue), [1]);
}

#[test]
fn a_host_without_a_place_does_not_hold_up_the_gateway_at_another() {
    let shop = shop("main");
    let mut queries = vec![bank_account(&shop, "slow", Some(1)), bank_account(&shop, "waits", Some(2))];
    queries.push(channels(&shop, "headroom", 2));
    let queries: Vec<Arc<Query>> = queries.into_iter().map(Arc::new).collect();
    assert_eq!(popped(&mut queue_of(&queries, 1)), [0, 2]);
}

#[test]
fn one_gateway_of_two_shops_takes_one_each() {
    let mut queries = of_gateways(&shop("main"), [1]);
    queries.extend(of_gateways(&shop("other"), [1]));
    assert_eq!(popped(&mut queue_of(&queries, 32)), [0, 1]);
}

#[test]
fn queries_that_name_no_gateway_do_not_wait_for_each_other() {
    let shop = shop("main");
    let queries: Vec<Arc<Query>> =
        (0..5).map(|index| Arc::new(bank_account(&shop, &format!("q{index}"), None))).collect();
    assert_eq!(popped(&mut queue_of(&queries, 32)).len(), 5);
}

#[test]
fn a_slow_gateway_does_not_hold_up_the_others_of_its_shop() {
    let mut queue = queue_of(&of_gateways(&shop("main"), [1, 1, 1, 2, 3]), 32);
    assert_eq!(popped(&mut queue), [0, 3, 4]);
}

#[test]
fn a_shop_with_ten_thousand_queries_delays_another_by_no_more_than_one_turn() {
    let mut queries = of_gateways(&shop("large"), 0..10_000);
    queries.extend(of_gateways(&shop("small"), [1]));
    let mut queue = queue_of(&queries, 1);
    let first = queue.pop().unwrap();
    queue.done(first);
    assert_eq!(queue.pop(), Some(10_000));
}

#[test]
fn a_query_that_comes_late_waits_for_one_turn_of_each_other_shop() {
    let mut queries = of_gateways(&shop("large"), 0..1_000);
    queries.extend(of_gateways(&shop("middle"), 0..100));
    queries.extend(of_gateways(&shop("small"), [1]));
    let mut queue = FairQueue::new(&queries, 1);
    (0..1_100).for_each(|query| queue.push(query, Answered));
    for _ in 0..50 {
        let query = queue.pop().unwrap();
        queue.done(query);
    }
    queue.push(1_100, Answered);
    let turns = (0..10).position(|_| {
        let query = queue.pop().unwrap();
        queue.done(query);
        query == 1_100
    });
    assert!(turns.unwrap() <= 2);
}

#[test]
fn a_gateway_with_many_queries_delays_another_of_its_shop_by_one_turn() {
    let mut gateways = vec![1; 1_000];
    gateways.push(2);
    let mut queue = queue_of(&of_gateways(&shop("main"), gateways), 1);
    let first = queue.pop().unwrap();
    queue.done(first);
    assert_eq!(queue.pop(), Some(1_000));
}

#[test]
fn a_resumed_query_takes_a_place_at_its_host() {
    let mut queue = FairQueue::new(&of_gateways(&shop("main"), 0..3), 2);
    queue.resume(0, Answered);
    queue.push(1, Answered);
    queue.push(2, Answered);
    assert_eq!(popped(&mut queue), [1]);
    queue.done(0);
    assert_eq!(popped(&mut queue), [2]);
}

#[test]
fn a_resumed_query_takes_its_gateway() {
    let mut queue = FairQueue::new(&of_gateways(&shop("main"), [1, 1]), 32);
    queue.resume(0, Answered);
    queue.push(1, Answered);
    assert_eq!(queue.pop(), None);
    queue.done(0);
    assert_eq!(queue.pop(), Some(1));
}

#[test]
fn more_resumed_queries_than_a_lower_limit_let_nothing_out_until_they_are_done() {
    let mut queue = FairQueue::new(&of_gateways(&shop("main"), 0..4), 1);
    (0..3).for_each(|query| queue.resume(query, Answered));
    queue.push(3, Answered);
    for query in 0..2 {
        queue.done(query);
        assert_eq!(queue.pop(), None);
    }
    queue.done(2);
    assert_eq!(queue.pop(), Some(3));
}

#[test]
fn failing_queries_take_half_of_the_places() {
    let mut queue = FairQueue::new(&of_gateways(&shop("main"), 0..20), 5);
    (0..10).for_each(|query| queue.push(query, Failing));
    assert_eq!(popped(&mut queue), [0, 1, 2]);
    (10..20).for_each(|query| queue.push(query, Answered));
    assert_eq!(popped(&mut queue), [10, 11]);
    queue.done(0);
    queue.done(1);
    let out = popped(&mut queue);
    assert!(out.contains(&3) && out.contains(&12), "{out:?}");
}

#[test]
fn a_thousand_queries_that_hang_do_not_keep_an_answered_one_waiting() {
    let mut queue = FairQueue::new(&of_gateways(&shop("main"), 0..1_001), 32);
    (0..1_000).for_each(|query| queue.push(query, Failing));
    assert_eq!(popped(&mut queue).len(), 16);
    queue.push(1_000, Answered);
    assert_eq!(queue.pop(), Some(1_000));
}

#[test]
fn a_failing_query_takes_its_turn_where_there_is_one_place() {
    let mut queue = FairQueue::new(&of_gateways(&shop("main"), 0..4), 1);
    queue.push(0, Failing);
    (1..4).for_each(|query| queue.push(query, Answered));
    let mut out = Vec::new();
    while let Some(query) = queue.pop() {
        out.push(query);
        queue.done(query);
    }
    out.sort_unstable();
    assert_eq!(out, [0, 1, 2, 3]);
}

#[test]
fn a_query_that_does_not_exist_changes_nothing() {
    let mut queue = FairQueue::new(&of_gateways(&shop("main"), [1]), 32);
    queue.push(7, Answered);
    queue.resume(7, Answered);
    queue.done(7);
    assert_eq!(queue.pop(), None);
}

/// The rules without the turns: who waits, who is under way, and who may go.
struct Model {
    queries: Vec<Arc<Query>>,
    limit: usize,
    waiting: VecDeque<usize>,
    under_way: Vec<usize>,
    standings: Vec<Standing>,
}

impl Model {
    fn host(&self, query: usize) -> String {
        self.queries[query].host()
    }

    /// The shop's gateway; none for a query that names none.
    fn gateway(&self, query: usize) -> Option<(Arc<str>, u64)> {
        let gateway = self.queries[query].ask.gateway()?;
        Some((Arc::clone(&self.queries[query].shop.name), gateway.0))
    }

    /// Whether two queries wait in one line: for the same gateway at the same host.
    fn in_line(&self, one: usize, other: usize) -> bool {
        let gateway = self.gateway(one);
        let alike = self.host(one) == self.host(other) && self.standings[one] == self.standings[other];
        one == other || gateway.is_some() && gateway == self.gateway(other) && alike
    }

    fn may_go(&self, query: usize) -> bool {
        let at_host = || self.under_way.iter().filter(|other| self.host(**other) == self.host(query));
        let failing = at_host().filter(|other| self.standings[**other] == Failing).count();
        let room = self.standings[query] == Answered || failing < self.limit.div_ceil(2);
        let gateway = self.gateway(query);
        let busy = gateway.is_some() && self.under_way.iter().any(|other| self.gateway(*other) == gateway);
        at_host().count() < self.limit && room && !busy
    }

    fn is_known(&self, query: usize) -> bool {
        self.waiting.contains(&query) || self.under_way.contains(&query)
    }

    /// Takes note of what the queue let out, or that it let out nothing, and judges it.
    fn judge(&mut self, popped: Option<usize>) {
        let Some(query) = popped else {
            let held_back = self.waiting.iter().find(|query| self.may_go(**query));
            assert_eq!(held_back, None, "might go and was not let out");
            return;
        };
        assert!(self.may_go(query), "{query} was let out against the limits");
        let first = self.waiting.iter().find(|other| self.in_line(query, **other));
        assert_eq!(first, Some(&query), "out of order in its gateway, or let out twice");
        self.waiting.retain(|other| *other != query);
        self.under_way.push(query);
    }
}

/// Queries of three shops, with and without gateways, some of which are asked about at two hosts.
fn some_queries() -> impl Strategy<Value = Vec<Arc<Query>>> {
    vec((0_usize..3, 0_u64..4, any::<bool>()), 1..20).prop_map(|drawn| {
        let shops = [shop("one"), shop("two"), shop_at("three", "elsewhere")];
        let query = |(index, (shop, gateway, headroom)): (usize, (usize, u64, bool))| {
            let (shop, name) = (&shops[shop], format!("q{index}"));
            Arc::new(match (headroom, gateway) {
                (true, 1..) => channels(shop, &name, gateway),
                (_, gateway) => bank_account(shop, &name, (gateway > 0).then_some(gateway)),
            })
        };
        drawn.into_iter().enumerate().map(query).collect()
    })
}

proptest! {
    #[test]
    fn no_limit_is_broken_no_turn_missed_and_nothing_lost(
        queries in some_queries(),
        limit in 1_usize..4,
        steps in vec((0_u8..5, any::<proptest::sample::Index>()), 1..200),
    ) {
        let mut queue = FairQueue::new(&queries, limit);
        let standings = vec![Answered; queries.len()];
        let mut model = Model { queries, limit, waiting: VecDeque::new(), under_way: Vec::new(), standings };
        for (step, index) in steps {
            let query = index.index(model.queries.len());
            match step {
                0 | 1 if !model.is_known(query) => {
                    model.standings[query] = if step == 0 { Answered } else { Failing };
                    queue.push(query, model.standings[query]);
                    model.waiting.push_back(query);
                }
                2 if !model.under_way.is_empty() => {
                    let ended = model.under_way.swap_remove(index.index(model.under_way.len()));
                    queue.done(ended);
                }
                _ => model.judge(queue.pop()),
            }
        }
        // Whatever still waits comes out once places are freed.
        while !model.waiting.is_empty() || !model.under_way.is_empty() {
            let popped = queue.pop();
            model.judge(popped);
            if popped.is_none() {
                queue.done(model.under_way.remove(0));
            }
        }
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn every_shop_that_waits_gets_its_turn(counts in vec(1_usize..30, 2..6)) {
        let shops: Vec<Arc<Shop>> = (0..counts.len()).map(|index| shop(&format!("shop{index}"))).collect();
        let queries: Vec<Arc<Query>> =
            shops.iter().zip(&counts).flat_map(|(shop, count)| of_gateways(shop, 0..*count as u64)).collect();
        let mut queue = queue_of(&queries, 1);
        let mut left: HashMap<Arc<str>, usize> =
            shops.iter().zip(&counts).map(|(shop, count)| (Arc::clone(&shop.name), *count)).collect();
        while !left.is_empty() {
            let round: HashSet<Arc<str>> = (0..left.len())
                .map(|_| {
                    let query = queue.pop().unwrap();
                    queue.done(query);
                    Arc::clone(&queries[query].shop.name)
                })
                .collect();
            assert_eq!(round, left.keys().cloned().collect());
            left.retain(|_, count| {
                *count -= 1;
                *count > 0
            });
        }
    }
}
