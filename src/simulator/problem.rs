//! What is wrong with a scenario or a list of faults, and where.
//!
//! Must not repeat a secret key: messages name keys and ids alone.

use std::fmt;

use crate::yaml::{Place, Unreadable};

/// Why a scenario can't be played: one line for each problem, `file:line:column: key: what to do`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// The text is not a scenario file.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The file can be read, but these values have no good meaning.
    #[error("{}", lines(.0))]
    Meaningless(Vec<Problem>),
}

/// A value without a good meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    file: String,
    place: Place,
    key: String,
    message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.place, self.key, self.message)
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The problems of one file.
pub(super) struct Problems<'a> {
    file: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) const fn of(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    /// Tells a problem of the key at that place.
    pub(super) fn tell(&mut self, place: Place, key: impl Into<String>, message: impl Into<String>) {
        let (file, key, message) = (self.file.to_owned(), key.into(), message.into());
        self.found.push(Problem { file, place, key, message });
    }

    /// The value, if nothing was wrong; else every problem, in the order of the file.
    pub(super) fn unless_any<T>(mut self, value: T) -> Result<T, ScenarioError> {
        if self.found.is_empty() {
            return Ok(value);
        }
        self.found.sort_by_key(|problem| problem.place);
        Err(ScenarioError::Meaningless(self.found))
    }
}
