//! What was counted.

use crate::told::say;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Counters that all tasks share.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) lists: AtomicU64,
    pub(super) records: AtomicU64,
    /// Lists that failed on the way and went on where they were.
    pub(super) resumed: AtomicU64,
    /// Bodies that broke off without a line that says how they ended.
    pub(super) cut: AtomicU64,
    pub(super) calls: AtomicU64,
    pub(super) vanished: AtomicU64,
    pub(super) stalled: AtomicU64,
    pub(super) copies: AtomicU64,
    pub(super) kills: AtomicU64,
    /// Records that a copy has again, after SIGKILL.
    pub(super) again: AtomicU64,
    pub(super) rotations: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) repeated: AtomicU64,
    pub(super) unknown: AtomicU64,
    /// Requests that failed, by status and reason.
    failed: Mutex<BTreeMap<String, u64>>,
}

pub(super) fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Relaxed);
}

impl Tally {
    pub(super) fn failed(&self, why: String) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner).entry(why).or_default() += 1;
    }

    /// Compares what came with what the provider holds. `may_repeat`: some of it may have come
    /// twice. How much did.
    pub(super) fn compare(&self, truth: &[i64], came: &[i64], may_repeat: bool) -> u64 {
        let mut times: BTreeMap<i64, u64> = truth.iter().map(|id| (*id, 0)).collect();
        for id in came {
            match times.get_mut(id) {
                Some(times) => *times += 1,
                None => add(&self.unknown, 1),
            }
        }
        let lost = times.values().filter(|times| **times == 0).count();
        let again = times.values().map(|times| times.saturating_sub(1)).sum::<u64>();
        add(&self.lost, lost);
        if may_repeat { &self.again } else { &self.repeated }.fetch_add(again, Relaxed);
        add(&self.records, came.len());
        again
    }

    pub(super) fn print(&self, faults: u64) -> anyhow::Result<()> {
        let rows = [
            ("lists read whole", &self.lists),
            ("  of which went on after a failure", &self.resumed),
            ("single calls", &self.calls),
            ("readers that vanished", &self.vanished),
            ("readers that stalled", &self.stalled),
            ("copies by the program", &self.copies),
            ("  signals on the way", &self.kills),
            ("  records again after SIGKILL", &self.again),
            ("changes of credentials", &self.rotations),
            ("records", &self.records),
            ("bodies without an end", &self.cut),
            ("lost", &self.lost),
            ("repeated", &self.repeated),
            ("unknown", &self.unknown),
        ];
        for (name, counter) in rows {
            say!("{name:<36}{}", counter.load(Relaxed))?;
        }
        say!("{:<36}{faults}", "faults on purpose")?;
        for (why, count) in &*self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            say!("{:<36}{count} ({why})", "failed requests")?;
        }
        Ok(())
    }

    pub(super) fn wrong(&self) -> Option<String> {
        let counters = [&self.lost, &self.repeated, &self.unknown, &self.cut];
        let sum: u64 = counters.iter().map(|counter| counter.load(Relaxed)).sum();
        (sum > 0).then(|| "records were lost, repeated or cut off".to_owned())
    }
}
