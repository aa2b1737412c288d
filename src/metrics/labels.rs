//! Labels as they stand in a sample's line.

/// The value of a label.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    /// A text; an empty one is no label.
    Text(&'a str),
    /// The number of something.
    Id(u64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

/// Labels as they stand in a sample, but for the brace that closes them. Many samples share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    text: Vec<u8>,
}

impl Labels {
    /// Labels of those names and values; one without a value is left out.
    pub(super) fn of(names: &[&str], values: &[Value<'_>]) -> Self {
        let mut labels = Self::default();
        labels.set(names, values);
        labels
    }

    /// Writes others in the place of these.
    pub(super) fn set(&mut self, names: &[&str], values: &[Value<'_>]) {
        debug_assert_eq!(names.len(), values.len(), "a value for each of {names:?}");
        self.text.clear();
        for (name, value) in names.iter().zip(values) {
            let is_first = self.text.is_empty();
            push(&mut self.text, is_first, name, *value);
        }
    }

    /// Writes them as they stand in a line.
    pub(super) fn write(&self, line: &mut Vec<u8>) {
        if !self.text.is_empty() {
            line.extend_from_slice(&self.text);
            line.push(b'}');
        }
    }

    /// Writes them and one more.
    pub(super) fn write_with(&self, name: &str, value: &str, line: &mut Vec<u8>) {
        line.extend_from_slice(&self.text);
        push(line, self.text.is_empty(), name, value.into());
        if !(self.text.is_empty() && value.is_empty()) {
            line.push(b'}');
        }
    }
}

/// Adds a label, unless it has no value.
fn push(text: &mut Vec<u8>, is_first: bool, name: &str, value: Value<'_>) {
    if matches!(value, Value::Text("")) {
        return;
    }
    text.push(if is_first { b'{' } else { b',' });
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"=\"");
    match value {
        Value::Text(value) => push_escaped(text, value),
        Value::Id(id) => text.extend_from_slice(itoa::Buffer::new().format(id).as_bytes()),
    }
    text.push(b'"');
}

/// A label's value as it stands between quotes.
fn push_escaped(text: &mut Vec<u8>, value: &str) {
    let mut rest = value.as_bytes();
    while let Some(next) = rest.iter().position(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        text.extend_from_slice(&rest[..next]);
        text.extend_from_slice(&[b'\\', if rest[next] == b'\n' { b'n' } else { rest[next] }]);
        rest = &rest[next + 1..];
    }
    text.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

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

    #[test]
    fn labels_without_a_value_are_left_out() {
        let written = |values: &[Value<'_>], more: &str| {
            let (mut line, labels) = (Vec::new(), Labels::of(&["a", "b"], values));
            labels.write(&mut line);
            line.push(b' ');
            labels.write_with("c", more, &mut line);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(written(&["x".into(), Value::Id(0)], "y"), r#"{a="x",b="0"} {a="x",b="0",c="y"}"#);
        assert_eq!(written(&["".into(), "x".into()], ""), r#"{b="x"} {b="x"}"#);
        assert_eq!(written(&["".into(), "".into()], "y"), r#" {c="y"}"#);
        assert_eq!(written(&["".into(), "".into()], ""), " ");
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
