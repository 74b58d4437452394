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
    fn texts_do_not_run_together() {
        assert_ne!(Digest::new().text("ab").text("c").finish(), Digest::new().text("a").text("bc").finish());
        assert_eq!(Digest::new().bytes(b"ab").bytes(b"c").finish(), digest(b"abc"));
    }
}
