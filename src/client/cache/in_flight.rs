//! One fetch for any number of callers that ask the same at once.

use super::{Fetched, Missed};
use crate::{contract::Failure, policy::cache::Key};
use futures_util::lock::{Mutex, MutexGuard};
use litemap::LiteMap;
use std::{cell::RefCell, rc::Rc};

/// The fetches that are under way.
#[derive(Default)]
pub(crate) struct FetchesInFlight(RefCell<LiteMap<Key, Rc<Fetch>>>);

#[derive(Default)]
struct Fetch {
    /// Held by the one who fetches. Whoever gets it next finds the result; or none, if
    /// the one before was cancelled, and then fetches itself.
    leading: Mutex<()>,
    result: RefCell<Option<Result<Fetched, Failure>>>,
}

/// A place among those who want the same.
pub(crate) struct Ticket<'a> {
    fetches: &'a FetchesInFlight,
    key: Key,
    fetch: Rc<Fetch>,
}

impl FetchesInFlight {
    /// Whether somebody fetches this now.
    pub(crate) fn busy(&self, key: &Key) -> bool {
        self.0.borrow().contains_key(key)
    }

    pub(crate) fn join(&self, key: &Key) -> Ticket<'_> {
        let fetch = self.0.borrow_mut().entry(key.clone()).or_default().clone();
        Ticket { fetches: self, key: key.clone(), fetch }
    }
}

impl Ticket<'_> {
    /// Waits until nobody else fetches.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.fetch.leading.lock().await
    }

    /// What the one who fetched has got.
    pub(crate) fn result(&self) -> Option<Result<Fetched, Failure>> {
        self.fetch.result.borrow().clone()
    }

    /// Shares a result with those who wait. A failure that was this caller's alone is not
    /// shared: the others have deadlines of their own.
    pub(crate) fn share(&self, result: &Result<Fetched, Missed>) {
        let result = match result {
            Ok(fetched) => Ok(fetched.clone()),
            Err(missed) if missed.for_all => Err(missed.failure.clone()),
            Err(_) => return,
        };
        *self.fetch.result.borrow_mut() = Some(result);
        self.close();
    }

    /// Who comes from now on does not join.
    fn close(&self) {
        let mut fetches = self.fetches.0.borrow_mut();
        if fetches.get(&self.key).is_some_and(|fetch| Rc::ptr_eq(fetch, &self.fetch)) {
            fetches.remove(&self.key);
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        // One is ours and one is in the map: nobody else waits.
        if Rc::strong_count(&self.fetch) <= 2 {
            self.close();
        }
    }
}
