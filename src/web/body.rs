//! Bodies of answers: whole, or in parts of which some may be shared with other answers.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::activity::Memory;

/// The parts of a body, one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// The first comes last, and none is empty.
    left: Vec<Bytes>,
}

impl Parts {
    /// A body of these parts. Bodies share their memory if they share their longest part.
    pub(super) fn of(parts: impl IntoIterator<Item = Bytes>) -> Self {
        let mut left: Vec<Bytes> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        left.reverse();
        Self { left }
    }

    /// The memory it holds.
    pub(super) fn memory(&self) -> Memory {
        let longest = self.left.iter().max_by_key(|part| part.len());
        Memory { address: longest.map_or(0, |part| part.as_ptr().addr()), length: self.len() }
    }

    /// The next part, which leaves it.
    pub(super) fn next(&mut self) -> Option<Bytes> {
        self.left.pop()
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> u64 {
        self.left.iter().map(|part| part.len() as u64).sum()
    }
}

impl From<Bytes> for Parts {
    fn from(whole: Bytes) -> Self {
        Self::of([whole])
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.get_mut().next().map(|next| Ok(Frame::data(next))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len())
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn bodies_that_share_their_longest_part_share_their_memory() {
        let (one, same) = (Bytes::from(vec![1; 3]), Bytes::from(vec![1; 3]));
        let (a, b) = (Parts::of([Bytes::from_static(b"ab"), one.clone()]), Parts::of([one, Bytes::from_static(b"bc")]));
        assert_eq!(a.memory().length, 5);
        assert_eq!(a.memory(), b.memory());
        assert_ne!(Parts::from(same).memory().address, a.memory().address);
        assert_eq!(Parts::default().memory().length, 0);
    }

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
