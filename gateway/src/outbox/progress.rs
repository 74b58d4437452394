//! How far a destination is with an event.

use serde::{Deserialize, Serialize};

/// Where it stands. Without one it was not tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What becomes of it.
    pub state: Standing,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, in milliseconds since the Unix epoch.
    pub due_ms: i64,
    /// What went wrong last, in words that give nothing away.
    pub why: String,
}

/// What becomes of an event at a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It is tried again.
    Waiting,
    /// It is not tried again unless somebody asks for it.
    Dead,
    /// It opens under none of the secrets, and is looked at again when it is due.
    Unreadable,
    /// The destination has it, or nobody wants it to any more.
    Done,
}

impl Progress {
    /// Of one that is over.
    #[must_use]
    pub fn done() -> Progress {
        Progress { state: Standing::Done, attempts: 0, due_ms: 0, why: String::new() }
    }
}
