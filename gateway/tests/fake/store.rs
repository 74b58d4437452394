//! The core's simulated store, for hosts whose clock goes by itself.

use super::FakeHost;
pub use penstock::host::simulated::Conduct;
use penstock::{
    host::{HostError, State, simulated},
    state::{TurnRequest, Turns},
};
use std::{cell::Cell, rc::Rc, time::Duration};

/// It does nothing.
pub fn away() -> Conduct {
    Conduct { down: true, ..Conduct::default() }
}

/// It does what it is asked, and the answers to what changes it are lost.
pub fn deaf() -> Conduct {
    Conduct { lost_answers: 1.0, ..Conduct::default() }
}

/// A store. Clones are the same one.
#[derive(Clone)]
pub struct FakeStore {
    shelf: simulated::Store,
    /// Whoever asks it, in the time in which what it holds runs out.
    asker: simulated::Simulated,
    /// How many hosts share it.
    hosts: Rc<Cell<u64>>,
}

impl Default for FakeStore {
    fn default() -> FakeStore {
        let shelf = simulated::Store::default();
        let asker = simulated::Simulated::new(1);
        asker.share(shelf.clone());
        FakeStore { shelf, asker, hosts: Rc::default() }
    }
}

impl FakeStore {
    pub fn behave(&self, conduct: Conduct) {
        self.shelf.behave(conduct);
    }

    /// One more host shares it; which one that is.
    pub fn joined(&self) -> u64 {
        self.hosts.set(self.hosts.get() + 1);
        self.hosts.get()
    }

    pub fn pass(&self, millis: u64) {
        self.asker.run(self.asker.wait(Duration::from_millis(millis)));
    }

    /// Milliseconds since the beginning.
    pub fn passed(&self) -> u64 {
        u64::try_from(self.asker.elapsed().as_millis()).unwrap()
    }

    /// It loses all that it holds.
    pub fn forget(&self) {
        self.shelf.forget();
    }

    /// The keys of this kind, and what stands there.
    pub fn entries(&self, kind: &str) -> Vec<(String, Vec<u8>)> {
        let prefix = format!("penstock/{kind}/");
        let mut found = Vec::new();
        self.shelf.edit(|all| {
            let kept = all.iter().filter(|(key, _)| key.starts_with(&prefix));
            found.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
        });
        found
    }

    /// Changes a value behind everybody's back.
    pub fn tamper(&self, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
        self.shelf.edit(|all| change(all.get_mut(key).unwrap()));
    }
}

impl FakeHost {
    /// Who asks the store, if there is one.
    fn shared(&self) -> Result<&simulated::Simulated, HostError> {
        let none = || HostError::Unavailable("there is no store".to_owned());
        self.store.as_ref().map(|store| &store.asker).ok_or_else(none)
    }
}

impl State for FakeHost {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        // A host without a store has nothing.
        match self.shared() {
            Ok(asker) => asker.state_get(key).await,
            Err(_) => Ok(None),
        }
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        self.shared()?.state_set(key, value, ttl).await
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        self.shared()?.state_delete(key).await
    }

    async fn state_claim(
        &self,
        key: &str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>, HostError> {
        self.shared()?.state_claim(key, value, ttl).await
    }

    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<bool, HostError> {
        self.shared()?.state_swap(key, expected, value, ttl).await
    }

    async fn state_release(&self, key: &str, expected: Vec<u8>) -> Result<(), HostError> {
        self.shared()?.state_release(key, expected).await
    }

    async fn state_keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HostError> {
        self.shared()?.state_keys(prefix, most).await
    }

    async fn state_turns(&self, key: &str, request: &TurnRequest) -> Result<Turns, HostError> {
        self.shared()?.state_turns(key, request).await
    }
}
