//! What goes before everything else: queries that fail, and balances that are low.

use super::entry::{Entry, What};
use super::line::Line;
use super::section::{anchor, gateway_name};
use super::words::Time;
use crate::domain::failure::Failure;
use crate::domain::moment::Moment;
use crate::store::{PastPoll, QueryState};

/// A query that fails.
pub(super) struct Failing<'a> {
    pub(super) shop: &'a str,
    pub(super) query: &'a str,
    pub(super) host: String,
    pub(super) failure: Told<'a>,
    pub(super) since: Time,
    pub(super) polls: u64,
    pub(super) failures: u64,
    pub(super) last_success: Option<Time>,
    pub(super) next: Option<Time>,
}

impl<'a> Failing<'a> {
    /// Of a query that fails.
    pub(super) fn of(state: &'a QueryState, now: Moment) -> Option<Self> {
        let failing = state.failing.as_ref()?;
        Some(Self {
            shop: &state.query.shop.name,
            query: &state.query.name,
            host: state.query.host(),
            failure: Told::of(&failing.failure),
            since: Time::past(now.wall_at(failing.since), now),
            polls: state.polls,
            failures: state.failures,
            last_success: state.last_success.map(|time| Time::past(time, now)),
            next: state.next_poll.map(|next| Time::next(now.wall_at(next), now)),
        })
    }
}

/// Why a poll failed.
pub(super) struct Told<'a> {
    pub(super) reason: &'static str,
    pub(super) detail: &'a str,
    /// HTTP status and the platform's code, as far as there are.
    pub(super) codes: Vec<String>,
    pub(super) message: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(failure: &'a Failure) -> Self {
        let status = failure.status.map(|status| format!("HTTP {status}"));
        let code = failure.code.as_ref().map(|code| format!("code {code}"));
        Self {
            reason: failure.reason.as_str(),
            detail: &failure.detail,
            codes: status.into_iter().chain(code).collect(),
            message: failure.message.as_deref(),
        }
    }
}

/// A balance that is low.
pub(super) struct Low<'a> {
    pub(super) gateway: String,
    pub(super) anchor: String,
    pub(super) line: Line<'a>,
}

impl<'a> Low<'a> {
    pub(super) fn of(entry: &Entry<'a>, now: Moment) -> Self {
        debug_assert!(matches!(entry.what, What::Fresh(..)), "only what counts is judged");
        Self {
            gateway: gateway_name(entry.shop, entry.gateway).0,
            anchor: anchor(&entry.shop.name, entry.gateway),
            line: Line::of(entry, now),
        }
    }
}

/// A poll that ended.
pub(super) struct Past<'a> {
    pub(super) shop: &'a str,
    pub(super) query: &'a str,
    pub(super) ended: Time,
    /// As in `0.241 s`.
    pub(super) took: String,
    pub(super) failure: Option<Told<'a>>,
}

impl<'a> Past<'a> {
    pub(super) fn of(poll: &'a PastPoll, now: Moment) -> Self {
        Self {
            shop: &poll.query.shop.name,
            query: &poll.query.name,
            ended: Time::past(poll.ended, now),
            took: format!("{:.3} s", poll.duration.as_secs_f64()),
            failure: poll.failure.as_ref().map(Told::of),
        }
    }
}
