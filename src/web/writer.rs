//! Writing the metrics, one after the other, on a thread of its own. Scrapes that wait together get the same text, which
//! is written after the last of them has come: however many there are, none waits longer than for two.
//!
//! Writing those of many queries takes too long for the threads that serve connections, and more memory than is kept in
//! between. An allocator that keeps freed memory for each thread would keep as much for every thread that ever wrote.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::{iter, thread};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use tokio::sync::oneshot;

use super::heartbeat::Listener;

use crate::metrics::Metrics;

/// The thread that writes the metrics; it ends with this.
#[derive(Debug)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Write(Scrape),
    /// To give a sign of life.
    Answer(Listener),
}

struct Scrape {
    gzip: bool,
    written: oneshot::Sender<Written>,
}

type Written = Result<Bytes, WriteError>;

/// The metrics can't be written.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// They can't be put into their format.
    #[error(transparent)]
    Encode(Arc<prometheus::Error>),
    /// They can't be compressed.
    #[error(transparent)]
    Compress(Arc<io::Error>),
    /// The program has a fault.
    #[error("writing the metrics panicked")]
    Panicked,
}

impl Writer {
    /// A thread that writes those metrics.
    pub(super) fn start(metrics: Metrics) -> io::Result<Self> {
        let (orders, received) = mpsc::channel::<Order>();
        thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            while let Ok(first) = received.recv() {
                let waiting = iter::once(first).chain(received.try_iter()).filter_map(Order::scrape);
                answer(&metrics, waiting.collect());
            }
        })?;
        Ok(Self { orders })
    }

    /// The metrics as they are once it is their turn, compressed where asked.
    pub(super) async fn write(&self, gzip: bool) -> Written {
        let (order, written) = oneshot::channel();
        self.orders.send(Order::Write(Scrape { gzip, written: order })).map_err(|_| WriteError::Panicked)?;
        written.await.unwrap_or(Err(WriteError::Panicked))
    }

    /// Waits for a sign of life of the thread. False where it has ended.
    pub(super) async fn is_alive(&self) -> bool {
        let (listener, answer) = oneshot::channel();
        self.orders.send(Order::Answer(listener)).is_ok() && answer.await.is_ok()
    }
}

impl Order {
    /// The scrape, if it is one that somebody waits for. A sign of life is given at once.
    fn scrape(self) -> Option<Scrape> {
        match self {
            Self::Write(scrape) => (!scrape.written.is_closed()).then_some(scrape),
            Self::Answer(listener) => {
                // Who asked may not wait any more.
                let _ = listener.send(());
                None
            }
        }
    }
}

fn answer(metrics: &Metrics, scrapes: Vec<Scrape>) {
    if scrapes.is_empty() {
        return;
    }
    let plain = unless_it_panics(|| Ok(metrics.encode().map_err(Arc::new).map_err(WriteError::Encode)?.into()));
    let (for_gzip, for_plain): (Vec<Scrape>, Vec<Scrape>) = scrapes.into_iter().partition(|scrape| scrape.gzip);
    send(for_plain, &plain);
    if !for_gzip.is_empty() {
        send(for_gzip, &plain.and_then(|text| unless_it_panics(|| compress(&text))));
    }
}

fn send(scrapes: Vec<Scrape>, written: &Written) {
    for scrape in scrapes {
        // It may have been given up just now.
        let _ = scrape.written.send(written.clone());
    }
}

fn unless_it_panics(write: impl FnOnce() -> Written) -> Written {
    catch_unwind(AssertUnwindSafe(write)).unwrap_or(Err(WriteError::Panicked))
}

fn compress(text: &[u8]) -> Written {
    Ok(compressed(text).map_err(Arc::new).map_err(WriteError::Compress)?.into())
}

/// The text as gzip.
pub(super) fn compressed(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::shard::Shard;
    use crate::store::Store;

    fn writer() -> Writer {
        Writer::start(Metrics::new(Arc::new(Store::default()), Shard::WHOLE).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn scrapes_at_the_same_time_are_all_written() {
        let writer = writer();
        let (one, other, compressed) = tokio::join!(writer.write(false), writer.write(false), writer.write(true));
        assert!(one.unwrap().starts_with(b"# HELP ") && other.unwrap().starts_with(b"# HELP "));
        assert!(compressed.unwrap().starts_with(&[0x1f, 0x8b]));
    }

    #[tokio::test]
    async fn scrapes_that_wait_together_get_the_same_text() {
        let metrics = Metrics::new(Arc::new(Store::default()), Shard::WHOLE).unwrap();
        let (mut scrapes, mut answers) = (Vec::new(), Vec::new());
        for gzip in [false, true, false, true] {
            let (written, answer) = oneshot::channel();
            scrapes.push(Scrape { gzip, written });
            answers.push(answer);
        }
        answer(&metrics, scrapes);
        let mut texts = Vec::new();
        for written in answers {
            texts.push(written.await.unwrap().unwrap());
        }
        assert_eq!((texts[0].as_ptr(), texts[1].as_ptr()), (texts[2].as_ptr(), texts[3].as_ptr()));
        assert!(texts[0].starts_with(b"# HELP ") && texts[1].starts_with(&[0x1f, 0x8b]));
    }

    #[tokio::test]
    async fn a_thread_that_has_ended_gives_no_sign_of_life() {
        let (orders, received) = mpsc::channel();
        drop(received);
        assert!(!Writer { orders }.is_alive().await);
    }

    #[tokio::test]
    async fn a_scrape_that_was_given_up_holds_up_nobody() {
        let writer = writer();
        drop(Box::pin(writer.write(false)));
        let given_up = tokio::time::timeout(std::time::Duration::ZERO, writer.write(false)).await;
        assert!(given_up.is_err() || given_up.is_ok_and(|written| written.is_ok()));
        assert!(writer.write(false).await.is_ok());
    }
}
