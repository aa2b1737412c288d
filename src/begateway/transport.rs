//! Carries a request to one brand's hosts and its answer back: authentication, TLS, limits, no redirects.
//!
//! Must not know what is asked nor what an answer means. Its errors name the host and the class, never a header or body.

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, ClientBuilder, Method, Proxy, redirect};

use super::request::Request;
use crate::domain::failure::{Failure, Reason};
use crate::domain::shop::{Brand, Shop, is_loopback};

/// The largest body read, in bytes, after decompression.
const MAX_BODY: usize = 1024 * 1024;
const MAX_HEADER_LIST: u32 = 64 * 1024;
/// How long an unused connection is kept: shorter than servers do, so that none is used that the other end has just
/// closed, and so that a host that moved is found again.
const IDLE: Duration = Duration::from_secs(4);
const USER_AGENT: &str = concat!("overpay_exporter/", env!("CARGO_PKG_VERSION"));
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response {{ status: {}, body: {} bytes }}", self.status, self.body.len())
    }
}

/// The way to one brand's hosts.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    client: reqwest::Client,
    /// For hosts of this machine: a proxy that the environment names leads off it, and plain http is allowed on it alone.
    loopback: reqwest::Client,
}

impl Transport {
    pub(super) fn new(brand: &Brand) -> Result<Self, ClientError> {
        let trusted = trusted(brand)?;
        let builder = || {
            reqwest::Client::builder()
                .user_agent(USER_AGENT)
                // Credentials go to the configured host and nowhere else.
                .redirect(redirect::Policy::none())
                .referer(false)
                .pool_idle_timeout(IDLE)
                .http2_max_header_list_size(MAX_HEADER_LIST)
                .tls_certs_only(trusted.iter().cloned())
        };
        let built = |builder: ClientBuilder| {
            builder
                .build()
                .map_err(|error| ClientError::Build { brand: brand.name.to_string(), source: error.without_url() })
        };
        if let Some(proxy) = &brand.proxy {
            let proxy =
                Proxy::all(proxy.expose().clone()).map_err(|_| ClientError::Proxy { brand: brand.name.to_string() })?;
            let client = built(builder().proxy(proxy))?;
            return Ok(Self { loopback: client.clone(), client });
        }
        Ok(Self { client: built(builder())?, loopback: built(builder().no_proxy())? })
    }

    /// Sends with the shop's credentials and reads the whole answer.
    pub(super) async fn send(&self, request: &Request, shop: &Shop) -> Result<Response, Failure> {
        let method = if request.body.is_some() { Method::POST } else { Method::GET };
        let client = if is_loopback(&request.url) { &self.loopback } else { &self.client };
        let mut builder = client
            .request(method, request.url.clone())
            .basic_auth(&shop.shop_id, Some(shop.secret_key.expose()))
            .header(ACCEPT, JSON);
        if let Some(version) = request.api_version {
            builder = builder.header("X-API-Version", version);
        }
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, JSON).body(body.clone());
        }
        let host = request.url.host_str().unwrap_or_default();
        let mut response = builder.send().await.map_err(|error| failure(&error, host))?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, host))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(Failure::new(
                    Reason::MalformedResponse,
                    format!("the answer of {host} is larger than {MAX_BODY} bytes"),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }
}

/// The system's roots, and the brand's own.
fn trusted(brand: &Brand) -> Result<Vec<Certificate>, ClientError> {
    let mut roots: Vec<Certificate> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        // One certificate that rustls can't read must not take the others with it.
        .filter(|der| rustls::RootCertStore::empty().add((*der).clone()).is_ok())
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect();
    if let Some(path) = &brand.ca_file {
        let unusable = |what: String| ClientError::CaFile { brand: brand.name.to_string(), path: path.clone(), what };
        let pem = fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let own = Certificate::from_pem_bundle(&pem).map_err(|_| unusable("it is not PEM".to_owned()))?;
        if own.is_empty() {
            return Err(unusable("it holds no certificate".to_owned()));
        }
        roots.extend(own);
    }
    Ok(roots)
}

/// The way to a brand's hosts can't be prepared.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The brand's `ca_file` is of no use.
    #[error("brands.{brand}.ca_file: {} can't be used: {what}; name a file of PEM certificates", path.display())]
    CaFile {
        /// The brand.
        brand: String,
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The brand's `proxy_url` is of no use.
    #[error("brands.{brand}.proxy_url can't be used; write http:// or https://, a host and a port")]
    Proxy {
        /// The brand.
        brand: String,
    },
    /// The client of the brand can't be made.
    #[error("brands.{brand}: the HTTP client can't be made: {source}")]
    Build {
        /// The brand.
        brand: String,
        /// Why.
        source: reqwest::Error,
    },
}

/// What kind of failure an error of the HTTP client is. Its own text can hold addresses and headers, so none of it
/// is kept but the innermost cause, where that is known to be harmless.
fn failure(error: &reqwest::Error, host: &str) -> Failure {
    let causes = || std::iter::successors(Some(error as &(dyn Error + 'static)), |error| cause(*error));
    let tls = causes().find_map(|cause| cause.downcast_ref::<rustls::Error>());
    let io = causes().filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind);
    if let Some(cause) = tls {
        return Failure::new(Reason::Tls, format!("TLS with {host} failed: {cause}"));
    }
    if error.is_timeout() {
        return Failure::new(Reason::Timeout, format!("{host} did not answer in time"));
    }
    if error.is_decode() && io.is_some_and(|kind| kind == io::ErrorKind::InvalidInput) {
        return Failure::new(Reason::MalformedResponse, format!("the answer of {host} can't be decompressed"));
    }
    let what = match io {
        _ if error.is_dns() => "the name is not resolved".to_owned(),
        Some(kind) => kind.to_string(),
        None if error.is_connect() => "no connection".to_owned(),
        None => "the connection ended before the whole answer was there".to_owned(),
    };
    Failure::new(Reason::Connect, format!("{host} can't be reached: {what}"))
}

/// What an error comes from. `source()` of an I/O error steps over the very error it wraps.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
