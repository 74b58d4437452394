//! Lists with an offset: numbered pages in disguise.
//!
//! A list that takes `offset` and `limit`, and whose answers hold records and nothing
//! else, is read by a [`NumberedPager`](super::NumberedPager) with
//! [`data_only`](super::NumberedConfig::data_only). Its pages are numbered in the order in
//! which they are asked for, and lie side by side as long as each holds as many records as
//! were asked for. Where the provider gives fewer, the next page begins behind what came.

/// The offset of a page of a list whose pages are all full: how many records stand before
/// it. Pages count from 1.
#[must_use]
pub fn offset(page: u32, page_size: u32) -> u64 {
    u64::from(page.saturating_sub(1)).saturating_mul(u64::from(page_size))
}

/// Where the pages to ask for begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offsets {
    /// The page that is known to begin at `at`.
    page: u32,
    at: u64,
    /// Records that each page from there on is expected to hold.
    expected: u64,
}

impl Offsets {
    pub(super) fn new(page: u32, at: u64, expected: u64) -> Self {
        Self { page, at, expected }
    }

    /// Where a page begins, no earlier one than the known one.
    pub(super) fn of(&self, page: u32) -> u64 {
        let pages = u64::from(page.saturating_sub(self.page));
        self.at.saturating_add(pages.saturating_mul(self.expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_side_by_side() {
        assert_eq!([0, 1, 2, 3].map(|page| offset(page, 100)), [0, 0, 100, 200]);
        assert_eq!(offset(u32::MAX, u32::MAX), u64::from(u32::MAX - 1) * u64::from(u32::MAX));
        let offsets = Offsets::new(5, 30, 7);
        assert_eq!([4, 5, 6, 7].map(|page| offsets.of(page)), [30, 30, 37, 44]);
    }
}
