//! Versions, cipher suites, curves, and HTTP/2.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519};
use tokio_rustls::rustls::version::{TLS12, TLS13};

use super::client::{Client, address, ask};
use super::{Authority, TLS, Web};

const AES_128: &str = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
const AES_256: &str = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
const CHACHA20: &str = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";

/// A web configuration with TLS and these lines of it.
fn tls(lines: &str) -> String {
    let indented: Vec<String> = lines.lines().map(|line| format!("  {line}\n")).collect();
    TLS.to_owned() + indented.concat().as_str()
}

#[tokio::test]
async fn a_certificate_and_its_key_are_served() {
    let web = Web::start(TLS).await;
    assert!(web.exporter.metrics_url.starts_with("https://127.0.0.1:"), "{}", web.exporter.metrics_url);
    let answer = web.ask(&web.client()).await.expect("an answer");
    assert_eq!((answer.status, answer.version.as_str()), (200, "TLSv1_3"));
}

#[tokio::test]
async fn a_certificate_and_its_key_may_stand_in_the_file() {
    let authority = Authority::new();
    let paper = authority.server();
    let indented = |pem: &str| format!("    {}\n", pem.trim_end().replace('\n', "\n    "));
    let [certificate, key] = [&paper.certificate, &paper.key].map(|pem| indented(pem));
    let web = Web::start(&format!("tls_server_config:\n  cert: |\n{certificate}  key: |\n{key}")).await;
    let answer = web.ask(&Client::trusting(&authority.certificate)).await.expect("an answer");
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn without_tls_a_client_that_begins_with_tls_gets_none() {
    let web = Web::start("").await;
    let told = web.ask(&web.client()).await.expect_err("no TLS");
    assert!(told.contains("corrupt message"), "{told}");
}

#[tokio::test]
async fn with_tls_a_client_that_begins_without_gets_no_answer() {
    let web = Web::start(TLS).await;
    let mut stream = TcpStream::connect(address(&web.exporter)).await.expect("it listens");
    let told = ask(&mut stream).await.unwrap_or_default();
    assert!(!told.contains("HTTP/1.1 200"), "{told:?}");
}

#[tokio::test]
async fn a_client_of_tls_1_1_is_refused() {
    let web = Web::start(TLS).await;
    // A ClientHello of TLS 1.1, with one suite of that time.
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0xc0, 0x0a, 1, 0]);
    let length = u8::try_from(hello.len()).expect("short");
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let mut stream = TcpStream::connect(address(&web.exporter)).await.expect("it listens");
    stream.write_all(&record).await.expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it answers");
    // A fatal alert: handshake_failure, as rustls has it.
    assert_eq!((answer.first(), answer.get(5..)), (Some(&21), Some(&[2, 40][..])), "{answer:?}");
}

#[tokio::test]
async fn versions_outside_the_range_are_refused() {
    for (lines, served, refused) in [("min_version: TLS13", &TLS13, &TLS12), ("max_version: TLS12", &TLS12, &TLS13)] {
        let web = Web::start(&tls(lines)).await;
        let answer = web.ask(&web.client().with_versions(&[served])).await.expect("an answer");
        assert_eq!((answer.status, answer.version), (200, format!("{:?}", served.version)), "{lines}");
        let told = web.ask(&web.client().with_versions(&[refused])).await.expect_err("refused");
        assert!(told.contains("ProtocolVersion"), "{told}");
    }
}

#[tokio::test]
async fn every_cipher_suite_that_rustls_has_is_served() {
    let all = "cipher_suites:\n- TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n- TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\n\
               - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n- TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n\
               - TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256\n- TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\n\
               - TLS_AES_128_GCM_SHA256\n- TLS_AES_256_GCM_SHA384\n- TLS_CHACHA20_POLY1305_SHA256";
    let web = Web::start(&tls(all)).await;
    for suite in [AES_128, AES_256, CHACHA20] {
        assert_eq!(web.ask(&web.client().with_suites(&[suite])).await.expect("an answer").suite, suite);
    }
    assert_eq!(web.ask(&web.client()).await.expect("an answer").version, "TLSv1_3");
}

#[tokio::test]
async fn a_client_with_one_of_the_cipher_suites_is_served() {
    let web = Web::start(&tls(&format!("cipher_suites: [{AES_128}, {AES_256}]\nmax_version: TLS12"))).await;
    assert_eq!(web.ask(&web.client().with_suites(&[AES_128])).await.expect("an answer").suite, AES_128);
}

#[tokio::test]
async fn a_client_without_one_of_the_cipher_suites_is_refused() {
    let web = Web::start(&tls(&format!("cipher_suites: [{AES_128}, {AES_256}]\nmax_version: TLS12"))).await;
    let told = web.ask(&web.client().with_suites(&[CHACHA20])).await.expect_err("refused");
    assert!(told.contains("HandshakeFailure"), "{told}");
}

#[tokio::test]
async fn the_servers_order_of_cipher_suites_counts() {
    let web = Web::start(&tls(&format!("cipher_suites: [{AES_128}, {AES_256}]\nmax_version: TLS12"))).await;
    let client = web.client().with_suites(&[AES_256, AES_128]);
    assert_eq!(web.ask(&client).await.expect("an answer").suite, AES_128);
}

#[tokio::test]
async fn the_clients_order_of_cipher_suites_counts_where_the_file_says_so() {
    let lines =
        format!("cipher_suites: [{AES_128}, {AES_256}]\nprefer_server_cipher_suites: false\nmax_version: TLS12");
    let web = Web::start(&tls(&lines)).await;
    let client = web.client().with_suites(&[AES_256, AES_128]);
    assert_eq!(web.ask(&client).await.expect("an answer").suite, AES_256);
}

#[tokio::test]
async fn every_curve_that_rustls_has_is_served() {
    let web = Web::start(&tls("curve_preferences: [CurveP256, CurveP384, X25519]")).await;
    for (group, name) in [(SECP256R1, "secp256r1"), (SECP384R1, "secp384r1"), (X25519, "X25519")] {
        assert_eq!(web.ask(&web.client().with_groups(&[group])).await.expect("an answer").group, name);
    }
}

#[tokio::test]
async fn a_client_with_the_curve_is_served_and_one_without_is_refused() {
    let web = Web::start(&tls("min_version: TLS13\ncurve_preferences: [CurveP384]")).await;
    assert_eq!(web.ask(&web.client()).await.expect("an answer").group, "secp384r1");
    let told = web.ask(&web.client().with_groups(&[SECP256R1])).await.expect_err("refused");
    assert!(told.contains("HandshakeFailure"), "{told}");
}

#[tokio::test]
async fn http2_is_offered_unless_it_is_switched_off() {
    let suites = format!("cipher_suites: [{AES_256}]\nmax_version: TLS12");
    let off = "http_server_config: {http2: false}\n";
    for (text, expected) in [(TLS.to_owned(), "h2"), (tls(&suites) + off, "http/1.1")] {
        let web = Web::start(&text).await;
        let stream = web.client().with_protocols(&["h2", "http/1.1"]).connect(&web.exporter).await.expect("TLS");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(expected.as_bytes()));
    }
}

#[tokio::test]
async fn http2_is_spoken_where_it_was_agreed() {
    let web = Web::start(TLS).await;
    let client = web.client().with_protocols(&["h2", "http/1.1"]).http();
    let answer = client.get(web.exporter.url("/metrics")).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_2));
}
