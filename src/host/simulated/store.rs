//! The shared store of a simulation.

use super::{Simulated, clock::Clock};
use crate::{
    host::{Host, HostError, State},
    policy::time::{Tick, unit},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

/// A key-value store that any number of simulated hosts share. Clones are the same
/// store.
#[derive(Clone, Default)]
pub struct Store(Rc<Shelf>);

#[derive(Default)]
struct Shelf {
    entries: RefCell<BTreeMap<String, Entry>>,
    conduct: Cell<Conduct>,
}

/// How a store behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conduct {
    /// How long each operation takes.
    pub latency: Duration,
    /// The share of the writes that are refused, from 0 to 1.
    pub refused_writes: f64,
    /// Whether it is down: everything is refused.
    pub down: bool,
}

struct Entry {
    value: Value,
    until: Tick,
}

enum Value {
    Bytes(Vec<u8>),
    Counter(i64),
}

impl Store {
    /// From now on it behaves like this.
    pub fn behave(&self, conduct: Conduct) {
        self.0.conduct.set(conduct);
    }

    /// Everything that is stored, as text: to look for secrets in it.
    #[must_use]
    pub fn contents(&self) -> Vec<String> {
        let entries = self.0.entries.borrow();
        let show = |(key, entry): (&String, &Entry)| match &entry.value {
            Value::Bytes(bytes) => format!("{key}={}", String::from_utf8_lossy(bytes)),
            Value::Counter(count) => format!("{key}={count}"),
        };
        entries.iter().map(show).collect()
    }

    fn with<T>(&self, clock: &Clock, act: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> T {
        let mut entries = self.0.entries.borrow_mut();
        entries.retain(|_, entry| entry.until > clock.now());
        act(&mut entries)
    }
}

impl Simulated {
    async fn read<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> Result<T, HostError> {
        let store = self.reach().await?;
        Ok(store.with(&self.0.clock, act))
    }

    async fn write<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> Result<T, HostError> {
        let store = self.reach().await?;
        if unit(self.random()) < store.0.conduct.get().refused_writes {
            return Err(HostError::Failed("the write was refused".to_owned()));
        }
        Ok(store.with(&self.0.clock, act))
    }

    /// The store, once the request has got there.
    async fn reach(&self) -> Result<Store, HostError> {
        let store = self.0.store.borrow().clone();
        let store = store.ok_or_else(|| HostError::Unavailable("there is no store".to_owned()))?;
        let conduct = store.0.conduct.get();
        if !conduct.latency.is_zero() {
            self.wait(conduct.latency).await;
        }
        if conduct.down {
            return Err(HostError::Unavailable("the store is down".to_owned()));
        }
        Ok(store)
    }

    fn until(&self, ttl: Option<Duration>) -> Tick {
        ttl.map_or(Tick::MAX, |ttl| self.0.clock.now() + ttl)
    }
}

impl State for Simulated {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.read(|entries| match entries.get(key).map(|entry| &entry.value) {
            Some(Value::Bytes(bytes)) => Some(bytes.clone()),
            Some(Value::Counter(count)) => Some(count.to_string().into_bytes()),
            None => None,
        })
        .await
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        let entry = Entry { value: Value::Bytes(value), until: self.until(ttl) };
        self.write(|entries| drop(entries.insert(key.to_owned(), entry))).await
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        self.write(|entries| drop(entries.remove(key))).await
    }

    async fn state_increment(&self, key: &str, delta: i64, ttl: Option<Duration>) -> Result<i64, HostError> {
        let until = self.until(ttl);
        let count = self.write(|entries| {
            let fresh = || Entry { value: Value::Counter(0), until };
            match &mut entries.entry(key.to_owned()).or_insert_with(fresh).value {
                Value::Counter(count) => {
                    *count = count.saturating_add(delta);
                    Ok(*count)
                }
                Value::Bytes(_) => Err(HostError::Failed("the key holds no counter".to_owned())),
            }
        });
        count.await?
    }

    /// On an absent key it succeeds, as in the stores that do not protect creation.
    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> Result<bool, HostError> {
        let until = self.until(ttl);
        self.write(|entries| match entries.get(key).map(|entry| &entry.value) {
            Some(Value::Bytes(present)) if *present != expected => false,
            Some(Value::Counter(_)) => false,
            _ => {
                entries.insert(key.to_owned(), Entry { value: Value::Bytes(value), until });
                true
            }
        })
        .await
    }
}
