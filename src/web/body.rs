//! Bodies of answers: whole, or in parts of which some may be shared with other answers.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// The parts of a body, one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    first: Bytes,
    second: Bytes,
}

impl Parts {
    /// A body of two parts.
    pub(super) fn of([first, second]: [Bytes; 2]) -> Self {
        Self { first, second }
    }

    fn len(&self) -> u64 {
        (self.first.len() + self.second.len()) as u64
    }
}

impl From<Bytes> for Parts {
    fn from(whole: Bytes) -> Self {
        Self { first: whole, second: Bytes::new() }
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Self { first, second } = self.get_mut();
        let next = if first.is_empty() { std::mem::take(second) } else { std::mem::take(first) };
        Poll::Ready((!next.is_empty()).then(|| Ok(Frame::data(next))))
    }

    fn is_end_stream(&self) -> bool {
        self.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn parts_come_one_behind_the_other() {
        for (parts, whole) in [(["a", "bc"], "abc"), (["", "bc"], "bc"), (["a", ""], "a"), (["", ""], "")] {
            let body = Parts::of(parts.map(|part| Bytes::from_static(part.as_bytes())));
            assert_eq!(body.size_hint().exact(), Some(whole.len() as u64));
            assert_eq!(body.is_end_stream(), whole.is_empty());
            assert_eq!(body.collect().await.unwrap().to_bytes(), whole);
        }
    }
}
