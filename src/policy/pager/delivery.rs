//! What every pager keeps of its consumer: how far it has come, and what is held for it.

use super::Ready;
use super::guard::ItemCap;

/// How far the consumer has come.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    /// The page to deliver next.
    pub(super) head: u32,
    /// How many of its records are done with.
    pub(super) taken: u64,
    pub(super) cap: ItemCap,
}

impl Delivery {
    pub(super) fn new(head: u32, taken: u64, max_items: u64) -> Self {
        Self { head, taken, cap: ItemCap::new(max_items) }
    }

    /// The records from where the consumer stands up to this place on the page.
    pub(super) fn ready(&self, until: u64) -> Option<Ready> {
        let count = until.saturating_sub(self.taken).min(self.cap.room());
        let (first, count) = (usize::try_from(self.taken).ok()?, usize::try_from(count).ok()?);
        (count > 0).then_some(Ready { page: self.head, first, count })
    }

    /// The consumer took so many of the records that were ready; says how many count.
    pub(super) fn take(&mut self, ready: &Ready, items: usize) -> usize {
        let items = items.min(ready.count);
        self.taken = self.taken.saturating_add(items as u64);
        self.cap.deliver(items as u64);
        items
    }

    /// Goes on to another page.
    pub(super) fn turn(&mut self, page: u32) {
        self.head = page;
        self.taken = 0;
    }
}

/// The memory that pages take, against its bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldBytes {
    max: usize,
    held: usize,
    largest: usize,
    /// What a page counts for while none has come that tells.
    guess: usize,
}

impl HeldBytes {
    pub(super) fn new(max: usize, guess: usize) -> Self {
        Self { max, held: 0, largest: 0, guess }
    }

    /// Whether this many pages may be in flight next to what is held. Each counts as
    /// the largest that came so far.
    pub(super) fn fits(&self, in_flight: usize) -> bool {
        let page = if self.largest == 0 { self.guess } else { self.largest };
        self.held.saturating_add(page.saturating_mul(in_flight)) <= self.max
    }

    pub(super) fn hold(&mut self, bytes: usize) {
        self.held = self.held.saturating_add(bytes);
        self.largest = self.largest.max(bytes);
    }

    pub(super) fn release(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
    }
}
