//! The shared store of a simulation.

use super::{Simulated, clock::Clock};
use crate::{
    engine::time::Tick,
    host::{HostError, State},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

/// A key-value store that any number of simulated hosts share. Clones are the same
/// store.
#[derive(Clone, Default)]
pub struct Store(Rc<RefCell<BTreeMap<String, Entry>>>);

struct Entry {
    value: Value,
    until: Tick,
}

enum Value {
    Bytes(Vec<u8>),
    Counter(i64),
}

impl Store {
    /// Everything that is stored, as text: to look for secrets in it.
    #[must_use]
    pub fn contents(&self) -> Vec<String> {
        let entries = self.0.borrow();
        let show = |(key, entry): (&String, &Entry)| match &entry.value {
            Value::Bytes(bytes) => format!("{key}={}", String::from_utf8_lossy(bytes)),
            Value::Counter(count) => format!("{key}={count}"),
        };
        entries.iter().map(show).collect()
    }

    fn with<T>(&self, clock: &Clock, act: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> T {
        let mut entries = self.0.borrow_mut();
        entries.retain(|_, entry| entry.until > clock.now());
        act(&mut entries)
    }
}

impl Simulated {
    fn store<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> Result<T, HostError> {
        let store = self.0.store.borrow().clone();
        let store = store.ok_or_else(|| HostError::Unavailable("there is no store".to_owned()))?;
        Ok(store.with(&self.0.clock, act))
    }

    fn until(&self, ttl: Option<Duration>) -> Tick {
        ttl.map_or(Tick::MAX, |ttl| self.0.clock.now() + ttl)
    }
}

impl State for Simulated {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.store(|entries| match entries.get(key).map(|entry| &entry.value) {
            Some(Value::Bytes(bytes)) => Some(bytes.clone()),
            Some(Value::Counter(count)) => Some(count.to_string().into_bytes()),
            None => None,
        })
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        let entry = Entry { value: Value::Bytes(value), until: self.until(ttl) };
        self.store(|entries| drop(entries.insert(key.to_owned(), entry)))
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        self.store(|entries| drop(entries.remove(key)))
    }

    async fn state_increment(&self, key: &str, delta: i64, ttl: Option<Duration>) -> Result<i64, HostError> {
        let until = self.until(ttl);
        let count = self.store(|entries| {
            let fresh = || Entry { value: Value::Counter(0), until };
            match &mut entries.entry(key.to_owned()).or_insert_with(fresh).value {
                Value::Counter(count) => {
                    *count = count.saturating_add(delta);
                    Ok(*count)
                }
                Value::Bytes(_) => Err(HostError::Failed("the key holds no counter".to_owned())),
            }
        });
        count?
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
        self.store(|entries| match entries.get(key).map(|entry| &entry.value) {
            Some(Value::Bytes(present)) if *present != expected => false,
            Some(Value::Counter(_)) => false,
            _ => {
                entries.insert(key.to_owned(), Entry { value: Value::Bytes(value), until });
                true
            }
        })
    }
}
