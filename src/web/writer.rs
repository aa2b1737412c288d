//! Writing the metrics, one scrape at a time, on a thread of its own.
//!
//! Writing those of many queries takes too long for the threads that serve connections, and more memory than is kept in
//! between. An allocator that keeps freed memory for each thread would keep as much for every thread that ever wrote.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::oneshot;

use crate::metrics::Metrics;

/// The thread that writes the metrics; it ends with this.
#[derive(Debug)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
}

struct Order {
    gzip: bool,
    written: oneshot::Sender<Result<Vec<u8>, WriteError>>,
}

/// The metrics can't be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    /// They can't be put into their format.
    #[error(transparent)]
    Encode(#[from] prometheus::Error),
    /// They can't be compressed.
    #[error(transparent)]
    Compress(#[from] io::Error),
    /// The program has a fault.
    #[error("writing the metrics panicked")]
    Panicked,
}

impl Writer {
    /// A thread that writes those metrics.
    pub(super) fn start(metrics: Metrics) -> io::Result<Self> {
        let (orders, received) = mpsc::channel::<Order>();
        thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            for order in received {
                // Whoever has gone away meanwhile needs no answer.
                if !order.written.is_closed() {
                    let written = catch_unwind(AssertUnwindSafe(|| write(&metrics, order.gzip)));
                    let _ = order.written.send(written.unwrap_or(Err(WriteError::Panicked)));
                }
            }
        })?;
        Ok(Self { orders })
    }

    /// The metrics as they are once it is their turn, compressed where asked.
    pub(super) async fn write(&self, gzip: bool) -> Result<Vec<u8>, WriteError> {
        let (order, written) = oneshot::channel();
        self.orders.send(Order { gzip, written: order }).map_err(|_| WriteError::Panicked)?;
        written.await.unwrap_or(Err(WriteError::Panicked))
    }
}

fn write(metrics: &Metrics, gzip: bool) -> Result<Vec<u8>, WriteError> {
    let text = metrics.encode()?;
    if !gzip {
        return Ok(text);
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    encoder.write_all(&text)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
    async fn a_scrape_that_was_given_up_holds_up_nobody() {
        let writer = writer();
        drop(Box::pin(writer.write(false)));
        let given_up = tokio::time::timeout(std::time::Duration::ZERO, writer.write(false)).await;
        assert!(given_up.is_err() || given_up.is_ok_and(|written| written.is_ok()));
        assert!(writer.write(false).await.is_ok());
    }
}
