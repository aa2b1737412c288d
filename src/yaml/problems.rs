//! What is wrong with the meaning of a file, collected so that all of it is told at once.

use std::fmt;

use super::{Place, shown_key};

/// The longest value that a message repeats, in bytes.
const LONGEST: usize = 80;

/// One thing that is wrong, where it stands and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the file.
    pub place: Place,
    /// The key, as a path from the top.
    pub key: String,
    /// What was found and what to write instead.
    pub message: String,
}

/// All that is wrong with a file: a line for each problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    file: String,
    list: Vec<Problem>,
}

impl Problems {
    /// None yet, of a file of that name.
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), list: Vec::new() }
    }

    /// Adds what is wrong there.
    pub fn add(&mut self, place: Place, key: impl AsRef<str>, message: impl Into<String>) {
        self.list.push(Problem { place, key: shown_key(key.as_ref()), message: message.into() });
    }

    /// The value, unless something is wrong.
    pub fn or<T>(mut self, value: T) -> Result<T, Self> {
        if self.list.is_empty() {
            return Ok(value);
        }
        self.list.sort_by_key(|problem| problem.place);
        Err(self)
    }

    /// The problems, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }
}

/// A value as a message may repeat it. Where a quote or a space is missing, a value takes in what stands behind it, other
/// keys and their values: so none is repeated that is long or holds a colon or a line break.
pub fn shown(value: &str) -> String {
    if value.len() <= LONGEST && !value.chars().any(|c| c == ':' || c.is_control()) {
        format!("{value:?}")
    } else {
        "a text (not repeated here)".to_owned()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { place, key, message }) in self.list.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(f, "{line_break}{}:{place}: {key}: {message}", self.file)?;
        }
        Ok(())
    }
}
