//! Reading documented JSON: amounts and ids exactly as they come, and errors that hold none of what was read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

use crate::domain::failure::{Failure, Reason};
use crate::domain::money::{Currency, MinorUnits};
use crate::domain::query::{AccountNumber, ChannelId, GatewayId};

/// How deep lists and objects may lie in each other: as deep as `serde_json` follows, which does not count what it skips.
const MAX_DEPTH: usize = 128;

/// Reads JSON of that type. A failure says where the answer differs from the documents, and holds no value of it.
pub(super) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Failure> {
    if is_deeper_than(MAX_DEPTH, json) {
        return Err(malformed(format!("the answer is nested more than {MAX_DEPTH} deep")));
    }
    serde_json::from_slice(json).or_else(|first| {
        if !first.is_data() {
            return Err(malformed(format!(
                "the answer is not JSON: it breaks off or goes wrong at line {}, column {}",
                first.line(),
                first.column()
            )));
        }
        // Again, only to learn the place.
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            malformed(match error.path().to_string().as_str() {
                "." => "the answer is not of the documented shape".to_owned(),
                path => format!("`{path}` of the answer is not as documented"),
            })
        })
    })
}

fn is_deeper_than(limit: usize, json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    json.iter().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > limit
    })
}

/// Reads a JSON object as that type.
pub(super) fn read_object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Failure> {
    read(json).map(|Object(object)| object)
}

/// A JSON object, and nothing else: of a list, serde would take the first element for the first field.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

pub(super) fn malformed(detail: impl Into<String>) -> Failure {
    Failure::new(Reason::MalformedResponse, detail)
}

/// A field that the documents call required is not there.
pub(super) fn missing(field: &str) -> Failure {
    malformed(format!("`{field}`, which the documents promise, is not in the answer"))
}

/// The failure of a success without an amount: a missing amount never becomes 0.
pub(super) fn no_amount() -> Failure {
    Failure::new(Reason::NoData, "the answer is a success without a balance: it has no amount")
}

/// A whole number, as JSON integer or as decimal string; a fraction, an exponent or anything else is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole<T>(pub(super) T);

/// An amount in minor units.
pub(super) type Amount = Whole<i64>;
/// An id.
pub(super) type Id = Whole<u64>;

impl From<Amount> for MinorUnits {
    fn from(amount: Amount) -> Self {
        Self(amount.0)
    }
}

impl From<Id> for GatewayId {
    fn from(id: Id) -> Self {
        Self(id.0)
    }
}

impl From<Id> for ChannelId {
    fn from(id: Id) -> Self {
        Self(id.0)
    }
}

impl<'de, T: FromStr + TryFrom<i64> + TryFrom<u64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WholeVisitor<T>(PhantomData<T>);

        impl<T: FromStr + TryFrom<i64> + TryFrom<u64>> Visitor<'_> for WholeVisitor<T> {
            type Value = Whole<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                T::try_from(number).map(Whole).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                T::try_from(number).map(Whole).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                // `parse` alone would take a plus sign.
                let digits = text.strip_prefix('-').unwrap_or(text);
                let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                let number = if whole { text.parse().ok() } else { None };
                number.map(Whole).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(WholeVisitor(PhantomData))
    }
}

/// A text; a whole number counts as its digits. An empty text is as good as none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text<'a>(Cow<'a, str>);

impl Text<'_> {
    /// The text, unless it is empty.
    pub(super) fn filled(text: Option<&Self>) -> Option<&str> {
        text.map(|text| text.0.as_ref()).filter(|text| !text.is_empty())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
        }

        deserializer.deserialize_any(TextVisitor)
    }
}

/// The currency a field names, if it names one.
pub(super) fn currency(text: Option<&Text<'_>>, field: &str) -> Result<Option<Currency>, Failure> {
    Text::filled(text)
        .map(|code| code.parse().map_err(|_| malformed(format!("`{field}` of the answer is not a currency code"))))
        .transpose()
}

/// The account a field names, if it names one.
pub(super) fn account(text: Option<&Text<'_>>) -> Option<AccountNumber> {
    Text::filled(text).map(AccountNumber::from)
}

/// The numbers found at JSON pointers in the provider's own part of an answer. What is no number there is left out.
pub(super) fn details(info: Option<&RawValue>, pointers: &[Arc<str>]) -> Result<Vec<(Arc<str>, f64)>, Failure> {
    let Some(info) = info.filter(|_| !pointers.is_empty()) else { return Ok(Vec::new()) };
    let info: serde_json::Value = read(info.get().as_bytes())?;
    // Numbers alone: a text of digits may be an account.
    let number = |pointer: &Arc<str>| Some((Arc::clone(pointer), info.pointer(pointer)?.as_f64()?));
    Ok(pointers.iter().filter_map(number).collect())
}
