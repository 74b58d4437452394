//! JSON as text, taken apart one level at a time.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

pub(super) fn trimmed(json: &str) -> serde_json::Result<&str> {
    serde_json::from_str::<&RawValue>(json).map(RawValue::get)
}

/// The members of an object in their order, repeated names included. None if the
/// text is no JSON object.
pub(super) fn members(json: &str) -> Option<Vec<(String, &str)>> {
    serde_json::from_str::<Members<'_>>(json).ok().map(|members| members.0)
}

/// A member of an object, the last one of its name; none if there is none.
///
/// # Errors
/// The text is no JSON (`is_data` is false then), or no object.
pub fn last_member<'a>(json: &'a [u8], name: &str) -> serde_json::Result<Option<&'a RawValue>> {
    let members: Members<'_> = serde_json::from_slice(json)?;
    let last = members.0.into_iter().rev().find(|(member, _)| member == name);
    last.map(|(_, json)| serde_json::from_str(json)).transpose()
}

/// The elements of an array. None if the text is no JSON array.
pub(super) fn elements(json: &str) -> Option<Vec<&str>> {
    serde_json::from_str::<Elements<'_>>(json).ok().map(|elements| elements.0)
}

/// The text that a JSON string stands for. None if it is no string, or if one half
/// of a surrogate pair stands alone in it.
pub(super) fn text(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// What kind of JSON a valid text is, for a message.
pub(super) fn kind(json: &str) -> &'static str {
    match json.as_bytes().first() {
        // Nothing else is wrong with the escapes of a valid text (RFC 8259 section 8.2).
        Some(b'"') if text(json).is_none() => "text with half of a surrogate pair",
        Some(b'"') => "text",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

struct Members<'a>(Vec<(String, &'a str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

struct Elements<'a>(Vec<&'a str>);

impl<'de> Deserialize<'de> for Elements<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Elements<'de>;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = seq.next_element::<&RawValue>()? {
                    elements.push(element.get());
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(Read)
    }
}
