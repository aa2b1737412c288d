//! Users, headers and limits.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::super::exporter::{client, program, text};
use super::{TLS, Web};

const HEADERS: &str = "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    Strict-Transport-Security: \
                       max-age=31536000; includeSubDomains\n    X-Content-Type-Options: nosniff\n    \
                       X-XSS-Protection: 1\n    Content-Security-Policy: \"default-src 'self'\"\n";

/// A web configuration with these users, whose passwords cost as little as bcrypt allows.
pub(super) fn users(users: &[(&str, &str)]) -> String {
    let mut text = "basic_auth_users:\n".to_owned();
    for (user, password) in users {
        let hash = bcrypt::hash(password, 4).expect("a hash");
        let _ = writeln!(text, "  {user}: {hash}");
    }
    text
}

/// The status of an answer to somebody, and its headers.
async fn ask(http: &reqwest::Client, web: &Web, who: Option<(&str, &str)>) -> reqwest::Response {
    let mut request = http.get(web.exporter.url("/-/healthy"));
    if let Some((user, password)) = who {
        request = request.basic_auth(user, Some(password));
    }
    request.send().await.expect("an answer")
}

async fn status(http: &reqwest::Client, web: &Web, who: Option<(&str, &str)>) -> u16 {
    ask(http, web, who).await.status().as_u16()
}

fn has_headers(answer: &reqwest::Response) -> bool {
    [
        ("X-Frame-Options", "deny"),
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("X-XSS-Protection", "1"),
        ("Content-Security-Policy", "default-src 'self'"),
    ]
    .iter()
    .all(|(name, value)| answer.headers().get_all(*name).iter().eq([value]))
}

#[tokio::test]
async fn an_empty_file_changes_nothing() {
    let web = Web::start("").await;
    assert_eq!(status(&client(), &web, None).await, 200);
}

#[tokio::test]
async fn users_are_let_in_with_their_passwords_over_tls_and_without() {
    let both = users(&[("carol", "carol123"), ("dave", "dave123")]);
    for text in [both.clone(), format!("{TLS}{both}")] {
        let web = Web::start(&text).await;
        let http = web.client().http();
        for (who, expected) in [
            (Some(("dave", "dave123")), 200),
            (Some(("carol", "carol123")), 200),
            (None, 401),
            (Some(("dave", "bad")), 401),
            (Some(("dave", "carol123")), 401),
            (Some(("nonexistent", "nonexistent")), 401),
            (Some(("fakeuser", "fakepassword")), 401),
        ] {
            // The second time the verdict is known.
            for _ in 0..2 {
                let answer = ask(&http, &web, who).await;
                assert_eq!(answer.status().as_u16(), expected, "{who:?}");
                let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().expect("text"));
                assert_eq!(challenge, (expected == 401).then_some("Basic"), "{who:?}");
            }
        }
    }
}

#[tokio::test]
async fn without_a_password_no_path_tells_anything() {
    let web = Web::start(&users(&[("alice", "one")])).await;
    for path in ["/", "/metrics", "/config", "/api/v1/queries", "/-/healthy", "/-/ready", "/-/reload", "/nowhere"] {
        let answer = client().get(web.exporter.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 401, "{path}");
        assert_eq!(answer.text().await.expect("a body"), "unauthorized\n", "{path}");
    }
}

#[tokio::test]
async fn headers_are_on_every_answer() {
    let web = Web::start(&format!("{HEADERS}{}", users(&[("alice", "one")]))).await;
    let http = client();
    for path in ["/", "/metrics", "/config", "/-/healthy", "/nowhere"] {
        let answer = http.get(web.exporter.url(path)).basic_auth("alice", Some("one")).send().await.expect("an answer");
        assert!(answer.status() != 401 && has_headers(&answer), "{path}: {:?}", answer.headers());
    }
    let refused = ask(&http, &web, None).await;
    assert!(refused.status() == 401 && has_headers(&refused), "{:?}", refused.headers());
}

#[tokio::test]
async fn a_limit_of_nothing_limits_nothing() {
    let web = Web::start("rate_limit:\n  interval: 0\n  burst: 0\n").await;
    let http = client();
    for _ in 0..20 {
        assert_eq!(status(&http, &web, None).await, 200);
    }
}

#[tokio::test]
async fn beyond_the_limit_requests_are_refused_without_headers() {
    let limit = "rate_limit: {interval: 1h, burst: 3}\n";
    let web = Web::start(&format!("{HEADERS}{limit}{}", users(&[("alice", "one")]))).await;
    let http = client();
    assert_eq!(status(&http, &web, Some(("alice", "one"))).await, 200);
    // Who is not let in counts too.
    assert_eq!(status(&http, &web, None).await, 401);
    assert_eq!(status(&http, &web, Some(("alice", "one"))).await, 200);
    let refused = ask(&http, &web, Some(("alice", "one"))).await;
    assert!(refused.status() == 429 && refused.headers().get("X-Frame-Options").is_none(), "{:?}", refused.headers());
}

#[tokio::test]
async fn with_a_burst_of_0_no_request_is_let_through() {
    let web = Web::start("rate_limit: {interval: \"1s\", burst: 0}\n").await;
    assert_eq!(status(&client(), &web, None).await, 429);
}

#[tokio::test]
async fn a_request_is_let_through_again_after_the_interval() {
    let web = Web::start("rate_limit: {interval: 300ms, burst: 1}\n").await;
    let http = client();
    let start = Instant::now();
    assert_eq!(status(&http, &web, None).await, 200);
    super::super::exporter::eventually("another request", || async {
        (status(&http, &web, None).await == 200).then_some(())
    })
    .await;
    assert!(start.elapsed() >= Duration::from_millis(250), "{:?}", start.elapsed());
}

#[tokio::test]
async fn hundreds_of_requests_at_once_have_the_right_answers() {
    let web = Web::start(&users(&[("alice", "alice123")])).await;
    let http = client();
    assert_eq!(status(&http, &web, Some(("alice", "alice123"))).await, 200);
    assert_eq!(status(&http, &web, Some(("alice", "alice1234"))).await, 401);
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..300 {
        let (password, expected) = if number % 2 == 0 { ("alice123", 200) } else { ("alice1234", 401) };
        let request = http.get(web.exporter.url("/-/healthy")).basic_auth("alice", Some(password));
        asked.spawn(async move { (request.send().await.expect("an answer").status().as_u16(), expected) });
    }
    for (status, expected) in asked.join_all().await {
        assert_eq!(status, expected);
    }
}

#[tokio::test]
async fn a_known_password_is_answered_much_sooner_than_a_new_one() {
    let hash = bcrypt::hash("one", 8).expect("a hash");
    let web = Web::start(&format!("basic_auth_users: {{alice: {hash}}}")).await;
    let http = client();
    let mut took = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        assert_eq!(status(&http, &web, Some(("alice", "one"))).await, 200);
        took.push(start.elapsed());
    }
    let first = took.remove(0);
    took.sort();
    assert!(took[took.len() / 2] * 4 < first, "{:?} against {first:?}", took[took.len() / 2]);
}

#[tokio::test]
async fn wrong_passwords_hold_up_nobody_who_is_known() {
    let hash = bcrypt::hash("one", 8).expect("a hash");
    let web = Web::start(&format!("basic_auth_users: {{alice: {hash}}}")).await;
    let http = client();
    assert_eq!(status(&http, &web, Some(("alice", "one"))).await, 200);
    let mut flood = tokio::task::JoinSet::new();
    for number in 0..60 {
        let request = http.get(web.exporter.url("/-/healthy")).basic_auth("alice", Some(number));
        flood.spawn(async move { request.send().await.expect("an answer").status().as_u16() });
    }
    let mut told = Vec::new();
    // The first answers are those of who was sent away: so many are waiting.
    while told.len() < 20 {
        told.push(flood.join_next().await.expect("an answer").expect("it ends"));
    }
    let start = Instant::now();
    assert_eq!(status(&http, &web, Some(("alice", "one"))).await, 200);
    let known = start.elapsed();
    let start = Instant::now();
    told.extend(flood.join_all().await);
    assert!(told.iter().all(|status| [401, 429].contains(status)), "{told:?}");
    assert!(told.iter().filter(|status| **status == 429).count() >= 20, "{told:?}");
    assert!(known * 2 < start.elapsed(), "{known:?} against {:?}", start.elapsed());
}

#[tokio::test]
async fn health_asks_with_a_password_over_tls() {
    let web = Web::start(&format!("{TLS}{}", users(&[("alice", "one")]))).await;
    let roots = web.files.write("roots.pem", &web.authority.certificate);
    let address = super::client::address(&web.exporter);
    for (url, trusts, expected) in [
        (format!("https://alice:one@{address}"), true, Ok(())),
        (format!("https://alice:two@{address}"), true, Err("not healthy: HTTP 401")),
        (format!("https://{address}"), true, Err("not healthy: HTTP 401")),
        (format!("https://alice:one@{address}"), false, Err("no answer: ")),
        (format!("http://alice:one@{address}"), true, Err("no answer: ")),
    ] {
        let mut command = program();
        command.args(["health", "--url", &url]);
        if trusts {
            command.env("SSL_CERT_FILE", &roots);
        }
        let output = command.output().await.expect("it starts");
        let told = text(&output.stderr);
        match expected {
            Ok(()) => assert!(output.status.success(), "{url}: {told}"),
            Err(expected) => {
                assert!(output.status.code() == Some(1) && told.contains(expected), "{url}: {told}");
                assert!(!told.contains("one") && !told.contains("two") && !told.contains("alice"), "{told}");
            }
        }
    }
}
