//! What the collections hold: so many generated items, and what requests made of them.

use crate::servicetitan::members::Members;
use std::collections::{BTreeMap, HashMap};

/// The number of the first item of every collection.
pub(crate) const FIRST: i64 = 100_001;
/// The number of the first item that a request creates.
const FIRST_NEW: i64 = 900_001;
/// What texts that stand for an item begin with.
const TEXT: &str = "id-";
/// What GUIDs that stand for an item begin with.
const GUID: &str = "00000000-0000-4000-a000-";

/// The item's id where ids are text.
pub(super) fn text(number: i64) -> String {
    format!("{TEXT}{number}")
}

/// The item's id where ids are GUIDs.
pub(super) fn guid(number: i64) -> String {
    format!("{GUID}{number:012x}")
}

/// The number of the item that an id of any kind stands for.
pub(super) fn number(id: &str) -> Option<i64> {
    match (id.strip_prefix(TEXT), id.strip_prefix(GUID)) {
        (Some(number), _) => number.parse().ok(),
        (_, Some(number)) => i64::from_str_radix(number, 16).ok(),
        _ => id.parse().ok(),
    }
}

/// The state of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// By collection and number.
    changes: HashMap<String, BTreeMap<i64, Change>>,
    created: i64,
    /// Reports that were started, by token.
    pub(super) queries: HashMap<String, super::reports::Query>,
    /// Files that were uploaded, by module and path.
    pub(super) files: HashMap<(String, String), super::multipart::File>,
}

/// What became of an item.
#[derive(Debug, Clone, Default)]
pub(super) struct Change {
    /// The members that requests set.
    pub(super) members: Members,
    /// When the last of them came.
    pub(super) modified: i64,
    pub(super) deleted: bool,
}

impl Shelf {
    pub(super) fn has(&self, collection: &str, number: i64, generated: usize) -> bool {
        match self.change(collection, number) {
            Some(change) => !change.deleted,
            None => is_generated(number, generated),
        }
    }

    /// Every item by its number, deleted ones too.
    pub(super) fn all(&self, collection: &str, generated: usize) -> Vec<i64> {
        let made = FIRST..FIRST.saturating_add(i64::try_from(generated).unwrap_or(i64::MAX));
        let changed = self.changes.get(collection).into_iter().flat_map(BTreeMap::keys).copied();
        made.chain(changed.filter(|number| !is_generated(*number, generated))).collect()
    }

    /// What became of an item; none if it is as it was made.
    pub(super) fn change(&self, collection: &str, number: i64) -> Option<&Change> {
        self.changes.get(collection)?.get(&number)
    }

    /// Sets members of an item, or deletes it.
    pub(super) fn put(&mut self, collection: &str, number: i64, members: &Members, at: i64, deleted: bool) {
        let change = self.changes.entry(collection.to_owned()).or_default().entry(number).or_default();
        members.iter().for_each(|(name, raw)| change.members.set(name, raw));
        change.modified = at;
        change.deleted = deleted;
    }

    /// A number that no item has had.
    pub(super) fn new_number(&mut self) -> i64 {
        self.created += 1;
        FIRST_NEW + self.created - 1
    }
}

pub(super) fn is_generated(number: i64, generated: usize) -> bool {
    let index = number.checked_sub(FIRST).and_then(|index| usize::try_from(index).ok());
    index.is_some_and(|index| index < generated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_id_reads_back() {
        for id in [text(100_001), guid(100_001), "100001".to_owned()] {
            assert_eq!(number(&id), Some(100_001), "{id}");
        }
        assert_eq!(number("plumbing"), None);
    }

    #[test]
    fn any_number_may_be_asked_for() {
        let is_there = |number| is_generated(number, 10);
        assert!(is_there(FIRST) && !is_there(FIRST + 10) && !is_there(i64::MIN) && !is_there(i64::MAX));
    }
}
