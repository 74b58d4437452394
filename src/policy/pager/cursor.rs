//! Lists where each page names the next, such as export feeds.
//!
//! The provider decides what stands on a page and where the next one begins; nothing
//! shifts when the list changes. A record that comes twice, because it changed in
//! between, is delivered twice.

use std::collections::VecDeque;

use super::delivered::Delivered;
use super::delivery::{Delivery, HeldBytes};
use super::guard::{ByteCap, EmptyPages, Guard, MAX_EMPTY_FEED_PAGES};
use super::seen::{self, Seen};
use super::{Arrival, FailedFetch, Position, Progress, Ready};
use crate::digest::digest;
use crate::failpoint::{Failpoint, on};

/// How to read a list where each page names the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorConfig {
    /// The provider's continuation text to begin with; `None` for the beginning.
    pub from: Option<String>,
    /// Records of the first page that were delivered before. They are dropped, wherever
    /// they stand on it; all others are delivered.
    pub delivered: Delivered,
    /// Pages in flight or held, at most. Fetches are strictly one after another, so
    /// 2 is enough to fetch while the consumer is busy. 0 counts as 1.
    pub window: u32,
    /// Pages of this read, at most. 0 counts as 1.
    pub max_pages: u32,
    /// Records that this read delivers, at most.
    pub max_items: u64,
    /// Bytes of pages that this read fetches, at most. The page that reaches it is still
    /// delivered.
    pub max_bytes: u64,
    /// Bytes of pages in flight or held, at most; a page in flight counts as the
    /// largest that came so far. One page is always allowed.
    pub max_held_bytes: usize,
    /// The answers hold a continuation text and no word on whether more follow: the
    /// page without one is the last. In other lists a missing word is an error.
    pub token_only: bool,
}

/// A page to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorFetch {
    /// Its place in this read, from 0.
    pub page: u32,
    /// The continuation text to ask with.
    pub from: Option<String>,
}

/// What the client knows of a page that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorFacts {
    /// The [`digest`] of each of its records, as they are delivered, in order.
    pub records: Vec<u64>,
    /// Memory that it takes while it is held.
    pub bytes: usize,
    /// The provider's word on whether more follow.
    pub has_more: Option<bool>,
    /// Where the next page begins, or after the last one, the next run.
    pub continue_from: Option<String>,
}

/// Reads a list where each page names the next.
#[derive(Clone, Debug)]
pub struct CursorPager {
    config: CursorConfig,
    /// Pages that arrived and are not wholly delivered. `head` is the first.
    held: VecDeque<Held>,
    fetch: Fetch,
    /// Where the page after the held ones begins: the one in flight or to fetch.
    from: Option<String>,
    /// Digests of the continuation texts that were asked with, the last 65,536 of
    /// them. A longer circle is ended by the bound on pages.
    seen: Seen,
    empty: EmptyPages,
    cap: ByteCap,
    delivery: Delivery,
    /// The records of the page to deliver next that were delivered.
    delivered: Delivered,
    /// Where those stand on it that were delivered by an earlier read.
    again: VecDeque<u64>,
    bytes: HeldBytes,
    /// How the read ends once the held pages are delivered.
    stop: Option<Option<Guard>>,
}

#[derive(Clone, Debug)]
struct Held {
    from: Option<String>,
    records: Vec<u64>,
    bytes: usize,
    /// Where to go on after it; `None` if there is nowhere sensible.
    next: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fetch {
    Idle,
    InFlight,
    Failed,
}

impl CursorPager {
    /// A read that begins where the configuration says.
    #[must_use]
    pub fn new(config: CursorConfig) -> Self {
        let config =
            CursorConfig { window: config.window.max(1), max_pages: config.max_pages.max(1), ..config };
        let mut seen = Seen::new(seen::MOST);
        if let Some(from) = &config.from {
            seen.insert(digest(from.as_bytes()));
        }
        let forgets = on(Failpoint::RepeatRecords);
        let delivered = if forgets { Delivered::default() } else { config.delivered.clone() };
        Self {
            held: VecDeque::new(),
            fetch: Fetch::Idle,
            from: config.from.clone(),
            seen,
            empty: EmptyPages::new(MAX_EMPTY_FEED_PAGES),
            cap: ByteCap::new(config.max_bytes),
            delivery: Delivery::new(0, 0, config.max_items),
            delivered,
            again: VecDeque::new(),
            bytes: HeldBytes::new(config.max_held_bytes, 0),
            stop: None,
            config,
        }
    }

    /// The page to fetch now, if any. It counts as in flight from here on.
    pub fn next_fetch(&mut self) -> Option<CursorFetch> {
        let room = self.held.len() < self.config.window as usize && self.bytes.fits(1);
        if self.stop.is_some() || self.fetch != Fetch::Idle || !(self.held.is_empty() || room) {
            return None;
        }
        self.fetch = Fetch::InFlight;
        Some(CursorFetch { page: self.next_page(), from: self.from.clone() })
    }

    /// The page in flight is here.
    pub fn arrived(&mut self, facts: CursorFacts) -> Arrival {
        if self.fetch != Fetch::InFlight {
            return Arrival::Dropped;
        }
        self.fetch = Fetch::Idle;
        let page = self.next_page();
        if page == 0 {
            self.again = self.delivered.find(&facts.records);
        }
        self.stop = self.decision(page, &facts);
        // Behind a circle, going on from its token would deliver it all again.
        let circle = self.stop == Some(Some(Guard::Loop));
        let next = facts.continue_from.filter(|_| !circle);
        let from = std::mem::replace(&mut self.from, next.clone());
        self.bytes.hold(facts.bytes);
        self.held.push_back(Held { from, records: facts.records, bytes: facts.bytes, next });
        self.advance();
        if self.keeps(page) { Arrival::Kept } else { Arrival::Dropped }
    }

    /// The page in flight could not be fetched, all retries included.
    pub fn failed(&mut self) -> FailedFetch {
        if self.fetch != Fetch::InFlight {
            return FailedFetch::Ignored;
        }
        self.fetch = Fetch::Failed;
        if self.held.is_empty() { FailedFetch::Matters } else { FailedFetch::NotYet }
    }

    /// The records to deliver now. What is not reported as delivered is named again.
    #[must_use]
    pub fn ready(&self) -> Option<Ready> {
        let all = self.held.front()?.records.len() as u64;
        self.delivery.ready(self.again.front().copied().unwrap_or(all))
    }

    /// The consumer took `items` more records of `page`, which `ready` named.
    pub fn delivered(&mut self, page: u32, items: usize) {
        let Some(ready) = self.ready().filter(|ready| ready.page == page) else { return };
        let taken = self.delivery.take(&ready, items);
        let records = self.held.front().into_iter().flat_map(|held| &held.records);
        for record in records.skip(ready.first).take(taken) {
            self.delivered.push(*record);
        }
        self.advance();
    }

    /// Whether a page that arrived is still needed. The client may drop the body of
    /// one that is not.
    #[must_use]
    pub fn keeps(&self, page: u32) -> bool {
        (self.delivery.head..self.next_page()).contains(&page)
    }

    /// How the read stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match self.stop {
            Some(Some(Guard::TooManyItems)) if self.delivery.cap.room() == 0 => {
                Progress::Stopped(Guard::TooManyItems)
            }
            _ if !self.held.is_empty() => Progress::Going,
            Some(guard) => guard.map_or(Progress::Ended, Progress::Stopped),
            None if self.fetch == Fetch::Failed => Progress::FetchFailed { page: self.delivery.head },
            None => Progress::Going,
        }
    }

    /// Where a later read goes on to deliver what this one has not. After the end
    /// this is where the next run begins.
    #[must_use]
    pub fn position(&self) -> Position {
        let from = self.held.front().map_or(&self.from, |held| &held.from);
        Position::Cursor { from: from.clone(), delivered: self.delivered.clone() }
    }

    /// Pages that were delivered wholly, empty ones included.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.delivery.head
    }

    /// Records that were delivered.
    #[must_use]
    pub fn items(&self) -> u64 {
        self.delivery.cap.delivered()
    }

    /// The place of the page that is in flight or to fetch.
    fn next_page(&self) -> u32 {
        self.delivery.head.saturating_add(u32::try_from(self.held.len()).unwrap_or(u32::MAX))
    }

    fn decision(&mut self, page: u32, facts: &CursorFacts) -> Option<Option<Guard>> {
        let has_more = match facts.has_more {
            None if self.config.token_only => Some(facts.continue_from.is_some()),
            said => said,
        };
        let more = has_more == Some(true);
        let items = facts.records.len();
        let again = if page == 0 { self.again.len() } else { 0 };
        let undelivered = items.saturating_sub(again) as u64;
        if let Err(guard) = self.delivery.cap.page(undelivered, more) {
            return Some(Some(guard));
        }
        if !more {
            return Some(has_more.is_none().then_some(Guard::HasMoreMissing));
        }
        let Some(token) = &facts.continue_from else { return Some(Some(Guard::ContinuationMissing)) };
        if !self.seen.insert(digest(token.as_bytes())) {
            return Some(Some(Guard::Loop));
        }
        if let Err(guard) = self.empty.page(items) {
            return Some(Some(guard));
        }
        if let Err(guard) = self.cap.page(facts.bytes, more) {
            return Some(Some(guard));
        }
        (page.saturating_add(1) >= self.config.max_pages).then_some(Some(Guard::TooManyPages))
    }

    /// Moves past records that were delivered before, and past pages of which nothing is
    /// left to deliver.
    fn advance(&mut self) {
        loop {
            while self.again.front() == Some(&self.delivery.taken) {
                self.again.pop_front();
                self.delivery.taken = self.delivery.taken.saturating_add(1);
            }
            let taken = self.delivery.taken;
            let Some(held) = self.held.pop_front_if(|held| taken >= held.records.len() as u64) else {
                return;
            };
            self.bytes.release(held.bytes);
            self.delivery.turn(self.delivery.head.saturating_add(1));
            if held.next.is_some() {
                self.delivered.clear();
            } else {
                // Nowhere to go on: stay behind this page's records.
                self.from = held.from;
            }
        }
    }
}

#[cfg(test)]
mod tests;
