//! One record: JSON text that is ready to be sent, and what lists need to know of it.

use crate::servicetitan::data::key::{Key, Kind};
use crate::servicetitan::members::Members;
use serde::{
    Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{fmt, sync::OnceLock};

/// A name and how it is read.
pub(crate) type Column = (&'static str, Kind);

/// A record as the provider holds it.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) id: i64,
    /// The object that lists and gets send.
    pub(crate) text: String,
    /// Members that only export feeds add, without braces: `"active":true`.
    pub(crate) feed: String,
    /// Members that nothing sends, without braces. Filters see them.
    pub(crate) private: String,
    pub(crate) active: bool,
    pub(crate) deleted: bool,
    /// When it was last changed; the order of the export feeds.
    pub(crate) modified: i64,
    /// Read when a filter first asks: a list without filters never does.
    pub(crate) keys: OnceLock<Vec<Key>>,
}

impl Record {
    /// A copy without the keys, to be changed.
    pub(crate) fn bare(&self) -> Self {
        Self {
            id: self.id,
            text: self.text.clone(),
            feed: self.feed.clone(),
            private: self.private.clone(),
            active: self.active,
            deleted: self.deleted,
            modified: self.modified,
            keys: OnceLock::new(),
        }
    }

    /// The members that lists send.
    pub(crate) fn members(&self) -> Members {
        Members::parse(&self.text).unwrap_or_default()
    }

    /// Adds the object that export feeds send.
    pub(crate) fn write_feed(&self, out: &mut String) {
        write_joined(out, &self.text, &self.feed);
    }

    /// The key in a column; [`Key::None`] if the record lacks it.
    pub(crate) fn key(&self, columns: &[Column], name: &str) -> &Key {
        let keys = self.keys.get_or_init(|| self.read_keys(columns));
        columns.iter().position(|(known, _)| *known == name).and_then(|at| keys.get(at)).unwrap_or(&Key::None)
    }

    pub(crate) fn int(&self, columns: &[Column], name: &str) -> Option<i64> {
        match self.key(columns, name) {
            Key::Int(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn text_of<'a>(&'a self, columns: &[Column], name: &str) -> Option<&'a str> {
        match self.key(columns, name) {
            Key::Text(value) => Some(value),
            _ => None,
        }
    }

    fn read_keys(&self, columns: &[Column]) -> Vec<Key> {
        let mut keys = vec![Key::None; columns.len()];
        let mut joined = String::new();
        write_joined(&mut joined, &self.text, &self.feed);
        let mut all = String::with_capacity(joined.len() + self.private.len());
        write_joined(&mut all, &joined, &self.private);
        let mut reader = serde_json::Deserializer::from_str(&all);
        // The text is the provider's own and reads; if not, every filter misses it.
        drop(reader.deserialize_map(Keys { columns, keys: &mut keys }));
        keys
    }
}

/// Adds an object with the members of a second one that has no braces.
fn write_joined(out: &mut String, object: &str, more: &str) {
    let open = object.strip_suffix('}').unwrap_or(object);
    out.push_str(open);
    if !more.is_empty() {
        if !open.ends_with('{') {
            out.push(',');
        }
        out.push_str(more);
    }
    out.push('}');
}

struct Keys<'a> {
    columns: &'a [Column],
    keys: &'a mut [Key],
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let column = self.columns.iter().zip(self.keys.iter_mut()).find(|((known, _), _)| *known == name);
            match column {
                Some(((_, kind), key)) => *key = Key::read(*kind, map.next_value::<&RawValue>()?.get()),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
