//! Lists with page numbers, fetched ahead within a window.

use std::collections::BTreeMap;

use super::guard::{EmptyPages, Guard, ItemCap};
use super::{Arrival, FailedFetch, Position, Progress, Ready};

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
    /// Bytes of pages in flight or held, at most. A page in flight counts as the
    /// largest that came so far. One page is always allowed.
    pub max_held_bytes: usize,
    /// The answers hold records and no word on whether more follow. Such a list
    /// ends with a page that is not full, or one like the page before it (the
    /// vendor ignores the page number). In other lists a missing word is an error:
    /// taking it for the end could lose records.
    pub data_only: bool,
}

/// What the driver knows of a page that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFacts {
    /// Records on it.
    pub items: usize,
    /// Memory that it takes while it is held.
    pub bytes: usize,
    /// The vendor's word on whether more follow. Its total is not looked at: it
    /// changes while the list is read.
    pub has_more: Option<bool>,
    /// [`digest`](crate::digest::digest) of its records.
    pub digest: u64,
}

/// Reads a list with page numbers.
///
/// Only the first page is fetched until it says that more follow, so that a short
/// list costs one request, unless the read is eager. Pages fetched beyond the end are dropped, and their
/// errors do not matter.
#[derive(Clone, Debug)]
pub struct NumberedPager {
    config: NumberedConfig,
    /// Pages in flight or held, and one failed at most.
    slots: BTreeMap<u32, Slot>,
    /// The page to fetch next.
    next: u32,
    /// The page to judge next. Pages before it are known not to be the end.
    judging: u32,
    /// The digest of the last page with records that was judged.
    previous: Option<u64>,
    empty: EmptyPages,
    cap: ItemCap,
    stop: Option<Stop>,
    /// The page to deliver next, and how many of its records were delivered.
    head: u32,
    taken: u64,
    /// The last page with records that was delivered wholly, and how many.
    last: Option<(u32, u64)>,
    pages: u32,
    held_bytes: usize,
    largest: usize,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    InFlight,
    Held(PageFacts),
    Failed,
}

/// Pages before this one are delivered, and then the read is over.
#[derive(Clone, Copy, Debug)]
struct Stop {
    before: u32,
    guard: Option<Guard>,
}

const MAX_WINDOW: u32 = 32;
/// Bytes of a record, for as long as no page has come that tells: on the large side
/// for ServiceTitan's.
const TYPICAL_RECORD: usize = 4096;
/// The last page that is read, so that there is always a number after it.
const LAST_PAGE: u32 = u32::MAX - 1;

impl NumberedPager {
    /// A read that begins at the configuration's start page.
    #[must_use]
    pub fn new(config: NumberedConfig) -> Self {
        let config = NumberedConfig {
            window: config.window.clamp(1, MAX_WINDOW),
            max_pages: config.max_pages.max(1),
            start_page: config.start_page.min(LAST_PAGE),
            ..config
        };
        Self {
            config,
            slots: BTreeMap::new(),
            next: config.start_page,
            judging: config.start_page,
            previous: None,
            empty: EmptyPages::default(),
            cap: ItemCap::new(config.max_items),
            stop: None,
            head: config.start_page,
            taken: config.skip,
            last: None,
            pages: 0,
            held_bytes: 0,
            largest: 0,
        }
    }

    /// The page to fetch now, if any. It counts as in flight from here on.
    pub fn next_fetch(&mut self) -> Option<u32> {
        if self.stop.is_some() || self.slots.values().any(|slot| matches!(slot, Slot::Failed)) {
            return None;
        }
        let beyond = self.next.saturating_sub(self.config.start_page) >= self.config.max_pages;
        if beyond || self.next > LAST_PAGE || !(self.slots.is_empty() || self.has_room()) {
            return None;
        }
        let page = self.next;
        self.slots.insert(page, Slot::InFlight);
        self.next = page.saturating_add(1);
        Some(page)
    }

    /// Whether one more page may be in flight next to those that are there.
    fn has_room(&self) -> bool {
        let judged = self.judging.saturating_sub(self.config.start_page);
        let window = match judged {
            0 if self.config.eager && !self.config.data_only => self.config.window,
            0 => 1,
            // The second page proves whether the vendor minds the page number.
            1 if self.config.data_only => self.config.window.min(2),
            _ => self.config.window,
        };
        let in_flight = self.slots.values().filter(|slot| matches!(slot, Slot::InFlight)).count();
        let guess = (self.config.page_size as usize).saturating_mul(TYPICAL_RECORD);
        let page = if self.largest == 0 { guess } else { self.largest };
        let expected = page.saturating_mul(in_flight.saturating_add(1));
        self.slots.len() < window as usize
            && self.held_bytes.saturating_add(expected) <= self.config.max_held_bytes
    }

    /// A page that was in flight is here.
    pub fn arrived(&mut self, page: u32, facts: PageFacts) -> Arrival {
        if let Some(slot @ Slot::InFlight) = self.slots.get_mut(&page) {
            *slot = Slot::Held(facts);
            self.held_bytes = self.held_bytes.saturating_add(facts.bytes);
            self.largest = self.largest.max(facts.bytes);
            self.judge();
            self.advance();
        }
        if self.keeps(page) { Arrival::Kept } else { Arrival::Dropped }
    }

    /// A page that was in flight could not be fetched, all retries included.
    pub fn failed(&mut self, page: u32) -> FailedFetch {
        match self.slots.get_mut(&page) {
            Some(slot @ Slot::InFlight) => {
                *slot = Slot::Failed;
                if page == self.head { FailedFetch::Matters } else { FailedFetch::NotYet }
            }
            _ => FailedFetch::Ignored,
        }
    }

    /// The records to deliver now. What is not reported as delivered is named again.
    #[must_use]
    pub fn ready(&self) -> Option<Ready> {
        let Some(Slot::Held(facts)) = self.slots.get(&self.head) else { return None };
        let first = usize::try_from(self.taken).ok()?;
        let room = usize::try_from(self.cap.room()).unwrap_or(usize::MAX);
        let count = facts.items.saturating_sub(first).min(room);
        (count > 0).then_some(Ready { page: self.head, first, count })
    }

    /// The consumer took `items` more records of `page`, which `ready` named.
    pub fn delivered(&mut self, page: u32, items: usize) {
        let Some(ready) = self.ready().filter(|ready| ready.page == page) else { return };
        let items = items.min(ready.count) as u64;
        self.taken = self.taken.saturating_add(items);
        self.cap.deliver(items);
        self.advance();
    }

    /// Whether a page is still needed. The driver may drop the body, or cancel the
    /// fetch, of one that is not.
    #[must_use]
    pub fn keeps(&self, page: u32) -> bool {
        self.slots.contains_key(&page)
    }

    /// How the read stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match (self.stop, self.slots.get(&self.head)) {
            (Some(Stop { guard: Some(Guard::TooManyItems), .. }), _) if self.cap.room() == 0 => {
                Progress::Stopped(Guard::TooManyItems)
            }
            (Some(Stop { before, guard }), _) if self.head >= before => {
                guard.map_or(Progress::Ended, Progress::Stopped)
            }
            (_, Some(Slot::Failed)) => Progress::FetchFailed { page: self.head },
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
        let full = |items| items >= u64::from(self.config.page_size);
        let (page, skip) = match (self.progress(), self.last) {
            (Progress::Ended, last) => last.unwrap_or((self.config.start_page, 0)),
            (_, Some(last)) if self.taken == 0 && (self.config.data_only || !full(last.1)) => last,
            _ => (self.head, self.taken),
        };
        Position::Numbered { page, page_size: self.config.page_size, skip }
    }

    /// Pages that were delivered wholly, empty ones included.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// Records that were delivered.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.cap.delivered()
    }

    /// Looks at pages in their order for the end of the list.
    fn judge(&mut self) {
        while let (None, Some(Slot::Held(facts))) = (self.stop, self.slots.get(&self.judging)) {
            let (page, facts) = (self.judging, *facts);
            self.stop = self.verdict(page, facts);
            if facts.items > 0 {
                self.previous = Some(facts.digest);
            }
            self.judging = page.saturating_add(1);
        }
        if let Some(Stop { before, .. }) = self.stop {
            for (_, slot) in self.slots.split_off(&before) {
                self.release(slot);
            }
        }
    }

    fn verdict(&mut self, page: u32, facts: PageFacts) -> Option<Stop> {
        let after = |guard| Some(Stop { before: page.saturating_add(1), guard });
        let repeats = facts.items > 0 && self.previous == Some(facts.digest);
        let full = facts.items > 0 && facts.items as u64 >= u64::from(self.config.page_size);
        let more = match facts.has_more {
            Some(true) if repeats => return Some(Stop { before: page, guard: Some(Guard::Loop) }),
            None if self.config.data_only && repeats => return Some(Stop { before: page, guard: None }),
            None => self.config.data_only && full,
            Some(more) => more,
        };
        let skipped = if page == self.config.start_page { self.config.skip } else { 0 };
        let items = (facts.items as u64).saturating_sub(skipped);
        if let Err(guard) = self.cap.page(items, more) {
            return after(Some(guard));
        }
        if !more {
            let silent = facts.has_more.is_none() && !self.config.data_only;
            return after(silent.then_some(Guard::HasMoreMissing));
        }
        if let Err(guard) = self.empty.page(facts.items) {
            return after(Some(guard));
        }
        let judged = page.saturating_sub(self.config.start_page).saturating_add(1);
        let last = judged >= self.config.max_pages || page >= LAST_PAGE;
        if last { after(Some(Guard::TooManyPages)) } else { None }
    }

    /// Moves past pages of which nothing is left to deliver.
    fn advance(&mut self) {
        while let Some(Slot::Held(facts)) = self.slots.get(&self.head) {
            let items = facts.items as u64;
            if self.taken < items {
                return;
            }
            if let Some(slot) = self.slots.remove(&self.head) {
                self.release(slot);
            }
            if items > 0 {
                self.last = Some((self.head, items));
            }
            self.pages = self.pages.saturating_add(1);
            self.head = self.head.saturating_add(1);
            self.taken = 0;
        }
    }

    fn release(&mut self, slot: Slot) {
        if let Slot::Held(facts) = slot {
            self.held_bytes = self.held_bytes.saturating_sub(facts.bytes);
        }
    }
}

#[cfg(test)]
mod tests;
