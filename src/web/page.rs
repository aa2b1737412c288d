//! The status page: which balances are low, stale or failing, and why.
//!
//! What is shown is made of a snapshot and a moment alone; the template lays it out, and escapes whatever it is given.
//! Whether a balance counts and how low it is, the store and the domain say.

mod bar;
mod entry;
mod filter;
mod line;
mod section;
mod summary;
mod trouble;
mod words;

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;

use self::entry::{Entry, entries};
use self::filter::{Filter, Show};
use self::line::Balance;
use self::section::{ShopSection, sections};
use self::summary::Summary;
use self::trouble::{Failing, Low, Past};
use self::words::{Time, number};
use super::Site;
use crate::build;
use crate::domain::moment::Moment;
use crate::domain::shard::Shard;
use crate::store::{QueryState, Snapshot};

/// How many lines are shown at most; the most urgent ones, if there are more.
const MOST_LINES: usize = 500;
/// How many queries that fail, low balances and links to shops are shown at most.
const MOST_TROUBLES: usize = 100;

const STYLE: &str = include_str!("../../templates/status.css");
const SCRIPT: &str = include_str!("../../templates/status.js");

/// What keeps a browser from loading or running anything the page does not bring along.
pub(super) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT),
    );
    // Base64 has no character that a header can't hold.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The page, of all shops or of one. `query` is the part of the address behind the question mark.
pub(super) fn render(
    site: &Site,
    snapshot: &Snapshot,
    now: Moment,
    query: Option<&str>,
) -> Result<String, askama::Error> {
    let prefix = &site.paths.prefix;
    let missing = snapshot.missing_channels();
    let about = About {
        prefix,
        metrics: site.paths.metrics(),
        open_to_all: site.is_open_to_all(),
        shard: (site.shard != Shard::WHOLE).then_some(site.shard),
        started: Time::past(site.started_at, now),
    };
    let filter = Filter::of(query);
    let all = entries(snapshot, &missing, now, |shop| filter.takes_shop(shop));
    Page::of(about, snapshot, &filter, &all, now).render()
}

/// What is known of the exporter beside the state of its queries.
struct About<'a> {
    prefix: &'a str,
    metrics: String,
    /// Whether others than this machine may look, whoever they are.
    open_to_all: bool,
    /// Which part of the queries is asked here, where it is a part.
    shard: Option<Shard>,
    started: Time,
}

/// Everything that stands on the page.
#[derive(Template)]
#[template(path = "status.html")]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    about: About<'a>,
    now: Time,
    summary: Summary,
    headline: String,
    /// A shop that is asked for and not there.
    unknown_shop: Option<String>,
    states: Vec<Link<'a>>,
    shops: Listed<Link<'a>>,
    failing: Listed<Failing<'a>>,
    low: Listed<Low<'a>>,
    sections: Listed<ShopSection<'a>>,
    polls: Vec<Past<'a>>,
    failures: Vec<Past<'a>>,
    configuration: Configuration,
    api: String,
}

/// The first of a list, and how many there are in all.
struct Listed<T> {
    shown: Vec<T>,
    /// How many of the list are shown: of a list in groups, how many lines.
    count: usize,
    total: usize,
}

/// A link to another part of the state.
struct Link<'a> {
    text: &'a str,
    count: Option<usize>,
    address: String,
    current: bool,
}

/// What became of the configuration when it was read.
struct Configuration {
    in_use_since: Option<Time>,
    failed: Option<Time>,
}

impl<'a> Page<'a> {
    fn of(about: About<'a>, snapshot: &'a Snapshot, filter: &Filter, all: &[Entry<'a>], now: Moment) -> Self {
        let states = || {
            let states = snapshot.queries.iter().map(AsRef::as_ref);
            states.filter(|state| filter.takes_shop(&state.query.shop.name))
        };
        let summary = Summary::of(states(), all, now);
        let (troubled, total) = (states().filter_map(|state| Failing::of(state, now)), summary.failing);
        let failing = Listed::first(troubled, MOST_TROUBLES, total);
        let mut low: Vec<&Entry<'a>> = all.iter().filter(|entry| entry.severity().is_some()).collect();
        low.sort_by_key(|entry| entry.urgency);
        let total = low.len();
        let low = Listed::first(low.into_iter().map(|entry| Low::of(entry, now)), MOST_TROUBLES, total);
        let history = &snapshot.history;
        let past = |poll| Past::of(poll, now);
        Self {
            style: STYLE,
            script: SCRIPT,
            now: Time::past(now.wall, now),
            headline: summary.headline(),
            unknown_shop: filter
                .shop
                .clone()
                .filter(|_| !snapshot.shops.iter().any(|shop| filter.takes_shop(&shop.name))),
            states: state_links(about.prefix, filter, &summary),
            shops: shop_links(about.prefix, filter, snapshot),
            failing,
            low,
            sections: lines(all, filter.show, now),
            polls: history.polls().filter(|poll| filter.takes_shop(&poll.query.shop.name)).map(past).collect(),
            failures: history.failures().filter(|poll| filter.takes_shop(&poll.query.shop.name)).map(past).collect(),
            configuration: Configuration {
                in_use_since: snapshot.reload.map(|reload| Time::past(reload.last_success, now)),
                failed: snapshot.reload.and_then(|reload| reload.failed_at).map(|failed| Time::past(failed, now)),
            },
            api: format!("{}/api/v1/queries", about.prefix),
            summary,
            about,
        }
    }
}

impl<T> Listed<T> {
    fn first(items: impl Iterator<Item = T>, most: usize, total: usize) -> Self {
        let shown: Vec<T> = items.take(most).collect();
        Self { count: shown.len(), shown, total }
    }

    /// As in `the first 100 of 2 000`; nothing where all are shown.
    fn cut(&self) -> Option<String> {
        (self.count < self.total).then(|| format!("the first {} of {}", self.count, number(self.total)))
    }
}

/// The lines in the state that is to be shown, or the most urgent of them, by shop and gateway.
fn lines<'a>(all: &[Entry<'a>], show: Show, now: Moment) -> Listed<ShopSection<'a>> {
    let failing = |state: &QueryState| state.failing.is_some();
    let stale = |state: &QueryState| state.stale(now).is_some();
    let taken = |entry: &&Entry<'_>| match show {
        Show::All => true,
        Show::Failing => entry.state().is_some_and(failing),
        Show::Stale => entry.state().is_some_and(stale),
        Show::Low => entry.severity().is_some(),
    };
    let mut taken: Vec<(usize, &Entry<'a>)> = all.iter().filter(taken).enumerate().collect();
    let total = taken.len();
    if total > MOST_LINES {
        taken.sort_by_key(|(_, entry)| entry.urgency);
        taken.truncate(MOST_LINES);
        taken.sort_by_key(|(place, _)| *place);
    }
    let taken: Vec<Entry<'a>> = taken.into_iter().map(|(_, entry)| *entry).collect();
    Listed { shown: sections(&taken, now), count: taken.len(), total }
}

fn state_links<'a>(prefix: &str, filter: &Filter, summary: &Summary) -> Vec<Link<'a>> {
    let links = [
        (Show::All, "All", None),
        (Show::Failing, "Failing", Some(summary.failing)),
        (Show::Stale, "Stale", Some(summary.stale)),
        (Show::Low, "Low", Some(summary.critical + summary.warning)),
    ];
    let link = |(show, text, count)| {
        let address = Filter { show, ..filter.clone() }.address(prefix);
        Link { text, count, address, current: filter.show == show }
    };
    links.into_iter().map(link).collect()
}

/// Links to each shop, where there are several.
fn shop_links<'a>(prefix: &str, filter: &Filter, snapshot: &'a Snapshot) -> Listed<Link<'a>> {
    let link = |text: &'a str, shop: Option<String>| {
        let current = filter.shop == shop;
        let address = Filter { shop, ..filter.clone() }.address(prefix);
        Link { text, count: None, address, current }
    };
    let shops = snapshot.shops.iter().map(|shop| link(&shop.name, Some(shop.name.to_string())));
    let several = snapshot.shops.len() > 1;
    let all = std::iter::once(link("All shops", None)).chain(shops).filter(|_| several);
    Listed::first(all, MOST_TROUBLES, if several { snapshot.shops.len() + 1 } else { 0 })
}

#[cfg(test)]
mod tests;
