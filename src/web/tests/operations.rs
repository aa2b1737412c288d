//! What clients may set going, and the configuration they are shown.

use super::{Answer, Running, site, site_of, store_of};
use std::sync::Arc;

async fn running() -> Running {
    Running::with(Arc::new(site(&store_of(1), "/", "/metrics").with_lifecycle(true))).await
}

async fn polled(query: &str) -> Answer {
    running().await.connect().ask("POST", &format!("/api/v1/queries/main/{query}/poll"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_flag_nothing_can_be_set_going() {
    let running = Running::with(site_of(&store_of(1), "/", "/metrics")).await;
    for path in ["/-/reload", "/api/v1/queries/main/q0/poll"] {
        assert_eq!(running.connect().ask("POST", path).status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_sets_nothing_going() {
    let running = running().await;
    for path in ["/-/reload", "/api/v1/queries/main/q0/poll"] {
        let answer = running.get(path);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_site_sets_nothing_going() {
    let running = running().await;
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)] {
        let headers = format!("Sec-Fetch-Site: {site}\r\n");
        let answer = running.connect().ask_with("POST", "/api/v1/queries/main/q0/poll", &headers);
        assert_eq!(answer.status, status, "{site}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_reload_is_a_500_with_what_is_wrong() {
    let answer = running().await.connect().ask("POST", "/-/reload");
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("shops.yml:1:1: for the test"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_tells_what_came_of_it() {
    let answer = polled("q0").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((told["answered"].as_bool(), told["duration_seconds"].as_f64()), (Some(true), Some(0.25)));
    assert!(told["failure"].is_null());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_is_not_asked_says_why_and_when_to_ask_again() {
    for (query, status, wait) in [
        ("just-asked", 429, Some("3")),
        ("limited", 429, Some("60")),
        ("unreachable", 503, Some("9")),
        ("dropped", 503, None),
        ("unknown", 404, None),
    ] {
        let answer = polled(query).await;
        assert_eq!((answer.status, answer.header("retry-after")), (status, wait), "{query}");
        let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(told["error"].is_string(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_paths_below_a_query_are_not_found() {
    let running = running().await;
    for path in
        ["/api/v1/queries/main", "/api/v1/queries/main/q0", "/api/v1/queries/poll", "/api/v1/queries/a/b/c/poll"]
    {
        assert_eq!(running.connect().ask("POST", path).status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_is_shown_as_text() {
    let answer = Running::start().await.get("/config");
    assert_eq!((answer.status, answer.text()), (200, "shops: []\n"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
}
