//! What a delivery says happened.

use crate::codec::Instant;

/// An event of a provider's.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What it is known by, however often it is delivered.
    pub id: String,
    /// The provider's word for what happened, `tn.jpm.job-completed`.
    pub name: String,
    /// What is known of it.
    pub kind: Kind,
    /// When it happened, if the provider says.
    pub time: Option<Instant>,
    /// The tenant that it belongs to, if the provider says.
    pub tenant: Option<String>,
    /// The provider's id of this delivery, if it has one.
    pub delivery: Option<String>,
    /// What the provider tells of it, as JSON text, unchanged.
    pub data: String,
    /// Whether `data` is what the provider answered when it was asked, in normal form, instead
    /// of what was delivered.
    pub reread: bool,
}

/// Kept answers that are of no use any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outdated {
    /// Those of a resource: a module and the name of the resource in its paths.
    Resource(&'static str, &'static str),
    /// Those that belong to somebody, for instance a user.
    Owner(String),
}

/// What is known of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Something happened to things of the provider's.
    Change {
        /// Whether the contract knows events of this name.
        known: bool,
        /// What it happened to, the main thing first.
        subjects: Vec<Subject>,
    },
    /// A part of a session was analysed.
    InferenceComplete {
        /// Whose session.
        user: Option<String>,
        /// The session.
        session: String,
        /// The number of the upload that completed the part.
        upload: Option<u64>,
        /// The number of the part. Parts overlap, and may come out of order.
        part: Option<u64>,
    },
    /// A session is analysed to its end.
    SessionComplete {
        /// Whose session.
        user: Option<String>,
        /// The session.
        session: String,
    },
    /// Something that the contract does not know yet.
    Unknown,
}

/// A thing that something happened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What it is, in the provider's word: `job`.
    pub name: String,
    /// Its id.
    pub id: String,
}

/// How far a delivery can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Its body is signed.
    Signed,
    /// It carries a key that only the provider has. The body itself is not signed.
    Key,
    /// It only says where to look: read the thing again before acting on it.
    Hint,
}

/// Why a body is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The JSON path.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl Unreadable {
    /// What is wrong where.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Unreadable {
        Unreadable { path: path.into(), message: message.into() }
    }
}
