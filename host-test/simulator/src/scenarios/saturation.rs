//! Instances that share a limit through a bad store use all of it and never more.

use super::{get, job, play, set_up};
use crate::{
    Config, Violation,
    vendor::{LIMIT, TENANTS},
};
use penstock::host::simulated::{Conduct, Store};
use serde::Serialize;
use std::{rc::Rc, time::Duration};

/// After this, the instances have found each other.
const WARM_UP: Duration = Duration::from_secs(5);

/// How long it is measured.
const MEASURED: Duration = Duration::from_secs(60);

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Saturation {
    /// Requests in a minute.
    pub sent: usize,
    /// The most that the limit allows in a minute.
    pub allowed: usize,
    /// The most requests in any window.
    pub most_in_a_window: usize,
    /// The fewest and the most requests of one instance.
    pub shares: (u64, u64),
    /// What did not hold.
    pub violations: Vec<Violation>,
}

impl Saturation {
    /// The part of the limit that was used, from 0 to 1.
    #[must_use]
    pub fn used(&self) -> f64 {
        self.sent as f64 / self.allowed.max(1) as f64
    }

    /// Whether the limit held in every window, and at least 90 % of it was used.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.most_in_a_window <= LIMIT && self.used() >= 0.9 && self.violations.is_empty()
    }
}

/// So many instances, each with many callers, clocks up to five seconds apart, half of the
/// store's writes refused.
#[must_use]
pub fn saturation(seed: u64, config: &Config, instances: usize, callers: usize) -> Saturation {
    let store = Store::default();
    let latency = Duration::from_millis(2);
    store.behave(Conduct { latency, refused_writes: 0.5, ..Conduct::default() });
    let cluster = set_up(seed, config, instances, Some(store));
    cluster.set("LOG_LEVEL", "error");
    cluster.set("MAX_CONNECTIONS", "64");
    let apart = 5_000 / i64::try_from(instances.max(2) - 1).unwrap_or(1);
    for (index, instance) in cluster.instances.iter().enumerate() {
        instance.host().skew(apart * i64::try_from(index).unwrap_or_default());
    }
    let end = WARM_UP + MEASURED;
    let tasks = (0..instances * callers).map(|number| {
        let cluster = Rc::clone(&cluster);
        Box::pin(async move {
            while cluster.world.now() < end {
                // A call that fails has waited for its turn as well.
                _ = get(&cluster, number % instances, job(number as u64)).await;
            }
        }) as _
    });
    let tasks = tasks.collect();
    cluster.world.vendor.borrow_mut().keep_times();
    let violations = play(&cluster, tasks);
    let vendor = cluster.world.vendor.borrow();
    let times = vendor.times(TENANTS.first().copied().unwrap_or_default());
    let sent = times.iter().filter(|time| (WARM_UP..end).contains(time)).count();
    let most_in_a_window = (0..times.len())
        .map(|first| {
            let from = times.get(first).copied().unwrap_or_default();
            times.iter().skip(first).take_while(|time| **time < from + crate::vendor::LENGTH).count()
        })
        .max();
    let share = |index| cluster.world.calls.borrow().on(index);
    let shares: Vec<u64> = (0..instances).map(share).collect();
    Saturation {
        sent,
        allowed: LIMIT * usize::try_from(MEASURED.as_secs()).unwrap_or_default(),
        most_in_a_window: most_in_a_window.unwrap_or_default(),
        shares: (
            shares.iter().min().copied().unwrap_or_default(),
            shares.iter().max().copied().unwrap_or_default(),
        ),
        violations,
    }
}
