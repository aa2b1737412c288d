//! Noise: whatever bytes a client sends, the server goes on, and the next client is answered.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Builder;

use super::Running;

/// Requests to begin with, which the server answers as they are.
const REQUESTS: [&str; 6] = [
    "GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n",
    "GET /metrics?a=b HTTP/1.1\r\nHost: exporter\r\nAccept-Encoding: gzip;q=0.5, *;q=0\r\n\r\n",
    "HEAD http://exporter/ HTTP/1.1\r\nHost: exporter\r\nConnection: keep-alive, close\r\n\r\n",
    "POST /-/reload HTTP/1.1\r\nHost: exporter\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nabcde\r\n0\r\nX: y\r\n\r\n",
    "OPTIONS * HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\nAuthorization: Basic dTpw\r\n\r\nbody",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0",
];

/// What becomes of a request on its way.
#[derive(Clone, Debug)]
enum Mutation {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize, usize),
    Append(usize),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Set(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Self::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Remove(at, length) => {
                let at = at.index(bytes.len());
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Self::Repeat(at, length, times) => {
                let at = at.index(bytes.len());
                let part = bytes[at..(at + length).min(bytes.len())].repeat(*times);
                bytes.splice(at..at, part);
            }
            Self::Append(request) => bytes.extend(REQUESTS[*request].as_bytes()),
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (at(), vec(any::<u8>(), 1..20)).prop_map(|(at, more)| Mutation::Insert(at, more)),
        (at(), 1..20_usize).prop_map(|(at, length)| Mutation::Remove(at, length)),
        (at(), 1..20_usize, 1..3_000_usize).prop_map(|(at, length, times)| Mutation::Repeat(at, length, times)),
        (0..REQUESTS.len()).prop_map(Mutation::Append),
    ]
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let mutated = (0..REQUESTS.len(), vec(mutation(), 1..6)).prop_map(|(request, mutations)| {
        let mut bytes = REQUESTS[request].as_bytes().to_vec();
        for mutation in mutations {
            mutation.apply(&mut bytes);
        }
        bytes
    });
    prop_oneof![1 => vec(any::<u8>(), 1..2_000), 4 => mutated]
}

/// Sends the bytes in two parts, says that nothing more will come, and reads what is answered.
fn send(running: &Running, bytes: &[u8], cut: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(running.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let (one, other) = bytes.split_at(cut.min(bytes.len()));
    // The other side may have had enough before all of it is written.
    let _ =
        stream.write_all(one).and_then(|()| stream.write_all(other)).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "the connection is not ended: {answer:?}");
    }
    answer
}

/// The panics of threads of that name from now on.
fn panics_of(name: &'static str) -> Arc<AtomicUsize> {
    let (panics, before) = (Arc::new(AtomicUsize::new(0)), std::panic::take_hook());
    let counted = Arc::clone(&panics);
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some(name) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        before(panic);
    }));
    panics
}

#[test]
fn whatever_comes_is_answered_or_closed_without_a_panic_and_the_next_client_is_answered() {
    let panics = panics_of("noise");
    let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("noise").enable_all().build().unwrap();
    let running = runtime.block_on(Running::start());
    let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(noise(), 0..3_000_usize), |(bytes, cut)| {
        let answer = send(&running, &bytes, cut);
        prop_assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{answer:?}");
        prop_assert_eq!(panics.load(Ordering::Relaxed), 0);
        let next = running.get("/-/healthy");
        prop_assert_eq!(next.text(), "healthy\n");
        Ok(())
    });
    outcome.unwrap();
}
