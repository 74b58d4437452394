//! What a lease asks of the store, and what the store says.

use crate::time::Tick;
use std::time::Duration;

/// What to ask of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing, as things stand.
    Nothing,
    /// Nothing before this time.
    Wait(Tick),
    /// Read the record.
    Get,
    /// Replace the record.
    Swap {
        /// What it must be.
        expected: Vec<u8>,
        /// What it is to be.
        value: Vec<u8>,
        /// How long it lasts.
        ttl: Duration,
    },
    /// Add 1 to the key that grants the creation.
    Count {
        /// How long the counter lasts.
        ttl: Duration,
    },
    /// Store the first record.
    Set {
        /// The record.
        value: Vec<u8>,
        /// How long it lasts.
        ttl: Duration,
    },
}

/// What the store said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The record, if there is one.
    Got(Option<Vec<u8>>),
    /// Whether it was replaced.
    Swapped(bool),
    /// The counter's new value.
    Counted(i64),
    /// The first record is stored.
    Stored,
    /// It could not be done, or nobody knows.
    Failed,
}
