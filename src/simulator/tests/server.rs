//! The rim, over loopback: connections kept, cut, left hanging and closed.

use std::io::ErrorKind;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::SCENARIO;
use crate::simulator::{Scenario, Simulator};

/// A simulator that runs until it is stopped.
struct Running {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    run: JoinHandle<()>,
}

impl Running {
    fn with(faults: &str) -> Self {
        let scenario = Scenario::read("scenario.yml", &format!("{SCENARIO}\nfaults: [{faults}]")).unwrap();
        let simulator = Simulator::bind(scenario, "127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, stop) = (simulator.local_addr(), CancellationToken::new());
        let run = tokio::spawn(simulator.run(stop.clone()));
        Self { address, stop, run }
    }

    async fn connect(&self) -> Connection {
        Connection(TcpStream::connect(self.address).await.unwrap())
    }
}

/// A connection read and written by hand.
struct Connection(TcpStream);

impl Connection {
    async fn ask(&self, target: &str) {
        let token = STANDARD.encode("363:key-363");
        self.write(&format!("GET {target} HTTP/1.1\r\nHost: simulator\r\nAuthorization: Basic {token}\r\n\r\n")).await;
    }

    async fn write(&self, text: &str) {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            self.0.writable().await.unwrap();
            match self.0.try_write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // The other side has answered and closed already.
                Err(_) => return,
            }
        }
    }

    /// What arrives until the answer is whole, or until the connection ends.
    async fn read(&self) -> String {
        let mut read = Vec::new();
        loop {
            self.0.readable().await.unwrap();
            let mut buffer = [0; 4096];
            match self.0.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => read.extend_from_slice(&buffer[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
            if is_whole(&String::from_utf8_lossy(&read)) {
                break;
            }
        }
        String::from_utf8_lossy(&read).into_owned()
    }
}

fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    promised(head).is_some_and(|promised| body.len() >= promised)
}

fn promised(head: &str) -> Option<usize> {
    head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
}

const CHANNELS: &str = "/shop/channel_balances/?gateway_id=3405";

#[tokio::test]
async fn a_connection_is_kept_from_answer_to_answer() {
    let simulator = Running::with("");
    let connection = simulator.connect().await;
    for _ in 0..3 {
        connection.ask(CHANNELS).await;
        let answer = connection.read().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: application/json\r\n"), "{answer}");
        assert!(answer.ends_with("]}}"), "{answer}");
    }
}

#[tokio::test]
async fn a_cut_before_the_answer_ends_the_connection_without_a_byte() {
    let simulator = Running::with("{cut: headers}");
    let connection = simulator.connect().await;
    connection.ask(CHANNELS).await;
    assert_eq!(connection.read().await, "");
}

#[tokio::test]
async fn a_cut_in_the_body_promises_more_than_arrives() {
    let simulator = Running::with("{cut: body}");
    let connection = simulator.connect().await;
    connection.ask(CHANNELS).await;
    let answer = connection.read().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(body.len(), promised(head).unwrap() / 2);
    assert!(body.starts_with("{\"code\":\"S.0000\""));
}

#[tokio::test]
async fn garbage_arrives_whole() {
    let simulator = Running::with("{garbage: true}");
    let connection = simulator.connect().await;
    connection.ask(CHANNELS).await;
    let answer = connection.read().await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains(char::REPLACEMENT_CHARACTER));
}

#[tokio::test]
async fn a_hanging_request_gets_no_answer_and_hinders_nobody() {
    let simulator = Running::with("{hang: true}");
    let (hanging, other) = (simulator.connect().await, simulator.connect().await);
    hanging.ask(CHANNELS).await;
    loop {
        other.ask("/simulator/state").await;
        if other.read().await.contains("\"channel_balances\":1") {
            break;
        }
    }
    let mut buffer = [0];
    assert_eq!(hanging.0.try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    simulator.stop.cancel();
    assert_eq!(hanging.read().await, "", "the stop closes it");
    simulator.run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_delay_comes_before_the_answer() {
    let simulator = Running::with("{delay: 3s}");
    let connection = simulator.connect().await;
    let before = Instant::now();
    connection.ask(CHANNELS).await;
    assert!(connection.read().await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(before.elapsed() >= Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_scenario_begins_when_it_is_bound() {
    let simulator = Running::with("");
    tokio::time::advance(Duration::from_secs(90)).await;
    let connection = simulator.connect().await;
    connection.ask("/simulator/state").await;
    let answer = connection.read().await;
    assert!(answer.contains("\"elapsed_seconds\":90."), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let simulator = Running::with("");
    let connection = simulator.connect().await;
    connection.write("POST /beyag/balance HTTP/1.1\r\nHost: simulator\r\nContent-Length: 1048577\r\n\r\n").await;
    connection.write(&" ".repeat(1_048_577)).await;
    assert!(connection.read().await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_stop_closes_connections_at_rest_and_lets_the_run_end() {
    let simulator = Running::with("");
    let connection = simulator.connect().await;
    connection.ask(CHANNELS).await;
    connection.read().await;
    simulator.stop.cancel();
    assert_eq!(connection.read().await, "");
    simulator.run.await.unwrap();
    assert!(TcpStream::connect(simulator.address).await.is_err());
}

#[tokio::test]
async fn a_run_that_is_dropped_closes_its_connections() {
    let simulator = Running::with("");
    let connection = simulator.connect().await;
    connection.ask(CHANNELS).await;
    connection.read().await;
    simulator.run.abort();
    assert_eq!(connection.read().await, "");
}
