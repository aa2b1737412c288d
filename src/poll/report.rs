//! What the poll loop writes into the log: changes of state once, every poll at debug level.

use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::hosts::Change;
use crate::domain::failure::{Failure, Reason};
use crate::domain::query::Query;
use crate::store::{Timing, Transition};

/// A poll that ended.
pub(super) fn polled(query: &Query, timing: Timing, failure: Option<&Failure>, next: Duration) {
    debug!(
        %query,
        host = %query.host(),
        seconds = timing.duration.as_secs_f64(),
        reason = failure.map(|failure| failure.reason.as_str()),
        next = %whole_seconds(next),
        "polled"
    );
}

/// A query whose state changed: told once, not once per poll.
pub(super) fn transition(query: &Query, transition: &Transition) {
    let host = query.host();
    match transition {
        Transition::None => {}
        Transition::Withholding { rows, why } => warn!(%query, %host, rows, %why, "rows of the answer withheld"),
        Transition::Answered => debug!(%query, %host, "query answered"),
        Transition::Failing(failure) if failure.reason == Reason::Internal => {
            error!(%query, %host, reason = %failure.reason, detail = %failure.detail, "query failing");
        }
        Transition::Failing(failure) => {
            warn!(%query, %host, reason = %failure.reason, detail = %failure.detail, "query failing");
        }
        Transition::Recovered { after } => info!(%query, %host, after = %whole_seconds(*after), "query recovered"),
    }
}

/// A host whose behaviour towards more than one query changed.
pub(super) fn host(query: &Query, change: Change) {
    let (host, shop) = (query.host(), &query.shop.name);
    match change {
        Change::Limited { wait, for_all: false, known: false } => {
            warn!(%host, %shop, wait = %whole_seconds(wait), "requests limited: the shop leaves the host alone");
        }
        Change::Limited { wait, for_all: true, known: false } => {
            warn!(%host, %shop, wait = %whole_seconds(wait), "requests limited: all shops leave the host alone");
        }
        Change::Unreachable => warn!(%host, "host can't be reached: one query probes, the others wait"),
        Change::StillUnreachable | Change::Limited { known: true, .. } => {}
        Change::Reachable(after) => info!(%host, after = %whole_seconds(after), "host reached again"),
    }
}

fn whole_seconds(duration: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs(duration.as_secs()))
}
