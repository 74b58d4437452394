//! The epochs of resources.
//!
//! An epoch is a random number in the shared store. It is a part of every key, so that a
//! new number makes all that was kept useless at once, for all instances. A number that
//! is set, and not counted up, needs no more of a store than that it keeps values, and
//! two writes at once cannot end on a number that was there before.
//!
//! While a write is under way, and while the provider may still be at work on one whose outcome
//! nobody knows, an epoch is *unsettled*: the store has a word in place of a number, and no
//! answer is kept.

use super::name;
use crate::{
    client::store::{Store, Trouble},
    host::Host,
    policy::{cache::Key, time::Tick},
};
use futures_util::lock::Mutex;
use litemap::LiteMap;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

/// How long an instance goes on without looking whether another one has written.
const LOOK: Duration = Duration::from_secs(5);

/// How long the provider may go on with a request that nobody waits for any more: ServiceTitan
/// itself gives up after 100 s.
const STILL_AT_WORK: Duration = Duration::from_secs(100);

/// What the store has in place of a number while an epoch is unsettled.
const UNSETTLED: &[u8] = b"unsettled";

/// How many resources are known at once: each of 100 tenants.
const MOST: usize = 16_384;

/// All epochs that this instance knows.
#[derive(Default)]
pub(crate) struct Epochs(RefCell<LiteMap<Key, Rc<Epoch>>>);

#[derive(Default)]
struct Epoch {
    number: Cell<u64>,
    /// Whether the store has the same number, as far as we know.
    agreed: Cell<bool>,
    /// Whether a number of ours has not reached the store.
    owed: Cell<bool>,
    looked: Cell<Option<Tick>>,
    /// Counts our own changes.
    changes: Cell<u64>,
    /// How many writes of ours are under way.
    writers: Cell<u32>,
    /// Until when a write of ours may still take effect that nobody waits for.
    unknown_until: Cell<Tick>,
    /// Whether the store had the word of another instance when last looked at.
    unsettled_elsewhere: Cell<bool>,
    /// Held while the store is asked.
    asking: Mutex<()>,
}

/// The epoch as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Current {
    pub(crate) number: u64,
    /// Whether answers may be kept at all.
    pub(crate) kept: bool,
    /// Whether other instances have the same, so that answers can be shared with them.
    pub(crate) shared: bool,
}

impl Epochs {
    /// The present epoch of a resource, looked up in the store now and then.
    pub(crate) async fn current<H: Host>(&self, host: &H, store: &Store, resource: &Key) -> Current {
        let epoch = self.of(host, resource);
        let known = || epoch.looked.get().is_some_and(|looked| host.now().since(looked) < LOOK);
        if !known() {
            let _alone = epoch.asking.lock().await;
            if !known() {
                epoch.look(host, store, resource).await;
            }
        }
        let unsettled = epoch.is_unsettled(host) || epoch.unsettled_elsewhere.get();
        Current { number: epoch.number.get(), kept: !unsettled, shared: !unsettled && epoch.agreed.get() }
    }

    /// Tells the store of the epoch that began with [`Epochs::end`], if it can be
    /// reached. If not, it is tried again with the next look.
    pub(crate) async fn begin<H: Host>(&self, host: &H, store: &Store, resource: &Key) {
        let epoch = self.of(host, resource);
        let _alone = epoch.asking.lock().await;
        if epoch.owed.get() {
            epoch.look(host, store, resource).await;
        }
    }

    /// A write begins: the epoch is unsettled until it is over, which [`Writing`] is told.
    pub(crate) fn unsettle<'a, H: Host>(&self, host: &'a H, resource: &Key) -> Writing<'a, H> {
        let epoch = self.of(host, resource);
        epoch.writers.set(epoch.writers.get().saturating_add(1));
        Writing { host, epoch, known: false }
    }

    /// Tells the store of a write that is over by `deadline`. If it cannot be told, the others
    /// learn of the write when it is over.
    pub(crate) async fn warn<H: Host>(
        &self,
        host: &H,
        store: &Store,
        resource: &Key,
        deadline: Option<Tick>,
    ) {
        let epoch = self.of(host, resource);
        let _alone = epoch.asking.lock().await;
        let life = deadline.map_or(Duration::ZERO, |deadline| host.now().until(deadline)) + STILL_AT_WORK;
        _ = store.set(host, &name(resource), UNSETTLED.to_vec(), Some(life)).await;
    }

    /// Ends the present epoch in this instance, and returns its number.
    pub(crate) fn end<H: Host>(&self, host: &H, resource: &Key) -> u64 {
        let epoch = self.of(host, resource);
        let ended = epoch.number.get();
        epoch.change(host);
        ended
    }

    /// How many resources are known.
    pub(crate) fn is_full(&self) -> bool {
        self.0.borrow().len() >= MOST
    }

    /// Forgets all that are settled. What is kept must be forgotten with them.
    pub(crate) fn clear<H: Host>(&self, host: &H) {
        // A write that is under way would find another epoch at its end.
        self.0.borrow_mut().retain(|_, epoch| epoch.is_unsettled(host));
    }

    /// Without a store too, no two resources are in the same epoch.
    fn of<H: Host>(&self, host: &H, resource: &Key) -> Rc<Epoch> {
        let begun = || Rc::new(Epoch { number: Cell::new(host.random()), ..Epoch::default() });
        self.0.borrow_mut().entry(resource.clone()).or_insert_with(begun).clone()
    }
}

/// A write that is under way. If it is dropped before its end is told, its outcome is unknown.
pub(crate) struct Writing<'a, H: Host> {
    host: &'a H,
    epoch: Rc<Epoch>,
    known: bool,
}

impl<H: Host> Writing<'_, H> {
    /// It is over. `known`: the provider is no longer at work on it.
    pub(crate) fn ended(mut self, known: bool) {
        self.known = known;
    }
}

impl<H: Host> Drop for Writing<'_, H> {
    fn drop(&mut self) {
        let epoch = &self.epoch;
        epoch.writers.set(epoch.writers.get().saturating_sub(1));
        if !self.known {
            epoch.unknown_until.set(epoch.unknown_until.get().max(self.host.now() + STILL_AT_WORK));
        }
        epoch.change(self.host);
    }
}

impl Epoch {
    /// Takes the store's number, or gives it ours: when ours is newer, and when the store
    /// has none, or has lost it. Then it must be a number that never was, or else what
    /// the store has of earlier epochs would come back.
    async fn look<H: Host>(&self, host: &H, store: &Store, resource: &Key) {
        if self.is_unsettled(host) {
            let life = host.now().until(self.unknown_until.get());
            if self.writers.get() == 0 {
                // Once more: a later write of another instance may have settled it.
                _ = store.set(host, &name(resource), UNSETTLED.to_vec(), Some(life)).await;
            }
            self.looked.set(Some(host.now()));
            return;
        }
        if !self.owed.get() {
            let changes = self.changes.get();
            let stored = store.get(host, &name(resource)).await;
            self.unsettled_elsewhere.set(false);
            if self.changes.get() == changes {
                match stored.map(|value| value.and_then(|value| stored_epoch(&value))) {
                    Ok(Some(Stored::Number(number))) => {
                        self.number.set(number);
                        self.agreed.set(true);
                    }
                    Ok(Some(Stored::Unsettled)) => {
                        self.change(host);
                        // It is the writer's to tell the store of a new one.
                        self.owed.set(false);
                        self.unsettled_elsewhere.set(true);
                    }
                    Ok(None) => self.change(host),
                    Err(Trouble) => self.agreed.set(false),
                }
            }
        }
        if self.owed.get() {
            let changes = self.changes.get();
            // Not ours, under which answers may have been kept that are older than what others
            // have written meanwhile, and told: ours would undo that.
            let number = host.random();
            let told = store.set(host, &name(resource), number.to_string().into_bytes(), None).await.is_ok();
            if self.changes.get() == changes {
                if told {
                    self.number.set(number);
                }
                self.agreed.set(told);
                self.owed.set(!told);
            }
        }
        self.looked.set(Some(host.now()));
    }

    /// Whether something may change that nobody would tell us of.
    fn is_unsettled<H: Host>(&self, host: &H) -> bool {
        self.writers.get() > 0 || host.now() < self.unknown_until.get()
    }

    /// Takes a new number, which the store has to be told.
    fn change<H: Host>(&self, host: &H) {
        self.number.set(host.random());
        self.changes.set(self.changes.get().wrapping_add(1));
        self.owed.set(true);
        self.agreed.set(false);
    }
}

/// What the store has of an epoch.
enum Stored {
    Number(u64),
    Unsettled,
}

fn stored_epoch(value: &[u8]) -> Option<Stored> {
    if value == UNSETTLED {
        return Some(Stored::Unsettled);
    }
    std::str::from_utf8(value).ok()?.parse().ok().map(Stored::Number)
}
