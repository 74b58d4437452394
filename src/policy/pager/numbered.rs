//! Lists with page numbers, fetched ahead within a window.

use super::deduplicator::Deduplicator;
use super::delivery::{Delivery, HeldBytes};
use super::guard::{ByteCap, EmptyPages, Guard, MAX_EMPTY_PAGES};
use super::offset::{Offsets, offset};
use super::read_progress::ReadProgress;
use super::{Arrival, FailedFetch, Position, Progress, Ready, RecordId};
use crate::failpoint::{Failpoint, on};
use litemap::LiteMap;

mod config;
mod decide;

pub use config::{NumberedConfig, PageFacts};
use decide::Previous;

/// Reads a list with page numbers.
///
/// Only the first page is fetched until it says that more follow, so that a short
/// list costs one request, unless the read is eager. Pages fetched beyond the end are
/// dropped, and their errors do not matter.
///
/// Where no page says whether more follow, the list ends with an empty one. As long as
/// pages hold as many records as were asked for, or as many as the page before, a window
/// of them is fetched; behind any other only one, since it may be the last.
///
/// A record whose id this read has delivered already is dropped: the pages shifted,
/// because something was put in before them. The ids of the last 16 pages are
/// remembered, at most 65,536, and across a resume the last 256.
#[derive(Clone, Debug)]
pub struct NumberedPager {
    config: NumberedConfig,
    /// Pages in flight or held, and one failed at most.
    slots: LiteMap<u32, Slot>,
    /// The page to fetch next.
    next: u32,
    /// The page to decide on next. Pages before it are known not to be the end.
    deciding: u32,
    previous: Option<Previous>,
    /// Whether the last page that was decided held as many records as may be expected.
    steady: bool,
    /// Where pages begin, in a list that is asked for by offset.
    offsets: Option<Offsets>,
    empty: EmptyPages,
    cap: ByteCap,
    stop: Option<Stop>,
    delivery: Delivery,
    bytes: HeldBytes,
    /// The last page with records that was delivered wholly.
    last: Option<Place>,
    pages: u32,
    deduplicator: Deduplicator,
    /// The last page, by what the total once was. Pages behind it are fetched only when
    /// it says that more follow; the end is where the provider says.
    foreseen: Option<u32>,
}

#[derive(Clone, Debug)]
enum Slot {
    InFlight,
    /// `last` is whether no later page had been asked for when it came; `at` is its
    /// offset, if it has one.
    Held {
        facts: PageFacts,
        last: bool,
        at: Option<u64>,
    },
    Failed,
}

impl Slot {
    /// Gives back the room of a page that was held.
    fn release(&self, bytes: &mut HeldBytes) {
        if let Self::Held { facts, .. } = self {
            bytes.release(facts.bytes);
        }
    }
}

/// Pages before this one are delivered, and then the read is over.
#[derive(Clone, Copy, Debug)]
struct Stop {
    before: u32,
    guard: Option<Guard>,
}

/// Where a read stands: behind so many records of a page, which begins at that offset.
#[derive(Clone, Copy, Debug)]
struct Place {
    page: u32,
    at: Option<u64>,
    skip: u64,
}

const MAX_WINDOW: u32 = 32;
/// Bytes of a record, for as long as no page has come that tells: on the large side
/// for ServiceTitan's.
const TYPICAL_RECORD: usize = 4096;
/// The last page that is read, so that there is always a number after it.
const LAST_PAGE: u32 = u32::MAX - 1;

impl NumberedPager {
    /// A read that begins at the configuration's start page, with what is remembered of
    /// the way to there.
    #[must_use]
    pub fn new(config: NumberedConfig, track: ReadProgress) -> Self {
        let config = NumberedConfig {
            window: config.window.clamp(1, MAX_WINDOW),
            max_pages: config.max_pages.max(1),
            start_page: config.start_page.min(LAST_PAGE),
            ..config
        };
        let guess = (config.page_size as usize).saturating_mul(TYPICAL_RECORD);
        let skip = if on(Failpoint::RepeatRecords) { 0 } else { config.skip };
        let before = offset(config.start_page, config.page_size).saturating_add(config.skip);
        let foreseen = track.remaining().map(|left| last_page(before.saturating_add(left), config.page_size));
        Self {
            config,
            foreseen,
            slots: LiteMap::new(),
            next: config.start_page,
            deciding: config.start_page,
            previous: None,
            steady: true,
            offsets: config.at.map(|at| Offsets::new(config.start_page, at, u64::from(config.page_size))),
            empty: EmptyPages::new(MAX_EMPTY_PAGES),
            cap: ByteCap::new(config.max_bytes),
            stop: None,
            delivery: Delivery::new(config.start_page, skip, config.max_items),
            bytes: HeldBytes::new(config.max_held_bytes, guess),
            last: None,
            pages: 0,
            deduplicator: Deduplicator::new(track, config.page_size),
        }
    }

    /// The page to fetch now, if any. It counts as in flight from here on.
    pub fn next_fetch(&mut self) -> Option<u32> {
        if self.stop.is_some() || self.slots.values().any(|slot| matches!(slot, Slot::Failed)) {
            return None;
        }
        let beyond = self.next.saturating_sub(self.config.start_page) >= self.config.max_pages;
        let unforeseen = self.foreseen.is_some_and(|last| self.next > last && self.deciding <= last);
        let unsure = self.config.data_only && !self.steady && self.next > self.deciding;
        let may = self.slots.is_empty() || (self.has_room() && !unforeseen && !unsure);
        if beyond || self.next > LAST_PAGE || !may {
            return None;
        }
        let page = self.next;
        self.slots.insert(page, Slot::InFlight);
        self.next = page.saturating_add(1);
        Some(page)
    }

    /// Whether one more page may be in flight next to those that are there.
    fn has_room(&self) -> bool {
        let decided = self.deciding.saturating_sub(self.config.start_page);
        let window = match decided {
            0 if self.config.eager && !self.config.data_only => self.config.window,
            0 => 1,
            // The second page proves whether the provider minds the page number.
            1 if self.config.data_only => self.config.window.min(2),
            _ => self.config.window,
        };
        let in_flight = self.slots.values().filter(|slot| matches!(slot, Slot::InFlight)).count();
        self.slots.len() < window as usize && self.bytes.fits(in_flight.saturating_add(1))
    }

    /// A page that was in flight is here.
    pub fn arrived(&mut self, page: u32, facts: PageFacts) -> Arrival {
        if let Some(slot @ Slot::InFlight) = self.slots.get_mut(&page) {
            self.bytes.hold(facts.bytes);
            if let Some(total) = facts.total.filter(|_| page == self.config.start_page) {
                let before = offset(page, self.config.page_size).saturating_add(self.config.skip);
                self.deduplicator.track.expect(total.saturating_sub(before));
                self.foreseen = Some(last_page(total, self.config.page_size));
            }
            let at = self.offsets.map(|offsets| offsets.of(page));
            *slot = Slot::Held { facts, last: self.next == page.saturating_add(1), at };
            self.decide();
            self.advance();
        }
        if self.keeps(page) { Arrival::Kept } else { Arrival::Dropped }
    }

    /// A page that was in flight could not be fetched, all retries included.
    pub fn failed(&mut self, page: u32) -> FailedFetch {
        match self.slots.get_mut(&page) {
            Some(slot @ Slot::InFlight) => {
                *slot = Slot::Failed;
                if page == self.delivery.head { FailedFetch::Matters } else { FailedFetch::NotYet }
            }
            _ => FailedFetch::Ignored,
        }
    }

    /// The records to deliver now. What is not reported as delivered is named again.
    #[must_use]
    pub fn ready(&self) -> Option<Ready> {
        let Some(Slot::Held { facts, .. }) = self.slots.get(&self.delivery.head) else { return None };
        self.delivery.ready(self.deduplicator.next().unwrap_or(facts.items as u64))
    }

    /// The consumer took `items` more records of `page`, which `ready` named.
    pub fn delivered(&mut self, page: u32, items: usize) {
        let Some(ready) = self.ready().filter(|ready| ready.page == page) else { return };
        let taken = self.delivery.take(&ready, items);
        if let Some(Slot::Held { facts, .. }) = self.slots.get(&page) {
            for place in ready.first..ready.first.saturating_add(taken) {
                self.deduplicator.deliver(facts.ids.get(place).copied().flatten());
            }
        }
        self.advance();
    }

    /// The page to deliver next.
    #[must_use]
    pub fn head(&self) -> u32 {
        self.delivery.head
    }

    /// Whether a page is still needed. The client may drop the body, or cancel the
    /// fetch, of one that is not.
    #[must_use]
    pub fn keeps(&self, page: u32) -> bool {
        self.slots.contains_key(&page)
    }

    /// How the read stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match (self.stop, self.slots.get(&self.delivery.head)) {
            (Some(Stop { guard: Some(Guard::TooManyItems), .. }), _) if self.delivery.cap.room() == 0 => {
                Progress::Stopped(Guard::TooManyItems)
            }
            (Some(Stop { before, guard }), _) if self.delivery.head >= before => {
                guard.map_or(Progress::Ended, Progress::Stopped)
            }
            (_, Some(Slot::Failed)) => Progress::FetchFailed { page: self.delivery.head },
            _ => Progress::Going,
        }
    }

    /// Where a later read goes on to deliver what this one has not.
    ///
    /// After the end it points behind the last record, so that what is appended
    /// later is found. It may name a page of which all records are to be skipped.
    #[must_use]
    pub fn position(&self) -> Position {
        // The last page with records is read again when it may get more of them, or
        // when the next page may be the same one again.
        let full = |place: Place| place.skip >= u64::from(self.config.page_size);
        let here = |skip| Place { page: self.delivery.head, at: self.offset(self.delivery.head), skip };
        let Place { page, at, skip } = match (self.progress(), self.last) {
            (Progress::Ended, last) => {
                last.unwrap_or(Place { page: self.config.start_page, at: self.config.at, skip: 0 })
            }
            (_, Some(last)) if self.delivery.taken == 0 && (self.config.data_only || !full(last)) => last,
            _ => here(self.delivery.taken),
        };
        let (page_size, track) = (self.config.page_size, self.deduplicator.track.clone());
        Position::Numbered { page, page_size, at, skip, track }
    }

    /// Where a page begins that is to be fetched, or was and is still needed; none in a
    /// list that is asked for by page number.
    #[must_use]
    pub fn offset(&self, page: u32) -> Option<u64> {
        match self.slots.get(&page) {
            Some(Slot::Held { at, .. }) => *at,
            _ => self.offsets.map(|offsets| offsets.of(page)),
        }
    }

    /// Records that were dropped because this read had delivered them already.
    #[must_use]
    pub fn suppressed(&self) -> u64 {
        self.deduplicator.suppressed()
    }

    /// Whether the list moved under this read in a way that may have hidden records
    /// from it. Before the end it may not be known yet.
    #[must_use]
    pub fn drifted(&self) -> bool {
        self.deduplicator.track.drifted(self.progress() == Progress::Ended)
    }

    /// Whether the total of the first page is of use.
    #[must_use]
    pub fn wants_total(&self, page: u32) -> bool {
        page == self.config.start_page && !self.deduplicator.track.expects()
    }

    /// Pages that were delivered wholly, empty ones included.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Records that were delivered.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.delivery.cap.delivered()
    }

    /// Moves past records that were delivered before, and past pages of which nothing is
    /// left to deliver.
    fn advance(&mut self) {
        loop {
            let head = self.delivery.head;
            let Some(Slot::Held { facts, last, at }) = self.slots.get(&head) else { return };
            let at = *at;
            let items = facts.items as u64;
            self.deduplicator.probe(&facts.ids, items, self.delivery.taken, *last);
            if self.deduplicator.circle() {
                return self.stop(Stop { before: head, guard: Some(Guard::Loop) });
            }
            while self.deduplicator.pass(self.delivery.taken) {
                self.delivery.taken = self.delivery.taken.saturating_add(1);
            }
            let thrown_away = on(Failpoint::LoseRecords) && head == self.config.start_page.saturating_add(1);
            if thrown_away {
                facts.ids.iter().for_each(|id| self.deduplicator.deliver(*id));
            } else if self.delivery.taken < items {
                return;
            }
            if let Some(slot) = self.slots.remove(&head) {
                slot.release(&mut self.bytes);
            }
            if items > 0 {
                self.last = Some(Place { page: head, at, skip: items });
            }
            self.pages = self.pages.saturating_add(1);
            self.delivery.turn(self.page_behind());
            self.deduplicator.turn();
        }
    }

    /// The page to deliver behind those that were. It need not have the next number.
    fn page_behind(&self) -> u32 {
        let held = self.slots.keys().next().copied();
        held.or(self.stop.map(|stop| stop.before)).unwrap_or(self.next)
    }

    /// Pages from there on are not needed.
    fn stop(&mut self, stop: Stop) {
        self.stop = Some(stop);
        self.drop_from(stop.before);
    }

    fn drop_from(&mut self, first: u32) {
        let bytes = &mut self.bytes;
        self.slots.retain(|page, slot| {
            let needed = *page < first;
            if !needed {
                slot.release(bytes);
            }
            needed
        });
    }
}

/// The page that the last of so many records stands on.
fn last_page(records: u64, page_size: u32) -> u32 {
    u32::try_from(records.div_ceil(u64::from(page_size).max(1))).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
