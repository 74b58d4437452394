//! Bytes, many at a time.

use wide::u8x16;

/// Sixteen bytes.
#[derive(Clone, Copy)]
pub(crate) struct Block(u8x16);

impl Block {
    /// How many bytes it has.
    pub(crate) const LENGTH: usize = 16;

    /// Those from a place on; none if there are fewer.
    #[inline]
    pub(crate) fn at(bytes: &[u8], at: usize) -> Option<Block> {
        bytes.get(at..)?.first_chunk().map(|bytes| Block(u8x16::new(*bytes)))
    }

    /// A bit for each byte that is the same as that of another text from a place on, the first
    /// one's lowest.
    #[inline]
    pub(crate) fn alike(self, other: &[u8], at: usize) -> u32 {
        Block::at(other, at).map_or(0, |other| self.0.simd_eq(other.0).to_bitmask())
    }

    /// A bit for each that ends a string, or the plain text in it: a quotation mark, a
    /// backslash or a control character.
    #[inline]
    pub(crate) fn special(self) -> u32 {
        let quote = self.0.simd_eq(u8x16::splat(b'"'));
        let backslash = self.0.simd_eq(u8x16::splat(b'\\'));
        let control = self.0.min(u8x16::splat(0x1f)).simd_eq(self.0);
        (quote | backslash | control).to_bitmask()
    }
}

/// Sixty-four bytes.
#[derive(Clone, Copy)]
pub(crate) struct Blocks([u8x16; 4]);

impl Blocks {
    /// How many bytes they have.
    pub(crate) const LENGTH: usize = 64;

    /// Those from a place on; none if there are fewer.
    #[inline]
    pub(crate) fn at(bytes: &[u8], at: usize) -> Option<Blocks> {
        bytes.get(at..)?.first_chunk().map(Blocks::new)
    }

    /// The same, with blanks for those that are not there.
    #[inline]
    pub(crate) fn from(bytes: &[u8], at: usize) -> Blocks {
        Blocks::at(bytes, at).unwrap_or_else(|| Blocks::last(bytes, at))
    }

    #[cold]
    fn last(bytes: &[u8], at: usize) -> Blocks {
        let mut padded = [b' '; 64];
        padded.iter_mut().zip(bytes.iter().skip(at)).for_each(|(to, from)| *to = *from);
        Blocks::new(&padded)
    }

    #[inline]
    fn new(bytes: &[u8; 64]) -> Blocks {
        // The chunks are all there: it is only the compiler that cannot see it.
        let mut blocks = [u8x16::ZERO; 4];
        for (block, chunk) in blocks.iter_mut().zip(bytes.as_chunks::<16>().0) {
            *block = u8x16::new(*chunk);
        }
        Blocks(blocks)
    }

    /// A bit for each byte that is this one, the first one's lowest.
    #[inline]
    pub(crate) fn equal(self, byte: u8) -> u64 {
        self.bits(|block| block.simd_eq(u8x16::splat(byte)))
    }

    /// The same for each that is this one, or would be with the bit 0x20.
    #[inline]
    pub(crate) fn equal_folded(self, byte: u8) -> u64 {
        self.bits(|block| (block | u8x16::splat(0x20)).simd_eq(u8x16::splat(byte)))
    }

    /// The same for each that is one of two, or would be.
    #[inline]
    pub(crate) fn either_folded(self, one: u8, other: u8) -> u64 {
        self.bits(|block| {
            let folded = block | u8x16::splat(0x20);
            folded.simd_eq(u8x16::splat(one)) | folded.simd_eq(u8x16::splat(other))
        })
    }

    /// Whether any is a control character.
    #[inline]
    pub(crate) fn have_control(self) -> bool {
        let [a, b, c, d] = self.0;
        let least = a.min(b).min(c.min(d));
        least.min(u8x16::splat(0x1f)).simd_eq(least).any()
    }

    /// Whether any is this one.
    #[inline]
    pub(crate) fn have(self, byte: u8) -> bool {
        let [a, b, c, d] = self.0.map(|block| block.simd_eq(u8x16::splat(byte)));
        (a | b | c | d).any()
    }

    /// Whether all are ASCII.
    #[inline]
    pub(crate) fn is_ascii(self) -> bool {
        let [a, b, c, d] = self.0;
        (a | b | c | d).to_bitmask() == 0
    }

    #[inline]
    fn bits(self, of: impl Fn(u8x16) -> u8x16) -> u64 {
        let [a, b, c, d] = self.0.map(|block| u64::from(of(block).to_bitmask()));
        a | b << 16 | c << 32 | d << 48
    }
}
