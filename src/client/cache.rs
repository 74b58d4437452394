//! The cache: answers that are kept for a while, in this instance and in the host's
//! store.
//!
//! One [`Cache`] belongs to a [`Client`](super::Client). [`policy::cache`] says
//! what may be kept and for how long; here it is looked up, fetched once for all who ask
//! at once, and kept. The store's trouble is never the caller's: what cannot be read
//! there was not there.
//!
//! [`policy::cache`]: crate::policy::cache

mod absence;
mod epoch;
mod in_flight;
mod types;

pub(crate) use types::owned;
pub use types::{Cached, Counters, Fetched, Missed, Question, Wanted};

use crate::{
    client::store::Store,
    contract::{
        Failure, Outcome,
        catalogue::{Caching, Operation},
    },
    failure,
    host::{Host, timeout::timeout_at},
    policy::{
        cache::{Entry, Key, Lookup, Memory, Policy, Storable, lookup, storable},
        time::{Tick, unit},
    },
    seal::SealKeys,
};
use bytes::Bytes;
use epoch::Epochs;
use in_flight::FetchesInFlight;
use penstock_state::names;
use sha2::{Digest, Sha256};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// How long the store keeps an answer that has an owner. What is forgotten cannot be found
/// there any more, but it cannot be deleted either: nobody knows all of its keys.
const OWNED_STORED: Duration = Duration::from_secs(24 * 3600);

/// Keeps answers.
pub struct Cache {
    memory: RefCell<Memory>,
    epochs: Epochs,
    in_flight: FetchesInFlight,
    store: Rc<Store>,
    counters: Cell<Counters>,
}

impl Cache {
    /// A cache that keeps so many bytes in this instance, and asks this store.
    pub(crate) fn new(bytes: usize, store: Rc<Store>) -> Cache {
        Cache {
            memory: RefCell::new(Memory::new(bytes)),
            epochs: Epochs::default(),
            in_flight: FetchesInFlight::default(),
            store,
            counters: Cell::default(),
        }
    }

    /// Changes how many bytes are kept in this instance.
    pub fn resize(&self, bytes: usize) {
        self.memory.borrow_mut().resize(bytes);
    }

    /// Forgets what this instance keeps. The store keeps its share.
    pub fn clear(&self) {
        self.memory.borrow_mut().clear();
    }

    /// How often what happened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters.get()
    }

    /// Bytes in use, entries, and how many had to make room.
    #[must_use]
    pub fn size(&self) -> (usize, usize, u64) {
        let memory = self.memory.borrow();
        (memory.used(), memory.len(), memory.evicted())
    }

    /// Answers from the cache, or by `fetch`, which is called once at most. An operation
    /// that is not cached is fetched.
    ///
    /// # Errors
    /// Those of `fetch`, possibly that of another call which asked the same at once;
    /// `not-found` from the cache; `timeout` if the deadline passes while waiting.
    pub async fn answer<H: Host>(
        &self,
        host: &H,
        question: &Question<'_>,
        wanted: Wanted,
        fetch: impl AsyncFnOnce() -> Result<Fetched, Missed>,
    ) -> Result<Cached, Failure> {
        let Some(policy) = policy(question.operation, wanted.fresh) else {
            return fetch().await.map(Cached::from).map_err(|missed| missed.failure);
        };
        let looking = self.look(host, question, wanted);
        let Some((place, kept)) = timeout_at(host, wanted.deadline, looking).await else {
            return Err(late());
        };
        let mut old = None;
        if let Some(entry) = kept {
            match self.serve(host, &policy, &place.key, &entry) {
                Some(answer) => return answer,
                None => old = Some(entry),
            }
        }
        let result = match wanted.bypass {
            true => self.fetch(host, &policy, &place, wanted.deadline, None, fetch).await,
            false => self.fetch_together(host, &policy, &place, wanted, fetch).await,
        };
        match (result, old) {
            (Err(failure), Some(entry)) if wanted.accept_stale && is_down(&failure) => {
                match lookup(&entry, &policy, host.wall_now()) {
                    Lookup::Revalidate | Lookup::IfError => {
                        self.count(|counters| counters.degraded += 1);
                        Ok(cached_answer(host, &entry, true))
                    }
                    _ => Err(failure),
                }
            }
            (result, _) => result,
        }
    }

    /// Sends what may change this resource. What is kept of it is of no use any more: at
    /// once for this instance, within seconds for those that share its store. While it is
    /// under way, and while the provider may still be at work on one of unknown outcome, no
    /// answer is kept; so neither a deadline nor the end of this
    /// instance can leave an old answer behind. A write that surely changed nothing costs
    /// what was kept, too: the others may have been told of a later one meanwhile.
    ///
    /// # Errors
    /// Those of `send`.
    pub async fn write<H: Host, T>(
        &self,
        host: &H,
        question: &Question<'_>,
        deadline: Option<Tick>,
        send: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let resource = question.resource();
        self.make_room(host);
        self.end(host, &resource);
        let writing = self.epochs.unsettle(host, &resource);
        timeout_at(host, deadline, self.epochs.warn(host, &self.store, &resource, deadline)).await;
        let result = send.await;
        writing.ended(result.as_ref().err().is_none_or(|failure| failure.outcome != Outcome::Unknown));
        self.announce(host, &resource, deadline).await;
        result
    }

    /// What is kept of a resource, or of an owner, is of no use any more.
    pub(crate) async fn forget<H: Host>(&self, host: &H, resource: &Key, deadline: Option<Tick>) {
        self.make_room(host);
        self.end(host, resource);
        self.announce(host, resource, deadline).await;
    }

    /// Tells the store of a new epoch. Cut off, it is done with the next look at the epoch.
    async fn announce<H: Host>(&self, host: &H, resource: &Key, deadline: Option<Tick>) {
        timeout_at(host, deadline, self.epochs.begin(host, &self.store, resource)).await;
    }

    /// Ends the epoch of a resource in this instance.
    fn end<H: Host>(&self, host: &H, resource: &Key) {
        let ended = self.epochs.end(host, resource);
        // They could not be found any more, and somebody's data is not to lie about.
        self.memory.borrow_mut().retain(|key| !key.is_of_epoch(ended));
    }

    /// Finds the place of an answer, and what is kept there.
    async fn look<H: Host>(
        &self,
        host: &H,
        question: &Question<'_>,
        wanted: Wanted,
    ) -> (Place, Option<Entry>) {
        self.make_room(host);
        let epoch = self.epochs.current(host, &self.store, &question.resource()).await;
        let most = question.owner.as_ref().map(|_| OWNED_STORED);
        let keys = question.keys.clone();
        let shared = epoch.shared && keys.is_some();
        let place = Place { key: question.key(epoch.number), kept: epoch.kept, shared, most, keys };
        if wanted.bypass {
            return (place, None);
        }
        let kept = self.memory.borrow_mut().get(&place.key);
        if kept.is_some() || !place.shared {
            return (place, kept);
        }
        let name = name(&place.key);
        let stored = self.store.get(host, &name).await.ok().flatten();
        let opened = stored.and_then(|sealed| question.keys.as_ref()?.open(&name, &sealed));
        let entry = opened.and_then(Entry::from_bytes);
        if let Some(entry) = &entry {
            self.memory.borrow_mut().insert(place.key.clone(), entry.clone());
        }
        (place, entry)
    }

    /// The answer that is kept, if it serves as it is.
    fn serve<H: Host>(
        &self,
        host: &H,
        policy: &Policy,
        key: &Key,
        entry: &Entry,
    ) -> Option<Result<Cached, Failure>> {
        let answer = match lookup(entry, policy, host.wall_now()) {
            Lookup::Fresh => Ok(cached_answer(host, entry, false)),
            Lookup::Absent => Err(absence::failure(entry)?),
            Lookup::Revalidate if self.in_flight.busy(key) => {
                self.count(|counters| counters.stale += 1);
                return Some(Ok(cached_answer(host, entry, false)));
            }
            _ => return None,
        };
        self.count(|counters| counters.hits += 1);
        Some(answer)
    }

    /// Fetches, unless somebody who asks the same does.
    async fn fetch_together<H: Host>(
        &self,
        host: &H,
        policy: &Policy,
        place: &Place,
        wanted: Wanted,
        fetch: impl AsyncFnOnce() -> Result<Fetched, Missed>,
    ) -> Result<Cached, Failure> {
        let ticket = self.in_flight.join(&place.key);
        let Some(turn) = timeout_at(host, wanted.deadline, ticket.turn()).await else { return Err(late()) };
        if let Some(result) = ticket.result() {
            self.count(|counters| counters.joined += 1);
            return result.map(Cached::from);
        }
        // While we looked into the store, somebody else may have been and gone.
        let kept = self.memory.borrow_mut().get(&place.key);
        let serves =
            |entry: &Entry| matches!(lookup(entry, policy, host.wall_now()), Lookup::Fresh | Lookup::Absent);
        if let Some(answer) = kept.filter(serves).and_then(|kept| self.serve(host, policy, &place.key, &kept))
        {
            return answer;
        }
        self.fetch(host, policy, place, wanted.deadline, Some((&ticket, turn)), fetch).await
    }

    /// Fetches, and keeps what came.
    async fn fetch<H: Host>(
        &self,
        host: &H,
        policy: &Policy,
        place: &Place,
        deadline: Option<Tick>,
        ticket: Option<(&in_flight::Ticket<'_>, futures_util::lock::MutexGuard<'_, ()>)>,
        fetch: impl AsyncFnOnce() -> Result<Fetched, Missed>,
    ) -> Result<Cached, Failure> {
        self.count(|counters| counters.fetches += 1);
        let result = fetch().await;
        let (status, body) = match &result {
            Ok(fetched) => (fetched.status, fetched.keep.then(|| own(&fetched.payload.body()))),
            Err(Missed { failure, .. }) => (failure.status.unwrap_or_default(), absence::body(failure)),
        };
        let kept = storable(status).zip(body).filter(|_| place.kept).map(|(storable, body)| {
            let fresh = policy.life(storable, unit(host.random()));
            (storable, Entry { status, body, stored_at: host.wall_now(), fresh })
        });
        if let Some((_, entry)) = &kept {
            self.memory.borrow_mut().insert(place.key.clone(), entry.clone());
        }
        if let Some((ticket, turn)) = ticket {
            ticket.share(&result);
            drop(turn);
        }
        if let Some((storable, entry)) = kept.filter(|_| place.shared) {
            let life = policy.useful(storable, entry.fresh);
            let life = place.most.map_or(life, |most| life.min(most));
            // Whoever comes after us fetches it again.
            let name = name(&place.key);
            let random = [host.random(), host.random(), host.random()];
            let sealed = place.keys.as_ref().and_then(|keys| keys.seal(&name, &entry.to_bytes(), random));
            if let Some(sealed) = sealed {
                timeout_at(host, deadline, self.store.set(host, &name, sealed, Some(life))).await;
            }
        }
        result.map(Cached::from).map_err(|missed| missed.failure)
    }

    /// Epochs cannot be forgotten one by one: what was kept in an earlier one would come
    /// back.
    fn make_room<H: Host>(&self, host: &H) {
        if self.epochs.is_full() {
            self.memory.borrow_mut().clear();
            self.epochs.clear(host);
        }
    }

    fn count(&self, add: impl FnOnce(&mut Counters)) {
        let mut counters = self.counters.get();
        add(&mut counters);
        self.counters.set(counters);
    }
}

/// Where an answer is kept.
struct Place {
    key: Key,
    kept: bool,
    /// Whether also in the store.
    shared: bool,
    /// What it is sealed with there.
    keys: Option<Rc<SealKeys>>,
    /// How long it may stay there at most.
    most: Option<Duration>,
}

fn cached_answer<H: Host>(host: &H, entry: &Entry, degraded: bool) -> Cached {
    let age = entry.age(host.wall_now());
    Cached::FromCache { status: entry.status, body: entry.body.clone(), age, degraded }
}

/// None where nothing is kept.
fn policy(operation: &Operation, fresh: Option<Duration>) -> Option<Policy> {
    match operation.cache? {
        Caching::Seconds(seconds) => {
            let fresh = fresh.unwrap_or(Duration::from_secs(u64::from(seconds)));
            (!fresh.is_zero()).then(|| Policy::fresh_for(fresh))
        }
        Caching::Immutable => Some(Policy::immutable()),
    }
}

/// Whether the provider cannot answer now. Anything else that it says is an answer.
fn is_down(failure: &Failure) -> bool {
    failure::is_down(failure.kind)
}

fn late() -> Failure {
    failure::late("the deadline passed while waiting for the cache")
}

/// A copy: what an answer is charged for while it is under way ends with its last slice.
fn own(body: &Bytes) -> Bytes {
    Bytes::copy_from_slice(body)
}

/// The name of a value in the store: it tells whose it is and nothing of what is asked.
fn name(key: &Key) -> String {
    let hash = base16ct::lower::encode_string(&Sha256::digest(key.as_bytes()));
    names::key(names::CACHE, &key.tenant(), &hash)
}
