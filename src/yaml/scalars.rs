//! Every single value of a YAML file, the key it stands behind and where it is written: an alias repeats a value that is
//! written elsewhere.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{NonFiniteFloatPolicy, Spanned};

use super::{Place, Unreadable};

/// A single value, which is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The key it stands behind, alone or in a list; none if it is a key itself.
    pub key: Option<String>,
    /// Where it is written: an alias's value stands at the anchor.
    pub written: Place,
    /// Whether it stands here through an alias or a merge.
    pub is_repeated: bool,
}

impl Scalar {
    fn of<T>(node: &Spanned<T>, key: Option<&str>) -> Self {
        let is_repeated = node.referenced != node.defined;
        Self { key: key.map(str::to_owned), written: node.defined.into(), is_repeated }
    }
}

/// The single values of a YAML document, keys among them, in its order.
pub fn scalars(file: &str, text: &str) -> Result<Vec<Scalar>, Unreadable> {
    let mut options = super::options();
    // A value that no key takes is told by who reads the file as what it should be.
    options.non_finite_float_policy = NonFiniteFloatPolicy::AsString;
    let document: Spanned<Node> = super::read_with(options, file, text)?;
    let mut scalars = Vec::new();
    collect(&document, None, &mut scalars);
    Ok(scalars)
}

fn collect(node: &Spanned<Node>, key: Option<&str>, scalars: &mut Vec<Scalar>) {
    match &node.value {
        Node::Scalar => scalars.push(Scalar::of(node, key)),
        Node::List(list) => list.iter().for_each(|node| collect(node, key, scalars)),
        Node::Block(block) => {
            for (key, node) in block {
                scalars.push(Scalar::of(key, None));
                collect(node, Some(&key.value), scalars);
            }
        }
    }
}

/// Whatever stands in a file.
enum Node {
    Scalar,
    List(Vec<Spanned<Node>>),
    Block(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor;

        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_str<E>(self, _: &str) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_bytes<E>(self, _: &[u8]) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Scalar)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = elements.next_element()? {
                    list.push(element);
                }
                Ok(Node::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
                let mut block = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    block.push(entry);
                }
                Ok(Node::Block(block))
            }
        }

        deserializer.deserialize_any(NodeVisitor)
    }
}
