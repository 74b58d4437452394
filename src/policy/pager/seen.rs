//! A bounded memory of what came before.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasherDefault, Hasher},
};

/// The most that is remembered, whatever the page size: about 3 MB with its index.
pub(super) const MOST: usize = 65_536;

/// Digests of ids.
pub(super) type Digests = HashSet<u64, BuildHasherDefault<Folded>>;

/// Of a number that is a digest already: its halves are mixed, since a table looks at some bits
/// only, and FNV-1a leaves those of similar texts alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded(u64);

/// Any odd number with as many ones as zeros; this is 2^64 divided by the golden ratio.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Folded {
    fn write_u64(&mut self, digest: u64) {
        let product = digest.wrapping_mul(ODD);
        self.0 = product ^ product >> 32;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = crate::digest::digest(bytes);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Remembers the last so many digests, and forgets the oldest first.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    capacity: usize,
    order: VecDeque<u64>,
    known: Digests,
}

impl Seen {
    /// A memory for so many, at least 1 and at most [`MOST`].
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity: capacity.clamp(1, MOST), order: VecDeque::new(), known: Digests::default() }
    }

    /// Remembers a digest; false when it was remembered already.
    pub(super) fn insert(&mut self, digest: u64) -> bool {
        if !self.known.insert(digest) {
            return false;
        }
        self.order.push_back(digest);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    pub(super) fn contains(&self, digest: u64) -> bool {
        self.known.contains(&digest)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut seen = Seen::new(3);
        assert!(seen.is_empty());
        assert!([1, 2, 3].map(|digest| seen.insert(digest)).into_iter().all(|new| new));
        assert!(!seen.insert(1) && !seen.is_empty());
        assert!(seen.insert(4));
        assert_eq!([1, 2, 3, 4].map(|digest| seen.contains(digest)), [false, true, true, true]);
    }

    #[test]
    fn it_never_grows_beyond_its_bound() {
        let mut seen = Seen::new(usize::MAX);
        for digest in 0..MOST as u64 + 10 {
            seen.insert(digest);
        }
        assert_eq!((seen.order.len(), seen.known.len()), (MOST, MOST));
        let mut seen = Seen::new(0);
        seen.insert(1);
        assert!(seen.contains(1));
    }
}
