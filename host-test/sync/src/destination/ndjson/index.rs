//! What the last line of each record says, in memory.

use super::lines::Own;
use crate::record::Key;
use std::{collections::HashMap, sync::Arc};

/// What is known of a record.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) owner: Arc<str>,
    /// The vendor's version, or none.
    pub(super) version: Option<i64>,
    /// In which read it was seen last.
    pub(super) generation: i64,
    pub(super) deleted: bool,
    pub(super) inactive: bool,
    pub(super) misfit: bool,
    /// Enough of the hash to know that it has not changed.
    pub(super) hash: u128,
}

/// All records of a table.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashMap<Key, Entry>,
    /// Owners, each once in memory.
    owners: HashMap<String, Arc<str>>,
}

impl Index {
    pub(super) fn get(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// What a line says.
    pub(super) fn put(&mut self, own: Own) {
        let owner = match self.owners.get(&own.owner) {
            Some(owner) => Arc::clone(owner),
            None => {
                let owner: Arc<str> = Arc::from(own.owner.as_str());
                self.owners.insert(own.owner, Arc::clone(&owner));
                owner
            }
        };
        let entry = Entry {
            owner,
            version: own.version,
            generation: own.generation,
            deleted: own.deleted,
            inactive: own.inactive,
            misfit: own.misfit,
            hash: hash(&own.hash),
        };
        self.entries.insert(own.key, entry);
    }

    /// That a record was seen, and no more.
    pub(super) fn seen(&mut self, key: &Key, generation: i64) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.generation = entry.generation.max(generation);
        }
    }

    /// The records of an owner that a read has not seen, and that are not marked as deleted yet.
    pub(super) fn unseen<'i>(
        &'i self,
        owner: &'i str,
        generation: i64,
    ) -> impl Iterator<Item = (&'i Key, &'i Entry)> {
        self.entries.iter().filter(move |(_, entry)| {
            entry.generation < generation && !entry.deleted && entry.owner.as_ref() == owner
        })
    }

    /// Those that are neither deleted nor misfits, in no order.
    pub(super) fn well(&self) -> impl Iterator<Item = &Key> {
        self.entries.iter().filter(|(_, entry)| !entry.deleted && !entry.misfit).map(|(key, _)| key)
    }

    /// How many are not deleted; of those in use alone with `active`.
    pub(super) fn count(&self, active: bool) -> u64 {
        let counts = |entry: &&Entry| !(entry.deleted || active && entry.inactive);
        self.entries.values().filter(counts).count() as u64
    }

    /// How many are not deleted, how many are, and how many are misfits.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        let rows = self.count(false);
        let misfits = self.entries.values().filter(|entry| entry.misfit).count() as u64;
        (rows, self.entries.len() as u64 - rows, misfits)
    }
}

/// The number that 32 hexadecimal digits are.
pub(super) fn hash(digits: &str) -> u128 {
    u128::from_str_radix(digits, 16).unwrap_or_default()
}
