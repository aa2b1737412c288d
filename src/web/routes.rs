//! Which request is answered with what: who is let in first, then the path and the method.

mod answer;
mod metrics;
mod operations;
mod pages;

use std::convert::Infallible;
use std::sync::Arc;

use hyper::header::{ALLOW, CONNECTION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Request, Response, StatusCode};

use self::answer::{PLAIN, text};
use super::Site;
use super::body::Parts;
use super::configuration::Refused;

/// A path that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route<'a> {
    Metrics,
    Page,
    Queries,
    /// One query is to be asked now: the shop and the query, as they stand in the path.
    Poll(&'a str, &'a str),
    Configuration,
    Healthy,
    Ready,
    Reload,
    Unknown,
}

impl<'a> Route<'a> {
    fn of(site: &Site, path: &'a str) -> Self {
        match path.strip_prefix(site.paths.prefix.as_str()) {
            Some(path) if path == site.paths.telemetry => Self::Metrics,
            Some("/" | "") => Self::Page,
            Some("/api/v1/queries") => Self::Queries,
            Some("/config") => Self::Configuration,
            Some("/-/healthy") => Self::Healthy,
            Some("/-/ready") => Self::Ready,
            Some("/-/reload") if site.lifecycle => Self::Reload,
            Some(path) if site.lifecycle => Self::poll(path).unwrap_or(Self::Unknown),
            _ => Self::Unknown,
        }
    }

    /// `/api/v1/queries/{shop}/{query}/poll`. Names have no character that a path would have to escape.
    fn poll(path: &'a str) -> Option<Self> {
        let named = path.strip_prefix("/api/v1/queries/")?.strip_suffix("/poll")?;
        let (shop, query) = named.split_once('/')?;
        (!query.contains('/')).then_some(Self::Poll(shop, query))
    }

    /// What it is counted under.
    const fn name(self) -> &'static str {
        match self {
            Self::Metrics => "metrics",
            Self::Page => "page",
            Self::Queries => "queries",
            Self::Poll(..) => "poll",
            Self::Configuration => "config",
            Self::Healthy => "healthy",
            Self::Ready => "ready",
            Self::Reload => "reload",
            Self::Unknown => "unknown",
        }
    }

    /// The methods it takes.
    const fn allowed(self) -> &'static str {
        match self {
            Self::Reload | Self::Poll(..) => "POST",
            _ => "GET, HEAD",
        }
    }
}

/// Answers a request and counts it. Its body is not read. hyper leaves the answer's body out where the method is HEAD.
pub(super) async fn respond<B>(site: Arc<Site>, request: Request<B>) -> Result<Response<Parts>, Infallible> {
    let judgement = site.configuration.judge(request.headers()).await;
    let route = Route::of(&site, request.uri().path());
    let mut response = match judgement.refused {
        Some(refused) => refusal(refused),
        None => answer(&site, route, &request).await,
    };
    for (name, value) in &judgement.headers {
        response.headers_mut().insert(name, value.clone());
    }
    site.metrics.count_request(route.name(), response.status().as_u16());
    Ok(response)
}

/// Answers a request that there is no room for, unless it asks whether the exporter is healthy.
pub(super) async fn respond_when_full<B>(site: Arc<Site>, request: Request<B>) -> Result<Response<Parts>, Infallible> {
    let route = Route::of(&site, request.uri().path());
    if route == Route::Healthy {
        return respond(site, request).await;
    }
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "too many requests are under way; try again\n");
    let headers = [(RETRY_AFTER, HeaderValue::from_static("5")), (CONNECTION, HeaderValue::from_static("close"))];
    response.headers_mut().extend(headers);
    site.metrics.count_request(route.name(), response.status().as_u16());
    Ok(response)
}

async fn answer<B>(site: &Arc<Site>, route: Route<'_>, request: &Request<B>) -> Response<Parts> {
    let allowed = route.allowed();
    if route != Route::Unknown && !allowed.split(", ").any(|method| method == request.method().as_str()) {
        let mut refused = text(StatusCode::METHOD_NOT_ALLOWED, PLAIN, format!("method not allowed; use {allowed}\n"));
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
        return refused;
    }
    if allowed == "POST" && operations::is_of_another_site(request.headers()) {
        return text(StatusCode::FORBIDDEN, PLAIN, "refused: a page of another site has sent this\n");
    }
    match route {
        Route::Metrics => metrics::answer(site, request.headers()).await,
        Route::Page => pages::page(site, request.headers(), request.uri().query()).await,
        Route::Queries => pages::queries(site, request.headers(), request.uri().query()).await,
        Route::Configuration => pages::configuration(site, request.headers()).await,
        Route::Healthy => text(StatusCode::OK, PLAIN, "healthy\n"),
        Route::Ready if site.is_ready() => text(StatusCode::OK, PLAIN, "ready\n"),
        Route::Ready => text(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "not ready: not every query has been tried yet\n"),
        Route::Reload => operations::reload(site).await,
        Route::Poll(shop, query) => operations::poll(site, shop, query).await,
        Route::Unknown => text(StatusCode::NOT_FOUND, PLAIN, "not found\n"),
    }
}

fn refusal(refused: Refused) -> Response<Parts> {
    match refused {
        Refused::Unreadable => text(
            StatusCode::INTERNAL_SERVER_ERROR,
            PLAIN,
            "the web configuration file can't be read any more; the log says why\n",
        ),
        Refused::TooManyRequests => text(StatusCode::TOO_MANY_REQUESTS, PLAIN, "too many requests\n"),
        Refused::Unauthenticated => {
            let mut response = text(StatusCode::UNAUTHORIZED, PLAIN, "unauthorized\n");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
            response
        }
    }
}
