//! Pages as the reader sees them, whatever kind of list they are from.

use crate::{
    engine::{
        digest::digest,
        pager::{
            Arrival, FailedFetch, FeedFacts, FeedPager, NumberedPager, PageFacts, Position, Progress, Ready,
        },
    },
    vendor::Envelope,
};
use bytes::Bytes;
use std::ops::Range;

/// Records to deliver, not decoded yet.
#[derive(Debug, Default)]
pub struct Page {
    pub(super) body: Bytes,
    pub(super) records: Vec<Range<usize>>,
    pub(super) first: usize,
    /// Our id of the call that fetched it.
    pub call_id: String,
    /// Its HTTP status.
    pub status: u16,
}

impl Page {
    /// The records as JSON text.
    pub fn items(&self) -> impl Iterator<Item = &[u8]> {
        self.records.iter().map(|range| self.body.get(range.clone()).unwrap_or_default())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many records of the vendor's page stand before the first of these.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.first
    }
}

/// The policy of either kind of list.
pub(super) enum Pager {
    /// Numbered pages.
    Numbered(NumberedPager),
    /// An export feed.
    Feed(FeedPager),
}

/// A page to fetch.
pub(super) enum Fetch {
    /// By its number.
    Numbered(u32),
    /// By the feed's continuation text.
    Feed {
        /// Its place in this read.
        page: u32,
        /// The continuation text.
        from: Option<String>,
    },
}

impl Pager {
    pub(super) fn next_fetch(&mut self) -> Option<Fetch> {
        match self {
            Pager::Numbered(pager) => pager.next_fetch().map(Fetch::Numbered),
            Pager::Feed(pager) => {
                pager.next_fetch().map(|fetch| Fetch::Feed { page: fetch.page, from: fetch.from })
            }
        }
    }

    /// Whether the page is needed.
    pub(super) fn arrived(&mut self, page: u32, envelope: &Envelope) -> bool {
        let (items, bytes) = (envelope.items.len(), envelope.body.len());
        let arrival = match self {
            Pager::Numbered(pager) => {
                let first = envelope.items.first().map_or(0, |range| range.start);
                let last = envelope.items.last().map_or(0, |range| range.end);
                let digest = digest(envelope.body.get(first..last).unwrap_or_default());
                pager.arrived(page, PageFacts { items, bytes, has_more: envelope.has_more, digest })
            }
            Pager::Feed(pager) => pager.arrived(FeedFacts {
                items,
                bytes,
                has_more: envelope.has_more,
                continue_from: envelope.continue_from.clone(),
            }),
        };
        arrival == Arrival::Kept
    }

    /// Whether the failure is to be kept.
    pub(super) fn failed(&mut self, page: u32) -> bool {
        let failed = match self {
            Pager::Numbered(pager) => pager.failed(page),
            Pager::Feed(pager) => pager.failed(),
        };
        failed != FailedFetch::Ignored
    }

    pub(super) fn ready(&self) -> Option<Ready> {
        match self {
            Pager::Numbered(pager) => pager.ready(),
            Pager::Feed(pager) => pager.ready(),
        }
    }

    pub(super) fn delivered(&mut self, page: u32, records: usize) {
        match self {
            Pager::Numbered(pager) => pager.delivered(page, records),
            Pager::Feed(pager) => pager.delivered(page, records),
        }
    }

    pub(super) fn keeps(&self, page: u32) -> bool {
        match self {
            Pager::Numbered(pager) => pager.keeps(page),
            // Pages of a feed arrive one after another; those before the head are done.
            Pager::Feed(pager) => page >= pager.pages(),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        match self {
            Pager::Numbered(pager) => pager.progress(),
            Pager::Feed(pager) => pager.progress(),
        }
    }

    pub(super) fn position(&self) -> Position {
        match self {
            Pager::Numbered(pager) => pager.position(),
            Pager::Feed(pager) => pager.position(),
        }
    }

    pub(super) fn pages(&self) -> u32 {
        match self {
            Pager::Numbered(pager) => pager.pages(),
            Pager::Feed(pager) => pager.pages(),
        }
    }

    pub(super) fn items(&self) -> u64 {
        match self {
            Pager::Numbered(pager) => pager.items(),
            Pager::Feed(pager) => pager.items(),
        }
    }
}
