//! What the provider did: counters, and the latest requests.

use crate::faults::FaultKind;
use serde::Serialize;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::Notify;

/// What the provider served so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// TCP connections accepted.
    pub connections: u64,
    /// Requests read to their end, those for tokens too.
    pub requests: u64,
    /// The most requests that were in work at the same time.
    pub most_at_once: u64,
    /// Requests in work now.
    pub in_work: u64,
    /// API requests by the provider's operation id.
    pub operations: BTreeMap<String, u64>,
    /// Answers by status. A connection that was reset first is not among them.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests for tokens.
    pub token_requests: u64,
    /// Tokens given out.
    pub tokens: u64,
    /// Requests that the rate limit refused.
    pub rate_limited: u64,
    /// Faults by kind.
    pub faults: BTreeMap<FaultKind, u64>,
    /// Writes that took effect, by the provider's operation id; whether or not the
    /// client learned of it.
    pub writes: BTreeMap<String, u64>,
    /// Records in whole answers.
    pub records: u64,
    /// Bytes of bodies in whole answers.
    pub bytes: u64,
}

impl Stats {
    /// How often an operation was asked for.
    #[must_use]
    pub fn operation(&self, id: &str) -> u64 {
        self.operations.get(id).copied().unwrap_or_default()
    }

    /// How often a write took effect.
    #[must_use]
    pub fn written(&self, id: &str) -> u64 {
        self.writes.get(id).copied().unwrap_or_default()
    }

    /// How many faults there were.
    #[must_use]
    pub fn all_faults(&self) -> u64 {
        self.faults.values().sum()
    }
}

/// A request as the provider saw it. Secrets are replaced by a mark that is the same
/// for the same secret within a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// When it was answered.
    #[serde(skip)]
    pub at: Instant,
    /// The HTTP method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query, still percent-encoded.
    pub query: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body as it came: a null is not the same as an absent member.
    pub body: String,
    /// The provider's operation id, if the path leads to one.
    pub operation: Option<String>,
    /// What was wrong, if it was made to fail.
    pub fault: Option<FaultKind>,
    /// The status of the answer; none if the connection was reset.
    pub status: Option<u16>,
}

/// The counters and the latest requests of a provider.
#[derive(Debug)]
pub(crate) struct Record {
    stats: Mutex<Stats>,
    seen: Mutex<VecDeque<Seen>>,
    remember: usize,
    changed: Notify,
}

impl Record {
    pub(crate) fn new(remember: usize) -> Self {
        Self { stats: Mutex::default(), seen: Mutex::default(), remember, changed: Notify::new() }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.lock().clone()
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Stats)) {
        change(&mut self.lock());
        self.changed.notify_waiters();
    }

    /// How often requests failed in this way.
    pub(crate) fn faults(&self, kind: FaultKind) -> u64 {
        self.lock().faults.get(&kind).copied().unwrap_or_default()
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn see(&self, seen: Seen) {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= self.remember {
            all.pop_front();
        }
        if self.remember > 0 {
            all.push_back(seen);
        }
    }

    /// Forgets everything but what is in work now.
    pub(crate) fn reset(&self) {
        self.count(|stats| *stats = Stats { in_work: stats.in_work, ..Stats::default() });
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns when the counters pass a test.
    pub(crate) async fn wait(&self, mut test: impl FnMut(&Stats) -> bool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if test(&self.lock()) {
                return;
            }
            changed.await;
        }
    }

    /// Counts a request as in work until the guard is dropped.
    pub(crate) fn working(&self) -> Working<'_> {
        self.count(|stats| {
            stats.in_work += 1;
            stats.most_at_once = stats.most_at_once.max(stats.in_work);
        });
        Working(self)
    }

    fn lock(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(crate) struct Working<'a>(&'a Record);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.count(|stats| stats.in_work -= 1);
    }
}
