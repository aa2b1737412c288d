//! Files that change while the program runs.

use rcgen::CertificateParams;

use super::super::exporter::client;
use super::paper::dns;
use super::requests::users;
use super::{Authority, Client, Paper, TLS, Web};

#[tokio::test]
async fn a_certificate_that_was_exchanged_is_shown_to_the_next_client() {
    let web = Web::start(TLS).await;
    let before = web.client();
    assert!(web.ask(&before).await.is_ok());
    // Again and again within one tick of the clock, as far as the disk is fast enough.
    for _ in 0..5 {
        let authority = Authority::new();
        authority.server().write(&web.files, "server");
        assert!(web.ask(&Client::trusting(&authority.certificate)).await.is_ok());
        assert!(web.ask(&before).await.is_err());
    }
}

#[tokio::test]
async fn a_file_that_was_put_in_place_of_the_certificate_counts() {
    let web = Web::start(TLS).await;
    let authority = Authority::new();
    authority.server().write(&web.files, "next");
    for end in ["crt", "key"] {
        let next = web.files.write(&format!("next.{end}.tmp"), "");
        let folder = next.parent().expect("a folder");
        std::fs::rename(folder.join(format!("next.{end}")), folder.join(format!("server.{end}"))).expect("renamed");
    }
    assert!(web.ask(&Client::trusting(&authority.certificate)).await.is_ok());
}

#[tokio::test]
async fn other_authorities_of_clients_count_at_once() {
    let [one, other] = [(), ()].map(|()| Authority::new());
    let text = format!("{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n");
    let web = Web::start_with(&text, &[("ca.crt", &one.certificate)]).await;
    let [of_one, of_other] = [&one, &other].map(|authority| web.client().with_paper(&authority.client(&[dns("a")])));
    assert!(web.ask(&of_one).await.is_ok() && web.ask(&of_other).await.is_err());
    web.files.write("ca.crt", &other.certificate);
    assert!(web.ask(&of_one).await.is_err() && web.ask(&of_other).await.is_ok());
}

#[tokio::test]
async fn a_file_that_lets_nobody_in_and_then_everybody_is_followed() {
    let web = Web::start(&format!("{TLS}  client_auth_type: RequireAndVerifyClientCert\n")).await;
    assert!(web.ask(&web.client()).await.is_err());
    web.write(&format!("{TLS}  client_auth_type: VerifyClientCertIfGiven\n"));
    assert!(web.ask(&web.client()).await.is_ok());
}

#[tokio::test]
async fn a_file_that_turned_bad_fails_handshakes_and_requests_until_it_is_good_again() {
    let web = Web::start(TLS).await;
    // This one keeps its connection.
    let http = web.client().http();
    let status = || async { Some(http.get(web.exporter.url("/-/healthy")).send().await.ok()?.status().as_u16()) };
    assert_eq!(status().await, Some(200));
    web.write("tls_server_config: {cert_file: server.crt\nbasic_auth_users: {alice: hunter2}\n");
    assert_eq!(status().await, Some(500));
    assert!(web.ask(&web.client()).await.is_err());
    web.exporter.line_with("requests are answered with 500").await;
    web.write(TLS);
    assert!(web.ask(&web.client()).await.is_ok());
    assert_eq!(status().await, Some(200));
    let lines = web.exporter.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("requests are answered with 500")).count(), 1, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("can be used again")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("hunter2")), "{lines:?}");
}

#[tokio::test]
async fn a_key_that_is_gone_fails_handshakes_until_it_is_there_again_and_disturbs_no_connection() {
    let web = Web::start(TLS).await;
    let http = web.client().http();
    let healthy = || async { http.get(web.exporter.url("/-/healthy")).send().await.is_ok_and(|it| it.status() == 200) };
    assert!(healthy().await);
    let key =
        std::fs::read_to_string(web.files.write("server.key.tmp", "").with_file_name("server.key")).expect("a key");
    web.files.remove("server.key");
    assert!(web.ask(&web.client()).await.is_err() && healthy().await);
    web.files.write("server.key", &key);
    assert!(web.ask(&web.client()).await.is_ok());
}

#[tokio::test]
async fn a_key_of_another_certificate_fails_handshakes() {
    let web = Web::start(TLS).await;
    let paper = Authority::new().certify(&CertificateParams::default());
    web.files.write("server.key", &paper.key);
    assert!(web.ask(&web.client()).await.is_err());
    let line = web.exporter.line_with("found the key of another certificate").await;
    assert!(!line.contains(&Paper { ..paper }.key[40..60]), "{line}");
}

#[tokio::test]
async fn a_changed_password_counts_at_once() {
    let web = Web::start(&users(&[("alice", "one")])).await;
    let http = client();
    let status = |password: &'static str| {
        let request = http.get(web.exporter.url("/-/healthy")).basic_auth("alice", Some(password));
        async { request.send().await.expect("an answer").status().as_u16() }
    };
    for (now, before) in [("one", "two"), ("two", "one"), ("one", "two")] {
        web.write(&users(&[("alice", now)]));
        assert_eq!([status(now).await, status(before).await], [200, 401]);
    }
}

#[tokio::test]
async fn tls_is_switched_on_and_off_by_a_restart_alone() {
    let web = Web::start(TLS).await;
    web.write("");
    assert!(web.ask(&web.client()).await.is_err());
    assert!(client().get(web.exporter.url("/-/healthy").replace("https", "http")).send().await.is_err());
    let web = Web::start("").await;
    web.write(TLS);
    assert_eq!(client().get(web.exporter.url("/-/healthy")).send().await.expect("an answer").status(), 200);
}
