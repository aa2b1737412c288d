//! A line of the page's tables, in words.

use super::bar::Standing;
use super::entry::{Entry, What};
use super::words::{Amount, Span, Time};
use crate::domain::moment::Moment;
use crate::domain::observation::{Subject, WithheldBecause};
use crate::domain::query::{Api, Query, Severity};
use crate::store::{Held, QueryState};

/// A line of a table.
pub(super) struct Line<'a> {
    pub(super) shop: &'a str,
    /// What people call it.
    pub(super) name: String,
    /// What else tells it from others, where it has a name.
    pub(super) id: Option<String>,
    pub(super) query: Option<&'a str>,
    pub(super) currency: String,
    pub(super) balance: Balance,
    pub(super) standing: Option<Standing>,
    /// Payout control, where the answer says.
    pub(super) control: Option<bool>,
    pub(super) data: Option<Data>,
    pub(super) next: Option<Time>,
    /// Whether the query fails.
    pub(super) failing: bool,
}

/// What stands where the balance does.
pub(super) enum Balance {
    Fresh(Amount),
    Stale { last_known: Amount, answered: Time },
    Withheld(String),
    Nothing(String),
}

/// How old what is shown is.
pub(super) struct Data {
    pub(super) answered: Time,
    /// As in `stale after 4m`.
    pub(super) limit: String,
    /// When the balance was true, where the API says.
    pub(super) as_of: Option<Time>,
    /// Whether that is longer ago than it may be.
    pub(super) outdated: bool,
}

impl<'a> Line<'a> {
    pub(super) fn of(entry: &Entry<'a>, now: Moment) -> Self {
        let state = entry.state();
        let (name, id) = name(entry);
        let (balance, standing, control, data) = match entry.what {
            What::Fresh(state, held, row) => (
                Balance::Fresh(Amount::of(row.amount, row.exponent)),
                Standing::of(&state.query, row),
                row.active,
                Some(Data::of(&state.query, held, now)),
            ),
            What::Stale(state, held, row) => {
                let last_known = Amount::of(row.amount, row.exponent);
                let balance = Balance::Stale { last_known, answered: Time::moment(held.at, now) };
                (balance, None, None, Some(Data::of(&state.query, held, now)))
            }
            What::Withheld(state, held, row) => {
                (Balance::Withheld(row.why.to_string()), None, None, Some(Data::of(&state.query, held, now)))
            }
            What::Nothing(state) => (Balance::Nothing(why_nothing(state)), None, None, None),
            What::Missing(_) => {
                let why = "named in the configuration, and in none of the answers to this process";
                (Balance::Nothing(why.to_owned()), None, None, None)
            }
        };
        Self {
            shop: &entry.shop.name,
            name,
            id,
            query: state.map(|state| &*state.query.name),
            currency: currency(entry),
            balance,
            standing,
            control,
            data,
            next: state.and_then(|state| state.next_poll).map(|next| Time::next(now.wall_at(next), now)),
            failing: state.is_some_and(|state| state.failing.is_some()),
        }
    }

    /// How low the balance is, in a word.
    pub(super) fn severity(&self) -> Option<&'static str> {
        self.standing.as_ref()?.severity.map(Severity::as_str)
    }
}

impl Data {
    fn of(query: &Query, held: &Held, now: Moment) -> Self {
        let as_of = held.as_of;
        let age = as_of.map(|as_of| now.wall.duration_since(as_of).unwrap_or_default());
        Self {
            answered: Time::moment(held.at, now),
            limit: format!("stale after {}", Span(query.pace.stale_after)),
            as_of: as_of.map(|as_of| Time::past(as_of, now)),
            outdated: age.is_some_and(|age| age > query.pace.max_data_age),
        }
    }
}

/// What people call it, and its id where they have a name for it.
fn name(entry: &Entry<'_>) -> (String, Option<String>) {
    let channel = match entry.what {
        What::Fresh(_, _, row) | What::Stale(_, _, row) => match &row.series.subject {
            Subject::Account(Some(account)) => return (format!("account {account}"), None),
            Subject::Account(None) => return ("account".to_owned(), None),
            Subject::Channel(channel) => *channel,
        },
        What::Withheld(_, _, row) => row.channel,
        What::Missing(channel) => Some(channel),
        What::Nothing(state) => return (asked_for(&state.query), None),
    };
    let Some(channel) = channel else {
        let name = if entry.is_of_channel() { "no channel named" } else { "account" };
        return (name.to_owned(), None);
    };
    let id = format!("channel {channel}");
    match entry.gateway.and_then(|gateway| entry.shop.channel_name(gateway, channel)) {
        Some(name) => (name.to_owned(), Some(id)),
        None => (id, None),
    }
}

/// What a query asks for that was not answered yet.
fn asked_for(query: &Query) -> String {
    if query.ask.api() == Api::ChannelBalances {
        return "all channels".to_owned();
    }
    match query.account_label.of(query.ask.account()) {
        Some(label) => format!("account {label}"),
        None => "account".to_owned(),
    }
}

fn currency(entry: &Entry<'_>) -> String {
    match entry.what {
        What::Fresh(_, _, row) | What::Stale(_, _, row) => row.series.currency.to_string(),
        What::Withheld(_, _, row) => match row.why {
            WithheldBecause::Exponent(unknown) => unknown.currency.to_string(),
            WithheldBecause::NoCurrency => String::new(),
        },
        What::Nothing(state) => state.query.ask.currency().map(|currency| currency.to_string()).unwrap_or_default(),
        What::Missing(_) => String::new(),
    }
}

fn why_nothing(state: &QueryState) -> String {
    match &state.failing {
        Some(failing) if state.is_in_conflict() => failing.failure.detail.clone(),
        Some(failing) => format!("no answer: {}", failing.failure),
        None if state.polls == 0 => "not asked yet".to_owned(),
        None => "not answered yet".to_owned(),
    }
}
