//! One connection over a pipe, on a clock of its own: what a client gets for each of its manners, and how long it has.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Idle, store_of};
use crate::domain::demand::{Asked, NotAsked};
use crate::domain::shard::Shard;
use crate::metrics::Metrics;
use crate::web::connection::Service;
use crate::web::places::Places;
use crate::web::{Later, Operations, Paths, Site, WebConfiguration};

/// The length of `/config` here.
pub(super) const LARGE: usize = 1024 * 1024;
const SECOND: Duration = Duration::from_secs(1);

/// Operations whose configuration is large, and whose reload never ends.
#[derive(Default)]
pub(super) struct Large {
    /// How many reloads have begun.
    pub(super) reloads: AtomicUsize,
}

impl Operations for Large {
    fn effective_configuration(&self) -> io::Result<Vec<u8>> {
        Ok(vec![b'x'; LARGE])
    }

    fn reload(&self) -> Later<'_, Result<(), String>> {
        self.reloads.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }

    fn poll<'a>(&'a self, shop: &'a str, query: &'a str) -> Later<'a, Result<Asked, NotAsked>> {
        Idle.poll(shop, query)
    }
}

/// A site with those operations.
pub(super) fn site(operations: Arc<Large>) -> Arc<Site> {
    let store = store_of(1);
    let metrics = Metrics::new(Arc::clone(&store), Shard::WHOLE).unwrap();
    let (paths, configuration) = (Paths::new("/", "/metrics"), WebConfiguration::default());
    Arc::new(Site::new(metrics, store, paths, configuration, operations).unwrap().with_lifecycle(true))
}

/// A client, what is served to it, and when it connected.
pub(super) struct Client {
    pub(super) pipe: DuplexStream,
    /// Gives when it ended.
    pub(super) serving: JoinHandle<Instant>,
    pub(super) places: Arc<Places>,
    pub(super) stop: CancellationToken,
    pub(super) start: Instant,
}

impl Client {
    async fn connect() -> Self {
        Self::with(false, false).await
    }

    /// A client that has a place of the reserve, or talks HTTP/2.
    pub(super) async fn with(full: bool, http2: bool) -> Self {
        let site = site(Arc::default());
        let (places, stop) = (Places::new(1), CancellationToken::new());
        let (pipe, other) = duplex(4 * 1024);
        let place = places.take().await.unwrap();
        let service = Service { site, full, tls_trouble: Arc::default(), stop: stop.clone() };
        let serving = tokio::spawn(async move {
            service.converse(other, place, Instant::now(), http2).await;
            Instant::now()
        });
        Self { pipe, serving, places, stop, start: Instant::now() }
    }

    async fn write(&mut self, text: &str) {
        self.pipe.write_all(text.as_bytes()).await.unwrap();
    }

    async fn get(&mut self, path: &str) {
        self.write(&format!("GET {path} HTTP/1.1\r\nHost: exporter\r\n\r\n")).await;
    }

    /// Reads until that text has come, and gives all that has.
    async fn read_to(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            read.push(self.pipe.read_u8().await.unwrap());
        }
        String::from_utf8(read).unwrap()
    }

    /// Reads to the end of the connection.
    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.pipe.read_to_string(&mut rest).await.unwrap();
        rest
    }

    /// Writes a request, says that nothing more will come, and gives all that is answered.
    async fn last(mut self, request: &str) -> String {
        self.write(request).await;
        self.pipe.shutdown().await.unwrap();
        self.rest().await
    }

    /// How long after connecting the server has ended the connection.
    pub(super) async fn ended(self) -> u64 {
        (self.serving.await.unwrap() - self.start).as_secs()
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_gone_after_10_seconds() {
    assert_eq!(Client::connect().await.ended().await, 10);
}

#[tokio::test(start_paused = true)]
async fn who_sends_a_head_byte_by_byte_is_gone_10_seconds_after_the_first() {
    let mut client = Client::connect().await;
    sleep(5 * SECOND).await;
    for byte in "GET / HTTP/1.1\r\nX: ".chars().chain(std::iter::repeat('x')) {
        if client.pipe.write_all(&[byte as u8]).await.is_err() {
            break;
        }
        sleep(SECOND).await;
    }
    assert_eq!(client.ended().await, 15);
}

#[tokio::test(start_paused = true)]
async fn an_unused_connection_is_kept_for_5_minutes_after_an_answer() {
    let mut client = Client::connect().await;
    for _ in 0..3 {
        client.get("/-/healthy").await;
        client.read_to("\r\n\r\nhealthy\n").await;
        sleep(4 * 60 * SECOND).await;
    }
    assert_eq!(client.ended().await, 13 * 60);
}

#[tokio::test(start_paused = true)]
async fn a_later_head_has_10_seconds_too() {
    let mut client = Client::connect().await;
    client.get("/-/healthy").await;
    client.read_to("\r\n\r\nhealthy\n").await;
    sleep(60 * SECOND).await;
    client.write("G").await;
    assert_eq!(client.ended().await, 70);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_take_an_answer_is_gone_after_a_minute() {
    let mut client = Client::connect().await;
    client.get("/config").await;
    assert_eq!(client.ended().await, 60);
}

#[tokio::test(start_paused = true)]
async fn who_takes_an_answer_bit_by_bit_is_gone_after_a_minute() {
    let mut client = Client::connect().await;
    client.get("/config").await;
    let mut read = 0;
    while let Ok(1..) = client.pipe.read(&mut [0; 8]).await {
        read += 8;
        sleep(SECOND / 10).await;
    }
    assert!(read < LARGE);
    assert_eq!(client.ended().await, 60);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_given_up_after_10_minutes() {
    let mut client = Client::connect().await;
    client.write("POST /-/reload HTTP/1.1\r\nHost: exporter\r\n\r\n").await;
    assert_eq!(client.ended().await, 10 * 60);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_taken_in_time_is_whole() {
    let mut client = Client::connect().await;
    client.get("/config").await;
    let head = client.read_to("\r\n\r\n").await;
    assert!(head.contains(&format!("content-length: {LARGE}\r\n")), "{head}");
    for _ in 0..30 {
        client.pipe.read_exact(&mut vec![0; LARGE / 32]).await.unwrap();
        sleep(SECOND).await;
    }
    client.pipe.read_exact(&mut vec![0; LARGE / 16]).await.unwrap();
    client.get("/-/healthy").await;
    client.read_to("\r\n\r\nhealthy\n").await;
}

#[tokio::test(start_paused = true)]
async fn who_says_that_nothing_more_will_come_is_still_answered() {
    let answer = Client::connect().await.last("GET /config HTTP/1.1\r\nHost: exporter\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.len() > LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_connection_ends_at_once_where_its_place_is_wanted() {
    let mut client = Client::connect().await;
    client.get("/-/healthy").await;
    client.read_to("\r\n\r\nhealthy\n").await;
    let place = client.places.take().await;
    assert!(place.is_some());
    assert_eq!(client.rest().await, "");
    assert_eq!(client.ended().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_come_keeps_the_place_though_nobody_has_looked_at_it_yet() {
    let mut client = Client::connect().await;
    client.get("/config").await;
    assert!(client.places.take().await.is_none());
    client.read_to("\r\n\r\n").await;
    client.pipe.read_exact(&mut vec![0; LARGE]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_is_being_answered_keeps_the_place_for_5_seconds_at_least() {
    let mut client = Client::connect().await;
    client.get("/config").await;
    client.read_to("\r\n\r\n").await;
    sleep(4 * SECOND).await;
    assert!(client.places.take().await.is_none());
    sleep(SECOND).await;
    assert!(client.places.take().await.is_some());
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_a_waiting_connection_at_once() {
    let mut client = Client::connect().await;
    client.get("/-/healthy").await;
    client.read_to("\r\n\r\nhealthy\n").await;
    client.stop.cancel();
    assert_eq!(client.ended().await, 0);
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_an_answer_be_taken() {
    let mut client = Client::connect().await;
    client.get("/config").await;
    client.read_to("\r\n\r\n").await;
    client.stop.cancel();
    assert_eq!(client.rest().await.len(), LARGE);
}

#[tokio::test(start_paused = true)]
async fn pipelined_requests_are_answered_in_their_order() {
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: exporter\r\n\r\n");
    let requests = ["/-/healthy", "/config", "/nowhere", "/-/ready"].map(request).concat();
    let answers = Client::connect().await.last(&requests).await;
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "200", "404", "503"]);
}

#[tokio::test(start_paused = true)]
async fn http_1_0_is_answered_and_closed() {
    let mut client = Client::connect().await;
    client.write("GET /-/healthy HTTP/1.0\r\n\r\n").await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\nhealthy\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn whatever_can_be_asked_has_an_answer() {
    for (request, status) in [
        ("GET http://exporter:10119/-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n", 200),
        ("GET http://exporter HTTP/1.1\r\nHost: exporter\r\n\r\n", 200),
        ("OPTIONS * HTTP/1.1\r\nHost: exporter\r\n\r\n", 404),
        ("CONNECT exporter:443 HTTP/1.1\r\nHost: exporter\r\n\r\n", 405),
        ("BREW / HTTP/1.1\r\nHost: exporter\r\n\r\n", 405),
        ("HEAD / HTTP/1.1\r\nHost: exporter\r\n\r\n", 200),
        ("GET /-/healthy HTTP/1.1\r\nHost: exporter\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", 200),
        ("GET /-/healthy HTTP/1.1\r\nHost: exporter\r\nContent-Length: 3\r\n\r\nabc", 200),
        ("GET /-/healthy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200),
        ("GET /-/healthy HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnot chunks", 200),
        ("GET /-/healthy HTTP/1.1\r\nHost: exporter\r\nContent-Length: -1\r\n\r\n", 400),
        ("GET /-/healthy HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("GET /-/healthy HTTP/1.1\r\n\r\n", 200),
        ("\r\n\r\nGET /-/healthy HTTP/1.1\r\n\r\n", 200),
        ("GET /-/healthy HTTP/3.0\r\n\r\n", 400),
        ("GET -/healthy HTTP/1.1\r\n\r\n", 400),
        ("GET\r\n\r\n", 400),
        ("G\0T / HTTP/1.1\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}", 400),
    ] {
        let answer = Client::connect().await.last(request).await;
        let expected = format!(" {status} ");
        assert_eq!(answer.get(8..13), Some(expected.as_str()), "{request:?}: {answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_nobody_wants_is_not_asked_for() {
    let mut client = Client::connect().await;
    client.write("POST /-/healthy HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n").await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(client.ended().await <= 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_without_an_end_ends_its_connection_and_the_answer_is_there() {
    let Client { pipe, start, .. } = Client::connect().await;
    let (mut read, mut write) = tokio::io::split(pipe);
    let sending = tokio::spawn(async move {
        write.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n").await.unwrap();
        while write.write_all(&[0; 1024]).await.is_ok() {
            sleep(SECOND / 10).await;
        }
    });
    let mut answer = String::new();
    read.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    sending.await.unwrap();
    assert!(start.elapsed() < 2 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn heads_that_are_too_long_or_have_too_many_headers_are_refused_and_the_client_can_read_that() {
    let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(101));
    let path = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    for head in [long, many, path] {
        let Client { pipe, .. } = Client::connect().await;
        let (mut read, mut write) = tokio::io::split(pipe);
        let sending = tokio::spawn(async move { write.write_all(head.as_bytes()).await });
        let mut answer = String::new();
        read.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
        assert!(sending.await.unwrap().is_ok(), "all of it could be sent");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_headers_and_a_head_of_30_kb_are_taken() {
    let many = "X: x\r\n".repeat(99);
    let long = format!("X: {}\r\n", "x".repeat(30_000));
    for headers in [many, long] {
        let answer =
            Client::connect().await.last(&format!("GET /-/healthy HTTP/1.1\r\nHost: a\r\n{headers}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_room_only_health_is_answered() {
    for (path, status) in [("/-/healthy", 200), ("/metrics", 503), ("/", 503), ("/nowhere", 503)] {
        let mut client = Client::with(true, false).await;
        client.get(path).await;
        let answer = client.rest().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        assert_eq!(answer.contains("\r\nretry-after: 5\r\n"), status == 503, "{path}: {answer}");
        assert_eq!(client.ended().await, 0, "{path}: the connection is closed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_while_it_is_answered_frees_its_place() {
    let mut client = Client::connect().await;
    client.get("/config").await;
    client.read_to("\r\n\r\n").await;
    drop(client.pipe);
    timeout(SECOND, client.serving).await.unwrap().unwrap();
    assert!(!client.places.are_taken());
}

#[tokio::test(start_paused = true)]
async fn who_has_just_connected_is_heard_although_the_server_stops() {
    let mut client = Client::connect().await;
    sleep(SECOND / 100).await;
    client.stop.cancel();
    sleep(SECOND / 10).await;
    client.get("/-/healthy").await;
    let answer = client.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nhealthy\n"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn who_has_just_connected_and_says_nothing_holds_up_the_stop_for_300_ms_at_most() {
    let client = Client::connect().await;
    client.stop.cancel();
    assert_eq!(client.serving.await.unwrap() - client.start, Duration::from_millis(300));
}

#[tokio::test(start_paused = true)]
async fn who_has_said_nothing_for_a_second_or_was_answered_does_not_hold_up_the_stop() {
    let silent = Client::connect().await;
    let mut answered = Client::connect().await;
    answered.get("/-/healthy").await;
    answered.read_to("\r\n\r\nhealthy\n").await;
    answered.stop.cancel();
    assert_eq!(answered.serving.await.unwrap(), answered.start);
    sleep(SECOND).await;
    silent.stop.cancel();
    assert_eq!(silent.serving.await.unwrap() - silent.start, SECOND);
}
