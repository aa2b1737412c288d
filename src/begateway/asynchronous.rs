//! The gateway API's asynchronous mode, for banks that answer slower than a connection lives: start, then ask for the
//! result until it is there, if need be over several polls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use url::Url;

use super::json::{self, Text};
use super::refusal;
use super::request::Request;
use super::retry_after;
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
    started: Mutex<HashMap<ShopAndName, Started>>,
}

type ShopAndName = (Arc<str>, Arc<str>);

/// A balance query that was started.
#[derive(Clone, Debug)]
struct Started {
    /// What was asked, and by whom.
    request: Request,
    shop_id: String,
    /// Where the result will be.
    result: Url,
    at: Moment,
    /// Later than that after the start, the result would be older than anything published.
    stale_after: Duration,
}

impl Started {
    fn counts(&self, now: Moment) -> bool {
        now.since(self.at) < self.stale_after
    }
}

impl Pending {
    /// Whether the query was started before, and is not given up yet.
    pub(super) fn holds(&self, query: &Query, now: Moment) -> bool {
        super::request(query).is_ok_and(|request| self.started(query, &request, now).is_some())
    }

    fn started(&self, query: &Query, request: &Request, now: Moment) -> Option<Started> {
        let started = self.lock();
        let started = started.get(&key(query)).filter(|started| started.counts(now))?;
        (started.request == *request && started.shop_id == query.shop.shop_id).then(|| started.clone())
    }

    fn keep(&self, query: &Query, started: Started) {
        let (mut all, now) = (self.lock(), started.at);
        all.insert(key(query), started);
        // Those that no query asks for any more go as well; seldom, since there may be many.
        if all.len().is_power_of_two() {
            all.retain(|_, started| started.counts(now));
        }
    }

    fn forget(&self, query: &Query) {
        self.lock().remove(&key(query));
    }

    // Nothing panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<ShopAndName, Started>> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(query: &Query) -> ShopAndName {
    (Arc::clone(&query.shop.name), Arc::clone(&query.name))
}

/// Starts the balance query, unless it was started before, and waits for what the synchronous call would have answered.
/// The caller's timeout ends it; what was started is then kept for the next time. Gives the answer, and when it was
/// asked for.
pub(super) async fn exchange(
    transport: &Transport,
    query: &Query,
    pending: &Pending,
) -> Result<(Response, Option<Moment>), Failure> {
    let request = super::request(query)?;
    let started = if let Some(started) = pending.started(query, &request, Moment::now()) {
        started
    } else {
        let at = Moment::now();
        let answer = transport.send(&request, &query.shop).await?;
        let Some(result) = result_url(&request.url, &answer)? else { return Ok((answer, None)) };
        let (shop_id, stale_after) = (query.shop.shop_id.clone(), query.pace.stale_after);
        let started = Started { request, shop_id, result, at, stale_after };
        pending.keep(query, started.clone());
        started
    };
    let fetch = Request { url: started.result, body: None, api_version: started.request.api_version };
    let mut wait = ASK_AGAIN;
    loop {
        let response = transport.send(&fetch, &query.shop).await?;
        match Stage::of(&response) {
            Stage::Processing => {}
            Stage::Unknown => return Ok((response, None)),
            Stage::Ended => {
                pending.forget(query);
                return Ok((response, Some(started.at)));
            }
        }
        let asked_for = retry_after::of(&response.headers, SystemTime::now()).unwrap_or_default();
        tokio::time::sleep(wait.max(asked_for)).await;
        wait = (wait * 2).min(ASK_AGAIN_AT_MOST);
    }
}

/// What an answer says of the query that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Its result is not there yet.
    Processing,
    /// This is its result.
    Ended,
    /// Nothing: it is the page of a proxy, or of a host that is busy.
    Unknown,
}

impl Stage {
    fn of(response: &Response) -> Self {
        let object = json::read_object::<Accepted<'_>>(&response.body);
        if response.status == TOO_EARLY || object.as_ref().is_ok_and(Accepted::is_processing) {
            return Self::Processing;
        }
        let succeeded = (200..300).contains(&response.status);
        let failure = refusal::of(response);
        let refused = !matches!(failure.reason, Reason::ProviderError | Reason::RateLimited);
        let undecided = failure.code.is_some_and(|code| code.starts_with("P."));
        if object.is_ok() && !undecided && (succeeded || failure.by_code || refused) {
            Self::Ended
        } else {
            Self::Unknown
        }
    }
}

/// Where the result will be; only on the origin that was asked, since credentials go there. None where the answer is not
/// that it was started: then it is the result, or a refusal.
fn result_url(asked: &Url, answer: &Response) -> Result<Option<Url>, Failure> {
    if !(200..300).contains(&answer.status) {
        return Ok(None);
    }
    let accepted: Accepted<'_> = json::read_object(&answer.body)?;
    if !accepted.is_processing() {
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

impl Accepted<'_> {
    fn is_processing(&self) -> bool {
        Text::filled(self.status.as_ref()).is_some_and(|status| status.eq_ignore_ascii_case("processing"))
    }
}

#[cfg(test)]
mod tests;
