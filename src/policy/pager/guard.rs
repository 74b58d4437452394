//! Bounds that end a read which would not end by itself.

use thiserror::Error;

/// Pages in a row without records that are accepted in a list with page numbers while
/// the provider says that more follow. Its pages are slices of one list: an empty one is
/// behind its end.
pub(super) const MAX_EMPTY_PAGES: u32 = 3;

/// The same where each page names the next. A provider that filters a feed after cutting it
/// into pages sends many empty ones, and each of them comes with a continuation text that
/// was never seen before: the read does get on.
pub(super) const MAX_EMPTY_FEED_PAGES: u32 = 1_000;

/// Why a read was stopped though the provider says that more follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Guard {
    /// More empty pages in a row than are accepted: 3 with numbers, 1,000 where each page
    /// names a next one that is new.
    #[error("the vendor sent more than {0} empty pages in a row and says that more follow")]
    EmptyPages(u32),
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
    /// The bound on bytes.
    #[error("the list has more bytes than one read may fetch")]
    TooManyBytes,
    /// The provider does not say whether more follows, though this list must.
    #[error("the vendor's answer does not say whether more pages follow")]
    HasMoreMissing,
    /// More follows, but not from where.
    #[error("the vendor says that more follows but not from where")]
    ContinuationMissing,
}

/// Counts empty pages in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct EmptyPages {
    most: u32,
    in_a_row: u32,
}

impl EmptyPages {
    /// So many are accepted.
    pub(super) fn new(most: u32) -> Self {
        Self { most, in_a_row: 0 }
    }

    /// A page of `items` records came, and more follow.
    pub(super) fn page(&mut self, items: usize) -> Result<(), Guard> {
        self.in_a_row = if items == 0 { self.in_a_row.saturating_add(1) } else { 0 };
        if self.in_a_row > self.most { Err(Guard::EmptyPages(self.most)) } else { Ok(()) }
    }
}

/// Counts the bytes that came against the most that one read may fetch.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByteCap {
    max: u64,
    came: u64,
}

impl ByteCap {
    pub(super) fn new(max: u64) -> Self {
        Self { max, came: 0 }
    }

    /// A page came, after which more follow or not. Like any page it is delivered; it is
    /// the next one that is not fetched.
    pub(super) fn page(&mut self, bytes: usize, more: bool) -> Result<(), Guard> {
        self.came = self.came.saturating_add(bytes as u64);
        if more && self.came >= self.max { Err(Guard::TooManyBytes) } else { Ok(()) }
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
