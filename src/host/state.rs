//! The store that the instances of a deployment share.

use super::HostError;
use std::time::Duration;

/// A small key-value store. A host without one answers [`HostError::Unavailable`], and
/// the instance works alone.
///
/// What holds in every store, as observed in Spin: `increment` gives each caller a
/// different number; `swap` loses no update of a key that exists. What does not hold:
/// `swap` on an absent key may succeed twice, so nothing is ever created with it.
/// Claim with `increment`, where exactly one caller gets 1.
#[allow(async_fn_in_trait, reason = "a component has one thread: the futures need not be Send")]
pub trait State {
    /// The value under a key.
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError>;

    /// Stores a value. It may be dropped after `ttl`; without it, it stays.
    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError>;

    /// Removes a key; one that is not there is no error.
    async fn state_delete(&self, key: &str) -> Result<(), HostError>;

    /// Adds to a counter, which starts at 0, and returns the new value. `ttl` counts
    /// from the counter's creation.
    async fn state_increment(&self, key: &str, delta: i64, ttl: Option<Duration>) -> Result<i64, HostError>;

    /// Replaces a value if it is still the expected one; false when it was not.
    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> Result<bool, HostError>;

    /// Whether the store answers.
    async fn shares_state(&self) -> bool {
        self.state_get("penstock/ready").await.is_ok()
    }
}
