//! Values that only whoever has the account's secrets can read or make.
//!
//! XChaCha20-Poly1305 over the content and the name that it is stored under: a store, or whoever
//! gets at it, can neither read a value, nor change one, nor put one in another's place. What does
//! not open was not there.
//!
//! The key is derived from the secrets (HMAC-SHA256), so that other secrets, those of another
//! tenant among them, open nothing.

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a sealed value begins with.
const VERSION: u8 = 1;

const NONCE: usize = 24;

/// Keys for other ends have another.
const SALT: &[u8] = b"penstock state 1";

/// What values are sealed with.
pub struct SealKey(Zeroizing<[u8; 32]>);

/// What values are sealed with, while secrets change: the first one seals, any of them opens.
pub struct SealKeys(Vec<SealKey>);

impl std::fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealKeys({})", self.0.len())
    }
}

impl SealKeys {
    pub(crate) fn new(keys: Vec<SealKey>) -> SealKeys {
        SealKeys(keys)
    }

    /// Seals a value for this name with the first key. `random` is 192 bits of the host's secure
    /// random source. None only without a key, or for a value too large for any store.
    #[must_use]
    pub fn seal(&self, name: &str, content: &[u8], random: [u64; 3]) -> Option<Vec<u8>> {
        self.0.first()?.seal(name, content, random)
    }

    /// Seals a value so that the same one for the same name is the same again: to be compared in the
    /// store. By each key, the first one first.
    pub(crate) fn seal_same(&self, name: &str, content: &[u8]) -> Vec<Vec<u8>> {
        self.0.iter().filter_map(|key| key.seal_same(name, content)).collect()
    }

    /// What was sealed for this name with any of the keys; none for anything else.
    #[must_use]
    pub fn open(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.0.iter().find_map(|key| key.open(name, sealed))
    }
}

impl SealKey {
    /// Derived from secrets, all of them, in their order. `purpose` tells keys apart.
    pub(crate) fn derive<'s>(purpose: &'s str, secrets: impl IntoIterator<Item = &'s str>) -> SealKey {
        // The extract of HKDF (RFC 5869) with a salt of one block.
        let mut salt = hmac::digest::Key::<Hmac<Sha256>>::default();
        for (at, byte) in salt.iter_mut().zip(SALT) {
            *at = *byte;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&salt);
        for text in [purpose].into_iter().chain(secrets) {
            mac.update(&(text.len() as u64).to_le_bytes());
            mac.update(text.as_bytes());
        }
        let key = Zeroizing::new(mac.finalize().into_bytes().into());
        SealKey(key)
    }

    /// What it may be called: says nothing of it.
    pub(crate) fn name(&self) -> String {
        let own = Zeroizing::new(base16ct::lower::encode_string(&*self.0));
        base16ct::lower::encode_string(&*SealKey::derive("name", [&**own]).0)
    }

    /// Seals a value for this name. `random` is 192 bits of the host's secure random source.
    pub(crate) fn seal(&self, name: &str, content: &[u8], random: [u64; 3]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE];
        for (part, random) in nonce.chunks_exact_mut(8).zip(random) {
            part.copy_from_slice(&random.to_le_bytes());
        }
        let payload = Payload { msg: content, aad: name.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// Seals a value with a nonce that is made of it (a synthetic one, as in RFC 5297): the same value for
    /// the same name is the same again, which is all that it gives away.
    pub(crate) fn seal_same(&self, name: &str, content: &[u8]) -> Option<Vec<u8>> {
        let key: &[u8; 32] = &self.0;
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).ok()?;
        for part in [b"nonce", name.as_bytes(), content] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        let made = mac.finalize().into_bytes();
        let mut random = [0; 3];
        for (part, bytes) in random.iter_mut().zip(made.chunks_exact(8)) {
            *part = u64::from_le_bytes(bytes.try_into().ok()?);
        }
        self.seal(name, content, random)
    }

    /// What was sealed for this name with this key; none for anything else.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, content) = rest.split_first_chunk::<NONCE>()?;
        if *version != VERSION {
            return None;
        }
        let payload = Payload { msg: content, aad: name.as_bytes() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SealKey {
        SealKey::derive("token", ["id", "secret"])
    }

    #[test]
    fn what_was_sealed_opens_under_its_name_with_its_key_and_unchanged() {
        let sealed = key().seal("name", b"content", [1, 2, 3]).unwrap();
        assert_eq!(key().open("name", &sealed).as_deref(), Some(&b"content"[..]));
        assert_eq!(key().open("other", &sealed), None);
        for other in [["id", "secret2"], ["ids", "ecret"], ["secret", "id"]] {
            assert_eq!(SealKey::derive("token", other).open("name", &sealed), None);
        }
        assert_eq!(SealKey::derive("answer", ["id", "secret"]).open("name", &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key().open("name", &changed), None, "byte {at}");
            assert_eq!(key().open("name", &sealed[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn what_is_to_be_compared_is_the_same_again_and_opens() {
        let again = || key().seal_same("name", b"content").unwrap();
        assert_eq!(again(), again());
        assert_eq!(key().open("name", &again()).as_deref(), Some(&b"content"[..]));
        assert_eq!(key().open("other", &again()), None);
        for other in [key().seal_same("names", b"content"), key().seal_same("name", b"content2")] {
            assert_ne!(other.unwrap()[1..25], again()[1..25], "another nonce");
        }
        let keys = SealKeys::new(vec![SealKey::derive("w", ["new"]), SealKey::derive("w", ["old"])]);
        let [new, old] = keys.seal_same("name", b"c").try_into().unwrap();
        assert!(new != old && keys.open("name", &new) == keys.open("name", &old));
    }

    #[test]
    fn nothing_of_it_shows() {
        let sealed = key().seal("name", b"content", [1, 2, 3]).unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"content"));
        assert_ne!(key().seal("name", b"content", [1, 2, 4]).unwrap()[25..], sealed[25..]);
    }
}
