//! Writing samples in Prometheus' text format 0.0.4, family by family.
//!
//! A sample becomes text at once: of what many queries make, the text is the least that has to be held. Labels that many
//! samples share are written once and copied.

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use super::families::{ALL, Family};
use super::number::Number;
use crate::store::Histogram;

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
    /// The text of each family, heading included, by its position; empty where it has no sample.
    families: Vec<Vec<u8>>,
}

impl Samples {
    /// No sample of any family yet. `lengths` are those of a text before, to make room for one like it.
    pub(super) fn new(lengths: &Lengths) -> Self {
        let families = ALL.iter().enumerate().map(|(position, _)| Vec::with_capacity(lengths.room(position)));
        Self { families: families.collect() }
    }

    /// Adds a sample. `labels` are the values of the family's labels, in its order; an empty one is left out.
    pub(super) fn add(&mut self, family: &Family, labels: &[&str], value: impl Into<Number>) {
        self.add_labelled(family, &Labels::of(family.labels, labels), value.into());
    }

    /// Adds a sample whose labels are written already.
    pub(super) fn add_labelled(&mut self, family: &Family, labels: &Labels, value: Number) {
        write_sample(self.text_of(family), family.name, "", labels, value);
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
            self.families[position].extend_from_slice(text.as_bytes());
        }
        Ok(())
    }

    /// The text of all families that have samples, in the order of their names, and how long each is.
    pub(super) fn into_text(mut self) -> (Vec<u8>, Lengths) {
        let lengths = Lengths { of_families: self.families.iter().map(Vec::len).collect() };
        let mut order: Vec<usize> = (0..ALL.len()).collect();
        order.sort_unstable_by_key(|position| ALL[*position].name);
        let mut whole = Vec::with_capacity(self.families.iter().map(Vec::len).sum());
        for position in order {
            // Each goes once it is copied.
            whole.extend_from_slice(&std::mem::take(&mut self.families[position]));
        }
        (whole, lengths)
    }

    fn text_of(&mut self, family: &Family) -> &mut Vec<u8> {
        let Family { position, name, kind, help, .. } = family;
        let text = &mut self.families[*position];
        if text.is_empty() {
            text.extend_from_slice(format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()).as_bytes());
        }
        text
    }
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
