//! What a read of a numbered list remembers of its way, to notice that the list moved
//! under it.
//!
//! A page number is a place in the list as it is at that moment. A record that is put
//! in before the place shows the next page's first record twice; one that is taken out
//! hides a record between two pages. The first is mended by [`Seen`](super::seen::Seen).
//! The second cannot be mended, and must be told.
//!
//! How it is told: the number of records at the beginning is compared with how many of
//! those were delivered. In a list whose order and newest id are known from its
//! beginning ([`look`](super::look)), a record that came later has a larger id and does
//! not count. Every record that counts then was in the list at the beginning and was
//! delivered once, so that equal numbers mean that nothing is missing. Elsewhere later
//! records cannot be told from earlier ones: the numbers must be equal all the same,
//! and only a loss that comes with exactly as many additions behind it goes unseen. The
//! same goes, in a list with a filter, for old records that come to pass it while
//! others cease to.

use crate::failpoint::{Failpoint, on};
use std::collections::VecDeque;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::RecordId;

/// Digests of ids that a position carries: about 3.7 KB of a `resume` text.
pub(super) const TAIL: usize = 256;

/// What is remembered, within a read and across those that go on from its position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadProgress {
    /// Whether the list is asked for in a fixed order. Page numbers mean nothing
    /// without it.
    #[serde(rename = "o", default, skip_serializing_if = "is_default")]
    ordered: bool,
    /// Records to come, as told at the beginning.
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    expected: Option<u64>,
    /// The largest id at the beginning; only in a list that comes by rising ids.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    newest: Option<i64>,
    /// Records delivered that `expected` counts.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    counted: u64,
    /// The largest id delivered.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    furthest: Option<i64>,
    #[serde(rename = "d", default, skip_serializing_if = "is_default")]
    drifted: bool,
    /// Digests of the last ids delivered.
    #[serde(rename = "i", default, skip_serializing_if = "is_default", with = "packed")]
    tail: VecDeque<u64>,
}

impl ReadProgress {
    /// Of a read that begins, in a fixed order or in the provider's own.
    #[must_use]
    pub fn new(ordered: bool) -> Self {
        Self { ordered, ..Self::default() }
    }

    /// Of a read in a fixed order that knows the list's beginning.
    pub(super) fn known(expected: Option<u64>, newest: Option<i64>) -> Self {
        Self { ordered: true, expected, newest, ..Self::default() }
    }

    /// Whether the list is asked for in a fixed order.
    #[must_use]
    pub fn ordered(&self) -> bool {
        self.ordered
    }

    /// Whether it knows how many records to expect.
    #[must_use]
    pub fn expects(&self) -> bool {
        self.expected.is_some()
    }

    /// How many records are still to come, by what was told at the beginning.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.expected.map(|expected| expected.saturating_sub(self.counted))
    }

    /// For a read that looks for what was added behind the end of this one.
    #[must_use]
    pub fn after_the_end(self) -> Self {
        Self { ordered: self.ordered, tail: self.tail, ..Self::default() }
    }

    /// So many records are to come from here on, unless that is known already.
    pub(super) fn expect(&mut self, records: u64) {
        if self.expected.is_none() {
            (self.expected, self.counted) = (Some(records), 0);
        }
    }

    /// A record was delivered.
    pub(super) fn deliver(&mut self, id: Option<RecordId>) {
        let number = id.and_then(|id| id.number);
        if !matches!((number, self.newest), (Some(number), Some(newest)) if number > newest) {
            self.counted = self.counted.saturating_add(1);
        }
        if self.newest.is_some() {
            // Behind the furthest there is nothing to deliver: the look-back has forgotten
            // it, or it was put in where this read has been.
            self.drifted |= number.is_some() && number <= self.furthest;
            self.furthest = self.furthest.max(number);
        }
        if let Some(id) = id {
            self.tail.push_back(id.digest);
            if self.tail.len() > TAIL {
                self.tail.pop_front();
            }
        }
    }

    /// The pages have shifted in a way that cannot be mended.
    pub(super) fn drift(&mut self) {
        self.drifted = true;
    }

    /// Whether the pages have shifted so, as far as can be told before or at the end.
    pub(super) fn drifted(&self, ended: bool) -> bool {
        let tells = on(Failpoint::SayDrifted);
        tells || self.drifted || (ended && self.expected.is_some_and(|expected| expected != self.counted))
    }

    /// Digests of the last ids delivered, oldest first.
    pub(super) fn tail(&self) -> impl Iterator<Item = u64> {
        self.tail.iter().copied()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The tail as text.
mod packed {
    use super::super::packed::{pack, unpack};
    use super::*;

    pub(super) fn serialize<S: Serializer>(tail: &VecDeque<u64>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&pack(tail))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<VecDeque<u64>, D::Error> {
        let tail = unpack(&String::deserialize(from)?, TAIL);
        tail.ok_or_else(|| serde::de::Error::custom("no list of digests"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ids_are_remembered_and_no_more() {
        let mut track = ReadProgress::new(true);
        let ids: Vec<_> = (0..TAIL as i64 + 5).filter_map(|id| RecordId::of(&id.to_string())).collect();
        ids.iter().for_each(|id| track.deliver(Some(*id)));
        assert!(track.tail().eq(ids.iter().skip(5).map(|id| id.digest)));
    }
}
