//! Bounds on what is read at all.

use crate::text::special;

/// How deep JSON may nest. The contract's own types nest less than ten deep; the
/// rest is kept as text, which is read without recursion, so whatever passes also
/// decodes. The number is that of serde_json, which itself stops at 128.
pub const MAX_DEPTH: usize = 128;

/// JSON that is too large or too deep to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LimitExceeded {
    /// More bytes than allowed.
    #[error("{bytes} bytes are more than the {limit} that are allowed")]
    Bytes {
        /// How many there are.
        bytes: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Arrays and objects within one another, more than allowed.
    #[error("nested deeper than the {limit} levels that are allowed, at byte {at}")]
    Depth {
        /// How many levels are allowed.
        limit: usize,
        /// Where the first one too many opens.
        at: usize,
    },
}

/// How many values a text of JSON has, about: so many commas and brackets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Elements {
    /// In all.
    pub all: usize,
    /// Those that are a page's records, if it is one: at most two levels deep.
    pub shallow: usize,
}

/// Checks JSON before anything reads it: one pass over the bytes, no allocation,
/// no recursion. It does not check that the text is JSON.
///
/// # Errors
/// The limit that is exceeded.
pub fn check_limits(json: &[u8], max_bytes: usize, max_depth: usize) -> Result<Elements, LimitExceeded> {
    if json.len() > max_bytes {
        return Err(LimitExceeded::Bytes { bytes: json.len(), limit: max_bytes });
    }
    let (mut depth, mut at) = (0_usize, 0);
    let mut elements = Elements::default();
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_string(json, at + 1),
            b',' => elements.count(depth),
            b'[' | b'{' => {
                depth += 1;
                elements.count(depth);
                if depth > max_depth {
                    return Err(LimitExceeded::Depth { limit: max_depth, at });
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(elements)
}

/// Where the string ends whose text begins here: the place of its quotation mark.
#[inline]
fn end_of_string(json: &[u8], mut at: usize) -> usize {
    loop {
        at = special(json, at);
        match json.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') | None => return at,
            // A control character, which does not belong there: others say so.
            Some(_) => at += 1,
        }
    }
}

impl Elements {
    #[inline]
    fn count(&mut self, depth: usize) {
        self.all += 1;
        self.shallow += usize::from(depth <= 2);
    }
}
