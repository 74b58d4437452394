//! Lists with an offset: numbered pages in disguise.
//!
//! A list that takes `offset` and `limit`, and whose answers hold records and nothing
//! else, is read by a [`NumberedPager`](super::NumberedPager) with
//! [`data_only`](super::NumberedConfig::data_only): the first page that is not full
//! ends it. Only the request differs.

/// The offset of a page: how many records stand before it. Pages count from 1.
#[must_use]
pub fn offset(page: u32, page_size: u32) -> u64 {
    u64::from(page.saturating_sub(1)).saturating_mul(u64::from(page_size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_side_by_side() {
        assert_eq!([0, 1, 2, 3].map(|page| offset(page, 100)), [0, 0, 100, 200]);
        assert_eq!(offset(u32::MAX, u32::MAX), u64::from(u32::MAX - 1) * u64::from(u32::MAX));
    }
}
