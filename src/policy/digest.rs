//! A stable 64-bit hash: FNV-1a.
//!
//! For telling apart pages, continuation tokens and queries, and as a checksum
//! against damage. It is written into `resume` texts, so it must be the same in
//! every build, which the standard library's hasher does not promise. It is no
//! protection against someone who wants a collision.

/// Hashes values one after another.
#[derive(Clone, Copy, Debug)]
pub struct Digest(u64);

// Published with the hash by Fowler, Noll and Vo, for 64 bits.
const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming, section 6.4).
const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

impl Digest {
    /// The hash of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(OFFSET_BASIS)
    }

    /// Adds bytes. Two calls hash the same as one with both texts joined.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
        self
    }

    /// Adds a text with its length before it, so that `"ab", "c"` and `"a", "bc"`
    /// differ.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.bytes(&(text.len() as u64).to_le_bytes()).bytes(text.as_bytes())
    }

    /// The hash so far.
    #[must_use]
    pub const fn finish(self) -> u64 {
        self.0
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

/// The hash of some bytes, for instance of a page's records.
#[must_use]
pub fn digest(bytes: &[u8]) -> u64 {
    Digest::new().bytes(bytes).finish()
}

/// A hash of many bytes, thirty-two at a time: for telling apart pages, and records of a feed. Those
/// are written into `resume` texts too, so it must stay as it is.
#[must_use]
pub fn fingerprint(bytes: &[u8]) -> u64 {
    let (fours, rest) = bytes.as_chunks::<32>();
    // Four sums at once, since each has to wait for its last product.
    let mut sums = [OFFSET_BASIS; 4];
    for four in fours {
        let ([a, b, c, d], [one, two, three, four]) = (sums, words(four));
        sums = [mixed(a, one), mixed(b, two), mixed(c, three), mixed(d, four)];
    }
    let sum = sums.into_iter().fold(OFFSET_BASIS, mixed);
    let (words, rest) = rest.as_chunks::<8>();
    let sum = words.iter().fold(sum, |sum, word| mixed(sum, u64::from_le_bytes(*word)));
    Digest(sum).bytes(rest).bytes(&(bytes.len() as u64).to_le_bytes()).finish()
}

/// The high bits, which a product mixes best, count in the next one as well.
#[inline]
fn mixed(sum: u64, word: u64) -> u64 {
    let product = (sum ^ word).wrapping_mul(GOLDEN_RATIO);
    product ^ product >> 32
}

#[inline]
fn words(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_test_vectors() {
        assert_eq!(digest(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(digest(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(digest(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn fingerprints_tell_bytes_apart_wherever_they_stand() {
        let bytes: Vec<u8> = (0..=255).collect();
        let all: std::collections::BTreeSet<_> = (0..bytes.len())
            .flat_map(|place| (0..8).map(move |bit| (place, bit)))
            .map(|(place, bit)| {
                let mut changed = bytes.clone();
                changed[place] ^= 1 << bit;
                fingerprint(&changed)
            })
            .chain((0..=bytes.len()).map(|length| fingerprint(&bytes[..length])))
            .collect();
        assert_eq!(all.len(), 256 * 8 + 257);
        assert_ne!(fingerprint(&[0; 8]), fingerprint(&[0; 16]));
    }

    /// A position of an older build must find the records that it remembers.
    #[test]
    fn a_fingerprint_is_the_same_in_every_build() {
        assert_eq!(fingerprint(b""), 0x3bd4_3f9d_58cd_f935);
        assert_eq!(fingerprint(br#"{"id":104729583,"active":true,"total":1284.50}"#), 0x0db6_2e2c_8118_b4cf);
    }

    #[test]
    fn texts_do_not_run_together() {
        assert_ne!(Digest::new().text("ab").text("c").finish(), Digest::new().text("a").text("bc").finish());
        assert_eq!(Digest::new().bytes(b"ab").bytes(b"c").finish(), digest(b"abc"));
    }
}
