//! Whether a page is the last, and what follows it.

use super::{Guard, LAST_PAGE, NumberedPager, Offsets, Slot, Stop};

/// What the end of a list is told by.
#[derive(Clone, Copy, Debug)]
struct Facts {
    items: u64,
    bytes: usize,
    has_more: Option<bool>,
    digest: u64,
}

/// The last page with records that was decided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Previous {
    items: u64,
    digest: u64,
}

impl NumberedPager {
    /// Looks at pages in their order for the end of the list.
    pub(super) fn decide(&mut self) {
        while let (None, Some(Slot::Held { facts, .. })) = (self.stop, self.slots.get(&self.deciding)) {
            let page = self.deciding;
            let decided = Facts {
                items: facts.items as u64,
                bytes: facts.bytes,
                has_more: facts.has_more,
                digest: facts.digest,
            };
            // From here on the list is read like those that never say whether more follow.
            self.config.data_only |= facts.has_more.is_none();
            let stop = self.decision(page, decided);
            if decided.items > 0 {
                self.previous = Some(Previous { items: decided.items, digest: decided.digest });
            }
            if let Some(stop) = stop {
                self.stop(stop);
            }
        }
    }

    /// Whether to go no further than this page. Otherwise the one behind it is to be
    /// decided next.
    fn decision(&mut self, page: u32, facts: Facts) -> Option<Stop> {
        let after = |guard| Some(Stop { before: page.saturating_add(1), guard });
        let repeats = facts.items > 0 && self.previous.is_some_and(|page| page.digest == facts.digest);
        let more = match facts.has_more {
            Some(true) if repeats => return Some(Stop { before: page, guard: Some(Guard::Loop) }),
            None if repeats => return Some(Stop { before: page, guard: None }),
            None => facts.items > 0,
            Some(more) => more,
        };
        let skipped = if page == self.config.start_page { self.config.skip } else { 0 };
        // Where nobody says that more follow, the next page shows whether any do.
        if let Err(guard) =
            self.delivery.cap.page(facts.items.saturating_sub(skipped), facts.has_more == Some(true))
        {
            return after(Some(guard));
        }
        if !more {
            return after(None);
        }
        if let Err(guard) = self.empty.page(facts.items as usize) {
            return after(Some(guard));
        }
        if let Err(guard) = self.cap.page(facts.bytes, more) {
            return after(Some(guard));
        }
        self.deciding = self.behind(page, facts.items);
        let decided = self.deciding.saturating_sub(self.config.start_page);
        let last = decided >= self.config.max_pages || self.deciding > LAST_PAGE;
        if last { after(Some(Guard::TooManyPages)) } else { None }
    }

    /// The page that comes behind this one, of which more follow.
    fn behind(&mut self, page: u32, items: u64) -> u32 {
        let full = items >= u64::from(self.config.page_size);
        self.steady = full || self.previous.is_some_and(|previous| previous.items == items);
        let next = page.saturating_add(1);
        let Some(offsets) = self.offsets else { return next };
        let behind = offsets.of(page).saturating_add(items);
        if behind == offsets.of(next) {
            return next;
        }
        // The pages that were asked for already do not begin where this one ends. They are
        // asked for anew, by numbers of their own, so that no late answer is taken for theirs.
        self.drop_from(next);
        self.offsets = Some(Offsets::new(self.next, behind, items));
        self.next
    }
}
