//! gzip of texts that are put together from pieces, each compressed by itself.
//!
//! A piece that has not changed need not be compressed again, and a text that is compressed while it is written need never be
//! held whole. That works because a deflate stream ends its blocks at a whole byte where it is flushed, and because the
//! checksum of a whole follows from those of its parts. Knows nothing of what the texts say.

use std::io::{self, Read as _};

use flate2::read::GzDecoder;
use flate2::{Compress, Compression, Crc, FlushCompress};

/// The head of RFC 1952: deflate, no name, no time, fast, system not known.
const HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0xff];

/// The least room there is for what comes out, in bytes.
const ROOM: usize = 1024;

/// A compressed piece of a text.
#[derive(Debug, Default)]
pub struct Piece {
    /// Blocks of deflate, one vector of them behind the other, and none of them the last one.
    blocks: Vec<Vec<u8>>,
    checksum: Crc,
}

/// A gzip file that lacks its end.
#[derive(Debug)]
pub struct Unfinished {
    /// Its parts, one behind the other.
    pub parts: Vec<Vec<u8>>,
    /// What its end follows from.
    pub checksum: Checksum,
}

/// The checksum of a gzip file that lacks its end.
#[derive(Debug)]
pub struct Checksum {
    of_text: Crc,
}

impl Piece {
    /// The piece of that text.
    pub fn of(text: &[u8]) -> io::Result<Self> {
        let mut encoder = Encoder::new(text.len() / 8);
        encoder.add(text)?;
        encoder.finish()
    }

    /// Adds what comes behind it.
    pub fn append(&mut self, mut next: Self) {
        self.blocks.append(&mut next.blocks);
        self.checksum.combine(&next.checksum);
    }

    /// A gzip file that begins with the piece's text.
    pub fn into_file(self) -> Unfinished {
        let mut parts = self.blocks;
        parts.insert(0, HEAD.to_vec());
        Unfinished { parts, checksum: Checksum { of_text: self.checksum } }
    }
}

impl Checksum {
    /// What the file ends with if that text comes last.
    pub fn end(&self, text: &[u8]) -> io::Result<Vec<u8>> {
        let (mut end, checksum) = Encoder::new(text.len() / 4 + ROOM).end(text)?;
        let mut whole = Crc::new();
        whole.combine(&self.of_text);
        whole.combine(&checksum);
        end.extend_from_slice(&whole.sum().to_le_bytes());
        end.extend_from_slice(&whole.amount().to_le_bytes());
        Ok(end)
    }
}

/// A text as a whole gzip file.
pub fn compressed(text: &[u8]) -> io::Result<Vec<u8>> {
    let Unfinished { parts, checksum } = Piece::default().into_file();
    Ok([parts.concat(), checksum.end(text)?].concat())
}

/// The text of a whole gzip file.
pub fn text_of(file: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    // It checks the checksum.
    GzDecoder::new(file).read_to_end(&mut text)?;
    Ok(text)
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
        self.blocks.shrink_to_fit();
        Ok(Piece { blocks: vec![self.blocks], checksum: self.checksum })
    }

    /// The last blocks of a stream, with that text at the end, and the checksum of theirs.
    fn end(mut self, text: &[u8]) -> io::Result<(Vec<u8>, Crc)> {
        self.checksum.update(text);
        self.run(text, FlushCompress::Finish)?;
        Ok((self.blocks, self.checksum))
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
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    fn read(file: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        // It checks the checksum, and stops where there is a second file behind the first.
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
            assert_eq!(text_of(&file).unwrap(), text.as_bytes());
            assert!(file.len() < 40 + text.len() / 10);
        }
    }

    fn file(piece: Piece, end: &[u8]) -> Vec<u8> {
        let Unfinished { parts, checksum } = piece.into_file();
        [parts.concat(), checksum.end(end).unwrap()].concat()
    }

    #[test]
    fn a_piece_goes_with_one_end_after_the_other() {
        let Unfinished { parts, checksum } = Piece::of("the same\n".repeat(10_000).as_bytes()).unwrap().into_file();
        for end in ["", "one\n", "another\n"] {
            let file = [parts.concat(), checksum.end(end.as_bytes()).unwrap()].concat();
            assert_eq!(read(&file), ("the same\n".repeat(10_000) + end).as_bytes());
        }
    }

    #[test]
    fn nothing_is_lost_however_long_a_piece_is() {
        // Long enough for several of the encoder's own buffers, which may be full or not where the piece ends.
        let line = |i: u64| format!("balance{{gateway=\"{i}\"}} {}\n", (i * i * 2_654_435_761) % 1_000_003);
        let text: String = (0..20_000).map(line).collect();
        for length in (0..text.len()).step_by(997) {
            let piece = Piece::of(&text.as_bytes()[..length]).unwrap();
            let whole = [&text.as_bytes()[..length], b"end\n"].concat();
            assert!(read(&file(piece, b"end\n")) == whole, "a piece of {length} bytes");
        }
    }

    proptest! {
        #[test]
        fn pieces_put_together_read_as_their_texts_put_together(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2_000), 0..6),
            end in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut whole = Piece::default();
            for text in &texts {
                whole.append(Piece::of(text).unwrap());
            }
            assert_eq!(read(&file(whole, &end)), [texts.concat(), end].concat());
        }
    }
}
