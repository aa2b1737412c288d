//! Answers of each kind, with the headers that all of them have.

use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};

use super::super::body::Parts;

pub(super) const PLAIN: &str = "text/plain; charset=utf-8";
pub(super) const HTML: &str = "text/html; charset=utf-8";
/// Browsers show it as text; RFC 9512's type would be downloaded.
pub(super) const YAML: &str = "text/plain; charset=utf-8";
pub(super) const JSON: &str = "application/json";

/// An answer of that kind.
pub(super) fn text(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Parts> {
    of_parts(status, kind, Parts::from(body.into()))
}

/// An answer that is as gzip for those who take that.
pub(super) fn packed(kind: &'static str, body: Parts, gzip: bool) -> Response<Parts> {
    let mut response = of_parts(StatusCode::OK, kind, body);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn of_parts(status: StatusCode, kind: &'static str, body: Parts) -> Response<Parts> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers: [(HeaderName, &'static str); 3] =
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// A JSON document.
pub(super) fn json(status: StatusCode, document: &serde_json::Value) -> Response<Parts> {
    text(status, JSON, format!("{document}\n"))
}
