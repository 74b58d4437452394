//! A store that any number of hosts share, with a clock of its own.

use super::FakeHost;
use penstock::{
    host::{HostError, State},
    state::{TurnRequest, Turns},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

/// How a store behaves.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    /// It works.
    #[default]
    Works,
    /// It does nothing.
    Away,
    /// It does what it is asked, and its answers are lost.
    Deaf,
}

/// A store. Clones are the same one.
#[derive(Default, Clone)]
pub struct FakeStore(Rc<Shelf>);

#[derive(Default)]
struct Shelf {
    entries: RefCell<BTreeMap<String, (Vec<u8>, u64)>>,
    conduct: Cell<Conduct>,
    /// Milliseconds since the beginning.
    passed: Cell<u64>,
    /// How many hosts share it.
    hosts: Cell<u64>,
}

impl FakeStore {
    pub fn behave(&self, conduct: Conduct) {
        self.0.conduct.set(conduct);
    }

    /// One more host shares it; which one that is.
    pub fn joined(&self) -> u64 {
        self.0.hosts.set(self.0.hosts.get() + 1);
        self.0.hosts.get()
    }

    pub fn pass(&self, millis: u64) {
        self.0.passed.set(self.0.passed.get() + millis);
    }

    pub fn passed(&self) -> u64 {
        self.0.passed.get()
    }

    /// It loses all that it holds.
    pub fn forget(&self) {
        self.0.entries.borrow_mut().clear();
    }

    /// The keys of this kind, and what stands there.
    pub fn entries(&self, kind: &str) -> Vec<(String, Vec<u8>)> {
        let prefix = format!("penstock/{kind}/");
        let entries = self.0.entries.borrow();
        let kept = entries.iter().filter(|(key, _)| key.starts_with(&prefix));
        kept.map(|(key, (value, _))| (key.clone(), value.clone())).collect()
    }

    /// Changes a value behind everybody's back.
    pub fn tamper(&self, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.0.entries.borrow_mut().get_mut(key).unwrap().0);
    }

    fn act<T>(&self, act: impl FnOnce(&mut BTreeMap<String, (Vec<u8>, u64)>) -> T) -> Result<T, HostError> {
        if self.0.conduct.get() == Conduct::Away {
            return Err(no_store());
        }
        let mut entries = self.0.entries.borrow_mut();
        entries.retain(|_, (_, until)| *until > self.passed());
        let done = act(&mut entries);
        if self.0.conduct.get() == Conduct::Deaf { Err(no_store()) } else { Ok(done) }
    }

    fn until(&self, ttl: Duration) -> u64 {
        self.passed() + u64::try_from(ttl.as_millis()).unwrap()
    }
}

impl FakeHost {
    fn shared(&self) -> Result<&FakeStore, HostError> {
        self.store.as_ref().ok_or_else(no_store)
    }
}

impl State for FakeHost {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        // A host without a store has nothing.
        let Some(store) = &self.store else { return Ok(None) };
        store.act(|entries| entries.get(key).map(|(value, _)| value.clone()))
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        let store = self.shared()?;
        let until = ttl.map_or(u64::MAX, |ttl| store.until(ttl));
        store.act(|entries| drop(entries.insert(key.to_owned(), (value, until))))
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        self.shared()?.act(|entries| drop(entries.remove(key)))
    }

    async fn state_claim(
        &self,
        key: &str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>, HostError> {
        let store = self.shared()?;
        let until = store.until(ttl);
        store.act(|entries| match entries.get(key) {
            Some((present, _)) if *present != value => Some(present.clone()),
            _ => {
                entries.insert(key.to_owned(), (value, until));
                None
            }
        })
    }

    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<bool, HostError> {
        let store = self.shared()?;
        let until = store.until(ttl);
        store.act(|entries| {
            let is_ours = entries.get(key).is_some_and(|(present, _)| [&expected, &value].contains(&present));
            if is_ours {
                entries.insert(key.to_owned(), (value, until));
            }
            is_ours
        })
    }

    async fn state_release(&self, key: &str, expected: Vec<u8>) -> Result<(), HostError> {
        self.shared()?.act(|entries| {
            if entries.get(key).is_some_and(|(present, _)| *present == expected) {
                entries.remove(key);
            }
        })
    }

    async fn state_keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HostError> {
        self.shared()?
            .act(|entries| entries.keys().filter(|key| key.starts_with(prefix)).take(most).cloned().collect())
    }

    async fn state_turns(&self, _: &str, _: &TurnRequest) -> Result<Turns, HostError> {
        Err(no_store())
    }
}

fn no_store() -> HostError {
    HostError::Unavailable("there is no store".to_owned())
}
