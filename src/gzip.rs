//! gzip of texts that are put together from pieces, each compressed by itself.
//!
//! A piece that has not changed need not be compressed again, and a text that is compressed while it is written need never be
//! held whole. That works because a deflate stream ends its blocks at a whole byte where it is flushed, and because the
//! checksum of a whole follows from those of its parts. Knows nothing of what the texts say.

use std::io;

use flate2::{Compress, Compression, Crc, FlushCompress};

/// The head of RFC 1952: deflate, no name, no time, fast, system not known.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];

/// The least room there is for what comes out, in bytes.
const ROOM: usize = 1024;

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
        let Piece { blocks: mut rest, checksum } = Encoder::new(text.len() / 4 + ROOM).end(text)?;
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
    deflate: Compress,
    blocks: Vec<u8>,
    checksum: Crc,
}

impl Encoder {
    /// An encoder with room for so many compressed bytes, which takes more where they come.
    pub fn new(room: usize) -> Self {
        let deflate = Compress::new(Compression::fast(), false);
        Self { deflate, blocks: Vec::with_capacity(room), checksum: Crc::new() }
    }

    /// Adds text.
    pub fn add(&mut self, text: &[u8]) -> io::Result<()> {
        self.checksum.update(text);
        self.run(text, FlushCompress::None)
    }

    /// The piece of all text there was.
    pub fn finish(mut self) -> io::Result<Piece> {
        // To a whole byte, and not to the end of the stream.
        self.run(&[], FlushCompress::Sync)?;
        Ok(Piece { blocks: self.blocks, checksum: self.checksum })
    }

    /// The piece of all text there was and of that one, which ends the stream.
    fn end(mut self, text: &[u8]) -> io::Result<Piece> {
        self.checksum.update(text);
        self.run(text, FlushCompress::Finish)?;
        Ok(Piece { blocks: self.blocks, checksum: self.checksum })
    }

    /// Compresses until all text is taken and all that is to come out has, which is so once there was room for more.
    fn run(&mut self, mut text: &[u8], flush: FlushCompress) -> io::Result<()> {
        loop {
            self.blocks.reserve(ROOM);
            let before = self.deflate.total_in();
            self.deflate.compress_vec(text, &mut self.blocks, flush)?;
            let taken = usize::try_from(self.deflate.total_in() - before).unwrap_or(text.len());
            text = text.get(taken..).unwrap_or_default();
            if text.is_empty() && self.blocks.len() < self.blocks.capacity() {
                return Ok(());
            }
        }
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

    #[test]
    fn nothing_is_lost_however_long_a_piece_is() {
        // Long enough for several of the encoder's own buffers, which may be full or not where the piece ends.
        let line = |i: u64| format!("balance{{gateway=\"{i}\"}} {}\n", (i * i * 2_654_435_761) % 1_000_003);
        let text: String = (0..20_000).map(line).collect();
        for length in (0..text.len()).step_by(997) {
            let piece = Piece::of(&text.as_bytes()[..length]).unwrap();
            let file = [piece.head(), piece.rest(b"rest\n").unwrap()].concat();
            assert!(read(&file) == [&text.as_bytes()[..length], b"rest\n"].concat(), "a piece of {length} bytes");
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
