//! Where a value is written that goes out.

use crate::{layout::Layout, text};
use std::rc::Rc;

/// What every arena's first byte is aligned to, the most that the ABI asks for.
const ALIGN: u32 = 8;

/// The address of a list without elements: aligned, within every memory, never read.
const NOWHERE: u32 = ALIGN;

/// A value with all that it points to, in one piece of memory. The value itself stands
/// at its beginning. As long as nobody knows where the piece will stand, its pointers
/// count from its beginning.
#[derive(Debug, Default)]
pub struct Arena {
    bytes: Vec<u8>,
    pointers: Vec<u32>,
}

/// How far an arena is written.
#[derive(Debug)]
pub struct Mark {
    bytes: usize,
    pointers: usize,
}

impl Arena {
    /// With room for a value.
    #[must_use]
    pub fn with(value: Layout) -> Arena {
        let mut arena = Arena::default();
        arena.allocate(value);
        arena
    }

    /// Adds room, filled with zeros: false, 0, the first case, none.
    pub fn allocate(&mut self, layout: Layout) -> u32 {
        let at = self.end().next_multiple_of(layout.align);
        self.bytes.resize((at as usize).saturating_add(layout.size as usize), 0);
        at
    }

    /// Writes into room that was allocated.
    pub fn put(&mut self, at: u32, value: &[u8]) {
        let start = at as usize;
        let room = self.bytes.get_mut(start..start.saturating_add(value.len()));
        debug_assert!(room.is_some(), "{} bytes at {at} of {}", value.len(), self.end());
        if let Some(room) = room {
            room.copy_from_slice(value);
        }
    }

    /// Writes the number that tells the cases of a variant apart.
    pub fn put_discriminant(&mut self, at: u32, cases: usize, case: usize) {
        let size = Layout::discriminant(cases).size as usize;
        self.put(at, case.to_le_bytes().get(..size).unwrap_or_default());
    }

    /// Writes a string.
    pub fn put_text(&mut self, at: u32, text: &str) {
        self.put_bytes(at, text.as_bytes());
    }

    /// The same of what was found to be UTF-8.
    pub fn put_bytes(&mut self, at: u32, text: &[u8]) {
        self.put_first(at, text, text.len());
    }

    /// The same of so many bytes of a text, of which more follow where they stand.
    pub(crate) fn put_first(&mut self, at: u32, text: &[u8], length: usize) {
        let start = self.end();
        text::push(&mut self.bytes, text, length);
        self.point(at, start, length);
    }

    /// Writes a string that is put together at its place.
    pub fn append(&mut self, at: u32, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
        let start = self.end();
        write(&mut self.bytes)?;
        self.point(at, start, self.bytes.len().saturating_sub(start as usize));
        Some(())
    }

    /// How far it is written.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { bytes: self.bytes.len(), pointers: self.pointers.len() }
    }

    /// Takes back what was written behind a mark, and into this room before it.
    pub fn undo(&mut self, mark: &Mark, at: u32, room: Layout) {
        self.bytes.truncate(mark.bytes);
        self.pointers.truncate(mark.pointers);
        let start = at as usize;
        if let Some(room) = self.bytes.get_mut(start..start.saturating_add(room.size as usize)) {
            room.fill(0);
        }
    }

    /// Writes a list, and returns the address of its first element's room.
    pub fn put_list(&mut self, at: u32, count: usize, element: Layout) -> u32 {
        if count == 0 {
            self.point(at, 0, 0);
            return NOWHERE;
        }
        let bytes = count.saturating_mul(element.size as usize);
        let start = self.end().next_multiple_of(element.align);
        self.bytes.resize((start as usize).saturating_add(bytes), 0);
        self.point(at, start, count);
        start
    }

    /// Lets a list have fewer elements than there was room made for.
    pub fn shorten_list(&mut self, at: u32, count: usize) {
        if count == 0 {
            self.pointers.retain(|pointer| *pointer != at);
            self.put(at, &NOWHERE.to_le_bytes());
        }
        self.put(at + 4, &narrow(count).to_le_bytes());
    }

    /// Writes where a string or a list stands, and how long it is.
    pub(crate) fn point(&mut self, at: u32, to: u32, count: usize) {
        if count == 0 {
            self.put(at, &NOWHERE.to_le_bytes());
            return;
        }
        self.put(at, &to.to_le_bytes());
        self.put(at + 4, &narrow(count).to_le_bytes());
        self.pointers.push(at);
    }

    fn end(&self) -> u32 {
        narrow(self.bytes.len())
    }

    /// What is written so far.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where it has pointers.
    #[must_use]
    pub fn pointers(&self) -> &[u32] {
        &self.pointers
    }

    /// Makes the pointers addresses, as if the arena began at `base`.
    pub fn rebase(&mut self, base: u32) {
        for &at in &self.pointers {
            let start = at as usize;
            if let Some(pointer) = self.bytes.get_mut(start..start + 4)
                && let Ok(offset) = <[u8; 4]>::try_from(&*pointer)
            {
                pointer.copy_from_slice(&u32::from_le_bytes(offset).wrapping_add(base).to_le_bytes());
            }
        }
        self.pointers = Vec::new();
    }

    /// Makes the pointers real addresses. The arena never moves again.
    #[must_use]
    pub fn settle(mut self) -> LoweredValue {
        if padding(&self.bytes) == 0 {
            self.rebase(address(&self.bytes));
            return LoweredValue::exposed(self.bytes, 0);
        }
        // Allocators give more than they must, so this hardly ever happens.
        let room = Vec::with_capacity(self.bytes.len() + ALIGN as usize);
        let start = padding(&room);
        self.settle_in(room, start)
    }

    /// Settles so many bytes from the beginning of an empty buffer that has room for all.
    fn settle_in(mut self, mut room: Vec<u8>, start: usize) -> LoweredValue {
        room.resize(start, 0);
        // Before it moves: the pointers' places count from the arena's beginning.
        self.rebase(address(&room).wrapping_add(narrow(start)));
        room.extend_from_slice(&self.bytes);
        LoweredValue::exposed(room, start)
    }
}

/// Where a buffer begins, as the host counts.
#[allow(clippy::cast_possible_truncation, reason = "an address of a 32-bit memory has 32 bits")]
fn address(bytes: &[u8]) -> u32 {
    bytes.as_ptr().addr() as u32
}

/// How many bytes there are before the first aligned one.
fn padding(bytes: &[u8]) -> usize {
    bytes.as_ptr().addr().wrapping_neg() % ALIGN as usize
}

/// A memory has 32 bits of addresses: what is larger was never allocated.
fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// An arena whose pointers are addresses. What it holds lives as long as it does.
#[derive(Debug, Default)]
pub struct LoweredValue {
    bytes: Vec<u8>,
    start: usize,
}

impl LoweredValue {
    /// What is written, and is only read from now on, also by whoever has an address of it.
    fn exposed(bytes: Vec<u8>, start: usize) -> LoweredValue {
        bytes.as_ptr().expose_provenance();
        LoweredValue { bytes, start }
    }

    /// The value, and all that it points to.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

impl LoweredValue {
    /// So many records of this size that stand in it one behind the other, from its beginning.
    #[must_use]
    pub fn records(self, count: usize, size: u32) -> Vec<LoweredRecord> {
        let memory = Rc::new(self);
        (0..count).map(|index| LoweredRecord { memory: memory.clone(), at: index * size as usize }).collect()
    }
}

/// A record in a memory that it shares with others. What it points to lives as long as any of
/// them does.
#[derive(Debug, Default)]
pub struct LoweredRecord {
    memory: Rc<LoweredValue>,
    at: usize,
}

impl LoweredRecord {
    /// The record, and what stands behind it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.memory.bytes().get(self.at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, address};
    use crate::layout::Layout;

    #[test]
    fn an_arena_that_moves_when_it_settles_has_its_pointers_at_their_places() {
        let mut arena = Arena::with(Layout::LIST);
        arena.put_text(0, "text");
        let value = arena.settle_in(Vec::with_capacity(32), 3);
        let text = address(value.bytes()) + Layout::LIST.size;
        assert_eq!(value.bytes(), [&text.to_le_bytes()[..], &[4, 0, 0, 0], b"text"].concat());
    }
}
