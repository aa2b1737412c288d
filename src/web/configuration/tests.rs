//! What is decided about requests, and how a file that changes is followed.

use std::fs;
use std::time::{Duration, Instant as Clock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{HeaderValue, X_FRAME_OPTIONS};
use tempfile::TempDir;

use super::*;

const HEADERS: &str = "http_server_config: {headers: {X-Frame-Options: deny}}\n";

/// A folder with a web configuration, and the configuration loaded.
struct Web {
    folder: TempDir,
    configuration: WebConfiguration,
}

impl Web {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.yml");
        fs::write(&path, text).unwrap();
        let configuration = WebConfiguration::load(&path).unwrap_or_else(|error| panic!("{error}"));
        Self { folder, configuration }
    }

    fn write(&self, text: &str) {
        fs::write(self.folder.path().join("web.yml"), text).unwrap();
    }

    async fn judge(&self, credentials: Option<(&str, &str)>) -> Judgement {
        let mut headers = HeaderMap::new();
        if let Some((user, password)) = credentials {
            let value = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            headers.insert(AUTHORIZATION, HeaderValue::try_from(value).unwrap());
        }
        self.configuration.judge(&headers).await
    }

    async fn refused(&self, credentials: Option<(&str, &str)>) -> Option<Refused> {
        self.judge(credentials).await.refused
    }
}

fn users(users: &[(&str, &str)]) -> String {
    let line = |(user, password): &(&str, &str)| format!("  {user}: {}\n", bcrypt::hash(password, 5).unwrap());
    format!("basic_auth_users:\n{}", users.iter().map(line).collect::<String>())
}

#[tokio::test]
async fn without_a_file_all_are_let_in() {
    let configuration = WebConfiguration::default();
    let judgement = configuration.judge(&HeaderMap::new()).await;
    assert!(judgement.refused.is_none() && judgement.headers.is_empty());
    assert!(!configuration.uses_tls() && !configuration.authenticates());
}

#[tokio::test]
async fn only_users_with_their_passwords_are_let_in() {
    let web = Web::new(&users(&[("alice", "one")]));
    assert!(web.configuration.authenticates());
    assert_eq!(web.refused(Some(("alice", "one"))).await, None);
    for wrong in [None, Some(("alice", "two")), Some(("nobody", "one")), Some(("", ""))] {
        assert_eq!(web.refused(wrong).await, Some(Refused::Unauthenticated), "{wrong:?}");
    }
}

#[tokio::test]
async fn another_scheme_is_no_credentials() {
    let web = Web::new(&users(&[("alice", "one")]));
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer YWxpY2U6b25l"));
    assert_eq!(web.configuration.judge(&headers).await.refused, Some(Refused::Unauthenticated));
}

#[tokio::test]
async fn a_changed_password_counts_at_once() {
    let web = Web::new(&users(&[("alice", "one")]));
    assert_eq!(web.refused(Some(("alice", "one"))).await, None);
    web.write(&users(&[("alice", "two")]));
    assert_eq!(web.refused(Some(("alice", "one"))).await, Some(Refused::Unauthenticated));
    assert_eq!(web.refused(Some(("alice", "two"))).await, None);
}

#[tokio::test]
async fn users_may_come_and_go() {
    let web = Web::new("");
    assert!(web.refused(None).await.is_none() && !web.configuration.authenticates());
    web.write(&users(&[("alice", "one")]));
    assert_eq!(web.refused(None).await, Some(Refused::Unauthenticated));
    assert!(web.configuration.authenticates());
    web.write("");
    assert!(web.refused(None).await.is_none() && !web.configuration.authenticates());
}

#[tokio::test]
async fn a_file_that_turns_bad_is_an_error_until_it_is_good_again() {
    let web = Web::new(HEADERS);
    for bad in ["basic_auth_users: {alice: one}", "headers", "\u{7f}\0"] {
        web.write(bad);
        let judgement = web.judge(None).await;
        assert!(judgement.refused == Some(Refused::Unreadable) && judgement.headers.is_empty(), "{bad}");
        web.write(HEADERS);
        assert_eq!(web.refused(None).await, None);
    }
    fs::write(web.folder.path().join("web.yml"), b"\xff").unwrap();
    assert_eq!(web.refused(None).await, Some(Refused::Unreadable));
    fs::remove_file(web.folder.path().join("web.yml")).unwrap();
    assert_eq!(web.refused(None).await, Some(Refused::Unreadable));
    web.write(HEADERS);
    assert_eq!(web.refused(None).await, None);
}

#[tokio::test]
async fn headers_are_for_answers_and_for_those_without_a_password_and_not_for_those_beyond_the_limit() {
    let web = Web::new(&format!("{HEADERS}{}rate_limit: {{interval: 1h, burst: 2}}\n", users(&[("alice", "one")])));
    let deny = |judgement: &Judgement| judgement.headers.get(X_FRAME_OPTIONS).is_some_and(|value| value == "deny");
    let answered = web.judge(Some(("alice", "one"))).await;
    assert!(answered.refused.is_none() && deny(&answered));
    let unauthenticated = web.judge(None).await;
    assert!(unauthenticated.refused == Some(Refused::Unauthenticated) && deny(&unauthenticated));
    let beyond = web.judge(Some(("alice", "one"))).await;
    assert!(beyond.refused == Some(Refused::TooManyRequests) && beyond.headers.is_empty());
}

#[tokio::test]
async fn what_was_let_through_counts_though_the_file_is_read_again() {
    let limit = "rate_limit: {interval: 1h, burst: 1}\n";
    let web = Web::new(limit);
    assert_eq!(web.refused(None).await, None);
    web.write(&format!("{limit}{HEADERS}"));
    assert_eq!(web.refused(None).await, Some(Refused::TooManyRequests));
    web.write("rate_limit: {interval: 1h, burst: 2}\n");
    assert_eq!(web.refused(None).await, None);
}

#[tokio::test]
async fn a_verdict_that_is_kept_does_not_wait_for_bcrypt() {
    let hash = bcrypt::hash("one", 8).unwrap();
    let web = Web::new(&format!("basic_auth_users: {{alice: {hash}}}"));
    let start = Clock::now();
    assert_eq!(web.refused(Some(("alice", "one"))).await, None);
    let first = start.elapsed();
    let mut fastest = Duration::MAX;
    for _ in 0..20 {
        let start = Clock::now();
        assert_eq!(web.refused(Some(("alice", "one"))).await, None);
        fastest = fastest.min(start.elapsed());
    }
    assert!(fastest * 10 < first, "{fastest:?} against {first:?}");
}

#[tokio::test]
async fn tls_that_goes_away_fails_and_does_not_become_plain() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c"), certificate.pem()).unwrap();
    fs::write(folder.path().join("k"), key.serialize_pem()).unwrap();
    let path = folder.path().join("web.yml");
    fs::write(&path, "tls_server_config: {cert_file: c, key_file: k}").unwrap();
    let configuration = WebConfiguration::load(&path).unwrap();
    assert!(configuration.uses_tls() && configuration.tls().await.is_ok());
    fs::write(&path, "").unwrap();
    let told = configuration.tls().await.unwrap_err().to_string();
    assert!(configuration.uses_tls() && told.contains("web.yml: found no tls_server_config"), "{told}");
}

#[test]
fn a_file_that_is_not_there_is_told_by_name() {
    let told = WebConfiguration::load(Path::new("/nowhere/web.yml")).unwrap_err().to_string();
    assert!(told.starts_with("/nowhere/web.yml: can't be read: No such file or directory"), "{told}");
}

#[test]
fn printed_for_debugging_nothing_secret_is_shown() {
    let web = Web::new(&users(&[("alice", "one")]));
    assert_eq!(format!("{:?}", web.configuration), "WebConfiguration { uses_tls: false, .. }");
}
