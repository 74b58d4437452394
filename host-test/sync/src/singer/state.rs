//! The tap's state: how far each stream is, as targets hand it back.

use crate::state::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How far each stream is, and each owner's records in it.
#[derive(Debug, Clone, Default)]
pub struct Bookmarks {
    streams: BTreeMap<String, BTreeMap<String, State>>,
    /// What the context of an owner's records calls the owner, by stream.
    owners: BTreeMap<String, String>,
}

/// A stream's bookmark: one, or one for each owner.
#[derive(Deserialize)]
#[serde(untagged)]
enum Bookmark {
    Partitions { partitions: Vec<Partition> },
    Whole(State),
}

#[derive(Serialize, Deserialize)]
struct Partition {
    context: BTreeMap<String, String>,
    #[serde(flatten)]
    state: State,
}

impl Bookmarks {
    /// Reads what a target has handed back, `{"bookmarks": {...}}`, or the message that it came in. Besides it the
    /// streams whose bookmarks are not of this tap, which are read from their beginning; `*` for a state that is
    /// none, but for an empty one.
    #[must_use]
    pub fn read(state: &Value) -> (Bookmarks, Vec<String>) {
        let (mut known, mut foreign) = (Bookmarks::default(), Vec::new());
        let is_message = state.get("type").and_then(Value::as_str) == Some("STATE");
        let state = state.get("value").filter(|_| is_message).unwrap_or(state);
        let bookmarks = state.get("bookmarks").and_then(Value::as_object);
        let is_empty = state.is_null() || state.as_object().is_some_and(serde_json::Map::is_empty);
        if bookmarks.is_none() && !is_empty {
            foreign.push("*".to_owned());
        }
        for (stream, bookmark) in bookmarks.into_iter().flatten() {
            match Bookmark::deserialize(bookmark) {
                Ok(Bookmark::Whole(state)) => known.put(stream, None, "", state),
                Ok(Bookmark::Partitions { partitions }) => {
                    for Partition { context, state } in partitions {
                        if let Some((name, owner)) = context.into_iter().next() {
                            known.put(stream, Some(&name), &owner, state);
                        }
                    }
                }
                Err(_) => foreign.push(stream.clone()),
            }
        }
        (known, foreign)
    }

    /// How far a stream is.
    #[must_use]
    pub fn get(&self, stream: &str, owner: &str) -> Option<&State> {
        self.streams.get(stream)?.get(owner)
    }

    /// Keeps how far a stream is; `name` is what its records call their owner, if they are read owner by owner.
    pub(super) fn put(&mut self, stream: &str, name: Option<&str>, owner: &str, state: State) {
        if let Some(name) = name {
            self.owners.insert(stream.to_owned(), name.to_owned());
        }
        self.streams.entry(stream.to_owned()).or_default().insert(owner.to_owned(), state);
    }

    /// As [`Bookmarks::read`] reads it.
    pub(super) fn value(&self) -> Value {
        let bookmarks: BTreeMap<&String, Value> = self
            .streams
            .iter()
            .map(|(stream, states)| {
                let Some(name) = self.owners.get(stream) else {
                    return (stream, json!(states.values().next()));
                };
                let partitions = states.iter().map(|(owner, state)| Partition {
                    context: BTreeMap::from([(name.clone(), owner.clone())]),
                    state: state.clone(),
                });
                (stream, json!({ "partitions": partitions.collect::<Vec<_>>() }))
            })
            .collect();
        json!({ "bookmarks": bookmarks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_what_is_of_another_tap_is_named() {
        let mut bookmarks = Bookmarks::default();
        let state = State { position: Some("p".to_owned()), generation: 2, ..State::default() };
        bookmarks.put("jpm_jobs", None, "", state.clone());
        bookmarks.put("sleep_sessions", Some("user_id"), "u-1", state.clone());
        bookmarks.put("sleep_sessions", Some("user_id"), "u-2", State::default());
        let mut written = bookmarks.value();
        assert_eq!(written["bookmarks"]["sleep_sessions"]["partitions"][0]["context"]["user_id"], "u-1");
        written["bookmarks"]["jobs"] = json!({ "replication_key_value": "2026-01-01T00:00:00Z" });
        let (read, foreign) = Bookmarks::read(&written);
        assert_eq!(read.get("jpm_jobs", ""), Some(&state));
        assert_eq!(read.get("sleep_sessions", "u-1"), Some(&state));
        assert_eq!(read.get("sleep_sessions", "u-2"), Some(&State::default()));
        assert_eq!(foreign, ["jobs"]);
        assert!(Bookmarks::read(&json!({})).1.is_empty());
        let line = json!({ "type": "STATE", "value": bookmarks.value() });
        assert_eq!(
            Bookmarks::read(&line).0.get("jpm_jobs", ""),
            Some(&state),
            "the line as the tap wrote it"
        );
        for none in [json!([]), json!("x"), json!({ "jpm_jobs": {} }), json!({ "bookmarks": 7 })] {
            assert_eq!(Bookmarks::read(&none).1, ["*"], "{none}");
        }
    }
}
