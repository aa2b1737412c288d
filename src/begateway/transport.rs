//! Carries a request to one brand's hosts and its answer back: authentication, TLS, limits, no redirects.
//!
//! Must not know what is asked nor what an answer means. Its errors name the host and the class, never a header or body.

mod failure;

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{ClientBuilder, Method, Proxy, redirect, retry};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore};

use self::failure::failure;
use super::request::Request;
use crate::domain::failure::{Failure, Reason};
use crate::domain::shop::{Brand, ProxyUrl, Shop, is_loopback};

/// The largest body read, in bytes, after decompression.
const MAX_BODY: usize = 1024 * 1024;
/// The largest headers taken, in bytes: names and values.
const MAX_HEADERS: u32 = 64 * 1024;
/// How long a connection may take to come about, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an unused connection is kept: shorter than servers do, so that none is used that the other end has just
/// closed.
const IDLE: Duration = Duration::from_secs(4);
/// How long connections are used: then names are resolved anew, so that a host that moved is found at its new address
/// though the old one still answers.
const RENEWED_AFTER: Duration = Duration::from_secs(30);
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
    way: Arc<Way>,
    connections: Arc<Mutex<Connections>>,
}

/// How a brand's hosts are reached.
#[derive(Debug)]
struct Way {
    brand: String,
    tls: ClientConfig,
    proxy: Option<ProxyUrl>,
}

/// The connections in use, and since when.
#[derive(Clone, Debug)]
struct Connections {
    client: reqwest::Client,
    /// For hosts of this machine: a proxy that the environment names leads off it, and plain http is allowed on it alone.
    loopback: reqwest::Client,
    since: Instant,
}

impl Transport {
    pub(super) fn new(brand: &Brand) -> Result<Self, ClientError> {
        let way = Way { brand: brand.name.to_string(), tls: tls(brand)?, proxy: brand.proxy.clone() };
        let connections = Arc::new(Mutex::new(way.connections()?));
        Ok(Self { way: Arc::new(way), connections })
    }

    /// Sends with the shop's credentials and reads the whole answer.
    pub(super) async fn send(&self, request: &Request, shop: &Shop) -> Result<Response, Failure> {
        let method = if request.body.is_some() { Method::POST } else { Method::GET };
        let connections = self.connections();
        let client = if is_loopback(&request.url) { &connections.loopback } else { &connections.client };
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
        let host = if self.way.proxy.is_some() { &format!("{host}, through the brand's proxy,") } else { host };
        let mut response = builder.send().await.map_err(|error| failure(&error, host))?;
        let too_large = |what: &str, limit: &dyn fmt::Display| {
            Failure::new(Reason::MalformedResponse, format!("{what} of {host} is larger than {limit} bytes"))
        };
        let headers = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
        if headers.sum::<usize>() > MAX_HEADERS as usize {
            return Err(too_large("the head of the answer", &MAX_HEADERS));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error, host))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(too_large("the answer", &MAX_BODY));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }

    /// The connections to use now. What is under way on older ones ends there.
    fn connections(&self) -> Connections {
        // Nothing panics while it holds the lock.
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if connections.since.elapsed() >= RENEWED_AFTER
            && let Ok(renewed) = self.way.connections()
        {
            *connections = renewed;
        }
        connections.clone()
    }
}

impl Way {
    /// Connections that are still to be made.
    fn connections(&self) -> Result<Connections, ClientError> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(USER_AGENT)
                // Credentials go to the configured host and nowhere else.
                .redirect(redirect::Policy::none())
                .referer(false)
                // When to ask again is decided elsewhere.
                .retry(retry::never())
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(IDLE)
                .http2_max_header_list_size(MAX_HEADERS)
                .tls_backend_preconfigured(self.tls.clone())
        };
        let built = |builder: ClientBuilder| builder.build().map_err(|error| self.unusable(error.without_url()));
        let since = Instant::now();
        if let Some(proxy) = &self.proxy {
            let proxy =
                Proxy::all(proxy.expose().clone()).map_err(|_| ClientError::Proxy { brand: self.brand.clone() })?;
            let client = built(builder().proxy(proxy))?;
            return Ok(Connections { loopback: client.clone(), client, since });
        }
        Ok(Connections { client: built(builder())?, loopback: built(builder().no_proxy())?, since })
    }

    fn unusable(&self, source: impl Error + Send + Sync + 'static) -> ClientError {
        ClientError::Build { brand: self.brand.clone(), source: Box::new(source) }
    }
}

/// TLS 1.2 and up, trusting the system's roots and the brand's own.
fn tls(brand: &Brand) -> Result<ClientConfig, ClientError> {
    let build = |source| ClientError::Build { brand: brand.name.to_string(), source: Box::new(source) };
    let mut tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(build)?
        .with_root_certificates(trusted(brand)?)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

/// The system's roots, and the brand's own.
fn trusted(brand: &Brand) -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    // One certificate of the system that can't be read must not take the others with it.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &brand.ca_file {
        let unusable = |what: String| ClientError::CaFile { brand: brand.name.to_string(), path: path.clone(), what };
        let pem = fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let own: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|_| unusable("it is not PEM".to_owned()))?;
        if own.is_empty() {
            return Err(unusable("it holds no certificate".to_owned()));
        }
        for certificate in own {
            roots.add(certificate).map_err(|error| unusable(format!("a certificate in it is of no use: {error}")))?;
        }
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
        source: Box<dyn Error + Send + Sync>,
    },
}
