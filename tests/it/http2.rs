//! Hosts that speak HTTP/2: they are asked in it, within the same limits.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::exporter::{Exporter, Files, configuration};
use super::tls::certified;

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const QUERY: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD]}";

/// A host that speaks HTTP/2 alone.
struct Host {
    url: String,
    versions: Arc<Mutex<Vec<Version>>>,
}

impl Host {
    /// A host whose answers are good and have a header of that length.
    async fn start(tls: &TlsAcceptor, header: usize) -> Self {
        let mut config = Arc::clone(tls.config());
        Arc::make_mut(&mut config).alpn_protocols = vec![b"h2".to_vec()];
        let tls = TlsAcceptor::from(config);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        let host = Self { url, versions: Arc::default() };
        let versions = Arc::clone(&host.versions);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, versions) = (tls.clone(), Arc::clone(&versions));
                tokio::spawn(async move {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let service = service_fn(move |request: Request<Incoming>| {
                        versions.lock().expect("not poisoned").push(request.version());
                        let response = Response::builder().header("x-large", "x".repeat(header));
                        let response = response.body(Full::new(Bytes::from_static(CHANNELS))).expect("a response");
                        async move { Ok::<_, Infallible>(response) }
                    });
                    let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        host
    }
}

/// Polls a host whose answers have a header of that length.
async fn polled(header: usize) -> (Host, Files, Exporter) {
    let (tls, authority) = certified("localhost");
    let host = Host::start(&tls, header).await;
    let files = Files::new(&configuration(&host.url, QUERY).replace("sandbox: {", "sandbox: {ca_file: ca.pem, "));
    files.write("ca.pem", &authority);
    let exporter = Exporter::serve(&files.configuration(), &[]).await;
    (host, files, exporter)
}

#[tokio::test]
async fn a_host_that_speaks_http2_is_asked_in_it() {
    let (host, _files, exporter) = polled(1).await;
    let scrape =
        exporter.scrape_until("answered", |scrape| !scrape.family("overpay_available_balance").is_empty()).await;
    assert!(scrape.family("overpay_available_balance")[0].ends_with(" 500"));
    assert_eq!(host.versions.lock().expect("not poisoned")[0], Version::HTTP_2);
}

#[tokio::test]
async fn headers_of_more_than_64_kib_are_refused_in_http2_too() {
    let (_host, _files, exporter) = polled(64 * 1024 + 1).await;
    let scrape = exporter.scrape_until("failing", |scrape| !scrape.family("overpay_poll_failing").is_empty()).await;
    assert!(scrape.family("overpay_available_balance").is_empty());
    assert!(scrape.family("overpay_available_balance_last_known").is_empty());
}
