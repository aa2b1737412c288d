//! gzip of texts that are put together from pieces, each compressed by itself.
//!
//! A piece that has not changed need not be compressed again, and a text that is compressed while it is written need never be
//! held whole. That works because a deflate stream ends its blocks at a whole byte where it is flushed, and because the
//! checksum of a whole follows from those of its parts. Knows nothing of what the texts say.

use std::io::{self, Write as _};

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// The head of RFC 1952: deflate, no name, no time, fast, system not known.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];

/// A compressed piece of a text.
#[derive(Debug, Default)]
pub struct Piece {
    /// Blocks of deflate, none of them the last one.
    blocks: Vec<u8>,
    checksum: Crc,
}

impl Piece {
    /// The piece of that text.
    pub fn of(text: &[u8]) -> io::Result<Self> {
        let mut encoder = Encoder::new(text.len() / 8);
        encoder.add(text)?;
        encoder.finish()
    }

    /// Adds what comes behind it.
    pub fn append(&mut self, next: &Self) {
        self.blocks.extend_from_slice(&next.blocks);
        self.checksum.combine(&next.checksum);
    }

    /// What a gzip file begins with whose text begins with that of the piece.
    pub fn head(&self) -> Vec<u8> {
        [&HEAD[..], &self.blocks].concat()
    }

    /// The rest of a gzip file that begins with the piece's head, and with that text behind that of the piece.
    pub fn rest(&self, text: &[u8]) -> io::Result<Vec<u8>> {
        let mut encoder = DeflateEncoder::new(Vec::with_capacity(text.len() / 4 + 16), Compression::fast());
        encoder.write_all(text)?;
        let mut rest = encoder.finish()?;
        let mut checksum = Crc::new();
        checksum.update(text);
        let mut whole = Crc::new();
        whole.combine(&self.checksum);
        whole.combine(&checksum);
        rest.extend_from_slice(&whole.sum().to_le_bytes());
        rest.extend_from_slice(&whole.amount().to_le_bytes());
        Ok(rest)
    }
}

/// A text as a whole gzip file.
pub fn compressed(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut file = Vec::with_capacity(text.len() / 8);
    file.extend_from_slice(&HEAD);
    file.extend_from_slice(&Piece::default().rest(text)?);
    Ok(file)
}

/// Compresses a piece while its text comes.
#[derive(Debug)]
pub struct Encoder {
    deflate: DeflateEncoder<Vec<u8>>,
    checksum: Crc,
}

impl Encoder {
    /// An encoder with room for so many compressed bytes, which takes more where they come.
    pub fn new(room: usize) -> Self {
        Self { deflate: DeflateEncoder::new(Vec::with_capacity(room), Compression::fast()), checksum: Crc::new() }
    }

    /// Adds text.
    pub fn add(&mut self, text: &[u8]) -> io::Result<()> {
        self.checksum.update(text);
        self.deflate.write_all(text)
    }

    /// The piece of all text there was.
    pub fn finish(mut self) -> io::Result<Piece> {
        // To a whole byte, and not to the end of the stream.
        self.deflate.flush()?;
        let blocks = std::mem::take(self.deflate.get_mut());
        Ok(Piece { blocks, checksum: self.checksum })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    fn read(file: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        // It checks the checksum, and fails where there is a second file behind the first.
        let mut decoder = GzDecoder::new(file);
        decoder.read_to_end(&mut text).unwrap();
        assert!(decoder.into_inner().is_empty());
        text
    }

    #[test]
    fn a_text_is_compressed_and_read_again() {
        for text in ["", "a", &"balance 1\n".repeat(10_000)] {
            let file = compressed(text.as_bytes()).unwrap();
            assert_eq!(read(&file), text.as_bytes());
            assert!(file.len() < 40 + text.len() / 10);
        }
    }

    #[test]
    fn a_piece_goes_with_one_rest_after_the_other() {
        let piece = Piece::of("the same\n".repeat(10_000).as_bytes()).unwrap();
        for rest in ["", "one\n", "another\n"] {
            let file = [piece.head(), piece.rest(rest.as_bytes()).unwrap()].concat();
            assert_eq!(read(&file), ("the same\n".repeat(10_000) + rest).as_bytes());
        }
    }

    proptest! {
        #[test]
        fn pieces_put_together_read_as_their_texts_put_together(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2_000), 0..6),
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut whole = Piece::default();
            for text in &texts {
                whole.append(&Piece::of(text).unwrap());
            }
            let file = [whole.head(), whole.rest(&rest).unwrap()].concat();
            assert_eq!(read(&file), [texts.concat(), rest].concat());
        }
    }
}
