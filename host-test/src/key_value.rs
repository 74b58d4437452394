//! A key-value store as Spin offers one to its components.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::future::BoxFuture;

use crate::sources::HostError;

/// What `spin:key-value` and `wasi:keyvalue` do, which see the same data. It knows no expiry.
pub trait KeyValue: Send + Sync {
    /// The value under a key, or none.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>>;

    /// Stores a value.
    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<(), HostError>>;

    /// Removes a key. One that is not there is no error.
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), HostError>>;

    /// All keys.
    fn keys(&self) -> BoxFuture<'_, Result<Vec<String>, HostError>>;

    /// Adds to a counter, atomically, and returns the new value. It begins at 0.
    fn increment<'a>(&'a self, key: &'a str, delta: i64) -> BoxFuture<'a, Result<i64, HostError>>;

    /// Replaces a value if it is still `current`, atomically. Where there was none, it is written
    /// whatever is there by now: Spin does not protect the creation of a key.
    fn swap<'a>(
        &'a self,
        key: &'a str,
        current: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<bool, HostError>>;
}

/// A [`KeyValue`] in the memory of this process that behaves as Spin's on SQLite does: a counter
/// is eight bytes, the least significant first, and a value of another length is none.
#[derive(Default)]
pub struct MemoryKeyValue(Mutex<HashMap<String, Vec<u8>>>);

impl MemoryKeyValue {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryKeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values may be secrets.
        f.debug_struct("MemoryKeyValue").field("keys", &self.all().len()).finish()
    }
}

impl KeyValue for MemoryKeyValue {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
        Box::pin(async move { Ok(self.all().get(key).cloned()) })
    }

    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<(), HostError>> {
        Box::pin(async move {
            self.all().insert(key.to_owned(), value);
            Ok(())
        })
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), HostError>> {
        Box::pin(async move {
            self.all().remove(key);
            Ok(())
        })
    }

    fn keys(&self) -> BoxFuture<'_, Result<Vec<String>, HostError>> {
        Box::pin(async move { Ok(self.all().keys().cloned().collect()) })
    }

    fn increment<'a>(&'a self, key: &'a str, delta: i64) -> BoxFuture<'a, Result<i64, HostError>> {
        Box::pin(async move {
            let mut all = self.all();
            let old = match all.get(key) {
                None => 0,
                Some(value) => <[u8; 8]>::try_from(&value[..])
                    .map(i64::from_le_bytes)
                    .map_err(|_| HostError::Failed(format!("{key} does not hold a counter")))?,
            };
            let new = old
                .checked_add(delta)
                .ok_or_else(|| HostError::Failed(format!("the counter {key} would overflow")))?;
            all.insert(key.to_owned(), new.to_le_bytes().to_vec());
            Ok(new)
        })
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        current: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<bool, HostError>> {
        Box::pin(async move {
            let mut all = self.all();
            if current.is_some() && all.get(key) != current.as_ref() {
                return Ok(false);
            }
            all.insert(key.to_owned(), value);
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_counters_count() {
        let store = MemoryKeyValue::default();
        store.set("text", b"abc".into()).await.unwrap();
        assert!(matches!(store.increment("text", 1).await, Err(HostError::Failed(_))));
        assert_eq!(store.increment("n", i64::MAX).await, Ok(i64::MAX));
        assert!(matches!(store.increment("n", 1).await, Err(HostError::Failed(_))));
        assert_eq!(store.increment("n", 0).await, Ok(i64::MAX), "a refused step changes nothing");
        assert_eq!(store.get("n").await, Ok(Some(i64::MAX.to_le_bytes().to_vec())));
    }

    #[tokio::test]
    async fn the_creation_of_a_key_is_not_protected() {
        let store = MemoryKeyValue::default();
        assert_eq!(store.swap("k", None, b"first".into()).await, Ok(true));
        assert_eq!(store.swap("k", None, b"second".into()).await, Ok(true));
        assert_eq!(store.swap("k", Some(b"first".into()), b"third".into()).await, Ok(false));
        assert_eq!(store.get("k").await, Ok(Some(b"second".into())));
        store.delete("k").await.unwrap();
        assert_eq!(store.keys().await, Ok(Vec::new()));
    }
}
