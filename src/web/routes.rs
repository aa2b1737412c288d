//! What each path answers.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap,
    HeaderName, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use tracing::error;

use super::Site;
use crate::build;
use crate::metrics::CONTENT_TYPE as METRICS_TYPE;

const PLAIN: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// A path that is answered, by the name it is counted under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Metrics,
    Landing,
    Healthy,
    Ready,
    Unknown,
}

impl Route {
    fn of(site: &Site, path: &str) -> Self {
        match path.strip_prefix(site.prefix.as_str()) {
            Some(path) if path == site.telemetry_path => Self::Metrics,
            Some("/" | "") => Self::Landing,
            Some("/-/healthy") => Self::Healthy,
            Some("/-/ready") => Self::Ready,
            _ => Self::Unknown,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Landing => "landing",
            Self::Healthy => "healthy",
            Self::Ready => "ready",
            Self::Unknown => "unknown",
        }
    }
}

/// Answers a request and counts it. hyper leaves the body out where the method is HEAD.
pub(super) async fn respond(site: Arc<Site>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let route = Route::of(&site, request.uri().path());
    let response = match route {
        Route::Unknown => text(StatusCode::NOT_FOUND, PLAIN, "not found\n"),
        _ if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "method not allowed\n");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            refused
        }
        Route::Metrics => metrics(&site, request.headers()).await,
        Route::Landing => landing(&site),
        Route::Healthy => text(StatusCode::OK, PLAIN, "healthy\n"),
        Route::Ready if site.is_ready() => text(StatusCode::OK, PLAIN, "ready\n"),
        Route::Ready => text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "not ready: not every query has been tried yet\n"),
    };
    site.metrics.count_request(route.name(), response.status().as_u16());
    Ok(response)
}

/// The metrics.
async fn metrics(site: &Site, headers: &HeaderMap) -> Response<Full<Bytes>> {
    let gzip = accepts_gzip(headers);
    let body = match site.writer.write(gzip).await {
        Ok(body) => body,
        Err(error) => {
            error!(%error, "the metrics can't be written");
            let answer = "the metrics can't be written; the log says why\n";
            return text(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, answer);
        }
    };
    let mut response = text(StatusCode::OK, METRICS_TYPE, body);
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether the client takes gzip: it names it, or everything, with a weight that is not 0.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let weights: Vec<(String, f32)> = codings
        .flat_map(|value| value.split(','))
        .map(|coding| {
            let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
            let parameters = parameters.trim().to_ascii_lowercase();
            let weight = parameters.strip_prefix("q=").map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
            (name.trim().to_ascii_lowercase(), weight)
        })
        .collect();
    let weight_of = |name: &str| weights.iter().find(|(coding, _)| coding == name).map(|(_, weight)| *weight);
    weight_of("gzip").or_else(|| weight_of("*")).is_some_and(|weight| weight > 0.0)
}

fn landing(site: &Site) -> Response<Full<Bytes>> {
    let Site { prefix, telemetry_path, .. } = site;
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>overpay_exporter</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         </head>\n<body>\n<h1>overpay_exporter</h1>\n<p>Payout headroom and account balances of the beGateway platform, \
         for Prometheus.</p>\n<ul>\n<li><a href=\"{prefix}{path}\">Metrics</a></li>\n\
         <li><a href=\"{prefix}/-/healthy\">Health</a></li>\n<li><a href=\"{prefix}/-/ready\">Readiness</a></li>\n</ul>\n\
         <p>Version {version}</p>\n</body>\n</html>\n",
        prefix = escaped(prefix),
        path = escaped(telemetry_path),
        version = build::DESCRIPTION,
    );
    let mut response = text(StatusCode::OK, HTML, page);
    let policy =
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn text(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers: [(HeaderName, &'static str); 3] =
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

#[cfg(test)]
mod tests;
