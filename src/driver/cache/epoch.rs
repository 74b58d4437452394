//! The epochs of resources.
//!
//! An epoch is a random number in the shared store. It is a part of every key, so that a
//! new number makes all that was kept useless at once, for all instances. A number that
//! is set, and not counted up, needs no more of a store than that it keeps values, and
//! two writes at once cannot end on a number that was there before.

use super::store::{Store, Trouble};
use crate::{
    engine::{cache::Key, time::Tick},
    host::Host,
};
use futures_util::lock::Mutex;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

/// How long an instance goes on without looking whether another one has written.
const LOOK: Duration = Duration::from_secs(5);

/// How many resources are known at once: each of 100 tenants.
const MOST: usize = 16_384;

/// All epochs that this instance knows.
#[derive(Default)]
pub(super) struct Epochs(RefCell<BTreeMap<Key, Rc<Epoch>>>);

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
    /// Held while the store is asked.
    asking: Mutex<()>,
}

/// The epoch as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Current {
    pub(super) number: u64,
    /// Whether other instances have the same, so that answers can be shared with them.
    pub(super) shared: bool,
}

impl Epochs {
    /// The present epoch of a resource, looked up in the store now and then.
    pub(super) async fn current<H: Host>(&self, host: &H, store: &Store, resource: &Key) -> Current {
        let epoch = self.of(host, resource);
        let known = || epoch.looked.get().is_some_and(|looked| host.now().since(looked) < LOOK);
        if !known() {
            let _alone = epoch.asking.lock().await;
            if !known() {
                // What was kept since a number that the store was never told of may be older
                // than what others have written meanwhile, and told: ours would undo that.
                if epoch.owed.get() {
                    epoch.change(host);
                }
                epoch.look(host, store, resource).await;
            }
        }
        Current { number: epoch.number.get(), shared: epoch.agreed.get() }
    }

    /// Tells the store of the epoch that began with [`Epochs::end`], if it can be
    /// reached. If not, it is tried again with the next look.
    pub(super) async fn begin<H: Host>(&self, host: &H, store: &Store, resource: &Key) {
        let epoch = self.of(host, resource);
        let _alone = epoch.asking.lock().await;
        if epoch.owed.get() {
            epoch.look(host, store, resource).await;
        }
    }

    /// Ends the present epoch in this instance, and returns its number.
    pub(super) fn end<H: Host>(&self, host: &H, resource: &Key) -> u64 {
        let epoch = self.of(host, resource);
        let ended = epoch.number.get();
        epoch.change(host);
        ended
    }

    /// How many resources are known.
    pub(super) fn is_full(&self) -> bool {
        self.0.borrow().len() >= MOST
    }

    /// Forgets all of them. What is kept must be forgotten with them.
    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    /// Without a store too, no two resources are in the same epoch.
    fn of<H: Host>(&self, host: &H, resource: &Key) -> Rc<Epoch> {
        let begun = || Rc::new(Epoch { number: Cell::new(host.random()), ..Epoch::default() });
        self.0.borrow_mut().entry(resource.clone()).or_insert_with(begun).clone()
    }
}

impl Epoch {
    /// Takes the store's number, or gives it ours: when ours is newer, and when the store
    /// has none, or has lost it. Then it must be a number that never was, or else what
    /// the store has of earlier epochs would come back.
    async fn look<H: Host>(&self, host: &H, store: &Store, resource: &Key) {
        if !self.owed.get() {
            let changes = self.changes.get();
            let stored = store.get(host, resource).await;
            if self.changes.get() == changes {
                match stored.map(|value| value.and_then(|value| number(&value))) {
                    Ok(Some(number)) => {
                        self.number.set(number);
                        self.agreed.set(true);
                    }
                    Ok(None) => self.change(host),
                    Err(Trouble) => self.agreed.set(false),
                }
            }
        }
        if self.owed.get() {
            let changes = self.changes.get();
            let number = self.number.get().to_string().into_bytes();
            let told = store.set(host, resource, number, None).await.is_ok();
            if self.changes.get() == changes {
                self.agreed.set(told);
                self.owed.set(!told);
            }
        }
        self.looked.set(Some(host.now()));
    }

    /// Takes a new number, which the store has to be told.
    fn change<H: Host>(&self, host: &H) {
        self.number.set(host.random());
        self.changes.set(self.changes.get().wrapping_add(1));
        self.owed.set(true);
        self.agreed.set(false);
    }
}

fn number(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
