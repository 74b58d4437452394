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
use subtle::{ConditionallySelectable, ConstantTimeEq};

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

/// The hash of one key. It gives no key away, but need not be shown either.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyHash(String);

impl KeyHash {
    /// Reads `sha256:<64 hexadecimal digits>`; none for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<KeyHash> {
        let hash = text.trim().to_ascii_lowercase();
        let digits = hash.strip_prefix(HASH_PREFIX).unwrap_or_default();
        let whole = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        whole.then_some(KeyHash(hash))
    }

    /// As it is configured, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight of its digits, by which a key is called that has no other name.
    #[must_use]
    pub fn short(&self) -> &str {
        let digits = self.0.strip_prefix(HASH_PREFIX).unwrap_or_default();
        digits.get(..8).unwrap_or(digits)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHash({}..)", self.short())
    }
}

/// The hashes of the keys that are accepted: one, or several while keys change.
#[derive(Debug, Clone, Default)]
pub struct Hashes(Vec<KeyHash>);

impl Hashes {
    /// Reads `sha256:<64 hexadecimal digits>`, several of them separated by commas.
    ///
    /// # Errors
    /// When there is none, or when one is malformed: half a setting is no setting.
    /// The error does not repeat the text, which may be a key in the wrong place.
    pub fn parse(setting: &str) -> Result<Hashes, MalformedHash> {
        let read = |(index, text)| KeyHash::parse(text).ok_or(MalformedHash { position: index + 1 });
        setting.split(',').enumerate().map(read).collect()
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &KeyHash> {
        self.0.iter()
    }

    /// Which of them is this key's, from 0; the last one, if several are. Takes the same time
    /// whichever it is, and if none is.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<usize> {
        let presented = hash(key);
        // 0 is none of them.
        let mut found = 0_u64;
        for (number, known) in (1..).zip(&self.0) {
            found.conditional_assign(&number, known.0.as_bytes().ct_eq(presented.as_bytes()));
        }
        usize::try_from(found).ok()?.checked_sub(1)
    }

    /// Whether a key is accepted. Takes the same time whether it is or not, and
    /// whichever it is.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        self.find(key).is_some()
    }
}

impl FromIterator<KeyHash> for Hashes {
    fn from_iter<I: IntoIterator<Item = KeyHash>>(hashes: I) -> Hashes {
        Hashes(hashes.into_iter().collect())
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
        assert_eq!((both.find(one), both.find(two), both.find("pk_")), (Some(0), Some(1), None));
        assert!(!Hashes::default().matches(one));
        let short: Vec<_> = both.iter().map(KeyHash::short).collect();
        assert_eq!(short, ["fc036971", "1160f9e4"]);
        assert_eq!(format!("{both:?}"), "Hashes([KeyHash(fc036971..), KeyHash(1160f9e4..)])");
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
