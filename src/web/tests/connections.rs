//! Connections: kept, misused, and ended when the server stops.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::conversation::{self, Large};
use super::{Connection, Running, many_descriptors, site_of, store_of};
use crate::domain::moment::Moment;
use crate::domain::money::Exponents;
use crate::domain::samples::{answer, channel_row, channels, shop};
use crate::store::{Store, Timing};
use crate::web::Server;

/// How long stopping takes at most: what answers under way are given, and some for a busy machine.
const STOPPED_WITHIN: Duration = Duration::from_secs(3);

/// A store whose metrics are longer than what a connection holds on its way: some 20 MB.
fn large_store() -> Arc<Store> {
    let (store, shop) = (Arc::new(Store::default()), shop(&"x".repeat(2_000)));
    let query = Arc::new(channels(&shop, "q", 1));
    store.configure(&[shop], &[query], &Exponents::default(), SystemTime::now());
    let rows = (0..2_000).map(|channel| channel_row(1, channel, 100));
    store.record(0, Ok(answer(rows)), Timing::default(), Moment::now());
    store
}

/// A client that has begun to read the metrics.
fn reader(running: &Running) -> Connection {
    let mut connection = running.connect();
    connection.write("GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n");
    let mut begin = [0; 12];
    connection.0.read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
    connection
}

/// Reads on to the end: how long the body is, and how long it was to be.
fn rest(mut connection: Connection) -> (usize, usize) {
    let mut rest = Vec::new();
    // A connection that is dropped may end in a reset.
    let _ = connection.0.read_to_end(&mut rest);
    let rest = String::from_utf8(rest).unwrap();
    let (head, body) = rest.split_once("\r\n\r\n").unwrap();
    let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    (body.len(), promised.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_kept_from_answer_to_answer() {
    let running = Running::start().await;
    let mut connection = running.connect();
    for _ in 0..3 {
        assert_eq!(connection.ask("GET", "/-/healthy").status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_ends_its_own_connection_and_no_other() {
    let running = Running::start().await;
    let mut good = running.connect();
    assert_eq!(good.ask("GET", "/-/healthy").status, 200);
    for garbage in
        ["\0\u{1}\u{2}\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\0\u{1}", "GET\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut bad = running.connect();
        bad.write(garbage);
        bad.0.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answered = Vec::new();
        let _ = bad.0.read_to_end(&mut answered);
        assert!(answered.is_empty() || answered.starts_with(b"HTTP/1.1 4"), "{garbage:?}");
        assert_eq!(good.ask("GET", "/-/healthy").status, 200, "{garbage:?}");
    }
    assert_eq!(running.get("/metrics").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_without_an_end_are_refused() {
    let running = Running::start().await;
    let mut bad = running.connect();
    let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(1_000_000));
    // The other side may have had enough before all of it is written.
    let _ = bad.0.write_all(endless.as_bytes());
    let mut answered = Vec::new();
    let _ = bad.0.read_to_end(&mut answered);
    assert!(answered.is_empty() || answered.starts_with(b"HTTP/1.1 431"), "{answered:?}");
    assert_eq!(running.get("/-/healthy").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_every_place_has_a_request_under_way_health_is_answered_and_the_rest_told_to_come_again() {
    many_descriptors();
    let operations = Arc::new(Large::default());
    let running = Running::with(conversation::site(Arc::clone(&operations))).await;
    let mut busy = Vec::new();
    loop {
        let mut connection = running.connect();
        connection.write("POST /-/reload HTTP/1.1\r\nHost: exporter\r\n\r\n");
        let is_refused = || connection.0.peek(&mut [0]).is_ok();
        connection.0.set_nonblocking(true).unwrap();
        while operations.reloads.load(Ordering::Relaxed) == busy.len() && !is_refused() {
            tokio::task::yield_now().await;
        }
        if is_refused() {
            break;
        }
        busy.push(connection);
    }
    assert!((2..=512).contains(&busy.len()), "{}", busy.len());
    for _ in 0..100 {
        assert_eq!(running.get("/-/healthy").text(), "healthy\n");
        let mut refused = running.connect();
        let answer = refused.ask("GET", "/metrics");
        assert_eq!(
            (answer.status, answer.header("retry-after"), answer.header("connection")),
            (503, Some("5"), Some("close"))
        );
        assert!(refused.is_closed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_make_room_for_newcomers_the_oldest_first() {
    many_descriptors();
    let running = Running::start().await;
    let mut idle: Vec<Connection> = Vec::new();
    let mut active = running.connect();
    for _ in 0..700 {
        idle.push(running.connect());
        assert_eq!(active.ask("GET", "/-/healthy").status, 200, "who asks now and then stays");
    }
    assert!(idle[0].is_closed());
    assert_eq!(idle[699].ask("GET", "/-/healthy").status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_closes_idle_connections() {
    let running = Running::start().await;
    let mut idle = running.connect();
    assert_eq!(idle.ask("GET", "/-/healthy").status, 200);
    assert!(running.stopped().await < STOPPED_WITHIN);
    assert!(idle.is_closed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_does_not_wait_for_a_connection_that_says_nothing() {
    let running = Running::start().await;
    let mut silent = running.connect();
    // Accepted one after the other: once this is answered the silent one is there too.
    assert_eq!(running.get("/-/healthy").status, 200);
    assert!(running.stopped().await < STOPPED_WITHIN);
    assert!(silent.is_closed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_lets_an_answer_under_way_finish() {
    let running = Running::with(site_of(&large_store(), "/", "/metrics")).await;
    let connection = reader(&running);
    let reading = tokio::task::spawn_blocking(move || rest(connection));
    running.stopped().await;
    let (read, promised) = reading.await.unwrap();
    assert_eq!(read, promised);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_does_not_wait_for_who_does_not_read() {
    let running = Running::with(site_of(&large_store(), "/", "/metrics")).await;
    let connection = reader(&running);
    assert!(running.stopped().await < STOPPED_WITHIN);
    // The answer was cut, so it was indeed under way.
    let (read, promised) = rest(connection);
    assert!(read < promised, "{read} of {promised}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_accepted_after_the_stop() {
    let running = Running::start().await;
    let address = running.address;
    running.stopped().await;
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_serves_the_same_site() {
    let any = "127.0.0.1:0".parse().unwrap();
    let server = Server::bind(&[any, any]).await.unwrap();
    let addresses = server.addresses().to_vec();
    let stop = tokio_util::sync::CancellationToken::new();
    let task = tokio::spawn(server.serve(site_of(&store_of(0), "/", "/metrics"), stop.clone()));
    for address in addresses {
        let mut connection = Connection::of(TcpStream::connect(address).unwrap());
        assert_eq!(connection.ask("GET", "/-/healthy").status, 200);
    }
    stop.cancel();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_taken_address_is_an_error_that_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Server::bind(&[address]).await.unwrap_err().to_string();
    assert!(error.contains(&address.to_string()) && error.contains("--web.listen-address"), "{error}");
}
