//! Writing samples in Prometheus' text format 0.0.4, family by family.
//!
//! A sample becomes text at once, and the text gzip where nobody wants it plain: of what many queries make, that is the least
//! that has to be held. Labels that many samples share are written once and copied.

use std::io;
use std::mem;

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use super::families::{ALL, Family};
use super::number::Number;
use crate::gzip::{Encoder, Piece};
use crate::store::Histogram;

/// How much text of a family is held before it is compressed.
const UNCOMPRESSED: usize = 64 * 1024;

/// Labels as they stand in a sample, but for the brace that closes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    text: Vec<u8>,
}

impl Labels {
    /// Labels of those names and values; one without a value is left out.
    pub(super) fn of(names: &[&str], values: &[&str]) -> Self {
        debug_assert_eq!(names.len(), values.len(), "a value for each of {names:?}");
        let mut labels = Self { text: Vec::with_capacity(128) };
        for (name, value) in names.iter().zip(values) {
            labels.push(name, value);
        }
        labels
    }

    /// The same with one more, if it has a value.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut labels = Self { text: Vec::with_capacity(self.text.len() + name.len() + value.len() + 4) };
        labels.text.extend_from_slice(&self.text);
        labels.push(name, value);
        labels
    }

    fn push(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        self.text.push(if self.text.is_empty() { b'{' } else { b',' });
        self.text.extend_from_slice(name.as_bytes());
        self.text.extend_from_slice(b"=\"");
        push_escaped(&mut self.text, value);
        self.text.push(b'"');
    }

    fn write(&self, text: &mut Vec<u8>) {
        if !self.text.is_empty() {
            text.extend_from_slice(&self.text);
            text.push(b'}');
        }
    }
}

/// The samples of all families, while they are collected.
pub(super) struct Samples {
    /// By the family's position.
    families: Vec<Stream>,
    compress: bool,
    outcome: io::Result<()>,
}

/// The text of a family, heading included; empty where it has no sample.
struct Stream {
    text: Vec<u8>,
    /// What came before it, if that is compressed already.
    begin: Option<Encoder>,
}

impl Samples {
    /// No sample of any family yet, for a text. `lengths` are those of a text before, to make room for one like it.
    pub(super) fn plain(lengths: &Lengths) -> Self {
        let streams = (0..ALL.len()).map(|position| Stream::with_room(lengths.room(position)));
        Self { families: streams.collect(), compress: false, outcome: Ok(()) }
    }

    /// No sample of any family yet, for a text that is compressed while it is written.
    pub(super) fn compressed() -> Self {
        let streams = ALL.iter().map(|_| Stream::with_room(0));
        Self { families: streams.collect(), compress: true, outcome: Ok(()) }
    }

    /// Adds a sample. `labels` are the values of the family's labels, in its order; an empty one is left out.
    pub(super) fn add(&mut self, family: &Family, labels: &[&str], value: impl Into<Number>) {
        self.add_labelled(family, &Labels::of(family.labels, labels), value.into());
    }

    /// Adds a sample whose labels are written already.
    pub(super) fn add_labelled(&mut self, family: &Family, labels: &Labels, value: Number) {
        write_sample(self.text_of(family), family.name, "", labels, value);
        let stream = &mut self.families[family.position];
        if self.compress && stream.text.len() >= UNCOMPRESSED && self.outcome.is_ok() {
            self.outcome = stream.compress();
        }
    }

    /// Adds a histogram's samples.
    pub(super) fn add_histogram(&mut self, family: &Family, labels: &[&str], histogram: &Histogram) {
        let text = self.text_of(family);
        let labels = Labels::of(family.labels, labels);
        let mut bucket = |bound: &str, count: u64| {
            write_sample(text, family.name, "_bucket", &labels.with("le", bound), Number::Whole(count));
        };
        for (bound, count) in histogram.cumulative() {
            bucket(&bound.to_string(), count);
        }
        bucket("+Inf", histogram.count());
        write_sample(text, family.name, "_sum", &labels, Number::Float(histogram.sum()));
        write_sample(text, family.name, "_count", &labels, Number::Whole(histogram.count()));
    }

    /// Adds a family that the `prometheus` crate has collected, as its own encoder writes it.
    pub(super) fn add_family(&mut self, family: &MetricFamily) -> prometheus::Result<()> {
        let text = TextEncoder::new().encode_to_string(std::slice::from_ref(family))?;
        if let Some(position) = ALL.iter().position(|known| known.name == family.name()) {
            self.families[position].text.extend_from_slice(text.as_bytes());
        }
        Ok(())
    }

    /// The text of all families that have samples, in the order of their names, and how long each is.
    pub(super) fn into_text(mut self) -> (Vec<u8>, Lengths) {
        let lengths = Lengths { of_families: self.families.iter().map(|stream| stream.text.len()).collect() };
        let mut whole = Vec::with_capacity(lengths.of_families.iter().sum());
        for position in by_name() {
            // Each goes once it is copied.
            whole.extend_from_slice(&mem::take(&mut self.families[position].text));
        }
        (whole, lengths)
    }

    /// The same text, compressed.
    pub(super) fn into_gzip(mut self) -> io::Result<Piece> {
        mem::replace(&mut self.outcome, Ok(()))?;
        let (mut whole, mut short) = (Piece::default(), Vec::new());
        for position in by_name() {
            let Stream { text, begin } = mem::replace(&mut self.families[position], Stream::with_room(0));
            let Some(mut encoder) = begin else {
                // One piece is made of all that are short.
                short.extend_from_slice(&text);
                continue;
            };
            whole.append(&Piece::of(&mem::take(&mut short))?);
            encoder.add(&text)?;
            whole.append(&encoder.finish()?);
        }
        whole.append(&Piece::of(&short)?);
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
    fn with_room(room: usize) -> Self {
        Self { text: Vec::with_capacity(room), begin: None }
    }

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

fn write_sample(text: &mut Vec<u8>, name: &str, suffix: &str, labels: &Labels, value: Number) {
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(suffix.as_bytes());
    labels.write(text);
    text.push(b' ');
    value.write(text);
    text.push(b'\n');
}

/// A label's value as it stands between quotes.
fn push_escaped(text: &mut Vec<u8>, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'\\' => text.extend_from_slice(b"\\\\"),
            b'"' => text.extend_from_slice(b"\\\""),
            b'\n' => text.extend_from_slice(b"\\n"),
            other => text.push(other),
        }
    }
}

/// A count as a sample.
#[expect(clippy::cast_precision_loss, reason = "a sample is a float; counts stay below 2^53")]
pub(super) fn count_of(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::push_escaped;

    fn escaped(value: &str) -> String {
        let mut text = Vec::new();
        push_escaped(&mut text, value);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_would_end_a_value_or_its_line_is_escaped() {
        assert_eq!(escaped("a \"b\" \\c\nd\\"), r#"a \"b\" \\c\nd\\"#);
        assert_eq!(escaped(""), "");
        assert_eq!(escaped("Zürich €"), "Zürich €");
    }

    proptest! {
        #[test]
        fn every_value_is_escaped_as_one_character_after_the_other(value in ".*\\PC*[\\\\\"\n]*.*") {
            let expected: String = value.chars().map(|c| match c {
                '\\' => "\\\\".to_owned(),
                '"' => "\\\"".to_owned(),
                '\n' => "\\n".to_owned(),
                other => other.to_string(),
            }).collect();
            assert_eq!(escaped(&value), expected);
        }
    }
}
