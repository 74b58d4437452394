//! The store that the instances of a deployment share.

mod redis;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::BoxFuture;
use penstock_state::turns::Plan;
pub use penstock_state::{TurnRequest, Turns};
pub use redis::{RedisOptions, RedisState, UnusableRedis};
use tokio::time::Instant;

use crate::sources::HostError;

/// A store. [`MemoryState`] serves one process, [`RedisState`] any number; whoever has something
/// else implements this over it.
///
/// Each operation is atomic, and does no harm when it is done twice or late. A key is used with
/// `get`, `set` and `delete`, or with `claim`, `swap` and `release`, or with `turns`, and never in
/// two of these ways.
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

    /// Removes a key, whatever it is used for. One that is not there is no error.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), HostError>>;

    /// Claims a key: stores a value unless another one is there, which is returned.
    fn claim<'a>(
        &'a self,
        key: &'a str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>>;

    /// Replaces a claim's value if it is the expected one. False when it was another one or none;
    /// true also when it was replaced already.
    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: &'a [u8],
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, HostError>>;

    /// Gives a claim up if its value is the expected one.
    fn release<'a>(&'a self, key: &'a str, expected: &'a [u8]) -> BoxFuture<'a, Result<(), HostError>>;

    /// Some of the keys in use that begin with `prefix`, in any order: all of them if there are
    /// `most` at most. For whoever looks after the store: it may take a while.
    fn keys<'a>(&'a self, prefix: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<String>, HostError>>;

    /// Takes turns of a limit: what [`penstock_state::turns::Plan::ask`] answers at the store's
    /// time.
    fn turns<'a>(&'a self, key: &'a str, request: &'a TurnRequest)
    -> BoxFuture<'a, Result<Turns, HostError>>;
}

/// A [`State`] in the memory of this process, bounded in bytes.
///
/// A full store drops what has expired and then refuses new values, which the
/// component takes as a store that is not there. It never drops a live value: that
/// could be a claim that somebody holds.
pub struct MemoryState {
    began: Instant,
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
        Self { began: Instant::now(), capacity: bytes, entries: Mutex::default() }
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

    fn claim<'a>(
        &'a self,
        key: &'a str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
        Box::pin(async move {
            let mut entries = self.live();
            if let Some(present) = entries.by_key.get(key).filter(|entry| entry.value != value) {
                return Ok(Some(present.value.clone()));
            }
            entries.put(key, Entry { value, expires: expiry(Some(ttl)) }, self.capacity)?;
            Ok(None)
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: &'a [u8],
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, HostError>> {
        Box::pin(async move {
            let mut entries = self.live();
            let ours = |entry: &Entry| entry.value == expected || entry.value == value;
            if !entries.by_key.get(key).is_some_and(ours) {
                return Ok(false);
            }
            entries.put(key, Entry { value, expires: expiry(Some(ttl)) }, self.capacity)?;
            Ok(true)
        })
    }

    fn release<'a>(&'a self, key: &'a str, expected: &'a [u8]) -> BoxFuture<'a, Result<(), HostError>> {
        Box::pin(async move {
            let mut entries = self.live();
            if entries.by_key.get(key).is_some_and(|entry| entry.value == expected) {
                entries.remove(key);
            }
            Ok(())
        })
    }

    fn keys<'a>(&'a self, prefix: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<String>, HostError>> {
        Box::pin(async move {
            let entries = self.live();
            let keys = entries.by_key.keys().filter(|key| key.starts_with(prefix));
            Ok(keys.take(most).cloned().collect())
        })
    }

    fn turns<'a>(
        &'a self,
        key: &'a str,
        request: &'a TurnRequest,
    ) -> BoxFuture<'a, Result<Turns, HostError>> {
        Box::pin(async move {
            let mut entries = self.live();
            let now = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
            let plan = entries.by_key.get(key).and_then(|entry| Plan::parse(&entry.value));
            // What is in memory is not forgotten as long as anybody asks.
            let (turns, plan) = Plan::ask(plan, now, request, 0);
            if let Some(plan) = plan {
                let expires = expiry(Some(Duration::from_millis(plan.ttl_ms(now))));
                entries.put(key, Entry { value: plan.to_string().into_bytes(), expires }, self.capacity)?;
            }
            Ok(turns)
        })
    }
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
    async fn a_claim_is_one_callers_until_it_is_given_up_or_expires() {
        let state = MemoryState::default();
        let second = Duration::from_secs(1);
        assert_eq!(state.claim("k", b"a".into(), second).await, Ok(None));
        assert_eq!(state.claim("k", b"a".into(), second).await, Ok(None), "the same again");
        assert_eq!(state.claim("k", b"b".into(), second).await, Ok(Some(b"a".into())));
        assert_eq!(state.swap("k", b"b", b"c".into(), second).await, Ok(false));
        state.release("k", b"b").await.unwrap();
        assert_eq!(state.swap("k", b"a", b"c".into(), 2 * second).await, Ok(true));
        assert_eq!(state.swap("k", b"a", b"c".into(), 2 * second).await, Ok(true), "done already");
        tokio::time::advance(2 * second).await;
        assert_eq!(state.swap("k", b"c", b"d".into(), second).await, Ok(false), "expired");
        assert_eq!(state.claim("k", b"d".into(), second).await, Ok(None));
        state.release("k", b"d").await.unwrap();
        assert_eq!(state.get("k").await, Ok(None));
        assert!(format!("{state:?}").contains("bytes: 0"));
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_given_once() {
        let state = MemoryState::default();
        let ask = |number| TurnRequest {
            owner: 1,
            number,
            interval: 1_000,
            horizon: 5_000,
            wanted: 4,
            ..TurnRequest::default()
        };
        let first = state.turns("limit", &ask(1)).await.unwrap();
        assert_eq!((first.count, first.arrival), (4, first.now), "at once: there was nothing before");
        assert_eq!(state.turns("limit", &ask(1)).await, Ok(first), "the same request");
        let second = state.turns("limit", &ask(2)).await.unwrap();
        assert_eq!((second.count, second.arrival), (2, first.now + 4_000), "up to the horizon");
        tokio::time::advance(Duration::from_secs(7_200)).await;
        let later = state.turns("limit", &ask(3)).await.unwrap();
        assert_ne!(later.since, first.since, "nobody asked for so long");
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
