//! Bounds on what one call may take.

/// Upper bounds for one call. Reaching one is an error that names it; nothing is
/// silently cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest response body, in bytes after decompression. 64 MiB.
    pub max_body_bytes: usize,
    /// Deepest nesting of a JSON body. 128, which is also serde_json's own limit.
    pub max_depth: usize,
    /// Most pages that one read fetches. 100,000.
    pub max_pages: u32,
    /// Most records that one read delivers. 100,000,000.
    pub max_items: u64,
    /// Most bytes of pages fetched ahead of the consumer, in flight or held.
    /// 64 MiB. One page is always allowed, whatever its size, up to
    /// `max_body_bytes`: without it nothing could move.
    pub max_held_bytes: usize,
    /// Longest `resume` text that is looked at, in bytes. 64 KiB.
    pub max_resume_bytes: usize,
}

const MIB: usize = 1024 * 1024;

impl Limits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        max_body_bytes: 64 * MIB,
        max_depth: 128,
        max_pages: 100_000,
        max_items: 100_000_000,
        max_held_bytes: 64 * MIB,
        max_resume_bytes: 64 * 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_as_documented() {
        let Limits { max_body_bytes, max_held_bytes, max_resume_bytes, .. } = Limits::default();
        assert_eq!((max_body_bytes, max_held_bytes), (67_108_864, 67_108_864));
        assert_eq!(max_resume_bytes, 65_536);
    }
}
