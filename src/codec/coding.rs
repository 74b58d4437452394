//! Content codings (RFC 9110 section 8.4): `gzip` and `deflate`, inflated piece by piece.
//!
//! What inflates is the crate `miniz_oxide`; the frame of gzip (RFC 1952) is here. Nobody inflates
//! more than the reader has room for: a body that would fill the memory is stopped on its way.

use miniz_oxide::{
    DataFormat, MZError, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

/// What requests for text say that they understand.
pub const ACCEPTED: &str = "gzip, deflate";

/// The longest header of a gzip member that is read: its name and comment have no bound.
const LONGEST_HEADER: usize = 1 << 16;

/// A body has one member, or a few that were put together. Each costs a new beginning, however
/// little it holds.
const MOST_MEMBERS: u32 = 1_000;

/// How much is inflated at once.
const STEP: usize = 16 * 1024;

/// The longest name of a coding that is shown, in characters.
const LONGEST_NAME: usize = 40;

/// A content coding that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952; `x-gzip` is the same.
    Gzip,
    /// The zlib format (RFC 1950), as RFC 9110 section 8.4.1.2 says; deflate without it (RFC
    /// 1951), as some servers send, is read as well.
    Deflate,
}

impl Coding {
    /// What the values of `Content-Encoding` name; none if the body is as it is.
    ///
    /// # Errors
    /// The name of any other coding, or of several in a row, for a person.
    pub fn of<'a>(values: impl Iterator<Item = &'a str>) -> Result<Option<Coding>, String> {
        let mut names = Vec::new();
        for value in values {
            let each = value.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.extend(each.filter(|name| !name.eq_ignore_ascii_case("identity")));
        }
        match names.as_slice() {
            [] => Ok(None),
            [name] if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                Ok(Some(Coding::Gzip))
            }
            [name] if name.eq_ignore_ascii_case("deflate") => Ok(Some(Coding::Deflate)),
            names => {
                let shown = names.join(", ");
                Err(shown.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect())
            }
        }
    }

    /// Decodes a whole body.
    ///
    /// # Errors
    /// It has more than `most` bytes, or is not what its coding says.
    pub fn decode(self, coded: &[u8], most: usize) -> Result<Vec<u8>, Undecodable> {
        let (mut decoder, mut rest, mut decoded) = (Decoder::new(self), coded, Vec::new());
        loop {
            let before = decoded.len();
            let room = most.saturating_sub(before).saturating_add(1);
            let taken = decoder.decode(rest, &mut decoded, room).map_err(Undecodable::Broken)?;
            rest = rest.get(taken..).unwrap_or_default();
            if decoded.len() > most {
                return Err(Undecodable::TooLarge);
            }
            if decoded.len() == before && rest.is_empty() {
                return decoder.end().map(|()| decoded).map_err(Undecodable::Broken);
            }
        }
    }
}

/// Why a coded body could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undecodable {
    /// It has more bytes than it may.
    TooLarge,
    /// It is not what its coding says, or it is cut off.
    Broken(&'static str),
}

/// Decodes a body that comes in pieces.
pub struct Decoder {
    coding: Coding,
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

impl Decoder {
    /// At the beginning of a body.
    #[must_use]
    pub fn new(coding: Coding) -> Decoder {
        let inflate = InflateState::new_boxed(DataFormat::Raw);
        Decoder { coding, stage: Stage::Head, frame: Vec::new(), inflate, members: 0, checksum: 0, length: 0 }
    }

    /// Takes what comes next, appends at most `most` bytes to `out`, and returns how much it
    /// took. It may hold more that has no room: it is to be asked again, with the rest of the
    /// piece, even if that is empty, until nothing is appended.
    ///
    /// # Errors
    /// The body is not what its coding says.
    pub fn decode(&mut self, piece: &[u8], out: &mut Vec<u8>, most: usize) -> Result<usize, &'static str> {
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
                Stage::Behind if self.coding == Coding::Gzip && rest.first() == Some(&0x1f) => {
                    self.members += 1;
                    if self.members > MOST_MEMBERS {
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

    /// The body has ended.
    ///
    /// # Errors
    /// It is cut off.
    pub fn end(&self) -> Result<(), &'static str> {
        let empty = self.stage == Stage::Head && self.frame.is_empty();
        let whole = matches!(self.stage, Stage::Behind | Stage::Padding);
        if empty || whole { Ok(()) } else { Err("the coded body is cut off") }
    }

    fn head(&mut self, rest: &mut &[u8]) -> Result<(), &'static str> {
        let new = rest.len().min(512);
        let (taken, behind) = rest.split_at_checked(new).unwrap_or((rest, &[]));
        let had = self.frame.len();
        self.frame.extend_from_slice(taken);
        let (format, used) = match self.coding {
            Coding::Gzip => match gzip_header(&self.frame)? {
                Some(length) => (DataFormat::Raw, length),
                None if self.frame.len() > LONGEST_HEADER => return Err("its gzip header is too long"),
                None => {
                    *rest = behind;
                    return Ok(());
                }
            },
            // The two bytes of the zlib format are known by their check bits.
            Coding::Deflate => match *self.frame.as_slice() {
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
        if self.coding == Coding::Deflate && had > 0 {
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
        if self.coding == Coding::Gzip {
            self.checksum = crc32(self.checksum, new);
            #[allow(clippy::cast_possible_truncation, reason = "gzip counts modulo 2^32")]
            let new = new.len() as u32;
            self.length = self.length.wrapping_add(new);
        }
        match result.status {
            Ok(MZStatus::StreamEnd) if self.coding == Coding::Gzip => self.stage = Stage::Tail,
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
fn crc32(before: u32, bytes: &[u8]) -> u32 {
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

#[cfg(test)]
pub(crate) mod tests;
