//! To where the host lately let no request go: it is the host's to say where a component may go, and
//! whoever runs it must learn what to allow.

use crate::policy::time::Tick;
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

/// How long one is remembered: it may have been allowed since.
const KEPT: Duration = Duration::from_secs(600);

/// How many are: a vendor may redirect to anywhere.
const MOST: usize = 16;

thread_local! {
    static REFUSED: RefCell<BTreeMap<String, Tick>> = const { RefCell::new(BTreeMap::new()) };
}

/// Notes one.
pub(super) fn note(origin: String, now: Tick) {
    REFUSED.with_borrow_mut(|refused| {
        refused.retain(|_, at| now.since(*at) < KEPT);
        if refused.len() < MOST || refused.contains_key(&origin) {
            refused.insert(origin, now);
        }
    });
}

/// Scheme, host and port of those of the last ten minutes, 16 at most.
#[must_use]
pub(super) fn origins(now: Tick) -> Vec<String> {
    REFUSED.with_borrow(|refused| {
        let lately = refused.iter().filter(|(_, at)| now.since(**at) < KEPT);
        lately.map(|(origin, _)| origin.clone()).collect()
    })
}
