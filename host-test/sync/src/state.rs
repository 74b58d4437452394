//! What a destination keeps of a table besides its rows.

use serde::{Deserialize, Serialize};

/// How far the read of a table is, or of one owner's records in it. It becomes durable with the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Goes on from here; none at the beginning.
    pub position: Option<String>,
    /// Which read it is, from 1: rows say in which one they were seen last.
    pub generation: i64,
    /// Whether it is on its way.
    pub reading: bool,
    /// Whether it reads everything that there is, so that what it does not see is gone.
    pub whole: bool,
    /// Whether what it reads is taken although it is older, by the vendor's clock, than what is there.
    #[serde(default)]
    pub trusted: bool,
    /// What the vendor was asked for alone: what has changed since then. Positions hold for it only.
    #[serde(default)]
    pub since: Option<String>,
    /// When it began, in milliseconds since 1970 by this machine's clock.
    pub began: i64,
    /// When the last read that came to its end did; 0 if none has.
    pub finished: i64,
    /// Records that it has read so far.
    pub records: u64,
    /// Whether the last read that came to its end found the list changed under it.
    pub drifted: bool,
    /// Why the last attempt ended early, if it did.
    pub error: Option<String>,
}

impl State {
    /// As if nothing had been read: the next read begins anew, and rows still say which read saw them last.
    #[must_use]
    pub fn from_the_beginning(&self) -> State {
        State { position: None, reading: false, since: None, ..self.clone() }
    }
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows that are new or were written again.
    pub rows: u64,
    /// Records of which the destination has a newer version.
    pub older: u64,
    /// Rows that do not fit the contract or their table, and records that no table can have.
    pub misfits: u64,
}

impl Written {
    /// Adds those of another batch.
    pub fn add(&mut self, other: Written) {
        self.rows += other.rows;
        self.older += other.older;
        self.misfits += other.misfits;
    }
}

/// What is known of a table in a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableStatus {
    /// The table.
    pub table: String,
    /// Whose records, where they are read owner by owner; else empty.
    pub owner: String,
    /// Rows that are not deleted; of all owners together.
    pub rows: u64,
    /// Rows that are marked as deleted.
    pub deleted: u64,
    /// Rows that are marked as misfits.
    pub misfits: u64,
    /// How far it is.
    pub state: State,
}
