//! Pages as the reader sees them, whatever kind of list they are from.

use super::ids::ids;
use crate::{
    policy::{
        digest::fingerprint,
        pager::{
            Arrival, CursorFacts, CursorPager, FailedFetch, NumberedPager, PageFacts, Position, Progress,
            Ready,
        },
    },
    providers::api::Envelope,
};
use bytes::Bytes;
use std::ops::Range;

/// Records to deliver, not decoded yet.
#[derive(Debug, Default)]
pub struct Page {
    pub(super) body: Bytes,
    /// Where each stands among the records of the provider's page, and in the body.
    pub(super) records: Vec<(usize, Range<usize>)>,
    /// Our id of the call that fetched it.
    pub call_id: String,
    /// Its HTTP status.
    pub status: u16,
    /// Where to go on to read it once more; only of a page that was asked for by itself.
    pub again: Option<String>,
}

impl Page {
    /// The records as JSON text.
    pub fn items(&self) -> impl Iterator<Item = &[u8]> {
        self.items_from(0)
    }

    /// Those from a place on.
    pub fn items_from(&self, from: usize) -> impl Iterator<Item = &[u8]> {
        let records = self.records.get(from..).unwrap_or_default();
        records.iter().map(|(_, range)| self.body.get(range.clone()).unwrap_or_default())
    }

    /// What the provider sent, whose memory is charged for as long as this is kept.
    #[must_use]
    pub fn source(&self) -> Bytes {
        self.body.clone()
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

    /// Where one of these records stands among those of the provider's page.
    #[must_use]
    pub fn place(&self, index: usize) -> usize {
        self.records.get(index).map_or(index, |(place, _)| *place)
    }
}

/// The policy of either kind of list.
pub(super) enum Pager {
    /// Pages with numbers or offsets.
    Numbered(NumberedPager),
    /// Pages that name the next.
    Cursor(CursorPager),
}

/// A page to fetch.
pub(super) enum Fetch {
    /// By its number.
    Numbered(u32),
    /// By the continuation text.
    Cursor {
        /// Its place in this read.
        page: u32,
        /// The continuation text.
        from: Option<String>,
    },
}

/// Asks either pager the same.
macro_rules! either {
    ($self:ident, $pager:ident => $asked:expr) => {
        match $self {
            Pager::Numbered($pager) => $asked,
            Pager::Cursor($pager) => $asked,
        }
    };
}

impl Pager {
    pub(super) fn next_fetch(&mut self) -> Option<Fetch> {
        match self {
            Pager::Numbered(pager) => pager.next_fetch().map(Fetch::Numbered),
            Pager::Cursor(pager) => {
                pager.next_fetch().map(|fetch| Fetch::Cursor { page: fetch.page, from: fetch.from })
            }
        }
    }

    /// Whether the page is needed. `id` is the member that holds a record's id, if they
    /// have one.
    pub(super) fn arrived(&mut self, page: u32, envelope: &Envelope, id: Option<&str>) -> bool {
        let (items, bytes) = (envelope.items.len(), envelope.body.len());
        let bytes_of = |range: Range<usize>| envelope.body.get(range).unwrap_or_default();
        let arrival = match self {
            Pager::Numbered(pager) => {
                let span = envelope
                    .items
                    .iter()
                    .cloned()
                    .reduce(|all, one| all.start.min(one.start)..all.end.max(one.end));
                let digest = fingerprint(bytes_of(span.unwrap_or_default()));
                let Envelope { has_more, total, .. } = *envelope;
                let ids = id.map_or_else(|| vec![None; items], |id| ids(envelope, id));
                pager.arrived(page, PageFacts { items, bytes, has_more, total, digest, ids })
            }
            Pager::Cursor(pager) => pager.arrived(CursorFacts {
                records: envelope.items.iter().cloned().map(|range| fingerprint(bytes_of(range))).collect(),
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
            Pager::Cursor(pager) => pager.failed(),
        };
        failed != FailedFetch::Ignored
    }

    pub(super) fn ready(&self) -> Option<Ready> {
        either!(self, pager => pager.ready())
    }

    pub(super) fn delivered(&mut self, page: u32, records: usize) {
        either!(self, pager => pager.delivered(page, records));
    }

    pub(super) fn keeps(&self, page: u32) -> bool {
        match self {
            Pager::Numbered(pager) => pager.keeps(page),
            // Pages arrive one after another; those before the head are done.
            Pager::Cursor(pager) => page >= pager.pages(),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        either!(self, pager => pager.progress())
    }

    pub(super) fn position(&self) -> Position {
        either!(self, pager => pager.position())
    }

    /// The page to deliver next.
    pub(super) fn head(&self) -> u32 {
        match self {
            Pager::Numbered(pager) => pager.head(),
            // Its pages count from 0, and those before the head are done.
            Pager::Cursor(pager) => pager.pages(),
        }
    }

    pub(super) fn pages(&self) -> u32 {
        either!(self, pager => pager.pages())
    }

    pub(super) fn items(&self) -> u64 {
        either!(self, pager => pager.items())
    }

    pub(super) fn suppressed(&self) -> u64 {
        match self {
            Pager::Numbered(pager) => pager.suppressed(),
            // What comes twice has changed in between.
            Pager::Cursor(_) => 0,
        }
    }

    pub(super) fn drifted(&self) -> bool {
        match self {
            Pager::Numbered(pager) => pager.drifted(),
            Pager::Cursor(_) => false,
        }
    }

    /// Where a page begins that is to be fetched; 0 where pages have no offsets.
    pub(super) fn offset(&self, page: u32) -> u64 {
        match self {
            Pager::Numbered(pager) => pager.offset(page).unwrap_or_default(),
            Pager::Cursor(_) => 0,
        }
    }

    /// Whether this page's total is of use.
    pub(super) fn wants_total(&self, page: u32) -> bool {
        match self {
            Pager::Numbered(pager) => pager.wants_total(page),
            Pager::Cursor(_) => false,
        }
    }
}
