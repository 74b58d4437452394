//! Finds the ids of records without decoding them.

use crate::{policy::pager::RecordId, providers::api::Envelope};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, ops::Range};

/// The ids of a page's records, by the member that holds them.
pub(super) fn ids(envelope: &Envelope, member: &str) -> Vec<Option<RecordId>> {
    if let Some(ids) = &envelope.ids {
        let id = |place: &Range<usize>| {
            let json = std::str::from_utf8(envelope.body.get(place.clone())?).ok()?;
            RecordId::of(json).filter(|_| !json.is_empty())
        };
        return ids.iter().map(id).collect();
    }
    let records = envelope.records();
    records.map(|record| id(record, member)).collect()
}

/// The id of a record; none if it has none, or is no object.
fn id(record: &[u8], member: &str) -> Option<RecordId> {
    let mut json = serde_json::Deserializer::from_slice(record);
    Member(member).deserialize(&mut json).ok().flatten().and_then(|raw| RecordId::of(raw.get()))
}

/// Takes one member out of an object and passes over the others.
struct Member<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Key(key)) = map.next_key()? {
            if key != self.0 {
                map.next_value::<IgnoredAny>()?;
            } else {
                // Of a name that comes twice, the last one counts.
                found = Some(map.next_value()?);
            }
        }
        Ok(found)
    }
}

/// A name, borrowed unless it is written with escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_records_own_wherever_it_stands() {
        let number = |json: &str| id(json.as_bytes(), "id").and_then(|id| id.number);
        assert_eq!(number(r#"{"id":17}"#), Some(17));
        assert_eq!(number(r#"{"job":{"id":3},"list":[{"id":4}],"id" : 17 ,"name":"x\"y"}"#), Some(17));
        assert_eq!(number(r#"{"\u0069d":17}"#), Some(17));
        assert_eq!(number(r#"{"id":1,"id":17}"#), Some(17));
        assert_eq!(id(br#"{"session_id":"a"}"#, "session_id"), RecordId::of("\"a\""));
    }

    #[test]
    fn what_has_no_id_has_none() {
        for json in [r#"{"job":{"id":3}}"#, r#"{"id":null}"#, "[1]", "7", "{\"id\":1", ""] {
            assert_eq!(id(json.as_bytes(), "id"), None, "{json}");
        }
    }
}
