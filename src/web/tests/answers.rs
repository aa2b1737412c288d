//! What each path answers.

use std::io::Read;

use flate2::read::GzDecoder;

use super::{Running, site_of, store_of, tried};

const PATHS: [&str; 4] = ["/metrics", "/", "/-/healthy", "/-/ready"];

fn unpacked(body: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_are_served_as_text() {
    let answer = Running::start().await.get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
    assert!(answer.text().contains("\noverpay_up{"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_are_packed_for_who_takes_gzip() {
    let running = Running::start().await;
    let answer = running.connect().ask_with("GET", "/metrics", "Accept-Encoding: deflate, gzip;q=0.5\r\n");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
    assert!(unpacked(&answer.body).contains("\noverpay_up{"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_are_not_packed_for_who_refuses_gzip() {
    let running = Running::start().await;
    let answer = running.connect().ask_with("GET", "/metrics", "Accept-Encoding: gzip;q=0, *\r\n");
    assert_eq!(answer.header("content-encoding"), None);
    assert!(answer.text().ends_with('\n'));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_string_does_not_change_the_answer() {
    assert_eq!(Running::start().await.get("/metrics?name[]=overpay_up").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_has_the_headers_of_get_and_no_body() {
    let running = Running::start().await;
    for path in ["/", "/-/healthy", "/-/ready", "/nowhere"] {
        let mut connection = running.connect();
        let (mut head, mut get) = (connection.ask("HEAD", path), connection.ask("GET", path));
        // The second it was answered in.
        for answer in [&mut head, &mut get] {
            answer.headers.remove("date");
        }
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{path}");
        assert!(!get.body.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_of_the_metrics_says_how_long_they_are() {
    let running = Running::start().await;
    let mut connection = running.connect();
    let head = connection.ask("HEAD", "/metrics");
    assert!(head.header("content-length").unwrap().parse::<usize>().unwrap() > 1_000);
    // Had a body come, the next answer would begin with it.
    assert_eq!(connection.ask("GET", "/-/healthy").text(), "healthy\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_path_is_not_found() {
    let running = Running::start().await;
    for path in ["/nowhere", "/metrics/", "/metricsx", "//metrics", "/-/", "/-/reload", "/..", "/%6detrics", "*"] {
        assert_eq!(running.get(path).status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_methods_than_get_and_head_are_not_allowed() {
    let running = Running::start().await;
    for path in PATHS {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
            let answer = running.connect().ask(method, path);
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_healthy_from_the_start() {
    let answer = Running::start().await.get("/-/healthy");
    assert_eq!((answer.status, answer.text()), (200, "healthy\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_ready_once_every_query_was_tried() {
    let store = store_of(1);
    let running = Running::with(site_of(&store, "/", "/metrics")).await;
    assert_eq!(running.get("/-/ready").status, 503);
    tried(&store, 0);
    assert_eq!(running.get("/-/ready").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prefix_and_another_path_move_everything() {
    let running = Running::with(site_of(&store_of(0), "/some/where/", "/scrape")).await;
    for path in ["/some/where/scrape", "/some/where/", "/some/where", "/some/where/-/healthy", "/some/where/-/ready"] {
        assert_eq!(running.get(path).status, 200, "{path}");
    }
    for path in ["/scrape", "/", "/-/healthy", "/some/where/metrics", "/some/wherever", "/some/where-/healthy"] {
        assert_eq!(running.get(path).status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_links_below_the_prefix() {
    let running = Running::with(site_of(&store_of(0), "/some/where", "/scrape")).await;
    let answer = running.get("/some/where/");
    for link in ["/some/where/scrape", "/some/where/-/healthy", "/some/where/-/ready"] {
        assert!(answer.text().contains(&format!("href=\"{link}\"")), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_loads_nothing_and_its_policy_says_so() {
    let answer = Running::start().await.get("/");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy").unwrap();
    for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
        assert!(policy.split("; ").any(|found| found == directive), "{policy}");
    }
    for reference in ["http:", "https:", "href=\"//", "src=", "<link", "<form", "@import", "url(", " style=", "unsafe-"]
    {
        assert!(!answer.text().contains(reference), "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_escapes_the_path() {
    let running = Running::with(site_of(&store_of(0), "/", "/\"><b>&")).await;
    assert!(running.get("/").text().contains("href=\"/&#34;&#62;&#60;b&#62;&#38;\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_stored_or_guessed_at() {
    let running = Running::start().await;
    for path in PATHS.into_iter().chain(["/nowhere"]) {
        let answer = running.get(path);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_counted_by_handler_and_code() {
    let running = Running::start().await;
    let mut connection = running.connect();
    for (method, path) in [("GET", "/"), ("GET", "/"), ("POST", "/metrics"), ("GET", "/one"), ("GET", "/two")] {
        // What is refused may close the connection.
        if connection.ask(method, path).status == 405 {
            connection = running.connect();
        }
    }
    let answer = running.get("/metrics");
    for (code, handler, count) in [(200, "page", 2), (405, "metrics", 1), (404, "unknown", 2)] {
        let line = format!("overpay_exporter_http_requests_total{{code=\"{code}\",handler=\"{handler}\"}} {count}\n");
        assert!(answer.text().contains(&line), "{line}");
    }
}
