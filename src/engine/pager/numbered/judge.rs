//! Whether a page is the last.

use super::{Guard, LAST_PAGE, NumberedPager, Slot, Stop};

/// What the end of a list is told by.
#[derive(Clone, Copy, Debug)]
struct Judged {
    items: usize,
    has_more: Option<bool>,
    digest: u64,
}

impl NumberedPager {
    /// Looks at pages in their order for the end of the list.
    pub(super) fn judge(&mut self) {
        while let (None, Some(Slot::Held { facts, .. })) = (self.stop, self.slots.get(&self.judging)) {
            let page = self.judging;
            let judged = Judged { items: facts.items, has_more: facts.has_more, digest: facts.digest };
            let stop = self.verdict(page, judged);
            if judged.items > 0 {
                self.previous = Some(judged.digest);
            }
            self.judging = page.saturating_add(1);
            if let Some(stop) = stop {
                self.stop(stop);
            }
        }
    }

    fn verdict(&mut self, page: u32, facts: Judged) -> Option<Stop> {
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
        if let Err(guard) = self.delivery.cap.page(items, more) {
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
}
