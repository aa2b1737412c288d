//! What is published of hand-made states, read back from the text as Prometheus would.

mod collected;
mod contract;
mod exposition;
mod validity;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Metrics;
use super::collector::collect;
use super::samples::{Lengths, Samples};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::observation::Answer;
use crate::domain::query::Query;
use crate::domain::shard::Shard;
use crate::domain::shop::Shop;
use crate::store::{Store, Timing};

/// A store at work since noon.
struct Work {
    store: Arc<Store>,
    start: Instant,
}

impl Work {
    fn of(queries: &[Query]) -> Self {
        let mut shops: Vec<Arc<Shop>> = queries.iter().map(|query| Arc::clone(&query.shop)).collect();
        shops.dedup();
        let queries: Vec<Arc<Query>> = queries.iter().cloned().map(Arc::new).collect();
        let store = Arc::new(Store::default());
        store.configure(&shops, &queries, &Exponents::default(), noon());
        Self { store, start: Instant::now() }
    }

    fn at(&self, seconds: u64) -> Moment {
        let elapsed = Duration::from_secs(seconds);
        Moment { monotonic: self.start + elapsed, wall: noon() + elapsed }
    }

    fn answered(&self, query: usize, seconds: u64, answer: Answer) {
        let timing = Timing { duration: Duration::from_millis(250), queued: Duration::from_millis(2) };
        self.store.record(query, Ok(answer), timing, self.at(seconds));
    }

    fn failed(&self, query: usize, seconds: u64, reason: Reason) {
        let failure = Failure::new(reason, "for the test");
        self.store.record(query, Err(failure), Timing::default(), self.at(seconds));
    }

    /// What a scrape sees so many seconds after the start.
    fn seen(&self, seconds: u64) -> Seen {
        let mut samples = Samples::plain(&Lengths::default(), Vec::new());
        collect(&mut samples, &self.store.snapshot(), self.at(seconds));
        Seen { text: String::from_utf8(samples.into_text().0.concat()).unwrap() }
    }

    /// All of the text that a scrape gets so many seconds after the start, of the exporter itself too.
    fn whole(&self, seconds: u64) -> String {
        let metrics = Metrics::new(Arc::clone(&self.store), Shard::WHOLE).unwrap();
        metrics.count_request("metrics", 200);
        let mut text = metrics.text_of(&self.store.snapshot(), self.at(seconds), Vec::new()).concat();
        text.extend(metrics.exporter().unwrap());
        String::from_utf8(text).unwrap()
    }
}

/// What one scrape saw.
struct Seen {
    text: String,
}

impl Seen {
    /// The samples of a family, without its name: labels and value.
    fn of(&self, family: &str) -> Vec<(String, String)> {
        let samples = self.text.lines().filter_map(|line| line.strip_prefix(family));
        let rest = samples.filter(|rest| rest.starts_with(['{', ' ']));
        rest.map(|rest| rest.rsplit_once(' ').unwrap()).map(|(labels, value)| (labels.into(), value.into())).collect()
    }

    /// The one sample of a family: labels and value.
    fn one(&self, family: &str) -> (String, String) {
        let mut samples = self.of(family);
        assert_eq!(samples.len(), 1, "{family}: {samples:?}");
        samples.remove(0)
    }

    fn value(&self, family: &str) -> String {
        self.one(family).1
    }

    fn labels(&self, family: &str) -> String {
        self.one(family).0
    }

    fn has(&self, family: &str) -> bool {
        !self.of(family).is_empty()
    }
}

/// A sample as Prometheus reads it.
#[derive(Debug, PartialEq)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// Reads the samples of a text; panics where it is not in the text format.
fn read(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n'));
    text.lines().filter(|line| !line.starts_with('#')).map(read_sample).collect()
}

fn read_sample(line: &str) -> Sample {
    let (head, value) = line.rsplit_once(' ').unwrap();
    let (name, mut rest) = head.find('{').map_or((head, ""), |brace| head.split_at(brace));
    let mut labels = BTreeMap::new();
    while let Some(pair) = rest.strip_prefix(['{', ',']) {
        let (label, quoted) = pair.split_once("=\"").unwrap();
        let (text, left) = read_quoted(quoted);
        assert!(labels.insert(label.to_owned(), text).is_none(), "a label twice: {line}");
        rest = left;
    }
    assert!(rest.is_empty() || rest == "}", "{line}");
    Sample { name: name.to_owned(), labels, value: value.parse().unwrap() }
}

/// Reads up to the closing quote: the text, and what is behind it.
fn read_quoted(text: &str) -> (String, &str) {
    let mut read = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (read, &text[index + 1..]),
            '\\' => read.push(match characters.next().unwrap().1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                other => panic!("\\{other}"),
            }),
            _ => read.push(character),
        }
    }
    panic!("no closing quote: {text}");
}

/// 16 February 2026, 12:00 UTC: 1771243200.
fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(492_012)
}
