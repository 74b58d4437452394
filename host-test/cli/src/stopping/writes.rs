//! Writes of which nobody was told yet what became of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// How many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Writes(Arc<AtomicUsize>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Write(Writes);

impl Writes {
    pub(super) fn begin(&self) -> Write {
        self.0.fetch_add(1, Relaxed);
        Write(self.clone())
    }

    pub(super) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_counts_until_it_is_dropped() {
        let writes = Writes::default();
        let (one, other) = (writes.begin(), writes.begin());
        assert_eq!(writes.count(), 2);
        drop(one);
        assert_eq!(writes.count(), 1);
        drop(other);
        assert_eq!(writes.count(), 0);
    }
}
