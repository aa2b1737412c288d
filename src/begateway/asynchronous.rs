//! The gateway API's asynchronous mode, for banks that answer slower than a connection lives: start, then ask for the
//! result until it is there, if need be over several polls.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::json::{self, Text};
use super::refusal;
use super::request::Request;
use super::transport::{Response, Transport};
use crate::domain::failure::{Failure, Reason};
use crate::domain::moment::Moment;
use crate::domain::query::Query;

/// From the first question for the result to the second; then twice as long each time.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// The longest wait from one question for the result to the next.
const ASK_AGAIN_AT_MOST: Duration = Duration::from_secs(5);
/// The status of a result that is not there yet.
const TOO_EARLY: u16 = 425;

/// The balance queries that were started and whose results are still to be fetched.
#[derive(Debug, Default)]
pub(super) struct Pending {
    started: Mutex<HashMap<(String, String), Started>>,
}

/// A balance query that was started.
#[derive(Debug)]
struct Started {
    query: Query,
    result: Url,
    at: Moment,
}

impl Started {
    /// Whether its result is still worth fetching: later than `stale_after` it would be older than anything published.
    fn counts(&self, now: Moment) -> bool {
        now.since(self.at) < self.query.pace.stale_after
    }
}

impl Pending {
    /// Where the result of a query will be that was started before and is not given up yet.
    pub(super) fn result_of(&self, query: &Query, now: Moment) -> Option<Url> {
        let started = self.lock();
        let started = started.get(&key(query)).filter(|started| started.counts(now));
        started.filter(|started| started.query.asks_the_same(query)).map(|started| started.result.clone())
    }

    fn keep(&self, query: &Query, result: Url, now: Moment) {
        let mut started = self.lock();
        // Those that no query asks for any more go as well.
        started.retain(|_, started| started.counts(now));
        started.insert(key(query), Started { query: query.clone(), result, at: now });
    }

    fn forget(&self, query: &Query) {
        self.lock().remove(&key(query));
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Started>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(query: &Query) -> (String, String) {
    (query.shop.name.to_string(), query.name.to_string())
}

/// Starts the balance query, unless it was started before, and waits for what the synchronous call would have answered.
/// The caller's timeout ends it; what was started is then kept for the next time.
pub(super) async fn exchange(transport: &Transport, query: &Query, pending: &Pending) -> Result<Response, Failure> {
    let start = super::request(query)?;
    let url = if let Some(started) = pending.result_of(query, Moment::now()) {
        started
    } else {
        let answer = transport.send(&start, &query.shop).await?;
        let Some(url) = result_url(&start.url, &answer)? else { return Ok(answer) };
        pending.keep(query, url.clone(), Moment::now());
        url
    };
    let result = Request { url, body: None, api_version: start.api_version };
    let mut wait = ASK_AGAIN;
    loop {
        let response = transport.send(&result, &query.shop).await?;
        if response.status != TOO_EARLY {
            if is_final(&response) {
                pending.forget(query);
            }
            return Ok(response);
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(ASK_AGAIN_AT_MOST);
    }
}

/// Whether an answer is the result. A page of a proxy, or of a host that is busy, says nothing about it.
fn is_final(response: &Response) -> bool {
    if (200..300).contains(&response.status) {
        return true;
    }
    let failure = refusal::of(response);
    failure.by_code || !matches!(failure.reason, Reason::ProviderError | Reason::RateLimited)
}

/// Where the result will be; only on the origin that was asked, since credentials go there. None where the answer is not
/// that it was started: then it is the result, or a refusal.
fn result_url(asked: &Url, answer: &Response) -> Result<Option<Url>, Failure> {
    if !(200..300).contains(&answer.status) {
        return Ok(None);
    }
    let accepted: Accepted<'_> = json::read_object(&answer.body)?;
    if !Text::filled(accepted.status.as_ref()).is_some_and(|status| status.eq_ignore_ascii_case("processing")) {
        return Ok(None);
    }
    let url = Text::filled(accepted.response_url.as_ref()).ok_or_else(|| json::missing("response_url"))?;
    let url: Url = url.parse().map_err(|_| json::malformed("`response_url` of the answer is not an address"))?;
    if url.origin() != asked.origin() || !url.username().is_empty() || url.password().is_some() {
        return Err(json::malformed(
            "`response_url` of the answer leads to another host; credentials go to the gateway's own origin only",
        ));
    }
    Ok(Some(url))
}

#[derive(Deserialize)]
struct Accepted<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    response_url: Option<Text<'a>>,
}

#[cfg(test)]
mod tests;
