//! Records that a read has delivered already, when its pages shift.

use std::collections::VecDeque;

use super::RecordId;
use super::read_progress::ReadProgress;
use super::seen::{Digests, Seen};
use crate::failpoint::{Failpoint, on};

/// Pages whose ids are remembered. Pages shift by what was put in since the page before
/// was fetched: rarely by a page, never by many.
pub(super) const LOOK_BACK: usize = 16;

/// Finds them, and keeps the [`ReadProgress`].
#[derive(Clone, Debug)]
pub(super) struct Deduplicator {
    pub(super) track: ReadProgress,
    seen: Seen,
    /// Where they stand on the page to deliver next; none until it was looked at.
    places: Option<VecDeque<u64>>,
    suppressed: u64,
    /// Pages in a row that held nothing new.
    stale: usize,
}

impl Deduplicator {
    pub(super) fn new(track: ReadProgress, page_size: u32) -> Self {
        let mut seen = Seen::new((page_size as usize).saturating_mul(LOOK_BACK));
        if !on(Failpoint::RepeatRecords) {
            for digest in track.tail() {
                seen.insert(digest);
            }
        }
        Self { track, seen, places: None, suppressed: 0, stale: 0 }
    }

    /// Looks at a page, unless that is done, of which the first `taken` records are done
    /// with. `last` is whether no later page had been asked for when it came.
    pub(super) fn probe(&mut self, ids: &[Option<RecordId>], items: u64, taken: u64, last: bool) {
        if self.places.is_some() {
            return;
        }
        if taken > 0 && !self.goes_on(ids, items, taken) {
            self.track.drift();
        }
        let (mut places, mut here, mut fresh) = (VecDeque::new(), Digests::default(), false);
        here.reserve(ids.len());
        for (place, id) in (0..items).zip(ids).skip_while(|(place, _)| *place < taken) {
            match id {
                Some(id) if self.seen.contains(id.digest) || !here.insert(id.digest) => {
                    places.push_back(place);
                    // What was delivered before stands before what was not. Mixed, the
                    // list has another order than it had.
                    if fresh {
                        self.track.drift();
                    }
                }
                _ => fresh = true,
            }
        }
        // The list has shifted to the right before this page was made. A later one that was
        // asked for before it came may be from before the shift, and then what moved over
        // its beginning is on neither. Where the records are counted, the count tells.
        if !places.is_empty() && !last && !self.track.expects() {
            self.track.drift();
        }
        if fresh {
            self.stale = 0;
        } else if !places.is_empty() {
            self.stale = self.stale.saturating_add(1);
        }
        self.places = Some(places);
    }

    /// Whether the pages go round in circles: no list shifts by more pages at once than
    /// are remembered.
    pub(super) fn circle(&self) -> bool {
        self.stale > LOOK_BACK
    }

    /// Whether the record before the place where a read goes on is one that it has
    /// delivered. Otherwise the page has shifted meanwhile.
    fn goes_on(&self, ids: &[Option<RecordId>], items: u64, taken: u64) -> bool {
        let last = usize::try_from(taken.saturating_sub(1)).ok().and_then(|place| ids.get(place));
        let known = last.copied().flatten().is_none_or(|id| self.seen.contains(id.digest));
        items >= taken && (known || self.seen.is_empty())
    }

    /// Where the next one stands.
    pub(super) fn next(&self) -> Option<u64> {
        self.places.as_ref()?.front().copied()
    }

    /// Passes over the one that stands at this place, if there is one.
    pub(super) fn pass(&mut self, place: u64) -> bool {
        let Some(places) = self.places.as_mut().filter(|places| places.front() == Some(&place)) else {
            return false;
        };
        places.pop_front();
        self.suppressed = self.suppressed.saturating_add(1);
        true
    }

    /// A record was delivered.
    pub(super) fn deliver(&mut self, id: Option<RecordId>) {
        self.track.deliver(id);
        if let Some(id) = id {
            self.seen.insert(id.digest);
        }
    }

    /// The next page has not been looked at.
    pub(super) fn turn(&mut self) {
        self.places = None;
    }

    /// How many were passed over.
    pub(super) fn suppressed(&self) -> u64 {
        self.suppressed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::RangeInclusive<i64>) -> Vec<Option<RecordId>> {
        range.map(|id| RecordId::of(&id.to_string())).collect()
    }

    /// Whether a second page with these ids is drift, after one with 1 to 10.
    fn drifts(track: ReadProgress, second: std::ops::RangeInclusive<i64>, last: bool) -> bool {
        let mut deduplicator = Deduplicator::new(track, 10);
        ids(1..=10).into_iter().for_each(|id| deduplicator.deliver(id));
        let second = ids(second);
        deduplicator.probe(&second, second.len() as u64, 0, last);
        deduplicator.track.drifted(false)
    }

    #[test]
    fn a_shift_is_drift_only_if_a_later_page_was_asked_for_and_nothing_is_counted() {
        let counted = || ReadProgress::known(Some(18), None);
        assert!(drifts(ReadProgress::default(), 9..=18, false));
        assert!(!drifts(ReadProgress::default(), 9..=18, true), "the next page is asked for after the shift");
        assert!(!drifts(counted(), 9..=18, false), "the count will tell");
        assert!(!drifts(ReadProgress::default(), 11..=20, false), "nothing came twice");
    }
}
