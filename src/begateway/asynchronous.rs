//! The gateway API's asynchronous mode, for banks that answer slower than a connection lives: start, then ask for the
//! result until it is there.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::json::{self, Text};
use super::refusal;
use super::request::Request;
use super::transport::{Response, Transport};
use crate::domain::failure::Failure;
use crate::domain::query::Query;

/// From one question for the result to the next.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// The status of a result that is not there yet.
const TOO_EARLY: u16 = 425;

/// Starts the balance query and waits for what the synchronous call would have answered. The caller's timeout ends it.
pub(super) async fn exchange(transport: &Transport, query: &Query) -> Result<Response, Failure> {
    let start = super::request(query)?;
    let answer = transport.send(&start, &query.shop).await?;
    let result = Request { url: result_url(&start.url, &answer)?, body: None, api_version: start.api_version };
    loop {
        let response = transport.send(&result, &query.shop).await?;
        if response.status != TOO_EARLY {
            return Ok(response);
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// Where the result will be; only on the origin that was asked, since credentials go there.
fn result_url(asked: &Url, answer: &Response) -> Result<Url, Failure> {
    if !(200..300).contains(&answer.status) {
        return Err(refusal::of(answer));
    }
    let started: Started<'_> = json::read_object(&answer.body)?;
    if !Text::filled(started.status.as_ref()).is_some_and(|status| status.eq_ignore_ascii_case("processing")) {
        return Err(refusal::of(answer));
    }
    let url = Text::filled(started.response_url.as_ref()).ok_or_else(|| json::missing("response_url"))?;
    let url: Url = url.parse().map_err(|_| json::malformed("`response_url` of the answer is not an address"))?;
    if url.origin() != asked.origin() || !url.username().is_empty() || url.password().is_some() {
        return Err(json::malformed(
            "`response_url` of the answer leads to another host; credentials go to the gateway's own origin only",
        ));
    }
    Ok(url)
}

#[derive(Deserialize)]
struct Started<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    response_url: Option<Text<'a>>,
}

#[cfg(test)]
mod tests;
