//! A hash of all steps of a schedule, quick enough to take down everything that is sent.
//!
//! It tells traces apart within one build; it is kept nowhere.

/// Hashes values one after another, eight bytes at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix(u64);

/// 2^64 divided by the golden ratio, made odd: what Fibonacci hashing multiplies by.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Default for Mix {
    /// Not 0, which adding 0 would leave as it is.
    fn default() -> Mix {
        Mix(FACTOR)
    }
}

impl Mix {
    /// Adds a number.
    pub(crate) fn word(self, word: u64) -> Mix {
        let mixed = (self.0.rotate_left(23) ^ word).wrapping_mul(FACTOR);
        Mix(mixed ^ (mixed >> 32))
    }

    /// Adds bytes, and how many they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Mix {
        let (words, rest) = bytes.as_chunks::<8>();
        let mixed =
            words.iter().fold(self.word(bytes.len() as u64), |mix, word| mix.word(u64::from_le_bytes(*word)));
        match rest {
            [] => mixed,
            rest => mixed.word(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
        }
    }

    /// Adds a text.
    pub(crate) fn text(self, text: &str) -> Mix {
        self.bytes(text.as_bytes())
    }

    /// The hash so far.
    pub(crate) fn finish(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_byte_and_every_border_counts() {
        let text = b"0123456789abcdefghi";
        let mut seen = HashSet::new();
        for end in 0..=text.len() {
            assert!(seen.insert(Mix::default().bytes(&text[..end]).bytes(&text[end..]).finish()));
            assert!(seen.insert(Mix::default().bytes(&text[..end]).finish()));
        }
        for at in 0..text.len() {
            let mut other = *text;
            other[at] ^= 1;
            assert!(seen.insert(Mix::default().bytes(&other).finish()), "byte {at}");
        }
        assert_eq!(Mix::default().word(7).text("a").finish(), Mix::default().word(7).bytes(b"a").finish());
    }
}
