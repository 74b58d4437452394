//! A hash of all steps of a schedule, quick enough to take down everything that is sent.
//!
//! Traces of one build are told apart by it, and digests of different commits compared: what it
//! makes of the same steps must stay the same.

use std::time::Duration;

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

    /// Adds a time.
    pub(crate) fn time(self, time: Duration) -> Mix {
        self.word(time.as_secs()).word(u64::from(time.subsec_nanos()))
    }

    /// Adds whether there is a value, and the value.
    pub(crate) fn maybe<T>(self, value: Option<T>, add: impl FnOnce(Mix, T) -> Mix) -> Mix {
        match value {
            None => self.word(0),
            Some(value) => add(self.word(1), value),
        }
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
    fn it_stays_the_same_from_commit_to_commit() {
        let mix = Mix::default().word(7).text("0123456789abc").time(Duration::from_millis(1_500));
        let mix = mix.maybe(None::<u64>, Mix::word).maybe(Some(3), Mix::word);
        assert_eq!(mix.finish(), 0xc4a3_4c59_7868_9b25);
    }

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
