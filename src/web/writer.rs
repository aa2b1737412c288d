//! Writing the metrics, one after the other, on a thread of its own. Scrapes that wait together get the same text, which
//! is written after the last of them has come: however many there are, none waits longer than for two.
//!
//! Writing those of many queries takes too long for the threads that serve connections, and more memory than is kept in
//! between. An allocator that keeps freed memory for each thread would keep as much for every thread that ever wrote. What
//! was written is kept until it would be written in another way.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::{iter, thread};

use hyper::body::Bytes;
use tokio::sync::oneshot;

use super::body::Parts;
use super::heartbeat::Listener;
use crate::gzip::{Checksum, Encoder, Piece, Unfinished};
use crate::metrics::{Metrics, Validity};

/// The longest text that is kept for the next scrape, in bytes. Prometheus takes gzip, which is kept whatever its length.
const LONGEST_KEPT: usize = 32 * 1024 * 1024;

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

type Written = Result<Parts, WriteError>;

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

impl From<prometheus::Error> for WriteError {
    fn from(error: prometheus::Error) -> Self {
        Self::Encode(Arc::new(error))
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Compress(Arc::new(error))
    }
}

impl Writer {
    /// A thread that writes those metrics.
    pub(super) fn start(metrics: Metrics) -> io::Result<Self> {
        let (orders, received) = mpsc::channel::<Order>();
        thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            let mut desk = Desk { metrics, kept: None };
            while let Ok(first) = received.recv() {
                let waiting = iter::once(first).chain(received.try_iter()).filter_map(Order::scrape);
                desk.answer(waiting.collect());
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

/// What the thread writes with.
struct Desk {
    metrics: Metrics,
    kept: Option<Kept>,
}

/// What was written of the store: as text, compressed, or both.
struct Kept {
    validity: Validity,
    text: Option<Text>,
    gzip: Option<Compressed>,
}

/// The pieces of a text, one behind the other.
type Text = Vec<Bytes>;

/// A compressed file that lacks its end.
#[derive(Clone)]
struct Compressed {
    parts: Vec<Bytes>,
    checksum: Arc<Checksum>,
}

impl From<Piece> for Compressed {
    fn from(piece: Piece) -> Self {
        let Unfinished { parts, checksum } = piece.into_file();
        Self { parts: parts.into_iter().map(Bytes::from).collect(), checksum: Arc::new(checksum) }
    }
}

impl Desk {
    fn answer(&mut self, scrapes: Vec<Scrape>) {
        if scrapes.is_empty() {
            return;
        }
        let exporter = unless_it_panics(|| Ok(self.metrics.exporter()?));
        let (for_gzip, for_text): (Vec<Scrape>, Vec<Scrape>) = scrapes.into_iter().partition(|scrape| scrape.gzip);
        if !for_text.is_empty() {
            let text = unless_it_panics(|| Ok(self.text()));
            let whole = text.and_then(|text| Ok(Parts::of(text.into_iter().chain([exporter.clone()?.into()]))));
            send(for_text, &whole);
        }
        if !for_gzip.is_empty() {
            let gzip = unless_it_panics(|| self.gzip());
            let whole = gzip.and_then(|gzip| {
                let end = unless_it_panics(|| Ok(gzip.checksum.end(&exporter?)?))?;
                Ok(Parts::of(gzip.parts.into_iter().chain([end.into()])))
            });
            send(for_gzip, &whole);
        }
        if let Some(kept) = &mut self.kept {
            kept.text.take_if(|text| length(text) > LONGEST_KEPT);
        }
    }

    fn text(&mut self) -> Text {
        let kept = self.kept.take();
        if let Some(Kept { validity, text: Some(text), .. }) = &kept
            && self.metrics.is_valid(validity)
        {
            let text = text.clone();
            self.kept = kept;
            return text;
        }
        // What clients still take stays as it is.
        let old = kept.and_then(|kept| kept.text).into_iter().flatten();
        let spare = old.filter_map(|piece| piece.try_into_mut().ok()).map(Vec::from).collect();
        let (text, validity) = self.metrics.balances(spare);
        let text: Text = text.into_iter().map(Bytes::from).collect();
        // What was compressed before may be of another moment.
        self.kept = Some(Kept { validity, text: Some(text.clone()), gzip: None });
        text
    }

    fn gzip(&mut self) -> Result<Compressed, WriteError> {
        self.kept.take_if(|kept| !self.metrics.is_valid(&kept.validity));
        if let Some(Kept { text, gzip, .. }) = &mut self.kept {
            match (&text, gzip.as_ref()) {
                (_, Some(gzip)) => return Ok(gzip.clone()),
                (Some(text), None) => return Ok(gzip.insert(compress(text)?.into()).clone()),
                (None, None) => {}
            }
        }
        let (piece, validity) = self.metrics.balances_compressed()?;
        let gzip = Compressed::from(piece);
        self.kept = Some(Kept { validity, text: None, gzip: Some(gzip.clone()) });
        Ok(gzip)
    }
}

fn compress(text: &Text) -> io::Result<Piece> {
    let mut encoder = Encoder::new(length(text) / 8);
    for piece in text {
        encoder.add(piece)?;
    }
    encoder.finish()
}

fn length(text: &Text) -> usize {
    text.iter().map(Bytes::len).sum()
}

fn send(scrapes: Vec<Scrape>, written: &Written) {
    for scrape in scrapes {
        // It may have been given up just now.
        let _ = scrape.written.send(written.clone());
    }
}

fn unless_it_panics<T>(write: impl FnOnce() -> Result<T, WriteError>) -> Result<T, WriteError> {
    catch_unwind(AssertUnwindSafe(write)).unwrap_or(Err(WriteError::Panicked))
}

#[cfg(test)]
mod tests;
