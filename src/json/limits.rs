//! Bounds on what is read at all.

use crate::{
    block::Blocks,
    structure::{Marks, Structure},
};

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
    let (mut structure, mut at) = (Structure::default(), 0);
    let mut nesting = Nesting::default();
    while at < json.len() {
        let (marks, commas) = structure.read_all(json, at);
        if let Err(place) = nesting.read(marks, commas, max_depth) {
            return Err(LimitExceeded::Depth { limit: max_depth, at: at + place });
        }
        at += Blocks::LENGTH;
    }
    Ok(nesting.elements)
}

#[derive(Default)]
struct Nesting {
    depth: usize,
    elements: Elements,
}

impl Nesting {
    /// Goes on by some bytes; an error with the place in them where they nest too deep.
    #[inline]
    fn read(&mut self, marks: Marks, mut commas: u64, max_depth: usize) -> Result<(), usize> {
        let Marks { opening, closing } = marks;
        let mut rest = opening | closing;
        while rest != 0 {
            let place = rest.trailing_zeros();
            let before = commas & ((1 << place) - 1);
            self.elements.count(before.count_ones(), self.depth);
            commas ^= before;
            if opening >> place & 1 == 1 {
                self.depth += 1;
                self.elements.count(1, self.depth);
                if self.depth > max_depth {
                    return Err(place as usize);
                }
            } else {
                self.depth = self.depth.saturating_sub(1);
            }
            rest &= rest - 1;
        }
        self.elements.count(commas.count_ones(), self.depth);
        Ok(())
    }
}

impl Elements {
    #[inline]
    fn count(&mut self, values: u32, depth: usize) {
        self.all += values as usize;
        self.shallow += if depth <= 2 { values as usize } else { 0 };
    }
}
