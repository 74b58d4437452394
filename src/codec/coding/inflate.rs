//! `gzip` (RFC 1952) and `deflate` (RFC 1950 and RFC 1951).
//!
//! What inflates is the crate `miniz_oxide`; the frame of gzip is here.

use super::{MOST_FRAMES, STEP};
use miniz_oxide::{
    DataFormat, MZError, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

/// What a decoder takes, in bytes: a window of 32 KiB and its tables.
pub(super) const MEMORY: usize = size_of::<InflateState>();

/// The longest header of a gzip member that is read: its name and comment have no bound.
pub(super) const LONGEST_HEADER: usize = 1 << 16;

/// Inflates a body that comes in pieces.
pub(super) struct Inflate {
    /// Whether in frames of gzip.
    gzip: bool,
    stage: Stage,
    /// The bytes of a head or a tail that is not complete yet.
    frame: Vec<u8>,
    inflate: Box<InflateState>,
    /// How many members of gzip began behind the first.
    members: u32,
    /// Of what was inflated of this member.
    checksum: u32,
    length: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Head,
    Data,
    Tail,
    /// A member has ended, and perhaps the body.
    Behind,
    /// Something else than a member stands behind the last one: whatever comes is padding.
    Padding,
}

impl Inflate {
    pub(super) fn new(gzip: bool) -> Inflate {
        let inflate = InflateState::new_boxed(DataFormat::Raw);
        Inflate { gzip, stage: Stage::Head, frame: Vec::new(), inflate, members: 0, checksum: 0, length: 0 }
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
            let room = full.saturating_sub(out.len());
            let before = (rest.len(), out.len(), self.stage);
            match self.stage {
                Stage::Head => self.head(&mut rest)?,
                Stage::Data if room == 0 => {}
                Stage::Data => self.data(&mut rest, out, room.min(STEP))?,
                Stage::Tail => self.tail(&mut rest)?,
                // Another member may follow.
                Stage::Behind if self.gzip && rest.first() == Some(&0x1f) => {
                    self.members += 1;
                    if self.members > MOST_FRAMES {
                        return Err("it has too many members");
                    }
                    self.stage = Stage::Head;
                }
                Stage::Behind if rest.is_empty() => {}
                Stage::Behind => self.stage = Stage::Padding,
                Stage::Padding => rest = &[],
            }
            if before == (rest.len(), out.len(), self.stage) {
                return Ok(piece.len().saturating_sub(rest.len()));
            }
        }
    }

    pub(super) fn end(&self) -> Result<(), &'static str> {
        let empty = self.stage == Stage::Head && self.frame.is_empty();
        let whole = matches!(self.stage, Stage::Behind | Stage::Padding);
        if empty || whole { Ok(()) } else { Err(super::CUT_OFF) }
    }

    fn head(&mut self, rest: &mut &[u8]) -> Result<(), &'static str> {
        let new = rest.len().min(512);
        let (taken, behind) = rest.split_at_checked(new).unwrap_or((rest, &[]));
        let had = self.frame.len();
        self.frame.extend_from_slice(taken);
        let (format, used) = match self.gzip {
            true => match gzip_header(&self.frame)? {
                Some(length) => (DataFormat::Raw, length),
                None if self.frame.len() > LONGEST_HEADER => return Err("its gzip header is too long"),
                None => {
                    *rest = behind;
                    return Ok(());
                }
            },
            // The two bytes of the zlib format are known by their check bits.
            false => match *self.frame.as_slice() {
                [method, check, ..] => {
                    let zlib = method & 0x0f == 8 && (u16::from(method) << 8 | u16::from(check)) % 31 == 0;
                    (if zlib { DataFormat::Zlib } else { DataFormat::Raw }, 0)
                }
                _ => {
                    *rest = behind;
                    return Ok(());
                }
            },
        };
        self.inflate.reset(format);
        (self.checksum, self.length, self.stage) = (0, 0, Stage::Data);
        if !self.gzip && had > 0 {
            // The first byte came by itself: it is inflated first, and gives nothing yet.
            let first = std::mem::take(&mut self.frame);
            let first = first.get(..had).unwrap_or_default();
            let result = inflate(&mut self.inflate, first, &mut [], MZFlush::None);
            return if result.bytes_consumed == had { Ok(()) } else { Err("it is no deflate") };
        }
        *rest = rest.get(used.saturating_sub(had)..).unwrap_or_default();
        self.frame.clear();
        Ok(())
    }

    fn data(&mut self, rest: &mut &[u8], out: &mut Vec<u8>, room: usize) -> Result<(), &'static str> {
        let start = out.len();
        out.resize(start.saturating_add(room), 0);
        let free = out.get_mut(start..).unwrap_or_default();
        let result = inflate(&mut self.inflate, rest, free, MZFlush::None);
        out.truncate(start.saturating_add(result.bytes_written));
        *rest = rest.get(result.bytes_consumed..).unwrap_or_default();
        let new = out.get(start..).unwrap_or_default();
        if self.gzip {
            self.checksum = crc32(self.checksum, new);
            #[allow(clippy::cast_possible_truncation, reason = "gzip counts modulo 2^32")]
            let new = new.len() as u32;
            self.length = self.length.wrapping_add(new);
        }
        match result.status {
            Ok(MZStatus::StreamEnd) if self.gzip => self.stage = Stage::Tail,
            Ok(MZStatus::StreamEnd) => self.stage = Stage::Behind,
            // It wants more of the body.
            Ok(_) | Err(MZError::Buf) => {}
            Err(_) => return Err("the coded body is broken"),
        }
        Ok(())
    }

    fn tail(&mut self, rest: &mut &[u8]) -> Result<(), &'static str> {
        let (taken, behind) = rest.split_at(rest.len().min(8_usize.saturating_sub(self.frame.len())));
        self.frame.extend_from_slice(taken);
        *rest = behind;
        let Some((checksum, length)) = self.frame.split_first_chunk::<4>() else { return Ok(()) };
        let Ok(length) = <[u8; 4]>::try_from(length) else { return Ok(()) };
        if (u32::from_le_bytes(*checksum), u32::from_le_bytes(length)) != (self.checksum, self.length) {
            return Err("the checksum of the coded body does not match");
        }
        self.frame.clear();
        self.stage = Stage::Behind;
        Ok(())
    }
}

/// How long the header of a gzip member is (RFC 1952 section 2.3); none if it goes on.
fn gzip_header(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    if !b"\x1f\x8b\x08".starts_with(bytes.get(..3).unwrap_or(bytes)) {
        return Err("it is no gzip");
    }
    let Some((fixed, mut rest)) = bytes.split_first_chunk::<10>() else { return Ok(None) };
    let [_, _, _, flags, ..] = *fixed;
    if flags & 0b0000_0100 != 0 {
        let Some((length, behind)) = rest.split_first_chunk::<2>() else { return Ok(None) };
        let Some(behind) = behind.get(usize::from(u16::from_le_bytes(*length))..) else { return Ok(None) };
        rest = behind;
    }
    // A name and a comment, each up to a zero.
    for flag in [0b0000_1000, 0b0001_0000] {
        if flags & flag != 0 {
            let Some(end) = rest.iter().position(|byte| *byte == 0) else { return Ok(None) };
            rest = rest.get(end.saturating_add(1)..).unwrap_or_default();
        }
    }
    if flags & 0b0000_0010 != 0 {
        let Some(behind) = rest.get(2..) else { return Ok(None) };
        rest = behind;
    }
    Ok(Some(bytes.len().saturating_sub(rest.len())))
}

/// Goes on with a CRC-32 (RFC 1952 section 8).
pub(super) fn crc32(before: u32, bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let index = (crc ^ u32::from(*byte)) & 0xff;
        TABLE.get(index as usize).copied().unwrap_or_default() ^ (crc >> 8)
    };
    !bytes.iter().fold(!before, step)
}

const TABLE: [u32; 256] = table();

#[allow(
    clippy::indexing_slicing,
    reason = "computed while it is compiled, where an error is one of the compiler"
)]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "it is below 256")]
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}
