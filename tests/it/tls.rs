//! Real TLS: only hosts that prove who they are get the credentials.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::exporter::{Files, configuration, run, text};
use super::platform::Platform;

const CHANNELS: &[u8] = include_bytes!("../fixtures/channel_balances.json");
const QUERY: &str = "channel_balances:\n  - {gateway: 3405, currencies: [USD]}";

/// A certificate for that host by an authority of its own: the server's end, and the authority as PEM.
pub(crate) fn certified(host: &str) -> (TlsAcceptor, String) {
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).expect("a certificate").pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().expect("a key");
    let certificate =
        CertificateParams::new([host.to_owned()]).expect("a name").signed_by(&key, &issuer).expect("signed");
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())
        .expect("a certificate and its key");
    (TlsAcceptor::from(Arc::new(config)), pem)
}

/// Asks the platform once, trusting that authority beside the system's roots.
async fn ask(platform: &Platform, authority: Option<&str>) -> Value {
    let files = Files::new("");
    let mut text_of = configuration(&platform.url, QUERY);
    if let Some(pem) = authority {
        files.write("ca.pem", pem);
        text_of = text_of.replace("sandbox: {", "sandbox: {ca_file: ca.pem, ");
    }
    files.write("overpay_exporter.yml", &text_of);
    let output = run(&["query", "--output", "json", "--config.file", &files.configuration()]).await;
    let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    document["queries"][0].clone()
}

#[tokio::test]
async fn a_host_certified_by_the_brands_own_authority_is_asked() {
    let (tls, authority) = certified("localhost");
    let platform = Platform::start_tls(tls).await;
    platform.json("/shop/channel_balances/", CHANNELS);
    let answer = ask(&platform, Some(&authority)).await;
    assert_eq!(answer["balances"][0]["balance"], "500.00", "{answer}");
}

#[tokio::test]
async fn a_host_certified_by_nobody_known_gets_no_request() {
    let (tls, _) = certified("localhost");
    let platform = Platform::start_tls(tls).await;
    let answer = ask(&platform, None).await;
    assert_eq!(answer["reason"], "tls", "{answer}");
    assert!(platform.requests().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_host_gets_no_request() {
    let (tls, authority) = certified("elsewhere.example");
    let platform = Platform::start_tls(tls).await;
    let answer = ask(&platform, Some(&authority)).await;
    assert_eq!(answer["reason"], "tls", "{answer}");
    assert!(platform.requests().is_empty());
}

#[tokio::test]
async fn a_ca_file_without_a_certificate_is_a_configuration_error() {
    let files =
        Files::new(&configuration("https://localhost:1", QUERY).replace("sandbox: {", "sandbox: {ca_file: ca.pem, "));
    files.write("ca.pem", "nothing\n");
    let output = run(&["check", "--config.file", &files.configuration()]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("brands.sandbox.ca_file"), "{}", text(&output.stderr));
}
