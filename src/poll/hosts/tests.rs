//! Limits and reachability, at instants of the test's choosing.

use super::*;
use crate::domain::query::Pace;
use crate::domain::samples::{PACE, channels, shop, shop_at};

/// Two queries of each of two shops at one host, and one of a third shop at another.
struct Work {
    hosts: Hosts,
    queries: Vec<Arc<Query>>,
    start: Instant,
}

impl Work {
    fn new() -> Self {
        let (one, two, elsewhere) = (shop("one"), shop("two"), shop_at("three", "elsewhere"));
        let queries = [(&one, 1), (&one, 2), (&two, 1), (&two, 2), (&elsewhere, 1)];
        let queries: Vec<Arc<Query>> =
            queries.iter().map(|(shop, id)| Arc::new(channels(shop, &format!("q{id}"), *id))).collect();
        Self { hosts: Hosts::new(&queries, &Hosts::default()), queries, start: Instant::now() }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    /// A poll that was sent at that second and ended within it.
    fn ended(&mut self, query: usize, second: u64, failure: Option<&Failure>) -> Vec<Change> {
        let now = self.at(second);
        self.hosts.ended(query, failure, now, now)
    }

    fn limited(&mut self, query: usize, second: u64, retry_after: Option<u64>) -> Vec<Change> {
        self.ended(query, second, Some(&limit(retry_after)))
    }

    fn unreached(&mut self, query: usize, second: u64) -> Vec<Change> {
        self.ended(query, second, Some(&Failure::new(Reason::Connect, "for the test")))
    }

    /// The second from which on each query may be sent.
    fn allowed(&self) -> Vec<Option<u64>> {
        let seconds = |query| self.hosts.allowed_from(query).map(|allowed| (allowed - self.start).as_secs());
        (0..self.queries.len()).map(seconds).collect()
    }

    fn probes(&self) -> Vec<Option<usize>> {
        (0..self.queries.len()).map(|query| self.hosts.probe(query)).collect()
    }
}

fn limit(retry_after: Option<u64>) -> Failure {
    Failure { retry_after: retry_after.map(Duration::from_secs), ..Failure::new(Reason::RateLimited, "for the test") }
}

fn limited(wait: u64, for_all: bool) -> Vec<Change> {
    vec![Change::Limited { wait: Duration::from_secs(wait), for_all, known: false }]
}

fn limited_still(wait: u64) -> Vec<Change> {
    vec![Change::Limited { wait: Duration::from_secs(wait), for_all: false, known: true }]
}

#[test]
fn a_limited_shop_leaves_the_host_alone_with_all_of_its_queries_there() {
    let mut work = Work::new();
    assert_eq!(work.limited(0, 0, Some(30)), limited(30, false));
    assert_eq!(work.allowed(), [Some(30), Some(30), None, None, None]);
    assert_eq!(work.hosts.concerned(0, limited(30, false)[0]), [0, 1]);
}

#[test]
fn a_second_limited_shop_closes_the_host_for_everybody() {
    let mut work = Work::new();
    work.limited(0, 0, Some(30));
    assert_eq!(work.limited(3, 10, Some(60)), limited(60, true));
    assert_eq!(work.allowed(), [Some(70), Some(70), Some(70), Some(70), None]);
    assert_eq!(work.hosts.concerned(3, limited(60, true)[0]), [0, 1, 2, 3]);
}

#[test]
fn an_answer_to_another_query_does_not_end_the_limit() {
    let mut work = Work::new();
    work.limited(0, 0, None);
    work.ended(1, 61, None);
    assert_eq!(work.limited(0, 62, None), limited_still(120));
}

#[test]
fn an_answer_after_the_limit_ends_it() {
    let mut work = Work::new();
    work.limited(0, 0, Some(30));
    work.ended(0, 31, None);
    assert_eq!(work.allowed(), [None; 5]);
    assert_eq!(work.limited(2, 40, Some(5)), limited(5, false));
}

#[test]
fn a_limit_that_is_over_closes_no_host() {
    let mut work = Work::new();
    work.limited(0, 0, Some(30));
    assert_eq!(work.limited(2, 31, Some(30)), limited(30, false));
}

#[test]
fn a_poll_without_an_answer_does_not_end_a_limit() {
    for reason in [Reason::Connect, Reason::Timeout, Reason::Tls] {
        let mut work = Work::new();
        work.limited(0, 0, None);
        work.ended(0, 61, Some(&Failure::new(reason, "for the test")));
        assert_eq!(work.limited(0, 70, None), limited_still(120), "{reason}");
    }
}

#[test]
fn a_closed_host_stays_closed_after_a_new_plan() {
    let mut work = Work::new();
    work.limited(0, 0, Some(30));
    work.limited(2, 0, Some(30));
    work.hosts = Hosts::new(&work.queries[1..], &work.hosts);
    assert_eq!(work.hosts.allowed_from(0).map(|allowed| (allowed - work.start).as_secs()), Some(30));
}

#[test]
fn a_poll_sent_before_the_limit_does_not_end_it() {
    let mut work = Work::new();
    work.limited(0, 1, Some(30));
    let (sent, now) = (work.at(0), work.at(40));
    work.hosts.ended(0, None, sent, now);
    assert_eq!(work.allowed()[0], Some(31));
}

#[test]
fn the_pause_doubles_where_the_host_does_not_say_how_long() {
    let mut work = Work::new();
    assert_eq!(work.limited(0, 0, None), limited(60, false));
    assert_eq!(work.limited(1, 60, None), limited_still(120));
    assert_eq!(work.limited(0, 180, None), limited_still(240));
    work.ended(0, 421, None);
    assert_eq!(work.limited(0, 480, None), limited(60, false));
}

#[test]
fn polls_sent_together_double_the_pause_once() {
    let mut work = Work::new();
    let (sent, now) = (work.at(0), work.at(1));
    assert_eq!(work.hosts.ended(0, Some(&limit(None)), sent, now), limited(60, false));
    assert_eq!(work.hosts.ended(1, Some(&limit(None)), sent, now), []);
    assert_eq!(work.allowed()[0], Some(61));
}

#[test]
fn a_shorter_retry_after_does_not_shorten_the_pause() {
    let mut work = Work::new();
    work.limited(0, 0, Some(60));
    work.limited(1, 1, Some(5));
    assert_eq!(work.allowed()[0], Some(60));
}

#[test]
fn limits_survive_a_new_plan() {
    let mut work = Work::new();
    work.limited(0, 0, Some(30));
    work.queries.reverse();
    work.hosts = Hosts::new(&work.queries, &work.hosts);
    assert_eq!(work.allowed(), [None, None, None, Some(30), Some(30)]);
}

#[test]
fn one_query_probes_once_all_of_a_host_have_failed_to_connect() {
    let mut work = Work::new();
    for query in 0..3 {
        assert_eq!(work.unreached(query, 0), []);
    }
    assert_eq!(work.unreached(3, 5), [Change::Unreachable]);
    assert_eq!(work.probes(), [Some(0), Some(0), Some(0), Some(0), None]);
    assert_eq!(work.hosts.concerned(3, Change::Unreachable), [0, 1, 2, 3]);
}

#[test]
fn the_query_that_is_asked_most_often_probes() {
    let mut work = Work::new();
    let pace = Pace { interval: Duration::from_secs(30), ..PACE };
    work.queries[2] = Arc::new(Query { pace, ..Query::clone(&work.queries[2]) });
    work.hosts = Hosts::new(&work.queries, &work.hosts);
    (0..4).for_each(|query| drop(work.unreached(query, 0)));
    assert_eq!(work.hosts.probe(0), Some(2));
}

#[test]
fn a_probe_that_gets_through_calls_the_others_back() {
    let mut work = Work::new();
    (0..4).for_each(|query| drop(work.unreached(query, 0)));
    assert_eq!(work.unreached(0, 20), [Change::StillUnreachable]);
    assert_eq!(work.unreached(1, 21), []);
    assert_eq!(work.ended(0, 60, None), [Change::Reachable(Duration::from_mins(1))]);
    assert_eq!(work.probes(), [None; 5]);
}

#[test]
fn a_timeout_does_not_show_that_anybody_is_there() {
    for reason in [Reason::Timeout, Reason::Internal] {
        let mut work = Work::new();
        (0..4).for_each(|query| drop(work.unreached(query, 0)));
        assert_eq!(work.ended(0, 60, Some(&Failure::new(reason, "for the test"))), [Change::StillUnreachable]);
        assert_eq!(work.ended(1, 61, Some(&Failure::new(reason, "for the test"))), []);
    }
}

#[test]
fn any_other_failure_shows_that_the_host_is_reached() {
    let silent = [Reason::Connect, Reason::Timeout, Reason::Internal];
    for reason in Reason::ALL.into_iter().filter(|reason| !silent.contains(reason)) {
        let mut work = Work::new();
        (0..4).for_each(|query| drop(work.unreached(query, 0)));
        let changes = work.ended(0, 60, Some(&Failure::new(reason, "for the test")));
        assert_eq!(changes[0], Change::Reachable(Duration::from_mins(1)), "{reason}");
    }
}

#[test]
fn a_query_that_got_through_in_between_keeps_the_others_going() {
    let mut work = Work::new();
    (0..3).for_each(|query| drop(work.unreached(query, 0)));
    work.ended(0, 1, None);
    assert_eq!(work.unreached(3, 2), []);
    assert_eq!(work.unreached(0, 3), [Change::Unreachable]);
}

#[test]
fn a_host_of_one_query_needs_no_probe() {
    let mut work = Work::new();
    assert_eq!(work.unreached(4, 0), []);
    assert_eq!(work.hosts.probe(4), None);
}
