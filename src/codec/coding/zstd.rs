//! `zstd` (RFC 8878).
//!
//! What decodes a block is the crate `ruzstd`; what a frame consists of is found here, so that it
//! is asked for whole blocks only.

use super::{CUT_OFF, MOST_FRAMES, STEP};
use ruzstd::{
    decoding::{BlockDecodingStrategy, FrameDecoder},
    io::Read,
};

/// The largest window, in bytes (RFC 9659 section 3).
const LARGEST_WINDOW: usize = 8 << 20;

/// The largest block, in bytes, as it comes and decoded (RFC 8878 section 3.1.1.2.4).
const LARGEST_BLOCK: usize = 128 << 10;

/// How a frame begins, and, under four bits that are free, one that is to be skipped.
const MAGIC: [u8; 4] = 0xFD2F_B528_u32.to_le_bytes();
const SKIPPABLE: u32 = 0x184D_2A50;

const BROKEN: &str = "the coded body is broken";

/// Decodes a body that comes in pieces.
pub(super) struct Zstd {
    stage: Stage,
    decoder: FrameDecoder,
    /// The bytes of a header or a block that is not complete yet.
    held: Vec<u8>,
    frames: u32,
    has_checksum: bool,
    /// The largest window of a frame so far.
    window: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Between two frames, or in the header of one.
    Head,
    /// So much of a frame is to be skipped.
    Skip(u32),
    Block,
    /// All blocks of a frame were decoded.
    Last,
}

impl Zstd {
    pub(super) fn new() -> Zstd {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW as u64);
        Zstd { stage: Stage::Head, decoder, held: Vec::new(), frames: 0, has_checksum: false, window: 0 }
    }

    pub(super) fn decode(
        &mut self,
        piece: &[u8],
        out: &mut Vec<u8>,
        most: usize,
    ) -> Result<usize, &'static str> {
        let full = out.len().saturating_add(most);
        let mut rest = piece;
        loop {
            let before = self.progress(rest, out);
            if self.decoder.can_collect() > 0 {
                self.collect(out, full)?;
            } else {
                self.step(&mut rest)?;
            }
            if before == self.progress(rest, out) {
                return Ok(piece.len().saturating_sub(rest.len()));
            }
        }
    }

    /// What changes as long as there is something to do.
    fn progress(&self, rest: &[u8], out: &[u8]) -> (usize, usize, usize, Stage) {
        (rest.len(), out.len(), self.held.len(), self.stage)
    }

    fn step(&mut self, rest: &mut &[u8]) -> Result<(), &'static str> {
        match self.stage {
            Stage::Head => self.head(rest)?,
            Stage::Skip(length) => {
                let skipped = rest.len().min(usize::try_from(length).unwrap_or(usize::MAX));
                *rest = rest.get(skipped..).unwrap_or_default();
                let left = length.saturating_sub(u32::try_from(skipped).unwrap_or(u32::MAX));
                self.stage = if left == 0 { Stage::Head } else { Stage::Skip(left) };
            }
            Stage::Block => self.block(rest)?,
            Stage::Last => {
                let sent = self.decoder.get_checksum_from_data();
                if sent.is_some() && sent != self.decoder.get_calculated_checksum() {
                    return Err("the checksum of the coded body does not match");
                }
                self.stage = Stage::Head;
            }
        }
        Ok(())
    }

    /// The window, half of it again while it grows, and a block at its stations.
    pub(super) fn memory(&self) -> usize {
        let blocks = if self.frames > 0 { 6 * LARGEST_BLOCK.min(self.window) } else { 0 };
        self.window / 2 * 3 + blocks + size_of::<FrameDecoder>() + self.held.capacity()
    }

    pub(super) fn end(&self) -> Result<(), &'static str> {
        let between = self.stage == Stage::Head && self.held.is_empty();
        if between { Ok(()) } else { Err(CUT_OFF) }
    }

    /// Appends what was decoded, as far as there is room.
    fn collect(&mut self, out: &mut Vec<u8>, full: usize) -> Result<(), &'static str> {
        let start = out.len();
        out.resize(full.min(start.saturating_add(STEP)), 0);
        let free = out.get_mut(start..).unwrap_or_default();
        let read = self.decoder.read(free).map_err(|_| BROKEN)?;
        out.truncate(start.saturating_add(read));
        Ok(())
    }

    fn head(&mut self, rest: &mut &[u8]) -> Result<(), &'static str> {
        let (descriptor, skip) = match *self.held.as_slice() {
            [a, b, c, d, ref more @ ..] => {
                let magic = [a, b, c, d];
                let skip = u32::from_le_bytes(magic) & !0xf == SKIPPABLE;
                if !skip && magic != MAGIC {
                    return Err("it is no zstd");
                }
                (more.first().copied(), skip)
            }
            _ => return self.hold(rest, 4),
        };
        let length = match (skip, descriptor) {
            (true, _) => 8,
            (false, None) => 5,
            (false, Some(descriptor)) => 5 + after_descriptor(descriptor),
        };
        if self.held.len() < length {
            return self.hold(rest, length);
        }
        self.frames += 1;
        if self.frames > MOST_FRAMES {
            return Err("it has too many frames");
        }
        if skip {
            let length = self.held.get(4..).and_then(|length| length.first_chunk());
            self.stage = Stage::Skip(u32::from_le_bytes(*length.ok_or(BROKEN)?));
        } else {
            self.decoder.reset(self.held.as_slice()).map_err(|_| "it is no zstd that can be read")?;
            self.window = self.window.max(self.declared_window());
            self.has_checksum = descriptor.is_some_and(|descriptor| descriptor & 0b100 != 0);
            self.stage = Stage::Block;
        }
        self.held.clear();
        Ok(())
    }

    /// The window of the frame whose header is held (RFC 8878 section 3.1.1.1.2).
    fn declared_window(&self) -> usize {
        match *self.held.as_slice() {
            [_, _, _, _, descriptor, window, ..] if !is_single_segment(descriptor) => {
                let base = 1_usize.checked_shl(10 + u32::from(window >> 3)).unwrap_or(usize::MAX);
                base.saturating_add((base / 8).saturating_mul(usize::from(window & 0b111)))
            }
            _ => usize::try_from(self.decoder.content_size()).unwrap_or(usize::MAX),
        }
    }

    /// Decodes one block, once it is complete.
    fn block(&mut self, rest: &mut &[u8]) -> Result<(), &'static str> {
        let [a, b, c, ..] = *self.held.as_slice() else { return self.hold(rest, 3) };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let (last, run, size) = (header & 1 == 1, header >> 1 & 0b11 == 1, header >> 3);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > LARGEST_BLOCK {
            return Err(BROKEN);
        }
        // A run has the length of what it stands for, and comes as one byte.
        let content = if run { 1 } else { size };
        let checksum = if last && self.has_checksum { 4 } else { 0 };
        let length = content.saturating_add(3 + checksum);
        if self.held.len() < length {
            return self.hold(rest, length);
        }
        let decoded = self.decoder.decode_blocks(self.held.as_slice(), BlockDecodingStrategy::UptoBlocks(1));
        self.held.clear();
        if decoded.map_err(|_| BROKEN)? {
            self.stage = Stage::Last;
        }
        Ok(())
    }

    /// Takes what is missing of a header or a block of so many bytes.
    fn hold(&mut self, rest: &mut &[u8], length: usize) -> Result<(), &'static str> {
        let missing = length.saturating_sub(self.held.len());
        let (taken, behind) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
        self.held.extend_from_slice(taken);
        *rest = behind;
        Ok(())
    }
}

/// How many bytes of a frame's header follow its descriptor (RFC 8878 section 3.1.1.1).
fn after_descriptor(descriptor: u8) -> usize {
    let single_segment = is_single_segment(descriptor);
    let window = usize::from(!single_segment);
    let dictionary = match descriptor & 0b11 {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 4,
    };
    let content_size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    window + dictionary + content_size
}

/// Whether a frame's window is its whole content.
fn is_single_segment(descriptor: u8) -> bool {
    descriptor & 0b0010_0000 != 0
}
