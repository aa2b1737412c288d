//! What the page shows of stores in many states.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::*;
use crate::domain::failure::{Failure, Reason};
use crate::domain::money::Exponents;
use crate::domain::observation::{Answer, Row, Withheld, WithheldBecause};
use crate::domain::query::{ChannelId, GatewayId, Query, Thresholds};
use crate::domain::samples::{account_row, answer, bank_account, channel_row, channels, currency, shop};
use crate::domain::shop::Shop;
use crate::store::{Store, Timing};

/// A store at work since noon.
struct Work {
    store: Store,
    start: Instant,
    shard: Option<Shard>,
}

impl Work {
    fn of(queries: &[Query]) -> Self {
        let store = Store::default();
        let mut shops: Vec<Arc<Shop>> = queries.iter().map(|query| Arc::clone(&query.shop)).collect();
        shops.dedup_by(|one, other| one.name == other.name);
        let queries: Vec<Arc<Query>> = queries.iter().cloned().map(Arc::new).collect();
        store.configure(&shops, &queries, &Exponents::default(), noon());
        Self { store, start: Instant::now(), shard: None }
    }

    fn at(&self, seconds: u64) -> Moment {
        let elapsed = Duration::from_secs(seconds);
        Moment { monotonic: self.start + elapsed, wall: noon() + elapsed }
    }

    fn answered(&self, query: usize, seconds: u64, answer: Answer) {
        self.store.record(query, Ok(answer), Timing::default(), self.at(seconds));
    }

    fn failed(&self, query: usize, seconds: u64, failure: Failure) {
        self.store.record(query, Err(failure), Timing::default(), self.at(seconds));
    }

    /// The page so many seconds after noon, with that behind the question mark.
    fn page_of(&self, seconds: u64, query: &str) -> String {
        let (snapshot, now) = (self.store.snapshot(), self.at(seconds));
        let (missing, filter) = (snapshot.missing_channels(), Filter::of(Some(query)));
        let all = entries(&snapshot, &missing, now, |shop| filter.takes_shop(shop));
        let about = About {
            prefix: "/x",
            metrics: "/x/metrics".to_owned(),
            open_to_all: false,
            shard: self.shard,
            started: Time::past(noon(), now),
        };
        let page = Page::of(about, &snapshot, &filter, &all, now).render().unwrap();
        page.split_once("<main").unwrap().1.rsplit_once("<script>").unwrap().0.to_owned()
    }

    /// The words of the page, without its marks.
    fn page(&self, seconds: u64) -> String {
        words_of(&self.page_of(seconds, ""))
    }
}

/// Text without tags, its blanks made one.
fn words_of(html: &str) -> String {
    let text: String =
        html.split('<').filter_map(|part| part.split_once('>').map(|(_, text)| format!("{text} "))).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('\u{202f}', " ")
}

/// 16 February 2026, 12:00 UTC.
fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(492_012)
}

/// A query of a gateway's channels: below 20 is a warning, below 5 critical.
fn judged(shop: &Arc<Shop>, name: &str) -> Query {
    let thresholds = Thresholds { warning: Some(20.0), critical: Some(5.0) };
    Query { thresholds: Arc::new([(currency("USD"), thresholds)].into()), ..channels(shop, name, 1) }
}

fn one() -> Work {
    Work::of(&[judged(&shop("main"), "q")])
}

fn told(failure: Failure, seconds: u64) -> String {
    let work = one();
    work.failed(0, 0, failure);
    work.page(seconds)
}

#[track_caller]
fn assert_tells(page: &str, words: &[&str]) {
    for words in words {
        assert!(page.contains(words), "{words:?} is not in\n{page}");
    }
}

#[test]
fn a_healthy_balance_has_every_digit_its_distance_and_its_age() {
    let work = one();
    work.answered(0, 0, answer([channel_row(1, 10, 123_456_789)]));
    let page = work.page(65);
    assert_tells(
        &page,
        &[
            "all queries are answered, no balance is low",
            "as of 2026-02-16 12:01:05 UTC",
            "1 of 1 answered none failing",
            "channel 10",
            "1 234 567.89 USD",
            "1 234 547.89 above warning",
            "warning 20 · critical 5",
            "1m 5s ago stale after 4m",
        ],
    );
    for absent in ["Failing queries", "Low balances", "stale 0"] {
        assert!(!page.contains(absent), "{absent:?} is in\n{page}");
    }
}

#[test]
fn low_balances_go_first_the_critical_ones_before_all() {
    let work = one();
    work.answered(0, 0, answer([channel_row(1, 10, 1_999), channel_row(1, 11, 499), channel_row(1, 12, 2_000)]));
    let page = work.page(1);
    assert_tells(&page, &["1 balance critical, 1 balance low", "1 critical 1 warning"]);
    let low = page.split_once("Low balances").unwrap().1.split_once("What is shown").map_or(&*page, |(low, _)| low);
    let critical = low.find("critical main · gateway 1 · channel 11 4.99 USD below critical by 0.01").unwrap();
    let warning = low.find("warning main · gateway 1 · channel 10 19.99 USD below warning by 0.01").unwrap();
    assert!(critical < warning, "{low}");
}

#[test]
fn a_stale_balance_is_told_as_last_known_and_counts_nowhere() {
    let work = one();
    work.answered(0, 0, answer([channel_row(1, 10, 499)]));
    let page = work.page(240);
    assert_tells(&page, &["1 query stale", "0 fresh none critical", "stale last known 4.99 USD, 4m ago"]);
    for absent in ["Low balances", "below critical", "1 critical"] {
        assert!(!page.contains(absent), "{absent:?} is in\n{page}");
    }
}

#[test]
fn a_failing_query_tells_why_since_when_and_what_the_platform_says() {
    let failure = Failure {
        status: Some(503),
        code: Some("F.0223".to_owned()),
        message: Some("The bank is closed".to_owned()),
        ..Failure::new(Reason::ProviderError, "no balance from the bank")
    };
    let page = told(failure, 65);
    assert_tells(
        &page,
        &[
            "1 query failing",
            "provider_error main/ q no balance from the bank The platform says: The bank is closed",
            "HTTP 503 code F.0223 failing since 2026-02-16 12:00:00 UTC ( 1m 5s ago )",
            "never answered",
            "1 of 1 polls failed",
            "at backoffice.example.test",
            "all channels failing no answer: provider_error: no balance from the bank",
        ],
    );
}

#[test]
fn a_query_that_fails_keeps_its_fresh_balance_and_says_so() {
    let work = one();
    work.answered(0, 0, answer([channel_row(1, 10, 9_900)]));
    work.failed(0, 60, Failure::new(Reason::Timeout, "too slow"));
    assert_tells(&work.page(61), &["99.00 USD", "last poll failed", "1 query failing"]);
}

#[test]
fn a_query_that_was_never_asked_says_so() {
    assert_tells(&one().page(1), &["1 of 1 query not answered yet", "1 not asked yet", "all channels not asked yet"]);
}

#[test]
fn payout_control_that_is_off_is_not_payout_control_that_is_not_told() {
    let work = one();
    let rows = [Some(true), Some(false), None].into_iter().zip(10..);
    work.answered(0, 0, answer(rows.map(|(active, channel)| Row { active, ..channel_row(1, channel, 9_900) })));
    let page = work.page(1);
    for (channel, control) in [(10, "on"), (11, "off"), (12, "not told")] {
        let line = page.split_once(&format!("channel {channel} 99.00")).unwrap().1;
        let line = line.split_once("critical 5 ").unwrap().1;
        assert!(line.starts_with(&format!("{control} 1s ago")), "{channel}: {line}");
    }
}

#[test]
fn withheld_rows_and_missing_channels_say_why() {
    let named =
        Shop { expected_channels: BTreeSet::from([(GatewayId(1), ChannelId(99))]), ..Shop::clone(&shop("main")) };
    let work = Work::of(&[judged(&Arc::new(named), "q")]);
    let unknown = Exponents::default().of(currency("USDT")).unwrap_err();
    let row = Withheld { gateway: GatewayId(1), channel: Some(ChannelId(7)), why: WithheldBecause::Exponent(unknown) };
    work.answered(0, 0, Answer { withheld: vec![row], ..answer([channel_row(1, 10, 9_900)]) });
    assert_tells(
        &work.page(1),
        &[
            "1 channel missing, 1 row withheld",
            "channel 7 withheld the exponent of USDT is not certain",
            "channel 99 missing named in the configuration",
        ],
    );
}

#[test]
fn queries_in_conflict_say_with_which() {
    let shop = shop("main");
    let work = Work::of(&[channels(&shop, "one", 1), channels(&shop, "other", 1)]);
    work.answered(0, 0, answer([channel_row(1, 10, 9_900)]));
    work.answered(1, 0, answer([channel_row(1, 10, 9_900)]));
    let page = work.page(1);
    assert_tells(&page, &["2 queries failing", "the query one is answered with", "the query other is answered with"]);
    assert!(!page.contains("99.00"), "neither is shown: {page}");
}

#[test]
fn accounts_go_by_their_labels() {
    let work = Work::of(&[bank_account(&shop("main"), "bank", Some(5))]);
    work.answered(0, 0, answer([account_row(5, Some("*0021"), -1)]));
    assert_tells(&work.page(1), &["gateway 5 Balances of accounts", "account *0021 -0.01 USD none bank 1s ago"]);
}

#[test]
fn what_others_have_written_is_text_and_no_markup() {
    const EVIL: &str = "<script>alert(1)</script>\"'&";
    let named = Shop {
        gateway_names: BTreeMap::from([(GatewayId(1), EVIL.into())]),
        channel_names: BTreeMap::from([((GatewayId(1), ChannelId(10)), EVIL.into())]),
        ..Shop::clone(&shop("main"))
    };
    let work = Work::of(&[judged(&Arc::new(named), "q")]);
    work.answered(0, 0, answer([channel_row(1, 10, 1)]));
    let said =
        Failure { message: Some(EVIL.to_owned()), code: Some(EVIL.to_owned()), ..Failure::new(Reason::Connect, EVIL) };
    work.failed(0, 1, said);
    let page = work.page_of(2, "shop=%3Cscript%3Ealert(1)%3C/script%3E") + &work.page_of(2, "");
    assert!(page.contains("&#60;script&#62;alert(1)") && !page.contains("<script>alert"), "{page}");
}

#[test]
fn history_keeps_failures_apart_from_polls() {
    let work = one();
    work.failed(0, 0, Failure { status: Some(500), ..Failure::new(Reason::ProviderError, "out of order") });
    for poll in 1..=150 {
        work.answered(0, poll, answer([channel_row(1, 10, 9_900)]));
    }
    let page = work.page(200);
    assert_tells(
        &page,
        &[
            "The last 1 failures",
            "2026-02-16 12:00:00 UTC 3m 20s ago main/ q provider_error HTTP 500 out of order",
            "The last 100 polls",
        ],
    );
}

#[test]
fn of_many_lines_the_most_urgent_are_shown_and_the_rest_is_told() {
    let shop = shop("main");
    let queries: Vec<Query> = (0..MOST_LINES + 100).map(|index| judged(&shop, &format!("q{index}"))).collect();
    let work = Work::of(&queries);
    for (index, _) in queries.iter().enumerate() {
        let amount = if index == MOST_LINES + 50 { 1 } else { 9_900 };
        work.answered(index, 0, answer([channel_row(1, u64::try_from(index).unwrap(), amount)]));
    }
    let page = work.page(1);
    assert_tells(&page, &["the first 500 of 600", "channel 550 0.01 USD"]);
    assert!(page.contains("channel 498 ") && !page.contains("channel 499 "), "499 healthy ones beside it");
}

#[test]
fn a_shop_or_a_state_alone_can_be_shown() {
    let (main, second) = (shop("main"), shop("second"));
    let work = Work::of(&[judged(&main, "good"), judged(&main, "low"), judged(&second, "bad")]);
    work.answered(0, 0, answer([channel_row(1, 10, 9_900)]));
    work.answered(1, 0, answer([channel_row(1, 11, 1)]));
    work.failed(2, 0, Failure::new(Reason::Connect, "refused"));
    let lines = |query: &str| {
        let page = work.page_of(1, query);
        let names: Vec<String> =
            page.split("data-query=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0.to_owned()).collect();
        names.join(" ")
    };
    assert_eq!(lines(""), "good low bad");
    assert_eq!(lines("shop=main"), "good low");
    assert_eq!(lines("state=failing"), "bad");
    assert_eq!(lines("state=low"), "low");
    assert_eq!(lines("shop=second&state=low"), "");
    assert!(words_of(&work.page_of(1, "shop=none")).contains("The configuration has no shop named “none”"));
    assert!(work.page_of(1, "").contains("href=\"/x/?shop=second\""));
}

#[test]
fn a_failed_reload_is_told_with_what_goes_on() {
    let work = one();
    work.store.reload_failed(noon() + Duration::from_secs(5));
    let page = work.page(65);
    assert_tells(&page, &["reload failed 1m ago the one before goes on", "reload failed 2026-02-16 12:00:05 UTC"]);
}

#[test]
fn the_policy_allows_the_pages_own_style_and_script_alone() {
    let policy = POLICY.to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for text in [STYLE, SCRIPT] {
        assert!(!text.contains("</"), "it would end the element it stands in");
        assert!(policy.contains(&STANDARD.encode(digest(&SHA256, text.as_bytes()))));
    }
    assert!(!work_markup().contains(" style="), "a style attribute would be refused");
}

fn work_markup() -> String {
    let work = one();
    work.answered(0, 0, answer([channel_row(1, 10, 499)]));
    work.page_of(1, "")
}

#[test]
fn a_part_of_the_queries_is_told_by_its_index_and_the_whole_is_not() {
    let mut work = Work::of(&[channels(&shop("main"), "q", 1)]);
    assert!(!work.page_of(0, "").contains("hard "), "{}", work.page_of(0, ""));
    work.shard = Shard::new(3, 4);
    let page = work.page_of(0, "");
    assert!(page.contains("Shard 3 of 4, counted from 0: a part of the queries."), "{page}");
}
