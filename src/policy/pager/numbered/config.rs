//! What a numbered list is read by, and what is known of its pages.

use super::RecordId;

/// How to read a list with page numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberedConfig {
    /// The page to begin with.
    pub start_page: u32,
    /// Records at the head of that page that were delivered before.
    pub skip: u64,
    /// Records asked for a page.
    pub page_size: u32,
    /// Pages in flight or held, at most. Clamped to 1 to 32.
    pub window: u32,
    /// Begin with a whole window instead of one page: for a caller who knows that the
    /// list is long. A short list then costs requests beyond its end.
    pub eager: bool,
    /// Pages of this read, at most. 0 counts as 1.
    pub max_pages: u32,
    /// Records that this read delivers, at most.
    pub max_items: u64,
    /// Bytes of pages that this read fetches, at most. The page that reaches it is still
    /// delivered.
    pub max_bytes: u64,
    /// Bytes of pages in flight or held, at most. A page in flight counts as the
    /// largest that came so far. One page is always allowed.
    pub max_held_bytes: usize,
    /// The answers hold records and no word on whether more follow. Such a list ends
    /// with an empty page, or with one like the page before it (the provider ignores the
    /// page number). A page that is not full ends nothing: the provider may give fewer
    /// records than were asked for. Any other list is read by this rule from the first page on
    /// that lacks the word: taking that for the end could lose records.
    pub data_only: bool,
    /// Where the start page begins, in a list that is asked for by offset; none in one
    /// that is asked for by page number. Only together with `data_only`.
    pub at: Option<u64>,
}

/// What the client knows of a page that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageFacts {
    /// Records on it.
    pub items: usize,
    /// Memory that it takes while it is held.
    pub bytes: usize,
    /// The provider's word on whether more follow.
    pub has_more: Option<bool>,
    /// Records in the whole list, if the provider says. It changes while the list is
    /// read, so it never decides where the list ends; the first page's shows at the
    /// end whether something is missing.
    pub total: Option<u64>,
    /// The ids of its records, in order; none for a record without one. It may be
    /// shorter than the page.
    pub ids: Vec<Option<RecordId>>,
    /// [`digest`](crate::digest::digest) of its records.
    pub digest: u64,
}
