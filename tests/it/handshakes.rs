//! Connections over TLS: handshakes have their time, and bad ones do not fill the log.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::exporter::{Exporter, Files, configuration, eventually};

/// A web configuration with the certificate of [`certified`].
pub(crate) const TLS: &str = "tls_server_config: {cert_file: web.crt, key_file: web.key}\n";

/// An exporter with a certificate of its own, and a client that trusts it.
async fn serving() -> (Files, Exporter, reqwest::Client) {
    let files = Files::new(&configuration("http://127.0.0.1:9", ""));
    let authority = certified(&files);
    let web = files.write("web.yml", TLS).display().to_string();
    let exporter = Exporter::serve(&files.configuration(), &["--web.config.file", &web]).await;
    // A new connection for every request.
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).tls_certs_only([authority]);
    (files, exporter, client.build().expect("a client"))
}

/// Writes a certificate of 127.0.0.1 and its key beside the configuration, and gives what to trust.
pub(crate) fn certified(files: &Files) -> reqwest::Certificate {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    files.write("web.crt", &own.cert.pem());
    files.write("web.key", &own.signing_key.serialize_pem());
    reqwest::Certificate::from_pem(own.cert.pem().as_bytes()).expect("a certificate")
}

async fn connect(exporter: &Exporter) -> TcpStream {
    TcpStream::connect(exporter.url("").replace("https://", "")).await.expect("it listens")
}

/// How long the exporter leaves a client that sends this and no more its connection.
async fn ended(exporter: &Exporter, sent: &[u8]) -> Duration {
    let (begun, mut stream) = (Instant::now(), connect(exporter).await);
    stream.write_all(sent).await.expect("it is connected");
    let _ = stream.read_to_end(&mut Vec::new()).await;
    begun.elapsed()
}

#[tokio::test]
async fn a_handshake_has_10_seconds() {
    let (_files, exporter, client) = serving().await;
    let begun = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let (nothing, begun) = tokio::join!(ended(&exporter, b""), ended(&exporter, begun));
    for taken in [nothing, begun] {
        assert!(taken >= Duration::from_secs(10) && taken < Duration::from_secs(20), "{taken:?}");
    }
    assert!(client.get(exporter.url("/-/healthy")).send().await.is_ok());
}

#[tokio::test]
async fn a_client_that_talks_no_tls_is_gone_at_once() {
    let (_files, exporter, client) = serving().await;
    let taken = ended(&exporter, b"GET / HTTP/1.1\r\nHost: exporter\r\n\r\n").await;
    assert!(taken < Duration::from_secs(5), "{taken:?}");
    assert!(client.get(exporter.url("/-/healthy")).send().await.is_ok());
}

#[tokio::test]
async fn a_certificate_that_turns_bad_is_told_once_and_that_it_is_good_again_too() {
    let (files, exporter, client) = serving().await;
    let told = |text: &str| exporter.lines().iter().filter(|line| line.contains(text)).count();
    files.write("web.crt", "no certificate\n");
    for _ in 0..5 {
        assert!(client.get(exporter.url("/-/healthy")).send().await.is_err());
    }
    exporter.line_with("no client can connect").await;
    let authority = certified(&files);
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([authority]).build().expect("a client");
    eventually("clients are served again", || async { client.get(exporter.url("/-/healthy")).send().await.ok() }).await;
    exporter.line_with("clients can connect again").await;
    assert_eq!((told("no client can connect"), told("clients can connect again")), (1, 1), "{:?}", exporter.lines());
}

#[tokio::test]
async fn stopping_is_bounded_with_clients_of_every_kind() {
    let (_files, mut exporter, client) = serving().await;
    // A handshake that does not go on, a kept connection of HTTP/2.
    let _silent = connect(&exporter).await;
    let kept = client.get(exporter.url("/-/healthy")).send().await.expect("it answers");
    let begun = Instant::now();
    exporter.signal("TERM").await;
    assert_eq!(exporter.ended().await, Some(0));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(kept);
}
