//! What stands outside of the strings of a JSON text, sixty-four bytes at a time.

use crate::block::Blocks;

/// Goes through a text from its beginning, or from any place outside of a string.
#[derive(Default)]
pub(crate) struct Structure {
    /// All ones within a string.
    inside: u64,
    /// 1 if the next byte is escaped.
    escaped: u64,
}

/// A bit for each byte of such a kind that is in no string, the first one's lowest.
#[derive(Clone, Copy)]
pub(crate) struct Marks {
    pub(crate) opening: u64,
    pub(crate) closing: u64,
}

impl Structure {
    /// Reads the next bytes, from a place on; what is not there counts as blanks.
    #[inline]
    pub(crate) fn read(&mut self, json: &[u8], at: usize) -> Marks {
        let blocks = Blocks::from(json, at);
        let inside = self.inside(blocks);
        Structure::brackets(blocks, inside)
    }

    /// The same, and the commas.
    #[inline]
    pub(crate) fn read_all(&mut self, json: &[u8], at: usize) -> (Marks, u64) {
        let blocks = Blocks::from(json, at);
        let inside = self.inside(blocks);
        (Structure::brackets(blocks, inside), blocks.equal(b',') & !inside)
    }

    #[inline]
    fn brackets(blocks: Blocks, inside: u64) -> Marks {
        // `[` and `{` differ in one bit, and so do `]` and `}`.
        let all = blocks.either_folded(b'{', b'}') & !inside;
        let opening = if all == 0 { 0 } else { blocks.equal_folded(b'{') & all };
        Marks { opening, closing: all ^ opening }
    }

    /// The bytes of strings, without the closing quotation marks.
    #[inline]
    fn inside(&mut self, blocks: Blocks) -> u64 {
        let mut quotes = blocks.equal(b'"');
        if blocks.have(b'\\') || self.escaped != 0 {
            quotes &= !self.escapes(blocks.equal(b'\\'));
        }
        // From each opening quotation mark up to its closing one.
        let mut inside = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            inside ^= inside << shift;
        }
        inside ^= self.inside;
        self.inside = if inside >> 63 == 1 { u64::MAX } else { 0 };
        inside
    }

    /// The bytes that are escaped.
    #[cold]
    fn escapes(&mut self, backslashes: u64) -> u64 {
        let mut escaped = std::mem::take(&mut self.escaped);
        let mut rest = backslashes & !escaped;
        while rest != 0 {
            let place = rest.trailing_zeros();
            let next = 2_u64.checked_shl(place).unwrap_or_default();
            // The last byte escapes the first one of the next bytes.
            self.escaped = u64::from(place == 63);
            escaped |= next;
            rest &= !(1 << place | next);
        }
        escaped
    }
}

/// Where the array or object ends that begins at a place: the place behind its last bracket. None if
/// it does not end, or nests deeper than it may. What stands in it need not be JSON.
pub(crate) fn end_of_nested(json: &[u8], mut at: usize, max_depth: u32) -> Option<usize> {
    let (mut structure, mut depth) = (Structure::default(), 0_u32);
    while at < json.len() {
        let Marks { opening, closing } = structure.read(json, at);
        let (opened, closed) = (opening.count_ones(), closing.count_ones());
        // Does it end here, or does it get too deep?
        if closed < depth && opened <= max_depth.saturating_sub(depth) {
            depth = depth + opened - closed;
        } else {
            let mut rest = opening | closing;
            while rest != 0 {
                let place = rest.trailing_zeros();
                if opening >> place & 1 == 1 {
                    depth += 1;
                } else {
                    depth = depth.saturating_sub(1);
                }
                if depth == 0 {
                    return Some(at + place as usize + 1);
                }
                if depth > max_depth {
                    return None;
                }
                rest &= rest - 1;
            }
        }
        at += Blocks::LENGTH;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Byte by byte.
    fn slowly(json: &[u8], max_depth: u32) -> Option<usize> {
        let (mut depth, mut inside, mut escaped) = (0, false, false);
        for (place, byte) in json.iter().enumerate() {
            match byte {
                b'"' | b'\\' if escaped => {}
                b'\\' => {
                    escaped = true;
                    continue;
                }
                b'"' => inside = !inside,
                b'{' | b'[' if !inside => depth += 1,
                b'}' | b']' if !inside => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(place + 1);
                    }
                }
                _ => {}
            }
            if depth > max_depth {
                return None;
            }
            escaped = false;
        }
        None
    }

    proptest! {
        #[test]
        fn an_end_is_found_wherever_it_is(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", "\"", "\\", ",", "\"a\\\"b\"", "\"\\\\\"", "{}", "1234567890123456789",
            ]), 0..120),
            before in 0..70_usize,
            most in 1..8_u32,
        ) {
            let json = format!("{}[{}", " ".repeat(before), parts.concat());
            let expected = slowly(&json.as_bytes()[before..], most).map(|end| before + end);
            prop_assert_eq!(end_of_nested(json.as_bytes(), before, most), expected);
        }
    }
}
