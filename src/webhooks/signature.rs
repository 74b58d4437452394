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
            Encoding::Hex => base16ct::lower::encode_string(tag),
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
    let mut tag = Tag::default();
    // Fewer digits fill a part of it.
    let whole = base16ct::mixed::decode(text, &mut tag).is_ok_and(|bytes| bytes.len() == size_of::<Tag>());
    whole.then_some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_a_whole_tag_in_either_case() {
        let digits = "0aF9".repeat(16);
        let tag = Encoding::Hex.decode(&digits).unwrap();
        assert_eq!(tag, [[0x0a, 0xf9]; 16].concat()[..]);
        assert_eq!(Encoding::Hex.encode(&tag), digits.to_lowercase());
        for wrong in [
            "",
            &"0aF9".repeat(15),
            digits.trim_start_matches('0'),
            &format!("{digits}0"),
            &format!("{digits}00"),
        ] {
            assert_eq!(Encoding::Hex.decode(wrong), None, "{wrong}");
        }
        for letter in ["g", "+", " ", "é"] {
            assert_eq!(Encoding::Hex.decode(&digits.replace("aF", letter)), None, "{letter}");
            assert_eq!(Encoding::Hex.decode(&digits.replacen('0', letter, 1)), None, "{letter}");
        }
    }
}
