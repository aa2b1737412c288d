//! What a connection is at, until when it may be, and whether it gives way to others.
//!
//! Values in, values out: knows neither sockets nor tasks, and is told the time.

use std::time::Duration;

use tokio::time::Instant;

/// From accepting to the first byte of a request, TLS handshake included.
pub(super) const FIRST_BYTE: Duration = Duration::from_secs(10);
/// From the first byte of a request's head to its last, however slowly the others come.
const HEAD: Duration = Duration::from_secs(10);
/// From one request to the next: longer than from scrape to scrape, and shorter than balancers and firewalls remember.
const IDLE: Duration = Duration::from_mins(5);
/// From the end of a request's head to the first byte of its answer. What is asked for has its own, shorter limits.
const ANSWER: Duration = Duration::from_mins(10);
/// From the first byte of an answer to its last, however steadily the client takes it.
const TAKING: Duration = Duration::from_mins(1);
/// How long a client that still sends may go on before the connection is gone, so that it can read why.
const LINGER: Duration = Duration::from_secs(1);
/// Who has taken so long over an answer gives way where others find no place.
const SLOW: Duration = Duration::from_secs(5);

/// What a connection is at.
#[derive(Debug)]
pub(super) struct Activity {
    http2: bool,
    /// Since when nothing is under way: the accepting, or the end of the last answer.
    waiting: Instant,
    served: bool,
    /// Whether the last request came with a body, which nobody may have read.
    with_body: bool,
    /// When the first byte of a request came whose head has not ended. HTTP/2 does not show that.
    head: Option<Instant>,
    requests: Vec<Request>,
    last_number: u64,
    closing: Option<Instant>,
}

/// A request whose head is there and whose answer is not taken.
#[derive(Debug)]
struct Request {
    number: u64,
    state: State,
    /// Since when it is in this state; of an answer, since its first byte.
    since: Instant,
    /// What its answer holds, once there is one.
    memory: Option<Memory>,
}

/// The memory that an answer holds, in common with others perhaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// Answers have the same address if they share their memory, as long as it is held.
    pub(super) address: usize,
    /// In bytes.
    pub(super) length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Asked,
    Answered,
    /// The answer is in the connection's own buffer, and taken once that is empty.
    Buffered,
}

/// Whose turn to give way it is: the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Nothing is under way since then, or not more than the head of a request.
    Waiting(Instant),
    /// The answer is not taken, and was begun then.
    Slow(Instant),
}

impl Activity {
    /// A connection that was accepted just now.
    pub(super) const fn accepted(now: Instant) -> Self {
        let requests = Vec::new();
        let (served, with_body, head, closing) = (false, false, None, None);
        Self { http2: false, waiting: now, served, with_body, head, requests, last_number: 0, closing }
    }

    /// It talks HTTP/2: bytes need not be of requests, and answers leave one beside the other.
    pub(super) const fn is_http2(&mut self) {
        self.http2 = true;
    }

    /// Bytes have come.
    pub(super) fn received(&mut self, now: Instant) {
        if !self.http2 && self.requests.is_empty() {
            self.head.get_or_insert(now);
        }
    }

    /// The head of a request has ended; gives the request's number.
    pub(super) fn asked(&mut self, with_body: bool, now: Instant) -> u64 {
        (self.head, self.served, self.with_body) = (None, true, with_body);
        self.last_number += 1;
        let request = Request { number: self.last_number, state: State::Asked, since: now, memory: None };
        self.requests.push(request);
        self.last_number
    }

    /// There is an answer, which holds that memory, and it begins to leave.
    pub(super) fn answered(&mut self, number: u64, memory: Memory, now: Instant) {
        if let Some(request) = self.requests.iter_mut().find(|request| request.number == number) {
            (request.state, request.since, request.memory) = (State::Answered, now, Some(memory));
        }
    }

    /// No more of the answer is to be fetched, or nobody wants it.
    pub(super) fn fetched(&mut self, number: u64, now: Instant) {
        if self.http2 {
            self.requests.retain(|request| request.number != number);
            self.rest(now);
        } else if let Some(request) = self.requests.iter_mut().find(|request| request.number == number) {
            request.state = State::Buffered;
        }
    }

    /// All that was to be written has been.
    pub(super) fn flushed(&mut self, now: Instant) {
        if self.requests.iter().any(|request| request.state == State::Buffered) {
            self.requests.retain(|request| request.state != State::Buffered);
            self.rest(now);
        }
    }

    const fn rest(&mut self, now: Instant) {
        if self.requests.is_empty() {
            self.waiting = now;
        }
    }

    /// This side has said its last word. Gives whether the other may still be sending what nobody reads.
    pub(super) fn closing(&mut self, now: Instant) -> bool {
        self.closing.get_or_insert(now);
        self.with_body || self.head.is_some()
    }

    /// When the connection has taken too long over what it is at.
    pub(super) fn deadline(&self) -> Instant {
        if let Some(since) = self.closing {
            return since + LINGER;
        }
        let of = |request: &Request| request.since + if request.state == State::Asked { ANSWER } else { TAKING };
        let waiting = || self.waiting + if self.served { IDLE } else { FIRST_BYTE };
        let requests = self.requests.iter().map(of).min();
        requests.or_else(|| self.head.map(|since| since + HEAD)).unwrap_or_else(waiting)
    }

    /// Whether it may be asked to give way now, and when its turn is.
    pub(super) fn turn(&self, now: Instant) -> Option<Turn> {
        if self.requests.is_empty() {
            return Some(Turn::Waiting(self.waiting));
        }
        let slow = |request: &Request| request.state != State::Asked && now - request.since >= SLOW;
        if self.requests.iter().all(slow) { self.taking_since().map(Turn::Slow) } else { None }
    }

    /// What the answers hold that it is taking.
    pub(super) fn held(&self) -> impl Iterator<Item = Memory> {
        self.requests.iter().filter_map(|request| request.memory)
    }

    /// When the oldest of the answers that are held for it was begun.
    pub(super) fn taking_since(&self) -> Option<Instant> {
        self.requests.iter().filter(|request| request.state != State::Asked).map(|request| request.since).min()
    }
}

#[cfg(test)]
mod tests;
