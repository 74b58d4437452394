//! The entries that an instance keeps for itself, bounded in bytes.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::key::Key;

/// What an entry takes besides its key and its body, roughly: two map nodes, the
/// entry, and the allocations around them.
const OVERHEAD: usize = 256;

/// Keeps what was used last, within a bound that it never exceeds.
#[derive(Debug)]
pub struct Memory {
    bound: usize,
    used: usize,
    entries: BTreeMap<Key, Kept>,
    /// By when each was used last, the oldest first.
    order: BTreeMap<u64, Key>,
    clock: u64,
    evicted: u64,
}

#[derive(Debug)]
struct Kept {
    entry: Entry,
    used_at: u64,
}

impl Memory {
    /// A memory of so many bytes. 0 keeps nothing.
    #[must_use]
    pub fn new(bound: usize) -> Self {
        Self { bound, used: 0, entries: BTreeMap::new(), order: BTreeMap::new(), clock: 0, evicted: 0 }
    }

    /// Changes the bound; what does not fit any more is dropped.
    pub fn resize(&mut self, bound: usize) {
        self.bound = bound;
        self.shrink();
    }

    /// An entry, which counts as used now.
    pub fn get(&mut self, key: &Key) -> Option<Entry> {
        self.clock = self.clock.saturating_add(1);
        let kept = self.entries.get_mut(key)?;
        if let Some(key) = self.order.remove(&kept.used_at) {
            self.order.insert(self.clock, key);
        }
        kept.used_at = self.clock;
        Some(kept.entry.clone())
    }

    /// Keeps an entry in the place of any other under its key. One that takes more than
    /// a quarter of the bound is not kept: it would drive out too much.
    pub fn insert(&mut self, key: Key, entry: Entry) {
        self.remove(&key);
        let size = size(&key, &entry);
        if size > self.bound / 4 {
            return;
        }
        self.clock = self.clock.saturating_add(1);
        self.used = self.used.saturating_add(size);
        self.order.insert(self.clock, key.clone());
        self.entries.insert(key, Kept { entry, used_at: self.clock });
        self.shrink();
    }

    /// Drops an entry.
    pub fn remove(&mut self, key: &Key) {
        if let Some(kept) = self.entries.remove(key) {
            self.order.remove(&kept.used_at);
            self.used = self.used.saturating_sub(size(key, &kept.entry));
        }
    }

    /// Drops all entries but those whose key passes.
    pub fn retain(&mut self, keep: impl Fn(&Key) -> bool) {
        let dropped: Vec<Key> = self.entries.keys().filter(|key| !keep(key)).cloned().collect();
        dropped.iter().for_each(|key| self.remove(key));
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        (self.entries, self.order, self.used) = (BTreeMap::new(), BTreeMap::new(), 0);
    }

    /// Bytes in use.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }

    /// Entries that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries that had to make room, ever.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    fn shrink(&mut self) {
        while self.used > self.bound
            && let Some((_, oldest)) = self.order.first_key_value()
        {
            let oldest = oldest.clone();
            self.remove(&oldest);
            self.evicted = self.evicted.saturating_add(1);
        }
    }
}

/// The key is there twice.
fn size(key: &Key, entry: &Entry) -> usize {
    let key = key.as_bytes().len().saturating_mul(2);
    key.saturating_add(entry.body.len()).saturating_add(OVERHEAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::key::KeyParts;
    use crate::time::WallTime;
    use bytes::Bytes;
    use proptest::prelude::*;
    use std::time::Duration;

    fn key(number: u64) -> Key {
        Key::new(&KeyParts {
            provider: "v",
            environment: "e",
            tenant: "t",
            account: "a",
            operation: "o",
            segments: &[],
            query: &[],
            epoch: number,
        })
    }

    fn entry(bytes: usize) -> Entry {
        Entry {
            status: 200,
            body: Bytes::from(vec![b'x'; bytes]),
            stored_at: WallTime::from_millis(0),
            fresh: Duration::ZERO,
        }
    }

    /// How much an entry with so large a body takes.
    fn cost(bytes: usize) -> usize {
        size(&key(0), &entry(bytes))
    }

    fn kept(memory: &mut Memory, numbers: impl IntoIterator<Item = u64>) -> Vec<u64> {
        numbers.into_iter().filter(|number| memory.entries.contains_key(&key(*number))).collect()
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let mut memory = Memory::new(cost(0) * 4);
        (0..4).for_each(|number| memory.insert(key(number), entry(0)));
        assert_eq!((memory.len(), memory.used(), memory.evicted()), (4, cost(0) * 4, 0));
        assert!(memory.get(&key(0)).is_some());
        memory.insert(key(4), entry(0));
        assert_eq!(kept(&mut memory, 0..5), [0, 2, 3, 4]);
        // To put it in again is to use it.
        memory.insert(key(2), entry(0));
        memory.insert(key(5), entry(0));
        assert_eq!(kept(&mut memory, 0..6), [0, 2, 4, 5]);
        assert_eq!((memory.evicted(), memory.get(&key(1))), (2, None));
    }

    #[test]
    fn an_entry_replaces_another_and_may_be_dropped() {
        let mut memory = Memory::new(cost(100) * 4);
        memory.insert(key(1), entry(100));
        memory.insert(key(1), entry(7));
        assert_eq!((memory.len(), memory.is_empty(), memory.used()), (1, false, cost(7)));
        assert_eq!(memory.get(&key(1)), Some(entry(7)));
        memory.remove(&key(1));
        assert!(memory.is_empty() && memory.used() == 0 && memory.evicted() == 0);
        memory.remove(&key(1));
        memory.insert(key(1), entry(7));
        memory.clear();
        assert_eq!((memory.len(), memory.used(), memory.order.len()), (0, 0, 0));
    }

    #[test]
    fn those_that_do_not_pass_are_dropped_and_their_bytes_given_back() {
        let mut memory = Memory::new(cost(100) * 4);
        (1..=3).for_each(|number| memory.insert(key(number), entry(7)));
        let two = key(2);
        memory.retain(|key| *key != two);
        assert_eq!(kept(&mut memory, 1..4), [1, 3]);
        assert_eq!((memory.used(), memory.order.len(), memory.evicted()), (cost(7) * 2, 2, 0));
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_drives_nothing_out() {
        let mut memory = Memory::new(cost(100) * 4);
        memory.insert(key(1), entry(100));
        memory.insert(key(2), entry(101));
        assert_eq!((kept(&mut memory, 0..3), memory.evicted()), (vec![1], 0));
        // Nor does it leave the one that it should have replaced.
        memory.insert(key(1), entry(101));
        assert!(memory.is_empty());
        let mut none = Memory::new(0);
        none.insert(key(1), entry(0));
        assert!(none.is_empty());
    }

    #[test]
    fn a_smaller_bound_holds_at_once() {
        let mut memory = Memory::new(cost(0) * 8);
        (0..8).for_each(|number| memory.insert(key(number), entry(0)));
        memory.resize(cost(0) * 4);
        assert_eq!(kept(&mut memory, 0..8), [4, 5, 6, 7]);
        assert_eq!(memory.evicted(), 4);
    }

    proptest! {
        #[test]
        fn the_bound_is_never_exceeded_and_the_count_never_wrong(
            bound in 0_usize..4_000,
            steps in proptest::collection::vec((0_u8..5, 0_u64..12, 0_usize..400), 0..200),
        ) {
            let mut memory = Memory::new(bound);
            let mut bound = bound;
            for (step, number, bytes) in steps {
                match step {
                    0 => { memory.get(&key(number)); }
                    1 => memory.remove(&key(number)),
                    2 if bytes < 20 => { bound = bytes * 200; memory.resize(bound); }
                    _ => memory.insert(key(number), entry(bytes)),
                }
                let sum: usize = memory.entries.iter().map(|(key, kept)| size(key, &kept.entry)).sum();
                prop_assert_eq!(sum, memory.used());
                prop_assert!(memory.used() <= bound);
                prop_assert_eq!(memory.order.len(), memory.entries.len());
            }
        }
    }
}
