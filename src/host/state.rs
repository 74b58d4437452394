//! The store that the instances of a deployment share.

use super::HostError;
use penstock_state::{TurnRequest, Turns};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A store. A host without one answers [`HostError::Unavailable`], and the instance works
/// alone.
///
/// Each operation is atomic, and does no harm when it is done twice or late. A key is used
/// with `get`, `set` and `delete`, or with `claim`, `swap` and `release`, or for turns, and
/// never in two of these ways: stores differ on a mix.
#[allow(async_fn_in_trait, reason = "a component has one thread: the futures need not be Send")]
pub trait State {
    /// The value under a key.
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError>;

    /// Stores a value. It may be dropped after `ttl`; without it, it stays.
    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError>;

    /// Removes a key, whatever it is used for; one that is not there is no error.
    async fn state_delete(&self, key: &str) -> Result<(), HostError>;

    /// Claims a key: stores a value unless another one is there, which is returned. It is
    /// dropped after `ttl`.
    async fn state_claim(
        &self,
        key: &str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>, HostError>;

    /// Replaces a claim's value if it is the expected one. False when it was another one or
    /// none; true also when it was replaced already.
    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<bool, HostError>;

    /// Gives a claim up if its value is the expected one.
    async fn state_release(&self, key: &str, expected: Vec<u8>) -> Result<(), HostError>;

    /// Some of the keys in use that begin with `prefix`, in any order: all of them if there are
    /// `most` at most. For whoever looks after the store: it may take a while.
    async fn state_keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HostError>;

    /// Takes turns of a limit.
    async fn state_turns(&self, key: &str, request: &TurnRequest) -> Result<Turns, HostError>;
}

/// Texts or bytes of any length and content as one part of a key, each with its length before it,
/// so that `"ab", "c"` and `"a", "bc"` differ. It tells nothing of them, and fits any store.
#[must_use]
pub fn hash<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        let text = text.as_ref();
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    base16ct::lower::encode_string(&hash.finalize())
}
