//! Which page to fetch, which to deliver, and whether this is the end.
//!
//! A pager decides; the client fetches and delivers. Pages are delivered in order,
//! each record once, and after every delivery [`Position`] says where a later read
//! goes on. What is held is bounded in pages and in bytes. Every read ends: at the
//! provider's word, or at a [`Guard`].
//!
//! There are two kinds of list. [`NumberedPager`] reads those whose pages have numbers
//! (or an [`offset`]), ahead within a window; such pages shift when the list changes
//! ([`ReadProgress`]). [`CursorPager`] reads those where each page names the next.
//!
//! The client's loop, for both:
//! 1. start what `next_fetch` names, until it names nothing;
//! 2. report each fetch by `arrived` or `failed`;
//! 3. deliver what `ready` names, reporting by `delivered`, in as many parts as the
//!    consumer takes;
//! 4. stop when `progress` is not [`Progress::Going`].

use serde::{Deserialize, Serialize};

mod cursor;
mod deduplicator;
mod delivered;
mod delivery;
mod guard;
mod numbered;
mod offset;
mod packed;
mod probe;
mod read_progress;
mod record;
mod seen;

pub use cursor::{CursorConfig, CursorFacts, CursorFetch, CursorPager};
pub use delivered::{Delivered, MOST_DELIVERED};
pub use guard::Guard;
pub use numbered::{NumberedConfig, NumberedPager, PageFacts};
pub use offset::offset;
pub use probe::{Probe, probe};
pub use read_progress::ReadProgress;
pub use record::RecordId;

/// Where a read goes on. Serialised into a `resume` text.
///
/// A page may have been delivered in part. In a list with numbers `skip` counts its
/// records that were: the order is the list's own, and [`ReadProgress`] notices a shift. A
/// feed's page is another one as soon as one of its records changes, so that there
/// each record is remembered by itself ([`Delivered`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    /// In a list with page numbers or offsets.
    #[serde(rename = "n")]
    Numbered {
        /// The page to fetch first.
        #[serde(rename = "p")]
        page: u32,
        /// Records a page: page numbers mean nothing without it.
        #[serde(rename = "z")]
        page_size: u32,
        /// Where that page begins, in a list that is asked for by offset.
        #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
        at: Option<u64>,
        /// Records of that page that were delivered before.
        #[serde(rename = "s")]
        skip: u64,
        /// What the read remembers.
        #[serde(rename = "t")]
        track: ReadProgress,
    },
    /// In a list where each page names the next, such as an export feed.
    #[serde(rename = "c")]
    Cursor {
        /// The provider's continuation text to ask with; `None` for the beginning.
        #[serde(rename = "f")]
        from: Option<String>,
        /// Records of that page that were delivered before. A text of version 2 has a
        /// count in its place, which tells nothing: its page comes again as a whole.
        #[serde(rename = "i", default, skip_serializing_if = "Delivered::is_empty")]
        delivered: Delivered,
    },
}

/// Records to deliver now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The page that they are on: its number, or where pages have none its place in
    /// this read from 0.
    pub page: u32,
    /// The first of them, as an index into the page's records.
    pub first: usize,
    /// How many. At least 1.
    pub count: usize,
}

/// How a read stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to fetch or to deliver.
    Going,
    /// All was delivered.
    Ended,
    /// All before it was delivered, and then a bound was reached.
    Stopped(Guard),
    /// All before it was delivered, and then this page could not be fetched.
    FetchFailed {
        /// Numbered as in [`Ready::page`].
        page: u32,
    },
}

/// What a failed fetch means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedFetch {
    /// The read fails here: nothing before this page is left to deliver.
    Matters,
    /// The page is not needed. Forget the error.
    Ignored,
    /// Keep the error. Pages before this one come first, and one of them may turn
    /// out to be the last; [`Progress`] will tell.
    NotYet,
}

/// Whether an arrived page is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Keep it until it was delivered.
    Kept,
    /// Drop it: there is nothing in it to deliver, or the list ended before it.
    Dropped,
}
