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

use crate::metrics::Metrics;

/// The thread that writes the metrics; it ends with this.
#[derive(Debug)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
}

struct Order {
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
                // Whoever has gone away meanwhile needs no answer.
                let waiting = iter::once(first).chain(received.try_iter()).filter(|order| !order.written.is_closed());
                answer(&metrics, waiting.collect());
            }
        })?;
        Ok(Self { orders })
    }

    /// The metrics as they are once it is their turn, compressed where asked.
    pub(super) async fn write(&self, gzip: bool) -> Written {
        let (order, written) = oneshot::channel();
        self.orders.send(Order { gzip, written: order }).map_err(|_| WriteError::Panicked)?;
        written.await.unwrap_or(Err(WriteError::Panicked))
    }
}

fn answer(metrics: &Metrics, orders: Vec<Order>) {
    if orders.is_empty() {
        return;
    }
    let plain = unless_it_panics(|| Ok(metrics.encode().map_err(Arc::new).map_err(WriteError::Encode)?.into()));
    let (for_gzip, for_plain): (Vec<Order>, Vec<Order>) = orders.into_iter().partition(|order| order.gzip);
    send(for_plain, &plain);
    if !for_gzip.is_empty() {
        send(for_gzip, &plain.and_then(|text| unless_it_panics(|| compress(&text))));
    }
}

fn send(orders: Vec<Order>, written: &Written) {
    for order in orders {
        // It may have been given up just now.
        let _ = order.written.send(written.clone());
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
        let (mut orders, mut answers) = (Vec::new(), Vec::new());
        for gzip in [false, true, false, true] {
            let (written, answer) = oneshot::channel();
            orders.push(Order { gzip, written });
            answers.push(answer);
        }
        answer(&metrics, orders);
        let mut texts = Vec::new();
        for written in answers {
            texts.push(written.await.unwrap().unwrap());
        }
        assert_eq!((texts[0].as_ptr(), texts[1].as_ptr()), (texts[2].as_ptr(), texts[3].as_ptr()));
        assert!(texts[0].starts_with(b"# HELP ") && texts[1].starts_with(&[0x1f, 0x8b]));
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
