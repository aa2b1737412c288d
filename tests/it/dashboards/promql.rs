//! What a test has to know of an expression: which series it selects, by which matchers, and over which range. It finds
//! selectors in texts; whether the whole can be read is told by Prometheus.

/// A selector in an expression.
#[derive(Debug)]
pub(super) struct Selector {
    /// The metric; empty where a matcher names it.
    pub(super) name: String,
    /// The matchers as they are written, as `job=~"$job"`.
    pub(super) matchers: Vec<String>,
    /// The range behind it, as `$__rate_interval`.
    pub(super) range: Option<String>,
    /// The function it is given to, if that is all it is given.
    pub(super) function: String,
}

impl Selector {
    pub(super) fn has(&self, matcher: &str) -> bool {
        self.matchers.iter().any(|own| own == matcher)
    }

    /// Whether a rule of `alerts/` records it, or Prometheus itself does for alerts.
    pub(super) fn is_recorded(&self) -> bool {
        self.name.contains(':') || self.name.starts_with("ALERTS")
    }
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == ':'
}

/// Every selector, in the order they are written.
pub(super) fn selectors(expression: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(open) = find_outside_texts(expression, rest, '{') {
        let close = find_outside_texts(expression, open, '}').expect("braces are closed");
        let before = expression[..open].trim_end_matches(is_of_name);
        let after = &expression[close + 1..];
        let call = before.strip_suffix('(').unwrap_or_default();
        found.push(Selector {
            name: expression[before.len()..open].to_owned(),
            matchers: split(&expression[open + 1..close]),
            range: after.strip_prefix('[').and_then(|after| Some(after.split_once(']')?.0.to_owned())),
            function: call[call.trim_end_matches(is_of_name).len()..].to_owned(),
        });
        rest = close + 1;
    }
    found
}

/// The expression without its selectors and texts: functions, operators and labels.
pub(super) fn without_selectors(expression: &str) -> String {
    let (mut left, mut rest) = (String::new(), 0);
    while let Some(open) = find_outside_texts(expression, rest, '{') {
        left.push_str(expression[rest..open].trim_end_matches(is_of_name));
        rest = find_outside_texts(expression, open, '}').expect("braces are closed") + 1;
    }
    left.push_str(&expression[rest..]);
    left
}

fn find_outside_texts(expression: &str, from: usize, wanted: char) -> Option<usize> {
    let mut inside = false;
    expression[from..].char_indices().find_map(|(at, character)| {
        if character == '"' {
            inside = !inside;
        }
        (!inside && character == wanted).then_some(from + at)
    })
}

/// The parts between commas that are not in a text.
fn split(matchers: &str) -> Vec<String> {
    let (mut parts, mut rest) = (Vec::new(), 0);
    while let Some(comma) = find_outside_texts(matchers, rest, ',') {
        parts.push(matchers[rest..comma].trim().to_owned());
        rest = comma + 1;
    }
    parts.push(matchers[rest..].trim().to_owned());
    parts
}

#[test]
fn selectors_are_found_with_their_matchers_range_and_function() {
    let found = selectors(r#"60 * sum by (a) (rate(x_total{job=~"$job", b="1, {2}"}[$__rate_interval])) > 0 or y:z{}"#);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].name.as_str(), found[0].function.as_str()), ("x_total", "rate"));
    assert_eq!(found[0].matchers, [r#"job=~"$job""#, r#"b="1, {2}""#]);
    assert_eq!(found[0].range.as_deref(), Some("$__rate_interval"));
    assert_eq!((found[1].name.as_str(), found[1].range.as_deref()), ("y:z", None));
    assert!(found[1].is_recorded() && !found[0].is_recorded());
}
