//! What filters and sorts look at: single members of a record, read.

use crate::servicetitan::time;
use serde::Deserialize;

/// A member of a record that lists filter by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Absent or null.
    None,
    Bool(bool),
    Int(i64),
    /// Nanoseconds since 1970.
    Time(i64),
    Text(String),
    Ints(Vec<i64>),
    /// The pairs of `externalData`.
    Pairs(Vec<(String, String)>),
}

/// How a member is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Time,
    Text,
    Ints,
    Pairs,
}

impl Key {
    /// Reads the JSON text of a member.
    pub(crate) fn read(kind: Kind, raw: &str) -> Self {
        fn json<'a, T: Deserialize<'a>>(raw: &'a str) -> Option<T> {
            serde_json::from_str(raw).ok()
        }
        #[derive(Deserialize)]
        struct Pair {
            key: String,
            value: Option<String>,
        }
        let key = match kind {
            Kind::Bool => json(raw).map(Key::Bool),
            Kind::Int => json(raw).map(Key::Int),
            Kind::Time => json::<String>(raw).and_then(|text| time::parse(&text)).map(Key::Time),
            Kind::Text => json(raw).map(Key::Text),
            Kind::Ints => json(raw).map(Key::Ints),
            Kind::Pairs => json::<Vec<Pair>>(raw).map(|all| {
                Key::Pairs(all.into_iter().map(|p| (p.key, p.value.unwrap_or_default())).collect())
            }),
        };
        key.unwrap_or(Key::None)
    }
}
