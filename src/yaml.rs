//! Every YAML file is read here: strictly, with places, and without ever repeating a value of the file.
//!
//! Knows nothing of what the files mean.

mod aliases;
mod pairs;
mod problems;

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, Location, MergeKeyPolicy, Options, Spanned};

pub use self::aliases::{Alias, aliases};
pub use self::pairs::Pairs;
pub use self::problems::{Problem, Problems, shown};

/// The largest file read, in bytes: a configuration of 100,000 queries is about a tenth of it.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Reads a YAML document of that type. Unknown keys are errors where the type denies them, doubled keys always.
pub fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Unreadable> {
    let path = std::cell::RefCell::new(String::new());
    serde_saphyr::with_deserializer_from_str_with_options(text, options(), |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            *path.borrow_mut() = error.path().to_string();
            error.into_inner()
        })
    })
    .map_err(|error| Unreadable::new(file, text, &path.borrow(), &error))
}

/// Writes a YAML document.
pub fn write(content: &impl Serialize) -> Result<String, Unwritable> {
    serde_saphyr::to_string(content).map_err(|error| Unwritable(error.to_string()))
}

/// What can't be written as YAML, such as a map whose keys are maps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't be written as YAML: {0}")]
pub struct Unwritable(String);

fn options() -> Options {
    serde_saphyr::options! {
        // Snippets would print the lines around the fault, and so perhaps a secret.
        with_snippet: false,
        strict_booleans: true,
        merge_keys: MergeKeyPolicy::Merge,
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: Some(MAX_BYTES),
            max_events: 50_000_000,
            max_nodes: 25_000_000,
            max_total_scalar_bytes: MAX_BYTES,
            max_documents: 1,
        },
    }
}

/// A file that can't be read as what it should be: where, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{place}: {}{message}", .key.as_deref().map(|key| format!("{key}: ")).unwrap_or_default())]
pub struct Unreadable {
    file: String,
    place: Place,
    key: Option<String>,
    message: String,
}

impl Unreadable {
    fn new(file: &str, text: &str, path: &str, error: &Error) -> Self {
        let error = error.without_snippet();
        let place = Place::from(error.location());
        let (named, message) = describe(error, found_at(text, place));
        // What is unknown may be a value in the wrong place; it is named only where it looks like a key.
        let path = unknown(error).and_then(|field| path.strip_suffix(field)).unwrap_or(path);
        // `value` is the step into a `Located`, `?` the key being read.
        let path = path.replace(".value[", "[");
        let mut keys: Vec<&str> = path.split('.').filter(|key| !matches!(*key, "" | "?" | "value")).collect();
        if let Some(named) = named.as_deref()
            && keys.last() != Some(&named)
        {
            keys.push(named);
        }
        let key = (!keys.is_empty()).then(|| shown_key(&keys.join(".")));
        Self { file: file.to_owned(), place, key, message }
    }
}

/// A path of keys as it may be told: up to the first character that no key has, since what follows may be a value
/// without its space, as in `secret_key:…`, or without its quotes.
pub fn shown_key(path: &str) -> String {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '[' | ']');
    match path.find(|c| !belongs(c)) {
        Some(end) => format!("{}…", &path[..end]),
        None => path.to_owned(),
    }
}

/// The field an error calls unknown.
fn unknown(error: &Error) -> Option<&str> {
    match error {
        Error::SerdeUnknownField { field, .. } => Some(field),
        Error::AliasError { error, .. } => unknown(error),
        _ => None,
    }
}

/// The key an error names, and the error in words that hold no value of the file.
fn describe(error: &Error, found: &str) -> (Option<String>, String) {
    let expected = |expected: &str| format!("found {found}; write {}", in_plain_words(expected));
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let hint = if field.contains("secret") && expected.contains(&"secret_key_file") {
                "a secret is never written into this file; write one of secret_key_file, secret_key_env, \
                 secret_key_credential"
                    .to_owned()
            } else if expected.is_empty() {
                "no key is known here".to_owned()
            } else {
                format!("known here: {}", expected.join(", "))
            };
            let is_key = field.len() <= 32 && field.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            (is_key.then(|| field.clone()), format!("unknown key; {hint}"))
        }
        Error::SerdeMissingField { field, .. } => (Some((*field).to_owned()), "missing key; write it".to_owned()),
        Error::DuplicateMappingKey { key, .. } => {
            (key.clone(), "this key stands here twice; keep one of the two".to_owned())
        }
        Error::SerdeInvalidType { expected: what, .. } | Error::SerdeInvalidValue { expected: what, .. } => {
            (None, expected(what))
        }
        Error::SerdeInvalidLength { len, expected, .. } => (None, format!("found {len} elements; write {expected}")),
        Error::SerdeUnknownVariant { expected, .. } => {
            (None, format!("found another word; write one of {}", expected.join(", ")))
        }
        Error::Unexpected { expected: what, .. } => (None, expected(what)),
        Error::InvalidScalar { ty, .. } => (None, expected(ty)),
        Error::NullIntoString { .. } => (None, expected("string scalar")),
        Error::InvalidBooleanStrict { .. } => (None, expected("true or false")),
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            (None, "found a second document; keep one in this file".to_owned())
        }
        Error::Budget { .. } => {
            (None, "found more than a file may hold; write less of it, or repeat less by aliases and merges".to_owned())
        }
        Error::Eof { .. } => (None, "found the end of the file; write the keys that belong here".to_owned()),
        // A tag may be a value that lost its quotes.
        Error::TaggedEnumMismatch { .. } | Error::UnsupportedTag { .. } => {
            (None, "found a tag; write the value without it".to_owned())
        }
        Error::AliasError { error, .. } => describe(error, found),
        Error::Message { msg, .. } => (None, msg.clone()),
        // The parser ends its messages with a place of its own; ours stands in front.
        other => (None, other.to_string().split(" at line ").next().unwrap_or_default().to_owned()),
    }
}

/// The parser's names of what it expected, in words of YAML.
fn in_plain_words(expected: &str) -> &str {
    match expected {
        "string scalar" => "a single value",
        "sequence start" => "a list",
        "mapping start" => "a block of keys",
        "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f64" | "floating point" => "a number",
        other => other,
    }
}

/// What kind of thing stands at that place, without repeating it.
fn found_at(text: &str, place: Place) -> &'static str {
    let line = usize::try_from(place.line).ok().and_then(|line| text.lines().nth(line.checked_sub(1)?));
    let column = usize::try_from(place.column).unwrap_or_default().saturating_sub(1);
    let rest: String = line.unwrap_or_default().chars().skip(column).collect();
    // Within braces or brackets a value ends before its neighbour.
    let rest = rest.split([',', '}', ']']).next().unwrap_or_default().trim();
    match rest.chars().next() {
        // A colon is that of the key, behind which there is no value.
        None | Some('#' | '~' | ':') => "nothing",
        Some('[') => "a list",
        Some('-') if rest.starts_with("- ") => "a list",
        Some('{') => "a block of keys",
        Some('"' | '\'') => "a text",
        Some(_) if rest.contains(": ") || rest.ends_with(':') => "a block of keys",
        Some(c) if c.is_ascii_digit() || c == '-' => "a number or text",
        Some(_) => "a text",
    }
}

/// A line and column of a file, from 1; 0 where neither is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

impl From<Option<Location>> for Place {
    fn from(location: Option<Location>) -> Self {
        location.map_or_else(Self::default, Self::from)
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and where in the file it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, place: spanned.referenced.into() })
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests;
