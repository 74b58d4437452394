//! HMAC-SHA256 (RFC 2104, FIPS 180-4) over exact bytes.

use crate::policy::secret::Secret;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits in either case.
    Hex,
    /// Base64 with padding (RFC 4648 section 4).
    Base64,
}

/// The bytes of an HMAC-SHA256.
pub(super) type Tag = [u8; 32];

impl Encoding {
    /// The signature in a header field, which may say `sha256=` before it; none if it is
    /// not one.
    pub(super) fn decode(self, text: &str) -> Option<Tag> {
        let text = text.strip_prefix("sha256=").unwrap_or(text);
        match self {
            Encoding::Hex => hex(text),
            Encoding::Base64 => STANDARD.decode(text).ok()?.try_into().ok(),
        }
    }

    /// A signature as it is sent.
    #[must_use]
    pub fn encode(self, tag: &Tag) -> String {
        match self {
            Encoding::Hex => tag.iter().map(|byte| format!("{byte:02x}")).collect(),
            Encoding::Base64 => STANDARD.encode(tag),
        }
    }
}

/// The signature of `parts`, one after another.
#[must_use]
pub fn sign(key: &[u8], parts: &[&[u8]]) -> Tag {
    keyed(key, parts).map_or([0; 32], |mac| mac.finalize().into_bytes().into())
}

/// Whether one of the signatures was made with one of the keys. Takes the same time
/// whichever it is, and whether it is one at all: every pair is looked at to its end.
pub(super) fn matches<'k>(keys: impl Iterator<Item = &'k [u8]>, parts: &[&[u8]], tags: &[Tag]) -> bool {
    let mut found = Choice::from(0);
    for key in keys {
        // An empty key would let everybody in who leaves it out.
        let Some(mac) = keyed(key, parts).filter(|_| !key.is_empty()) else { continue };
        let ours: Tag = mac.finalize().into_bytes().into();
        for theirs in tags {
            found |= ours.ct_eq(theirs);
        }
    }
    found.into()
}

/// Whether a presented key is one of ours. Hashes are compared, so that not even the length
/// shows.
pub(super) fn is_key<'k>(keys: impl Iterator<Item = &'k Secret>, presented: &str) -> bool {
    let presented = Sha256::digest(presented.as_bytes());
    let mut found = Choice::from(0);
    for key in keys.filter(|key| !key.is_empty()) {
        found |= Sha256::digest(key.expose().as_bytes()).ct_eq(&presented);
    }
    found.into()
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    // Every length of key is taken: RFC 2104 section 2.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac)
}

fn hex(text: &str) -> Option<Tag> {
    let mut tag = [0; 32];
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in tag.iter_mut().zip(digits.chunks_exact(2)) {
        let mut pair = pair.iter().map(|digit| char::from(*digit).to_digit(16));
        let (high, low) = (pair.next()??, pair.next()??);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(tag)
}
