//! Whether bytes are text.

use crate::block::Blocks;
use std::str;

/// Whether bytes are UTF-8. What a provider sends is mostly ASCII, sixty-four bytes of which are
/// passed over at once.
#[must_use]
pub fn is_utf8(bytes: &[u8]) -> bool {
    let mut at = 0;
    loop {
        while Blocks::at(bytes, at).is_some_and(Blocks::is_ascii) {
            at += Blocks::LENGTH;
        }
        // Up to the next ones that are ASCII: no character can go on there.
        let mut end = at + Blocks::LENGTH;
        while Blocks::at(bytes, end).is_some_and(|blocks| !blocks.is_ascii()) {
            end += Blocks::LENGTH;
        }
        let last = Blocks::at(bytes, end).is_none();
        let part = if last { bytes.get(at..) } else { bytes.get(at..end) };
        if str::from_utf8(part.unwrap_or_default()).is_err() {
            return false;
        }
        if last {
            return true;
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_says_what_the_standard_library_says(
            parts in prop::collection::vec(prop_oneof![
                Just(b" ".repeat(64)), Just(b"a".repeat(7)), Just("\u{20ac}".as_bytes().to_vec()),
                Just("\u{1f600}".repeat(20).into_bytes()), Just(vec![0xf0, 0x9f]), Just(vec![0x80]),
            ], 0..20),
        ) {
            let bytes = parts.concat();
            prop_assert_eq!(is_utf8(&bytes), str::from_utf8(&bytes).is_ok());
        }
    }
}
