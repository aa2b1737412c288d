//! HTTP/2 over a pipe, on a clock of its own: its limits, and the time a client has.

use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

use super::conversation::{Client, LARGE};

/// What a client of HTTP/2 says first: who it is, and settings that change nothing.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A client that keeps to the protocol, and when the server has ended its connection.
async fn connect() -> (SendRequest<Empty<Bytes>>, JoinHandle<Instant>) {
    let Client { pipe, serving, .. } = Client::with(false, true).await;
    let mut client = Builder::new(TokioExecutor::new());
    client.initial_stream_window_size(16 * 1024);
    let (requests, connection) = client.handshake(TokioIo::new(pipe)).await.unwrap();
    tokio::spawn(connection);
    (requests, serving)
}

async fn ask(requests: &SendRequest<Empty<Bytes>>, method: Method, path: &str) -> Response<Incoming> {
    let uri = format!("https://exporter{path}");
    let request = Request::builder().method(method).uri(uri).body(Empty::new()).unwrap();
    requests.clone().send_request(request).await.unwrap()
}

/// A frame: its kind, flags, stream and content.
fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
}

/// `GET /-/healthy` as header fields, and then that.
fn head(more: &[u8]) -> Vec<u8> {
    // GET and https are in the table of HPACK; the path and the authority are written out.
    [b"\x82\x87\x04\x0a/-/healthy\x01\x08exporter".as_slice(), more].concat()
}

#[tokio::test(start_paused = true)]
async fn requests_are_answered_beside_each_other() {
    let (requests, _serving) = connect().await;
    let (large, small) =
        tokio::join!(ask(&requests, Method::GET, "/config"), ask(&requests, Method::GET, "/-/healthy"));
    assert_eq!(small.into_body().collect().await.unwrap().to_bytes(), "healthy\n");
    assert_eq!(large.headers()["content-length"], LARGE.to_string());
    assert_eq!(large.into_body().collect().await.unwrap().to_bytes(), "x".repeat(LARGE));
}

#[tokio::test(start_paused = true)]
async fn head_has_the_length_and_no_body() {
    let (requests, _serving) = connect().await;
    let answer = ask(&requests, Method::HEAD, "/config").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-length"]),
        (200, &LARGE.to_string().parse().unwrap())
    );
    assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn more_requests_than_are_taken_at_once_wait_for_their_turn() {
    let (requests, _serving) = connect().await;
    let mut answers = JoinSet::new();
    for _ in 0..100 {
        let requests = requests.clone();
        answers.spawn(async move { ask(&requests, Method::GET, "/-/healthy").await.status().as_u16() });
    }
    assert_eq!(answers.join_all().await, [200; 100]);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_take_an_answer_is_gone_after_a_minute_whatever_else_is_answered() {
    let (requests, serving) = connect().await;
    let start = Instant::now();
    let stuck = ask(&requests, Method::GET, "/config").await;
    for _ in 0..10 {
        sleep(Duration::from_secs(5)).await;
        assert_eq!(ask(&requests, Method::GET, "/-/healthy").await.status(), 200);
    }
    assert_eq!((serving.await.unwrap() - start).as_secs(), 60);
    assert!(stuck.into_body().collect().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_unused_connection_is_kept_for_5_minutes_and_a_ping_is_no_use() {
    let mut client = Client::with(false, true).await;
    client.pipe.write_all(&[PREFACE, &frame(1, 5, 1, &head(b""))].concat()).await.unwrap();
    let (mut read, mut write) = tokio::io::split(client.pipe);
    tokio::spawn(async move {
        let mut bytes = [0; 9];
        // Answers the server's pings, as every client does, and sends some of its own.
        while read.read_exact(&mut bytes).await.is_ok() {
            let mut content = vec![0; usize::from(bytes[2]) + (usize::from(bytes[1]) << 8)];
            read.read_exact(&mut content).await.unwrap();
            if bytes[3] == 6 && bytes[4] == 0 {
                let _ = write.write_all(&[frame(6, 1, 0, &content), frame(6, 0, 0, b"12345678")].concat()).await;
            }
        }
    });
    assert_eq!((client.serving.await.unwrap() - client.start).as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn who_sends_no_request_is_gone_after_10_seconds() {
    let mut client = Client::with(false, true).await;
    client.pipe.write_all(PREFACE).await.unwrap();
    assert_eq!(client.ended().await, 10);
}

#[tokio::test(start_paused = true)]
async fn who_takes_requests_back_again_and_again_is_gone() {
    let mut client = Client::with(false, true).await;
    client.pipe.write_all(PREFACE).await.unwrap();
    let (mut read, mut write) = tokio::io::split(client.pipe);
    tokio::spawn(async move { while read.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {} });
    let flood = (0..10_000)
        .map(|n| 2 * n + 1)
        .map(|stream| [frame(1, 5, stream, &head(b"")), frame(3, 0, stream, b"\0\0\0\x08")]);
    let sent = async {
        for frames in flood {
            write.write_all(&frames.concat()).await?;
        }
        Ok::<_, std::io::Error>(())
    };
    assert!(sent.await.is_err(), "the connection ends before all of it is sent");
    assert!(client.serving.await.unwrap() - client.start < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_goes_on_for_ever_ends_its_connection() {
    let mut client = Client::with(false, true).await;
    client.pipe.write_all(&[PREFACE, &frame(1, 1, 1, &head(b""))].concat()).await.unwrap();
    let (mut read, mut write) = tokio::io::split(client.pipe);
    tokio::spawn(async move { while read.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {} });
    let mut sent = 0;
    let header = [b"\0\x01x\x7f\xe1\x1e".as_slice(), &[b'x'; 4_000]].concat();
    while write.write_all(&frame(9, 0, 1, &header)).await.is_ok() {
        sent += header.len();
        assert!(sent < 10_000_000, "there is a limit");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_of_more_than_32_kib_are_refused_and_the_next_request_is_answered() {
    let (requests, _serving) = connect().await;
    let request = Request::builder().uri("https://exporter/").header("x", "x".repeat(40_000)).body(Empty::new());
    let refused = requests.clone().send_request(request.unwrap()).await;
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.status() == 431));
    assert_eq!(ask(&requests, Method::GET, "/-/healthy").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_an_answer_be_taken_and_then_ends_the_connection() {
    let Client { pipe, serving, stop, start, .. } = Client::with(false, true).await;
    let (requests, connection) = Builder::new(TokioExecutor::new()).handshake(TokioIo::new(pipe)).await.unwrap();
    tokio::spawn(connection);
    let answer = ask(&requests, Method::GET, "/config").await;
    stop.cancel();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), LARGE);
    assert!(serving.await.unwrap() - start < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_connection_ends_at_once_where_its_place_is_wanted_and_is_told_so() {
    let mut client = Client::with(false, true).await;
    client.pipe.write_all(&[PREFACE, &frame(1, 5, 1, &head(b""))].concat()).await.unwrap();
    let mut read = vec![0; 4_096];
    while !read.ends_with(b"healthy\n") {
        read.push(client.pipe.read_u8().await.unwrap());
    }
    assert!(client.places.take().await.is_some());
    let mut rest = Vec::new();
    client.pipe.read_to_end(&mut rest).await.unwrap();
    let goaway = 7;
    assert_eq!(rest.get(3), Some(&goaway), "{rest:?}");
}
