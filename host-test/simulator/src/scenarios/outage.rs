//! The vendor is down for a minute under a steady load.

use super::{get, job, play, set_up};
use crate::{
    Config, Invariant, Violation,
    fault_window::FaultWindow,
    vendor::{self, Style},
};
use serde::Serialize;
use std::{cell::RefCell, rc::Rc, time::Duration};

/// Before it, all is well.
const BEFORE: Duration = Duration::from_secs(20);

const AFTER: Duration = Duration::from_secs(30);

/// Within this after the outage, calls must succeed again.
const RECOVERY: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outage {
    /// Calls that began during the outage.
    pub calls: u64,
    /// Requests that were sent during it, those for tokens included.
    pub sent: u64,
    /// Calls that began from five seconds after it on.
    pub calls_after: u64,
    /// Those of them that succeeded.
    pub succeeded_after: u64,
    /// Calls that began at most five seconds after it, and succeeded.
    pub succeeded_at_once: u64,
    /// What did not hold.
    pub violations: Vec<Violation>,
}

impl Outage {
    /// Requests for each call while the vendor was down.
    #[must_use]
    pub fn amplification(&self) -> f64 {
        self.sent as f64 / self.calls.max(1) as f64
    }

    /// The part of the calls after it that succeeded, from 0 to 1.
    #[must_use]
    pub fn recovered(&self) -> f64 {
        self.succeeded_after as f64 / self.calls_after.max(1) as f64
    }

    /// Whether it made no storm, and its end was noticed: at most 1.10 requests a call, and
    /// 95 % success from five seconds after it on.
    #[must_use]
    pub fn is_good(&self) -> bool {
        // Who waited for the breaker is behind those who came to the line before it was back.
        let others = self.violations.iter().filter(|found| found.invariant != Invariant::NobodyStarves);
        self.calls.min(self.calls_after) > 0
            && self.amplification() <= 1.10
            && self.recovered() >= 0.95
            && others.count() == 0
    }
}

/// So many calls a second at one instance; the vendor is down for so long, in each of the
/// ways in which it can be: 0 refuses connections, 1 answers 503, 2 is silent, 3 breaks
/// connections.
#[must_use]
pub fn outage(seed: u64, config: &Config, calls_a_second: u64, lasts: Duration, way: usize) -> Outage {
    let cluster = set_up(seed, config, 1, None);
    // That a breaker closes is told at this level.
    cluster.set("LOG_LEVEL", "info");
    let styles = [Style::Refuses, Style::Unavailable, Style::Silent, Style::Breaks];
    let style = styles.get(way).copied().unwrap_or(Style::Refuses);
    let result = Rc::new(RefCell::new(Outage::default()));
    let end = BEFORE + lasts;
    let every = Duration::from_secs(1) / u32::try_from(calls_a_second.max(1)).unwrap_or(u32::MAX);
    let many = u32::try_from((end + AFTER).as_nanos() / every.as_nanos().max(1)).unwrap_or(u32::MAX);
    let mut tasks: Vec<futures_util::future::LocalBoxFuture<'static, ()>> = Vec::new();
    for number in 0..many {
        let (cluster, result) = (Rc::clone(&cluster), Rc::clone(&result));
        tasks.push(Box::pin(async move {
            cluster.world.wait(every * number).await;
            let began = cluster.world.now();
            let done = get(&cluster, 0, job(u64::from(number))).await.is_ok();
            let mut result = result.borrow_mut();
            result.calls += u64::from((BEFORE..end).contains(&began));
            result.succeeded_at_once += u64::from(done && (end..end + RECOVERY).contains(&began));
            result.calls_after += u64::from(began >= end + RECOVERY);
            result.succeeded_after += u64::from(done && began >= end + RECOVERY);
        }));
    }
    {
        let cluster = Rc::clone(&cluster);
        tasks.push(Box::pin(async move {
            cluster.world.wait(BEFORE).await;
            let window = FaultWindow::until(end);
            cluster.world.vendor.borrow_mut().fault_profile.outage =
                Some(vendor::Outage { window, style, of_all: true });
        }));
    }
    cluster.world.vendor.borrow_mut().keep_times();
    let violations = play(&cluster, tasks);
    let sent = cluster.world.vendor.borrow().all_times().filter(|time| (BEFORE..end).contains(time)).count();
    let result = result.take();
    Outage { sent: sent as u64, violations, ..result }
}
