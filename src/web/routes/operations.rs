//! What a client may set going: a reload, or the poll of one query.

use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::super::body::Parts;
use super::super::{Site, api};
use super::answer::{self, PLAIN, text};
use crate::domain::demand::{Asked, NotAsked, whole_seconds};
use crate::domain::moment::Moment;
use crate::json;

/// Reads the configuration again: 200 once it is in use, 500 with what is wrong with it.
pub(super) async fn reload(site: &Site) -> Response<Parts> {
    match site.operations.reload().await {
        Ok(()) => text(StatusCode::OK, PLAIN, "configuration reloaded\n"),
        Err(problem) => {
            let answer = format!("configuration not reloaded, the old one goes on\n{}\n", problem.trim_end());
            text(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, answer)
        }
    }
}

/// Asks one query: 200 with what came of it, be it a failure of the platform; 404, 429 or 503 where it was not asked.
pub(super) async fn poll(site: &Site, shop: &str, query: &str) -> Response<Parts> {
    match site.operations.poll(shop, query).await {
        Ok(asked) => answer::json(StatusCode::OK, &outcome(site, shop, query, &asked)),
        Err(not_asked) => {
            let mut refused = answer::json(status(not_asked), &json!({"error": not_asked.to_string()}));
            if let Some(wait) = not_asked.wait() {
                refused.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
            }
            refused
        }
    }
}

const fn status(not_asked: NotAsked) -> StatusCode {
    match not_asked {
        NotAsked::Unknown => StatusCode::NOT_FOUND,
        NotAsked::JustAsked(_) | NotAsked::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
        NotAsked::Unreachable(_) | NotAsked::Dropped => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// What came of a poll, and the state it left the query in.
fn outcome(site: &Site, shop: &str, query: &str, asked: &Asked) -> Value {
    let failure = asked.failure.as_ref().map(json::Failure::from);
    let snapshot = site.store.snapshot();
    let state = snapshot.queries.iter().find(|state| &*state.query.shop.name == shop && &*state.query.name == query);
    json!({
        "answered": failure.is_none(),
        "failure": failure,
        "duration_seconds": asked.duration.as_secs_f64(),
        "query": state.map(|state| api::query(state, Moment::now())),
    })
}

/// Whether a browser says that a page of another site makes it send this, without its user's knowledge.
pub(super) fn is_of_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

/// The value of a parameter in the part of an address behind the question mark.
pub(super) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query?.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
