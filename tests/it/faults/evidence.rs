//! What a run showed: every query at every scrape, and every line written.

use std::collections::HashMap;
use std::time::SystemTime;

use super::host::{Cell, Heard};
use super::row::Api;
use super::secrets::Marks;

/// The state of a query as one scrape shows it. Times are Unix seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    /// The moment it shows lies between these two.
    pub(super) sent: f64,
    pub(super) received: f64,
    pub(super) up: bool,
    pub(super) polls: u64,
    pub(super) failures: u64,
    pub(super) last_success: f64,
    pub(super) next: f64,
    pub(super) withheld: u64,
    pub(super) reasons: Vec<String>,
    /// Balances and last known balances of the gateway asked about, in major units, as published.
    pub(super) balances: Vec<String>,
    pub(super) last_known: Vec<String>,
}

/// A query by shop, API and gateway.
pub(super) type Key = (String, String, u64);

/// What a run showed.
#[derive(Default)]
pub(super) struct Evidence {
    pub(super) samples: HashMap<Key, Vec<Sample>>,
    /// Balances of gateways that nobody asked about.
    pub(super) strays: Vec<String>,
    /// Failed polls by shop, API and reason, before the faults and at the end of them.
    pub(super) counted: [HashMap<(String, String, String), u64>; 2],
    /// The lines of the log above debug level.
    pub(super) lines: Vec<String>,
    /// When the faults began and when they were healed.
    pub(super) faulty: f64,
    pub(super) healed: f64,
    pub(super) cells: Vec<(Cell, Vec<Heard>)>,
    /// What the proxies were sent, by row.
    pub(super) proxies: HashMap<&'static str, Vec<Heard>>,
    /// How many connections the host got that redirects lead to.
    pub(super) elsewhere: usize,
    /// What did not come to its end in time.
    pub(super) late: Vec<String>,
    /// How many bytes of each kind of output were searched for secrets, and what was found.
    pub(super) searched: HashMap<&'static str, usize>,
    pub(super) leaks: Vec<String>,
}

pub(super) fn unix(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

impl Evidence {
    /// Searches a text that the program wrote.
    pub(super) fn search(&mut self, kind: &'static str, text: &str, marks: &Marks) {
        *self.searched.entry(kind).or_default() += text.len();
        self.leaks.extend(marks.found_in(text).into_iter().map(|found| format!("{kind}: {found}")));
    }

    /// Keeps what a scrape shows of each of those queries.
    pub(super) fn scraped(&mut self, text: &str, sent: SystemTime, received: SystemTime) {
        let mut now: HashMap<Key, Sample> = HashMap::new();
        for line in text.lines().filter(|line| line.starts_with("overpay_")) {
            let Some((name, rest)) = line.split_once('{') else { continue };
            if is_wanted(name) {
                let Some((labels, value)) = rest.rsplit_once("} ") else { continue };
                let label = |name: &str| label(labels, name).map(str::to_owned);
                let api = label("api").unwrap_or_else(|| Api::ChannelBalances.name().to_owned());
                let gateway = label("gateway").and_then(|gateway| gateway.parse().ok()).unwrap_or_default();
                let sample = now.entry((label("shop").unwrap_or_default(), api, gateway)).or_default();
                sample.note(name, value, label("reason"));
            }
        }
        let times = (unix(sent), unix(received));
        for (key, mut sample) in now {
            (sample.sent, sample.received) = times;
            if sample.polls == 0 && sample.next == 0.0 {
                self.strays.push(format!("{key:?}: {sample:?}"));
            }
            self.samples.entry(key).or_default().push(sample);
        }
    }

    /// The failed polls by shop, API and reason.
    pub(super) fn count(text: &str) -> HashMap<(String, String, String), u64> {
        let counters = text
            .lines()
            .filter_map(|line| line.strip_prefix("overpay_poll_failures_by_reason_total{")?.rsplit_once("} "));
        let key =
            |labels: &str| ["shop", "api", "reason"].map(|name| label(labels, name).unwrap_or_default().to_owned());
        counters.map(|(labels, value)| (key(labels).into(), value.parse().expect("a count"))).collect()
    }

    /// What was seen of a query.
    pub(super) fn of(&self, shop: &str, api: Api, gateway: u64) -> &[Sample] {
        let key = (shop.to_owned(), api.name().to_owned(), gateway);
        self.samples.get(&key).map(Vec::as_slice).unwrap_or_default()
    }
}

fn is_wanted(name: &str) -> bool {
    matches!(
        name,
        "overpay_up"
            | "overpay_polls_total"
            | "overpay_poll_failures_total"
            | "overpay_poll_last_success_timestamp_seconds"
            | "overpay_poll_next_timestamp_seconds"
            | "overpay_answer_rows_withheld"
            | "overpay_poll_failing"
            | "overpay_available_balance"
            | "overpay_account_balance"
            | "overpay_available_balance_last_known"
            | "overpay_account_balance_last_known"
    )
}

impl Sample {
    fn note(&mut self, name: &str, value: &str, reason: Option<String>) {
        let count = || value.parse().expect("a count");
        let number = || value.parse().expect("a number");
        match name {
            "overpay_up" => self.up = value == "1",
            "overpay_polls_total" => self.polls = count(),
            "overpay_poll_failures_total" => self.failures = count(),
            "overpay_answer_rows_withheld" => self.withheld = count(),
            "overpay_poll_last_success_timestamp_seconds" => self.last_success = number(),
            "overpay_poll_next_timestamp_seconds" => self.next = number(),
            "overpay_poll_failing" => self.reasons.extend(reason),
            "overpay_available_balance" | "overpay_account_balance" => self.balances.push(value.to_owned()),
            _ => self.last_known.push(value.to_owned()),
        }
    }
}

/// A label's value; none here is escaped.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = labels;
    while let Some((label, after)) = rest.split_once("=\"") {
        let (value, next) = after.split_once('"')?;
        if label == name {
            return Some(value);
        }
        rest = next.strip_prefix(',')?;
    }
    None
}
