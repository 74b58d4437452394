//! The store that the instances of a deployment share.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::sources::HostError;

/// A small key-value store. [`MemoryState`] serves one process; a deployment of
/// several implements this over what it has, with atomic `increment` and
/// `compare_and_swap`.
///
/// A `ttl` is how long a value stays at least wanted; a store may keep it longer
/// only by not returning it any more.
pub trait State: Send + Sync {
    /// The value under a key, or none.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>>;

    /// Stores a value, for good without a `ttl`.
    fn set<'a>(
        &'a self,
        key: &'a str,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<(), HostError>>;

    /// Removes a key. One that is not there is no error.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), HostError>>;

    /// Adds to a counter, atomically, and returns the new value. A counter that is
    /// not there starts at 0, and `ttl` counts from its creation.
    fn increment<'a>(
        &'a self,
        key: &'a str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<i64, HostError>>;

    /// Replaces a value only if it is still `expected`, atomically. False when it
    /// was not, or when there is none.
    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: &'a [u8],
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<bool, HostError>>;
}

/// A [`State`] in the memory of this process, bounded in bytes.
///
/// A full store drops what has expired and then refuses new values, which the
/// component takes as a store that is not there. It never drops a live value: that
/// could be a claim that somebody holds.
pub struct MemoryState {
    capacity: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<String, Entry>,
    by_expiry: BTreeSet<(Instant, String)>,
    bytes: usize,
}

struct Entry {
    value: Vec<u8>,
    expires: Option<Instant>,
}

impl MemoryState {
    /// Holds keys and values of up to this many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { capacity: bytes, entries: Mutex::default() }
    }

    fn live(&self) -> MutexGuard<'_, Entries> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.expire(Instant::now());
        entries
    }
}

impl Default for MemoryState {
    /// Up to 16 MiB: tokens and counters take kilobytes.
    fn default() -> Self {
        Self::with_capacity(16 << 20)
    }
}

impl fmt::Debug for MemoryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.live();
        f.debug_struct("MemoryState")
            .field("capacity", &self.capacity)
            .field("entries", &entries.by_key.len())
            .field("bytes", &entries.bytes)
            .finish()
    }
}

impl Entries {
    fn expire(&mut self, now: Instant) {
        while let Some((expires, _)) = self.by_expiry.first() {
            if *expires > now {
                return;
            }
            let Some((_, key)) = self.by_expiry.pop_first() else { return };
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &str) -> Option<Entry> {
        let (key, entry) = self.by_key.remove_entry(key)?;
        self.bytes -= key.len() + entry.value.len();
        if let Some(expires) = entry.expires {
            self.by_expiry.remove(&(expires, key));
        }
        Some(entry)
    }

    fn put(&mut self, key: &str, entry: Entry, capacity: usize) -> Result<(), HostError> {
        let taken = self.by_key.get(key).map_or(0, |old| key.len() + old.value.len());
        let needed = key.len() + entry.value.len();
        if self.bytes - taken + needed > capacity {
            return Err(HostError::Unavailable(format!("the store is full ({capacity} bytes)")));
        }
        self.remove(key);
        self.bytes += needed;
        if let Some(expires) = entry.expires {
            self.by_expiry.insert((expires, key.to_owned()));
        }
        self.by_key.insert(key.to_owned(), entry);
        Ok(())
    }
}

/// None when it is so far away that it never comes.
fn expiry(ttl: Option<Duration>) -> Option<Instant> {
    Instant::now().checked_add(ttl?)
}

impl State for MemoryState {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
        Box::pin(async move { Ok(self.live().by_key.get(key).map(|entry| entry.value.clone())) })
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<(), HostError>> {
        Box::pin(async move { self.live().put(key, Entry { value, expires: expiry(ttl) }, self.capacity) })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), HostError>> {
        Box::pin(async move {
            self.live().remove(key);
            Ok(())
        })
    }

    fn increment<'a>(
        &'a self,
        key: &'a str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<i64, HostError>> {
        Box::pin(async move {
            let mut entries = self.live();
            let (old, expires) = match entries.by_key.get(key) {
                None => (0, expiry(ttl)),
                Some(entry) => (counter(key, &entry.value)?, entry.expires),
            };
            let new = old
                .checked_add(delta)
                .ok_or_else(|| HostError::Failed(format!("the counter {key} would overflow")))?;
            entries.put(key, Entry { value: new.to_string().into_bytes(), expires }, self.capacity)?;
            Ok(new)
        })
    }

    fn compare_and_swap<'a>(
        &'a self,
        key: &'a str,
        expected: &'a [u8],
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<bool, HostError>> {
        Box::pin(async move {
            let mut entries = self.live();
            if entries.by_key.get(key).is_none_or(|entry| entry.value != expected) {
                return Ok(false);
            }
            entries.put(key, Entry { value, expires: expiry(ttl) }, self.capacity)?;
            Ok(true)
        })
    }
}

/// Counters are kept as decimal text, so that `get` shows something readable.
fn counter(key: &str, value: &[u8]) -> Result<i64, HostError> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| HostError::Failed(format!("{key} does not hold a counter")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Option<Duration> = Some(Duration::from_secs(1));

    #[tokio::test(start_paused = true)]
    async fn a_value_expires_and_gives_its_room_back() {
        let state = MemoryState::with_capacity(8);
        state.set("key", b"12345".into(), SECOND).await.unwrap();
        assert!(matches!(state.set("k2", b"".into(), None).await, Err(HostError::Unavailable(_))));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(state.get("key").await, Ok(None));
        state.set("k2", b"123456".into(), None).await.unwrap();
        tokio::time::advance(Duration::from_secs(1 << 40)).await;
        assert_eq!(state.get("k2").await, Ok(Some(b"123456".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_counter_expires_from_its_creation() {
        let state = MemoryState::default();
        assert_eq!(state.increment("n", 2, SECOND).await, Ok(2));
        tokio::time::advance(Duration::from_millis(600)).await;
        assert_eq!(state.increment("n", -5, SECOND).await, Ok(-3));
        assert_eq!(state.get("n").await, Ok(Some(b"-3".into())));
        tokio::time::advance(Duration::from_millis(600)).await;
        assert_eq!(state.increment("n", 1, SECOND).await, Ok(1));
    }

    #[tokio::test]
    async fn only_counters_count() {
        let state = MemoryState::default();
        state.set("text", b"abc".into(), None).await.unwrap();
        assert!(matches!(state.increment("text", 1, None).await, Err(HostError::Failed(_))));
        state.increment("n", i64::MAX, None).await.unwrap();
        assert!(matches!(state.increment("n", 1, None).await, Err(HostError::Failed(_))));
        assert_eq!(state.increment("n", 0, None).await, Ok(i64::MAX), "a refused step changes nothing");
    }

    #[tokio::test]
    async fn swaps_only_what_is_expected() {
        let state = MemoryState::default();
        assert_eq!(state.compare_and_swap("k", b"", b"new".into(), None).await, Ok(false));
        state.set("k", b"old".into(), None).await.unwrap();
        assert_eq!(state.compare_and_swap("k", b"other", b"new".into(), None).await, Ok(false));
        assert_eq!(state.compare_and_swap("k", b"old", b"new".into(), None).await, Ok(true));
        assert_eq!(state.get("k").await, Ok(Some(b"new".into())));
        state.delete("k").await.unwrap();
        assert_eq!(state.get("k").await, Ok(None));
        assert!(format!("{state:?}").contains("bytes: 0"));
    }

    #[tokio::test(start_paused = true)]
    async fn replacing_a_value_forgets_its_old_expiry() {
        let state = MemoryState::default();
        state.set("k", b"a".into(), SECOND).await.unwrap();
        state.set("k", b"b".into(), None).await.unwrap();
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(state.get("k").await, Ok(Some(b"b".into())));
    }
}
