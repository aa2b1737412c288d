//! Writing samples in Prometheus' text format 0.0.4, family by family.
//!
//! A sample becomes text at once: of what many queries make, the text is the least that has to be held.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use super::families::Family;
use crate::store::Histogram;

/// The samples of several families, while they are collected.
#[derive(Default)]
pub(super) struct Samples {
    /// The text of each family, heading included, by its name.
    families: BTreeMap<Cow<'static, str>, String>,
}

impl Samples {
    /// Adds a sample. `labels` are the values of the family's labels, in its order; an empty one is left out.
    pub(super) fn add(&mut self, family: &Family, labels: &[&str], value: f64) {
        write_sample(self.text_of(family), family, "", labels, None, value);
    }

    /// Adds a histogram's samples.
    pub(super) fn add_histogram(&mut self, family: &Family, labels: &[&str], histogram: &Histogram) {
        let text = self.text_of(family);
        for (bound, count) in histogram.cumulative() {
            write_sample(text, family, "_bucket", labels, Some(&bound.to_string()), count_of(count));
        }
        let count = count_of(histogram.count());
        write_sample(text, family, "_bucket", labels, Some("+Inf"), count);
        write_sample(text, family, "_sum", labels, None, histogram.sum());
        write_sample(text, family, "_count", labels, None, count);
    }

    /// Adds a family that the `prometheus` crate has collected.
    pub(super) fn add_family(&mut self, family: &MetricFamily) -> prometheus::Result<()> {
        let text = TextEncoder::new().encode_to_string(std::slice::from_ref(family))?;
        self.families.entry(Cow::Owned(family.name().to_owned())).or_default().push_str(&text);
        Ok(())
    }

    /// The text of all families that have samples, in the order of their names.
    pub(super) fn into_text(self) -> String {
        let mut whole = String::with_capacity(self.families.values().map(String::len).sum());
        self.families.into_values().for_each(|text| whole.push_str(&text));
        whole
    }

    fn text_of(&mut self, family: &Family) -> &mut String {
        let Family { name, kind, help, .. } = family;
        self.families
            .entry(Cow::Borrowed(name))
            .or_insert_with(|| format!("# HELP {name} {help}\n# TYPE {name} {}\n", kind.as_str()))
    }
}

/// Writes a line. `bound` is the upper bound of a histogram's bucket.
fn write_sample(text: &mut String, family: &Family, suffix: &str, labels: &[&str], bound: Option<&str>, value: f64) {
    debug_assert_eq!(family.labels.len(), labels.len(), "labels of {}", family.name);
    text.push_str(family.name);
    text.push_str(suffix);
    let given = family.labels.iter().copied().zip(labels.iter().copied()).filter(|(_, value)| !value.is_empty());
    let mut separator = '{';
    for (name, value) in given.chain(bound.map(|bound| ("le", bound))) {
        text.push(separator);
        text.push_str(name);
        text.push_str("=\"");
        push_escaped(text, value);
        text.push('"');
        separator = ',';
    }
    if separator == ',' {
        text.push('}');
    }
    // Writing to a string does not fail.
    let _ = writeln!(text, " {value}");
}

/// A label's value as it stands between quotes.
fn push_escaped(text: &mut String, value: &str) {
    for part in value.split_inclusive(['\\', '"', '\n']) {
        match part.as_bytes().last() {
            Some(b'\\') => text.extend([&part[..part.len() - 1], "\\\\"]),
            Some(b'"') => text.extend([&part[..part.len() - 1], "\\\""]),
            Some(b'\n') => text.extend([&part[..part.len() - 1], "\\n"]),
            _ => text.push_str(part),
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
        let mut text = String::new();
        push_escaped(&mut text, value);
        text
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
