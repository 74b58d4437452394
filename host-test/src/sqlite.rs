//! A store in a file, for the processes of one machine.

mod place;
mod table;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::future::BoxFuture;
use penstock_policy::time::millis;
use penstock_state::embedded::{Embedded, Undone};
use tokio::task::spawn_blocking;

use crate::{
    key_value::KeyValue,
    sources::HostError,
    state::{State, TurnRequest, Turns},
};
use table::{Table, Trouble};

/// How often an operation is tried while others are always faster.
const TRIES: u32 = 10;

/// A [`State`] and a [`KeyValue`] in an SQLite file, for any number of processes of one machine.
///
/// What is stored expires by the machine's clock, and what has expired is removed now and then. A file that
/// another process holds locked is waited for, 300 ms at most; then the store counts as
/// unavailable, and the component goes on without it.
///
/// Both views are those that the gateway has of Spin's own store, so that a service that embeds the
/// plugin, and a gateway, share limits and tokens through one file. A file on a network file
/// system is none of this kind.
#[derive(Clone)]
pub struct SqliteState {
    table: Arc<Table>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableFile {
    /// It cannot be made, or is not ours to write.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no such file, or another program's.
    #[error("{path} cannot be used as a store: {reason}")]
    Content {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        reason: String,
    },
}

impl SqliteState {
    /// Opens the file, or makes one that only its owner may read and write, and the folders that
    /// lead to it.
    ///
    /// # Errors
    ///
    /// [`UnusableFile`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, UnusableFile> {
        Ok(Self { table: Arc::new(Table::open(path.as_ref())?) })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.table.path()
    }

    /// Does one operation on a thread that may wait.
    fn with<T: Send + 'static>(
        &self,
        operation: impl Fn(&Embedded<'_, Table>) -> Result<T, Undone<Trouble>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, HostError>> {
        let table = Arc::clone(&self.table);
        Box::pin(async move {
            let done = spawn_blocking(move || {
                table.sweep(now_micros());
                for _ in 1..TRIES {
                    match operation(&Embedded { bucket: &table, now: now_micros() }) {
                        Err(Undone::Contended) => {}
                        done => return done,
                    }
                }
                operation(&Embedded { bucket: &table, now: now_micros() })
            });
            match done.await {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(Undone::Contended)) => Err(HostError::Failed("the store is contended".to_owned())),
                Ok(Err(Undone::Store(trouble))) => Err(trouble.into()),
                Err(_) => Err(HostError::Unavailable("the process is stopping".to_owned())),
            }
        })
    }

    /// Does one operation of Spin's kind.
    fn raw<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&Table) -> Result<T, Trouble> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, HostError>> {
        let table = Arc::clone(&self.table);
        Box::pin(async move {
            let done = spawn_blocking(move || operation(&table)).await;
            let stopping = |_| HostError::Unavailable("the process is stopping".to_owned());
            done.map_err(stopping)?.map_err(HostError::from)
        })
    }
}

impl fmt::Debug for SqliteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteState").field("path", &self.path()).finish()
    }
}

/// Microseconds since the Unix epoch.
fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

impl State for SqliteState {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
        let key = key.to_owned();
        self.with(move |state| state.get(&key))
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> BoxFuture<'a, Result<(), HostError>> {
        let (key, ttl) = (key.to_owned(), ttl.map(millis));
        self.with(move |state| state.set(&key, &value, ttl))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), HostError>> {
        let key = key.to_owned();
        self.with(move |state| state.delete(&key))
    }

    fn keys<'a>(&'a self, prefix: &'a str, most: usize) -> BoxFuture<'a, Result<Vec<String>, HostError>> {
        let prefix = prefix.to_owned();
        self.with(move |state| state.keys(&prefix, most))
    }

    fn claim<'a>(
        &'a self,
        key: &'a str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
        let (key, ttl) = (key.to_owned(), millis(ttl));
        self.with(move |state| state.claim(&key, &value, ttl))
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: &'a [u8],
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, HostError>> {
        let (key, expected, ttl) = (key.to_owned(), expected.to_vec(), millis(ttl));
        self.with(move |state| state.swap(&key, &expected, &value, ttl))
    }

    fn release<'a>(&'a self, key: &'a str, expected: &'a [u8]) -> BoxFuture<'a, Result<(), HostError>> {
        let (key, expected) = (key.to_owned(), expected.to_vec());
        self.with(move |state| state.release(&key, &expected))
    }

    fn turns<'a>(
        &'a self,
        key: &'a str,
        request: &'a TurnRequest,
    ) -> BoxFuture<'a, Result<Turns, HostError>> {
        let (key, request) = (key.to_owned(), *request);
        self.with(move |state| state.turns(&key, &request))
    }
}

impl KeyValue for SqliteState {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
        let key = key.to_owned();
        self.raw(move |table| table.value(&key))
    }

    fn set<'a>(&'a self, key: &'a str, value: Vec<u8>) -> BoxFuture<'a, Result<(), HostError>> {
        let key = key.to_owned();
        self.raw(move |table| table.put(&key, &value))
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), HostError>> {
        let key = key.to_owned();
        self.raw(move |table| table.remove(&key))
    }

    fn keys(&self) -> BoxFuture<'_, Result<Vec<String>, HostError>> {
        self.raw(Table::all_keys)
    }

    fn increment<'a>(&'a self, key: &'a str, delta: i64) -> BoxFuture<'a, Result<i64, HostError>> {
        let key = key.to_owned();
        self.raw(move |table| table.increment(&key, delta))
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        current: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<bool, HostError>> {
        let key = key.to_owned();
        self.raw(move |table| match current {
            Some(current) => table.replace(&key, &current, &value),
            None => table.put(&key, &value).map(|()| true),
        })
    }
}

#[cfg(test)]
mod tests;
