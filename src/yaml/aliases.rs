//! What the aliases of a YAML file repeat: a single value that stands behind one key, and again behind another.
//!
//! Nothing is expanded, so this takes as long as the file is. Knows nothing of what keys mean.

use std::collections::HashMap;

use granit_parser::{Event, Parser};

use super::Place;

/// An alias of a single value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The key that the value stands behind, alone or in a list; none if it is a key itself.
    pub behind: Option<String>,
    /// Where the value stands.
    pub place: Place,
    /// The key that the alias stands behind; none if it is a key itself.
    pub repeated_behind: Option<String>,
}

/// The aliases of single values in a YAML file, up to where it can't be read.
pub fn aliases(text: &str) -> Vec<Alias> {
    let mut walk = Walk::default();
    for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
        let [line, column] = [span.start.line(), span.start.col() + 1].map(|at| u64::try_from(at).unwrap_or_default());
        walk.step(event, Place { line, column });
    }
    walk.aliases
}

/// A list or block that is open.
enum Frame {
    List { behind: Option<String> },
    Block { key: Option<String>, key_is_next: bool },
}

/// A value with an anchor.
struct Anchored {
    value: String,
    behind: Option<String>,
    place: Place,
}

#[derive(Default)]
struct Walk {
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    aliases: Vec<Alias>,
}

impl Walk {
    fn step(&mut self, event: Event<'_>, place: Place) {
        match event {
            Event::Scalar(value, _, anchor, _) => {
                if anchor > 0 {
                    let anchored = Anchored { value: value.clone().into_owned(), behind: self.behind(), place };
                    self.anchors.insert(anchor, anchored);
                }
                self.pass(Some(value.into_owned()));
            }
            Event::Alias(anchor) => {
                let repeated_behind = self.behind();
                let anchored = self.anchors.get(&anchor);
                let value = anchored.map(|anchored| anchored.value.clone());
                self.aliases.extend(anchored.map(|anchored| Alias {
                    behind: anchored.behind.clone(),
                    place: anchored.place,
                    repeated_behind,
                }));
                self.pass(value);
            }
            Event::SequenceStart(..) => self.frames.push(Frame::List { behind: self.behind() }),
            Event::MappingStart(..) => self.frames.push(Frame::Block { key: None, key_is_next: true }),
            Event::SequenceEnd | Event::MappingEnd => {
                self.frames.pop();
                self.pass(None);
            }
            _ => {}
        }
    }

    /// The key that what comes next stands behind.
    fn behind(&self) -> Option<String> {
        match self.frames.last()? {
            Frame::List { behind } => behind.clone(),
            Frame::Block { key_is_next: true, .. } => None,
            Frame::Block { key, .. } => key.clone(),
        }
    }

    /// Goes past a key or a value.
    fn pass(&mut self, value: Option<String>) {
        if let Some(Frame::Block { key, key_is_next }) = self.frames.last_mut() {
            if *key_is_next {
                *key = value;
            }
            *key_is_next = !*key_is_next;
        }
    }
}
