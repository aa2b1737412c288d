//! Writing samples in Prometheus' text format 0.0.4, family by family.
//!
//! A sample becomes text at once, and the text gzip where nobody wants it plain: of what many queries make, that is the least
//! that has to be held.

use std::io;
use std::mem;

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use super::families::{ALL, Family};
use super::labels::{Labels, Value};
use super::number::Number;
use crate::gzip::{Encoder, Piece};
use crate::store::Histogram;

/// How much text of a family is held before it is compressed.
const UNCOMPRESSED: usize = 64 * 1024;
/// Texts of families that are no longer together are one piece of the whole.
const JOINED: usize = 64 * 1024;

/// The samples of all families, while they are collected.
pub(super) struct Samples {
    /// By the family's position.
    families: Vec<Stream>,
    compress: bool,
    outcome: io::Result<()>,
}

/// The text of a family, heading included; empty where it has no sample.
#[derive(Default)]
struct Stream {
    text: Vec<u8>,
    /// What came before it, if that is compressed already.
    begin: Option<Encoder>,
}

impl Samples {
    /// No sample of any family yet, for a text. `lengths` are those of a text before, to make room for one like it, and
    /// `spare` is memory that is taken for it: the system takes long to give new one.
    pub(super) fn plain(lengths: &Lengths, mut spare: Vec<Vec<u8>>) -> Self {
        let mut samples = Self { compress: false, ..Self::compressed() };
        let mut rooms: Vec<(usize, &mut Stream)> = samples
            .families
            .iter_mut()
            .enumerate()
            .map(|(position, stream)| (lengths.room(position), stream))
            .collect();
        rooms.sort_by_key(|(room, _)| *room);
        spare.sort_by_key(Vec::capacity);
        for (room, stream) in rooms.into_iter().rev() {
            stream.text = spare.pop().unwrap_or_default();
            stream.text.clear();
            stream.text.reserve(room);
        }
        samples
    }

    /// No sample of any family yet, for a text that is compressed while it is written.
    pub(super) fn compressed() -> Self {
        Self { families: ALL.iter().map(|_| Stream::default()).collect(), compress: true, outcome: Ok(()) }
    }

    /// Adds a sample. `labels` are the values of the family's labels, in its order; an empty one is left out.
    pub(super) fn add(&mut self, family: &Family, labels: &[Value<'_>], value: impl Into<Number>) {
        self.add_labelled(family, &Labels::of(family.labels, labels), value);
    }

    /// Adds a sample whose labels are written already.
    pub(super) fn add_labelled(&mut self, family: &Family, labels: &Labels, value: impl Into<Number>) {
        self.add_line(family, "", labels, None, value.into());
    }

    /// Adds a sample that has one label more: its name and its value.
    pub(super) fn add_labelled_with(
        &mut self,
        family: &Family,
        labels: &Labels,
        more: (&str, &str),
        value: impl Into<Number>,
    ) {
        self.add_line(family, "", labels, Some(more), value.into());
    }

    /// Adds a histogram's samples.
    pub(super) fn add_histogram(&mut self, family: &Family, labels: &Labels, histogram: &Histogram) {
        let mut bucket = |bound: &str, count: u64| {
            self.add_line(family, "_bucket", labels, Some(("le", bound)), Number::Whole(count));
        };
        for (bound, count) in histogram.cumulative() {
            bucket(&bound.to_string(), count);
        }
        bucket("+Inf", histogram.count());
        self.add_line(family, "_sum", labels, None, Number::Float(histogram.sum()));
        self.add_line(family, "_count", labels, None, Number::Whole(histogram.count()));
    }

    fn add_line(&mut self, family: &Family, suffix: &str, labels: &Labels, more: Option<(&str, &str)>, value: Number) {
        let text = self.text_of(family);
        text.extend_from_slice(family.name.as_bytes());
        text.extend_from_slice(suffix.as_bytes());
        match more {
            Some((name, value)) => labels.write_with(name, value, text),
            None => labels.write(text),
        }
        text.push(b' ');
        value.write(text);
        text.push(b'\n');
        let is_long = text.len() >= UNCOMPRESSED;
        if is_long && self.compress && self.outcome.is_ok() {
            self.outcome = self.families[family.position].compress();
        }
    }

    /// Adds a family that the `prometheus` crate has collected, as its own encoder writes it.
    pub(super) fn add_family(&mut self, family: &MetricFamily) -> prometheus::Result<()> {
        let text = TextEncoder::new().encode_to_string(std::slice::from_ref(family))?;
        if let Some(position) = ALL.iter().position(|known| known.name == family.name()) {
            self.families[position].text.extend_from_slice(text.as_bytes());
        }
        Ok(())
    }

    /// The text of all families that have samples, in the order of their names, and how long each is. It comes in pieces,
    /// which are as they were written, so that none is copied that is long.
    pub(super) fn into_text(mut self) -> (Vec<Vec<u8>>, Lengths) {
        let lengths = Lengths { of_families: self.families.iter().map(|stream| stream.text.len()).collect() };
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        for position in by_name() {
            let text = mem::take(&mut self.families[position].text);
            match pieces.last_mut() {
                Some(last) if last.len() + text.len() <= JOINED => last.extend_from_slice(&text),
                _ => pieces.push(text),
            }
        }
        (pieces, lengths)
    }

    /// The same text, compressed.
    pub(super) fn into_gzip(mut self) -> io::Result<Piece> {
        mem::replace(&mut self.outcome, Ok(()))?;
        let (mut whole, mut short) = (Piece::default(), Vec::new());
        for position in by_name() {
            let Stream { text, begin } = mem::take(&mut self.families[position]);
            let Some(mut encoder) = begin else {
                // One piece is made of all that are short.
                short.extend_from_slice(&text);
                continue;
            };
            whole.append(Piece::of(&mem::take(&mut short))?);
            encoder.add(&text)?;
            whole.append(encoder.finish()?);
        }
        whole.append(Piece::of(&short)?);
        Ok(whole)
    }

    fn text_of(&mut self, family: &Family) -> &mut Vec<u8> {
        let Family { position, name, kind, help, .. } = family;
        let Stream { text, begin } = &mut self.families[*position];
        if text.is_empty() && begin.is_none() {
            text.extend_from_slice(format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()).as_bytes());
        }
        text
    }
}

impl Stream {
    fn compress(&mut self) -> io::Result<()> {
        let outcome = self.begin.get_or_insert_with(|| Encoder::new(UNCOMPRESSED)).add(&self.text);
        self.text.clear();
        outcome
    }
}

/// The positions of the families in the order of their names.
fn by_name() -> impl Iterator<Item = usize> {
    let mut order: Vec<usize> = (0..ALL.len()).collect();
    order.sort_unstable_by_key(|position| ALL[*position].name);
    order.into_iter()
}

/// How long the text of each family was.
#[derive(Clone, Debug, Default)]
pub(super) struct Lengths {
    of_families: Vec<usize>,
}

impl Lengths {
    /// Room for a text that may be a little longer.
    fn room(&self, position: usize) -> usize {
        self.of_families.get(position).map_or(0, |length| length + length / 64)
    }
}

/// A count as a sample.
#[expect(clippy::cast_precision_loss, reason = "a sample is a float; counts stay below 2^53")]
pub(super) fn count_of(count: u64) -> f64 {
    count as f64
}
