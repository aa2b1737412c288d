//! An answer before it is sent, and what becomes of it on the way.
//!
//! Knows HTTP, but no connection.

use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, WWW_AUTHENTICATE};
use serde::Serialize;
use serde_json::json;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer: status, headers and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content_type: HeaderValue,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

impl Reply {
    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // The shapes of this room have keys that are strings, and so always become JSON.
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        Self { status, content_type: JSON, headers: Vec::new(), body }
    }

    pub(super) fn ok(body: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// The short body of errors that belong to no API.
    pub(super) fn message(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    pub(super) fn not_found() -> Self {
        Self::message(StatusCode::NOT_FOUND, "Not found.")
    }

    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// What the gateway and the provider API say to a wrong shop id or secret key.
    pub(super) fn invalid_credentials() -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "Invalid shop_id/secret_key.").challenge()
    }

    /// What the backoffice says to them.
    pub(super) fn access_denied() -> Self {
        let body = json!({ "response": { "status": "error", "message": "Access denied" } });
        Self::json(StatusCode::UNAUTHORIZED, &body).challenge()
    }

    fn challenge(self) -> Self {
        self.with(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"simulator\""))
    }

    /// What a strict platform says to a parameter it does not take.
    pub(super) fn invalid(parameter: &str, what: &str) -> Self {
        let message = format!("{parameter} {what}");
        Self::json(
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!({
                "code": "E.1025",
                "message": message,
                "friendly_message": "The request is not valid.",
                "errors": { parameter: [what] },
            }),
        )
    }
}

/// What a client meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// How long it waits first.
    pub(super) delay: Duration,
    pub(super) delivery: Delivery,
}

/// How much of an answer arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// All of it.
    Whole(Reply),
    /// Half of the body, then the connection is closed.
    CutInBody(Reply),
    /// Nothing: the connection is closed.
    Cut,
    /// Nothing: the connection stays open.
    Hang,
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self { delay: Duration::ZERO, delivery: Delivery::Whole(reply) }
    }
}
