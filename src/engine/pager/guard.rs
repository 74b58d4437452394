//! Bounds that end a read which would not end by itself.

use thiserror::Error;

/// Pages in a row without records that are accepted while the vendor says that
/// more follow.
pub(super) const MAX_EMPTY_PAGES: u32 = 3;

/// Why a read was stopped though the vendor says that more follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Guard {
    /// More empty pages in a row than the 3 that are accepted.
    #[error("the vendor sent more than {MAX_EMPTY_PAGES} empty pages in a row and says that more follow")]
    EmptyPages,
    /// The same page twice running, more than 16 pages in a row that hold nothing new,
    /// or a continuation text that was used before.
    #[error("the vendor's pages go round in circles")]
    Loop,
    /// The bound on pages.
    #[error("the list has more pages than one read may fetch")]
    TooManyPages,
    /// The bound on records.
    #[error("the list has more records than one read may deliver")]
    TooManyItems,
    /// The vendor does not say whether more follows, though this list must.
    #[error("the vendor's answer does not say whether more pages follow")]
    HasMoreMissing,
    /// More follows, but not from where.
    #[error("the vendor says that more follows but not from where")]
    ContinuationMissing,
}

/// Counts empty pages in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EmptyPages(u32);

impl EmptyPages {
    /// A page of `items` records came, and more follow.
    pub(super) fn page(&mut self, items: usize) -> Result<(), Guard> {
        self.0 = if items == 0 { self.0.saturating_add(1) } else { 0 };
        if self.0 > MAX_EMPTY_PAGES { Err(Guard::EmptyPages) } else { Ok(()) }
    }
}

/// Counts records against the most that one read may deliver.
#[derive(Clone, Copy, Debug)]
pub(super) struct ItemCap {
    max: u64,
    arrived: u64,
    delivered: u64,
}

impl ItemCap {
    pub(super) fn new(max: u64) -> Self {
        Self { max, arrived: 0, delivered: 0 }
    }

    /// A page with `items` records to deliver came, after which more follow or not.
    pub(super) fn page(&mut self, items: u64, more: bool) -> Result<(), Guard> {
        self.arrived = self.arrived.saturating_add(items);
        let exceeded = self.arrived > self.max || (more && self.arrived == self.max);
        if exceeded { Err(Guard::TooManyItems) } else { Ok(()) }
    }

    pub(super) fn deliver(&mut self, items: u64) {
        self.delivered = self.delivered.saturating_add(items);
    }

    /// How many more may be delivered.
    pub(super) fn room(&self) -> u64 {
        self.max.saturating_sub(self.delivered)
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered
    }
}
