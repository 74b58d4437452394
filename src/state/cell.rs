//! Cells: claims and plans in a store that has counters and compare-and-swap, and neither
//! expiry nor scripts, such as Spin's on SQLite.
//!
//! A cell comes into being by adding 0 to a counter of its name, which creates it atomically.
//! From then on it is only ever swapped, never incremented or set: compare-and-swap on a key
//! that exists loses no update, while on an absent key it may succeed twice.
//!
//! What is in a cell expires by the wall clock that all instances of one machine share.

/// A version, so that nothing that a cell holds looks like a new counter.
const VERSION: u8 = b'1';

/// The content of a cell that lives until this millisecond since the Unix epoch.
#[must_use]
pub fn full(content: &[u8], until_ms: u64) -> Vec<u8> {
    let mut cell = Vec::with_capacity(content.len() + 9);
    cell.push(VERSION);
    cell.extend_from_slice(&until_ms.to_be_bytes());
    cell.extend_from_slice(content);
    cell
}

/// A cell that holds nothing any more.
#[must_use]
pub fn empty() -> Vec<u8> {
    full(&[], 0)
}

/// What is in a cell; none if it is new, was emptied or has expired.
#[must_use]
pub fn content(cell: &[u8], now_ms: u64) -> Option<&[u8]> {
    let (version, rest) = cell.split_first()?;
    let (until, content) = rest.split_first_chunk::<8>()?;
    (*version == VERSION && now_ms < u64::from_be_bytes(*until)).then_some(content)
}

/// When what is in a cell expires, in milliseconds since the Unix epoch; none if it is no cell
/// of this version.
#[must_use]
pub fn until_ms(cell: &[u8]) -> Option<u64> {
    let (version, rest) = cell.split_first()?;
    let until = rest.first_chunk::<8>()?;
    (*version == VERSION).then(|| u64::from_be_bytes(*until))
}

/// When something expires that is put in now.
#[must_use]
pub fn expiry_ms(now_ms: u64, ttl_ms: Option<u64>) -> u64 {
    ttl_ms.map_or(u64::MAX, |ttl| now_ms.saturating_add(ttl))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_holds_something_for_its_time() {
        let cell = full(b"held", 1_050);
        assert_eq!(content(&cell, 1_049), Some(&b"held"[..]));
        assert_eq!(content(&cell, 1_050), None);
        assert_eq!(until_ms(&cell), Some(1_050));
        assert_eq!(content(&empty(), 0), None);
        assert_eq!(content(&full(b"", expiry_ms(5, None)), u64::MAX - 1), Some(&b""[..]));
        assert_eq!(expiry_ms(u64::MAX, Some(5)), u64::MAX);
    }

    #[test]
    fn a_new_counter_is_an_empty_cell() {
        // SQLite's counters are 8 bytes, those of others decimal text.
        for new in [&[0_u8; 8][..], b"0", b""] {
            assert_eq!((content(new, 0), until_ms(new)), (None, None));
        }
    }
}
