//! A connection's stream that tells its progress, and answers' bodies that do.
//!
//! Knows what passes by, not what it means.

use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;
use super::body::Parts;
use super::places::Progress;

/// The largest piece of an answer that is handed to HTTP/2 at once; more waits with the answer.
const PIECE: usize = 16 * 1024;
/// How much is read at once of what nobody wants.
const UNWANTED: usize = 8 * 1024;

/// A stream that tells what comes and goes.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    progress: Progress,
    /// Whether this side has ended, and the other may still be sending. Closing at once would reset the connection, and
    /// with that take the last answer back.
    lingering: bool,
}

impl<S> Watched<S> {
    pub(super) const fn new(stream: S, progress: Progress) -> Self {
        Self { stream, progress, lingering: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.progress.note(Activity::received);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.progress.note(Activity::flushed);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingering {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.lingering = true;
        }
        if !self.progress.note(Activity::closing) {
            return Poll::Ready(Ok(()));
        }
        loop {
            let mut bytes = [0; UNWANTED];
            let mut unwanted = ReadBuf::new(&mut bytes);
            // Whatever ends it, the last word has been said.
            if ready!(Pin::new(&mut self.stream).poll_read(context, &mut unwanted)).is_err()
                || unwanted.filled().is_empty()
            {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// A request under way, until dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    number: u64,
    progress: Progress,
}

impl UnderWay {
    /// The next request of a connection, whose head has just ended.
    pub(super) fn begin(progress: &Progress, has_body: bool) -> Self {
        Self { number: progress.note(|activity, now| activity.asked(has_body, now)), progress: progress.clone() }
    }

    /// Its answer's body, which begins to leave.
    pub(super) fn answered(self, body: Parts, http2: bool) -> Answer {
        self.progress.answered(self.number, body.memory());
        Answer { body, rest: Bytes::new(), piece: if http2 { PIECE } else { usize::MAX }, _under_way: self }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.progress.note(|activity, now| activity.fetched(self.number, now));
    }
}

/// A body that tells when it has been fetched. In pieces where they may have to wait for the client to make room, and
/// copied then, so that the last of them does not keep the whole.
#[derive(Debug)]
pub(super) struct Answer {
    body: Parts,
    rest: Bytes,
    piece: usize,
    _under_way: UnderWay,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            match self.body.next() {
                Some(part) => self.rest = part,
                None => return Poll::Ready(None),
            }
        }
        if self.rest.len() <= self.piece {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))));
        }
        let piece = self.piece;
        let piece = self.rest.split_to(piece);
        Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(&piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64 + self.body.len())
    }
}
