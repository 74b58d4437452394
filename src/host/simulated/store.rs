//! The shared store of a simulation.

use super::{Simulated, clock::Clock};
use crate::{
    host::{Host, HostError, State},
    policy::time::{Tick, unit},
};
use penstock_state::{TurnRequest, Turns, redis::GRACE, turns::Plan};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

/// What the store's clock shows, in microseconds, when a simulation begins.
const EPOCH: u64 = 1_790_000_000_000_000;

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
    /// The share of the writes that are done although the answer is an error, from 0 to 1.
    pub lost_answers: f64,
    /// Whether it is down: everything is refused.
    pub down: bool,
    /// How long the answers to what it has done take besides.
    pub late: Duration,
    /// The share of the answers that are made up, from 0 to 1.
    pub lies: f64,
}

struct Entry {
    value: Vec<u8>,
    until: Tick,
}

impl Store {
    /// From now on it behaves like this.
    pub fn behave(&self, conduct: Conduct) {
        self.0.conduct.set(conduct);
    }

    /// It loses all that it holds, as a server without persistence does that is started again.
    pub fn forget(&self) {
        self.0.entries.borrow_mut().clear();
    }

    /// Everything that is stored, as text: to look for secrets in it.
    #[must_use]
    pub fn contents(&self) -> Vec<String> {
        let entries = self.0.entries.borrow();
        let show =
            |(key, entry): (&String, &Entry)| format!("{key}={}", String::from_utf8_lossy(&entry.value));
        entries.iter().map(show).collect()
    }

    /// Somebody gets at all that it holds. What is put in anew, or changed, stays for ever.
    pub fn edit(&self, edit: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) {
        let mut entries = self.0.entries.borrow_mut();
        let mut values: BTreeMap<_, _> =
            entries.iter().map(|(key, entry)| (key.clone(), entry.value.clone())).collect();
        edit(&mut values);
        let kept = |key: &String, value: Vec<u8>| match entries.get(key) {
            Some(entry) if entry.value == value => Entry { value, until: entry.until },
            _ => Entry { value, until: Tick::MAX },
        };
        let after = values.into_iter().map(|(key, value)| (key.clone(), kept(&key, value))).collect();
        *entries = after;
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
        let done = store.with(&self.0.clock, act);
        self.answer_late(&store).await;
        Ok(done)
    }

    /// What was asked for is done, and the answer is on its way.
    async fn answer_late(&self, store: &Store) {
        let late = store.0.conduct.get().late;
        if !late.is_zero() {
            self.wait(late).await;
        }
    }

    /// Whether the next answer is made up.
    fn is_lie(&self) -> bool {
        let lies = self.0.store.borrow().as_ref().map_or(0.0, |store| store.0.conduct.get().lies);
        lies > 0.0 && unit(self.random()) < lies
    }

    /// Some value of the store's, or one that is nobody's.
    fn made_up(&self) -> Option<Vec<u8>> {
        let store = self.0.store.borrow().clone()?;
        let entries = store.0.entries.borrow();
        let at = usize::try_from(self.random()).unwrap_or(usize::MAX).checked_rem(entries.len() + 2)?;
        match at.checked_sub(2) {
            Some(at) => entries.values().nth(at).map(|entry| entry.value.clone()),
            None if at == 0 => None,
            None => Some(self.random().to_le_bytes().to_vec()),
        }
    }

    async fn write<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Entry>) -> T) -> Result<T, HostError> {
        let store = self.reach().await?;
        self.may_write(&store)?;
        let done = store.with(&self.0.clock, act);
        self.answer_late(&store).await;
        let lost = store.0.conduct.get().lost_answers;
        if lost > 0.0 && unit(self.random()) < lost {
            return Err(HostError::Unavailable("the answer was lost".to_owned()));
        }
        Ok(done)
    }

    fn may_write(&self, store: &Store) -> Result<(), HostError> {
        if unit(self.random()) < store.0.conduct.get().refused_writes {
            return Err(HostError::Failed("the write was refused".to_owned()));
        }
        Ok(())
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

    fn entry(&self, value: Vec<u8>, ttl: Option<Duration>) -> Entry {
        let until = ttl.map_or(Tick::MAX, |ttl| self.0.clock.now() + ttl);
        Entry { value, until }
    }
}

impl State for Simulated {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        let value = self.read(|entries| entries.get(key).map(|entry| entry.value.clone())).await?;
        Ok(if self.is_lie() { self.made_up() } else { value })
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        self.write(|entries| drop(entries.insert(key.to_owned(), self.entry(value, ttl)))).await
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        self.write(|entries| drop(entries.remove(key))).await
    }

    async fn state_claim(
        &self,
        key: &str,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>, HostError> {
        let claimed = self
            .write(|entries| match entries.get(key).filter(|entry| entry.value != value) {
                Some(entry) => Some(entry.value.clone()),
                None => {
                    entries.insert(key.to_owned(), self.entry(value, Some(ttl)));
                    None
                }
            })
            .await?;
        Ok(if self.is_lie() { self.made_up() } else { claimed })
    }

    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Duration,
    ) -> Result<bool, HostError> {
        self.write(|entries| {
            let ours = |entry: &Entry| entry.value == expected || entry.value == value;
            let done = entries.get(key).is_some_and(ours);
            if done {
                entries.insert(key.to_owned(), self.entry(value, Some(ttl)));
            }
            done
        })
        .await
        .map(|swapped| swapped != self.is_lie())
    }

    async fn state_release(&self, key: &str, expected: Vec<u8>) -> Result<(), HostError> {
        self.write(|entries| {
            if entries.get(key).is_some_and(|entry| entry.value == expected) {
                entries.remove(key);
            }
        })
        .await
    }

    async fn state_keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, HostError> {
        self.read(|entries| {
            entries.keys().filter(|key| key.starts_with(prefix)).take(most).cloned().collect()
        })
        .await
    }

    async fn state_turns(&self, key: &str, request: &TurnRequest) -> Result<Turns, HostError> {
        let store = self.reach().await?;
        let now = self.0.clock.now().as_nanos() / 1_000 + EPOCH;
        let known = store.with(&self.0.clock, |entries| entries.get(key).map(|entry| entry.value.clone()));
        let (turns, next) = Plan::ask(known.and_then(|text| Plan::parse(&text)), now, request, GRACE);
        // To look is to read.
        if let Some(plan) = next {
            self.may_write(&store)?;
            let ttl = Duration::from_millis(plan.ttl_ms(now));
            let entry = self.entry(plan.to_string().into_bytes(), Some(ttl));
            store.with(&self.0.clock, |entries| entries.insert(key.to_owned(), entry));
        }
        self.answer_late(&store).await;
        if self.is_lie() {
            let [now, arrival, closed, since] = [(); 4].map(|()| now.wrapping_add(self.random() >> 38));
            let count = u32::try_from(self.random() >> 59).unwrap_or_default();
            return Ok(Turns { now, arrival, count, closed, since });
        }
        Ok(turns)
    }
}
