//! The memory format against wit-parser's, and there and back.

mod layout;
mod shared;

use super::{Arena, Memory};
use std::cell::RefCell;

/// An arena as it stands in the memory of a component. What it hands out must all be
/// released, once.
pub(crate) struct Placed {
    base: u32,
    arena: Arena,
    released: RefCell<Vec<(u32, u32)>>,
}

impl Placed {
    /// An arena whose first byte is at `base`.
    pub(crate) fn at(base: u32, mut arena: Arena) -> Placed {
        arena.rebase(base);
        Placed { base, arena, released: RefCell::default() }
    }

    /// Checks that every byte from `first` on was released, but for padding between
    /// blocks, and none twice.
    #[track_caller]
    pub(crate) fn assert_released(&self, first: u32) {
        let mut next = first;
        let mut released = self.released.borrow().clone();
        released.sort_unstable();
        for (start, end) in released {
            assert!(start >= next && start - next < 8, "{start} follows {next}");
            next = end;
        }
        assert_eq!(next, self.arena.bytes().len() as u32, "the end");
    }
}

impl Memory for Placed {
    fn read(&self, at: u32, length: u32) -> Option<&[u8]> {
        self.arena.read(at.checked_sub(self.base)?, length)
    }

    fn release(&self, at: u32, length: u32, align: u32) {
        assert_eq!((at % align, length > 0), (0, true));
        let start = at - self.base;
        self.released.borrow_mut().push((start, start + length));
    }
}
