//! API keys of Penstock's own HTTP interface, and how they are kept.
//!
//! A key is `pk_` and 32 random bytes in base64url without padding (RFC 4648
//! section 5), 46 characters in all. What is configured is its SHA-256, so that
//! whoever reads the configuration cannot call.
//!
//! Plain SHA-256 suffices, without salt or stretching: those make guessing a weak
//! password slow, and 256 random bits cannot be guessed. It would not suffice for a
//! key that a person made up, so take them from [`generate`].

use crate::policy::secret::Secret;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::{Choice, ConstantTimeEq};

/// What a key begins with, so that people and secret scanners know it when they see
/// one.
const KEY_PREFIX: &str = "pk_";

/// What a hash begins with.
const HASH_PREFIX: &str = "sha256:";

/// Makes a key from 32 bytes of a secure random source.
#[must_use]
pub fn generate(random: &[u8; 32]) -> Secret {
    Secret::new(format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
}

/// What is configured for a key: `sha256:` and 64 hexadecimal digits.
#[must_use]
pub fn hash(key: &str) -> String {
    format!("{HASH_PREFIX}{}", base16ct::lower::encode_string(&Sha256::digest(key.as_bytes())))
}

/// The hashes of the keys that are accepted: one, or several while keys change.
#[derive(Debug, Clone)]
pub struct Hashes(Vec<String>);

impl Hashes {
    /// Reads `sha256:<64 hexadecimal digits>`, several of them separated by commas.
    ///
    /// # Errors
    /// When there is none, or when one is malformed: half a setting is no setting.
    /// The error does not repeat the text, which may be a key in the wrong place.
    pub fn parse(setting: &str) -> Result<Hashes, MalformedHash> {
        let read = |(index, text): (usize, &str)| {
            let hash = text.trim().to_ascii_lowercase();
            let digits = hash.strip_prefix(HASH_PREFIX).unwrap_or_default();
            let whole = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            if whole { Ok(hash) } else { Err(MalformedHash { position: index + 1 }) }
        };
        setting.split(',').enumerate().map(read).collect::<Result<_, _>>().map(Hashes)
    }

    /// Each of them, `sha256:<64 hexadecimal digits>`.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a key is accepted. Takes the same time whether it is or not, and
    /// whichever it is.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        let presented = hash(key);
        let known = |found: Choice, hash: &String| found | hash.as_bytes().ct_eq(presented.as_bytes());
        self.0.iter().fold(Choice::from(0), known).into()
    }
}

/// A hash that is not `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedHash {
    /// Which of the hashes, from 1.
    pub position: usize,
}

impl fmt::Display for MalformedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be {HASH_PREFIX} and 64 hexadecimal digits, several separated by commas; ")?;
        write!(f, "number {} is not", self.position)
    }
}

impl std::error::Error for MalformedHash {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random bytes, key, SHA-256 of the key; worked out with Python's hashlib and
    /// base64.
    const KNOWN: [([u8; 32], &str, &str); 2] = [
        (
            [0; 32],
            "pk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "sha256:fc03697119e33d7be05062769f7244a89202a1f5b264b9a33454f4f33d2e4cee",
        ),
        (
            [0xff; 32],
            "pk___________________________________________8",
            "sha256:1160f9e42a59d797532f7f624e451a72406e8af9d451d1caba306317f9cb427d",
        ),
    ];

    #[test]
    fn keys_and_hashes_are_as_known() {
        for (random, key, hashed) in KNOWN {
            assert_eq!(generate(&random).expose(), key);
            assert_eq!(hash(key), hashed);
        }
    }

    #[test]
    fn only_a_key_whose_hash_is_configured_gets_in() {
        let [(_, one, first), (_, two, second)] = KNOWN;
        let only = Hashes::parse(first).unwrap();
        assert!(only.matches(one));
        for wrong in
            [two, "", "pk_", first, &one.to_lowercase(), &format!("{one} "), one.trim_start_matches('p')]
        {
            assert!(!only.matches(wrong), "{wrong}");
        }
        let both =
            Hashes::parse(&format!(" {first} ,\n{}", second.to_uppercase().replace("SHA256", "sha256")))
                .unwrap();
        assert!(both.matches(one) && both.matches(two));
    }

    #[test]
    fn a_malformed_setting_is_refused_whole_and_not_repeated() {
        let (_, key, good) = KNOWN[0];
        for (setting, position) in [
            ("", 1),
            (",", 1),
            (key, 1),
            ("sha256:", 1),
            (good.split_at(70).0, 1),
            (&format!("{good}0"), 1),
            (&good.replace("sha256", "sha512"), 1),
            (&good.replace(':', ":+"), 1),
            (&format!("{good},"), 2),
            (&format!("{good},{key}"), 2),
        ] {
            let error = Hashes::parse(setting).unwrap_err();
            assert_eq!(error, MalformedHash { position }, "{setting}");
            assert!(!error.to_string().contains("pk_"), "{error}");
        }
    }
}
