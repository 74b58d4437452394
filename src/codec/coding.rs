//! Content codings (RFC 9110 section 8.4): `gzip`, `deflate` and `zstd`, decoded piece by piece.
//!
//! Nobody decodes more than the reader has room for: a body that would fill the memory is stopped
//! on its way.

mod inflate;
mod zstd;

use inflate::Inflate;
use zstd::Zstd;

/// What requests for text say that they understand.
pub const ACCEPTED: &str = "gzip, deflate, zstd";

/// A body has one member of gzip or frame of zstd, or a few that were put together. Each costs a
/// new beginning, however little it holds.
const MOST_FRAMES: u32 = 1_000;

/// What is said of a body that ends too early.
const CUT_OFF: &str = "the coded body is cut off";

/// How much is inflated at once, in bytes.
const STEP: usize = 16 * 1024;

/// The codings that a failure names, by the registry of RFC 9110 section 16.6.1. Any other text might be
/// anything, a credential that is repeated too.
const REGISTERED: [&str; 11] = [
    "aes128gcm",
    "br",
    "compress",
    "dcb",
    "dcz",
    "deflate",
    "exi",
    "gzip",
    "pack200-gzip",
    "x-compress",
    "zstd",
];

/// How many names of codings are shown at most.
const MOST_NAMES: usize = 4;

/// A content coding that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952; `x-gzip` is the same.
    Gzip,
    /// The zlib format (RFC 1950), as RFC 9110 section 8.4.1.2 says; deflate without it (RFC
    /// 1951), as some servers send, is read as well.
    Deflate,
    /// RFC 8878, with windows of at most 8 MiB, as RFC 9659 has it.
    Zstd,
}

impl Coding {
    /// What the values of `Content-Encoding` name; none if the body is as it is.
    ///
    /// # Errors
    /// The registered name of any other coding, or of several in a row, for a person.
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
            [name] if name.eq_ignore_ascii_case("zstd") => Ok(Some(Coding::Zstd)),
            names => {
                let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(|name| registered(name)).collect();
                Err(shown.join(", "))
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

/// A coding's registered name.
fn registered(name: &str) -> &'static str {
    REGISTERED.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or("unregistered")
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
pub struct Decoder(Inner);

enum Inner {
    Inflate(Inflate),
    Zstd(Box<Zstd>),
}

impl Decoder {
    /// At the beginning of a body.
    #[must_use]
    pub fn new(coding: Coding) -> Decoder {
        Decoder(match coding {
            Coding::Gzip => Inner::Inflate(Inflate::new(true)),
            Coding::Deflate => Inner::Inflate(Inflate::new(false)),
            Coding::Zstd => Inner::Zstd(Box::new(Zstd::new())),
        })
    }

    /// Takes what comes next, appends at most `most` bytes to `out`, and returns how much it
    /// took. It may hold more that has no room: it is to be asked again, with the rest of the
    /// piece, even if that is empty, until nothing is appended.
    ///
    /// # Errors
    /// The body is not what its coding says.
    pub fn decode(&mut self, piece: &[u8], out: &mut Vec<u8>, most: usize) -> Result<usize, &'static str> {
        match &mut self.0 {
            Inner::Inflate(inflate) => inflate.decode(piece, out, most),
            Inner::Zstd(zstd) => zstd.decode(piece, out, most),
        }
    }

    /// How much memory it takes for itself by now, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        match &self.0 {
            Inner::Inflate(_) => inflate::MEMORY,
            Inner::Zstd(zstd) => zstd.memory(),
        }
    }

    /// The body has ended.
    ///
    /// # Errors
    /// It is cut off.
    pub fn end(&self) -> Result<(), &'static str> {
        match &self.0 {
            Inner::Inflate(inflate) => inflate.end(),
            Inner::Zstd(zstd) => zstd.end(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
