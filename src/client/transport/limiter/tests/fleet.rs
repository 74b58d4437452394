//! Instances of a deployment with callers that never have enough.

use crate::{
    client::transport::limiter::{GroupKey, Late, Limiter, LimiterConfig, Permit},
    host::{
        Host,
        simulated::{Simulated, Store},
    },
    policy::{
        limiter::{gcra::RateLimit, group::GroupSnapshot, queue::Caller},
        time::{Tick, unit},
    },
};
use futures_util::future::{join_all, select};
use std::{
    cell::{Cell, RefCell},
    pin::pin,
    rc::Rc,
    time::Duration,
};

pub const SECOND: Duration = Duration::from_secs(1);
pub const APP: RateLimit = RateLimit { count: 60, window: SECOND, burst: 2 };

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One instance.
pub struct Instance {
    pub host: Simulated,
    pub limiter: Limiter,
    pub sent: Rc<RefCell<Vec<Duration>>>,
    callers: Cell<u64>,
}

impl Instance {
    pub fn new(host: Simulated, config: LimiterConfig) -> Instance {
        let (sent, callers) = (Rc::default(), Cell::new(0));
        Instance { host, limiter: Limiter::new(config), sent, callers }
    }

    pub fn alone(config: LimiterConfig) -> Instance {
        Instance::new(Simulated::new(1), config)
    }

    pub fn caller(&self) -> Caller {
        self.callers.set(self.callers.get() + 1);
        Caller(self.callers.get())
    }

    /// Asks for a permit and notes when it was given.
    pub async fn acquire(
        &self,
        group: &GroupKey,
        limit: &RateLimit,
        caller: Caller,
        within: Duration,
    ) -> Result<Permit, Late> {
        let deadline = self.host.now() + within;
        let permit =
            self.limiter.acquire(&self.host, group, limit, caller, self.host.now(), deadline).await?;
        assert_eq!(permit.sent(), self.host.now(), "a permit is for this instant");
        self.sent.borrow_mut().push(self.host.elapsed());
        Ok(permit)
    }

    /// Callers that ask again as soon as they are done, until the end. Each request takes
    /// `takes`; some give up waiting if `impatient`.
    pub async fn saturate(&self, group: &GroupKey, limit: &RateLimit, load: Load) {
        let workers = (0..load.callers).map(|_| async {
            let caller = self.caller();
            while self.host.elapsed() < load.end {
                let admit = self.acquire(group, limit, caller, load.end);
                let permit = if unit(self.host.random()) < load.impatient {
                    let patience = self.host.wait(ms(self.host.random() % 400));
                    match select(pin!(admit), patience).await {
                        futures_util::future::Either::Left((result, _)) => result,
                        futures_util::future::Either::Right(_) => continue,
                    }
                } else {
                    admit.await
                };
                if let Ok(permit) = permit {
                    self.host.wait(load.takes).await;
                    permit.succeeded(self.host.now());
                } else {
                    self.host.wait(ms(50)).await;
                }
            }
        });
        join_all(workers).await;
    }

    pub fn snapshot(&self) -> GroupSnapshot {
        let snapshot = self.limiter.snapshot(self.host.now());
        snapshot.first().map(|(_, group)| *group).unwrap()
    }

    pub fn sent(&self) -> Vec<Duration> {
        self.sent.borrow().clone()
    }
}

#[derive(Clone, Copy)]
pub struct Load {
    pub callers: usize,
    pub takes: Duration,
    pub impatient: f64,
    pub end: Duration,
}

impl Load {
    pub fn until(end: Duration) -> Load {
        Load { callers: 40, takes: ms(30), impatient: 0.0, end }
    }
}

/// Instances with one store, whose clocks differ.
pub struct Fleet {
    pub instances: Vec<Instance>,
    pub store: Store,
    pub group: GroupKey,
}

impl Fleet {
    pub fn new(size: usize, seed: u64, config: LimiterConfig) -> Fleet {
        let first = Simulated::new(seed);
        let store = Store::default();
        let instances = (0..size).map(|number| {
            let host = first.sibling(seed.wrapping_mul(1_000).wrapping_add(number as u64));
            host.skew((number as i64 * 3_701) % 10_000 - 5_000);
            host.share(store.clone());
            Instance::new(host, config)
        });
        Fleet { instances: instances.collect(), store, group: GroupKey::new("servicetitan/1234/app") }
    }

    pub fn host(&self) -> &Simulated {
        &self.instances[0].host
    }

    /// All instances under load.
    pub async fn saturate(&self, limit: &RateLimit, load: Load) {
        join_all(self.instances.iter().map(|instance| instance.saturate(&self.group, limit, load))).await;
    }

    /// What all have sent, in order of time.
    pub fn sent(&self) -> Vec<Duration> {
        let mut sent: Vec<_> = self.instances.iter().flat_map(Instance::sent).collect();
        sent.sort_unstable();
        sent
    }
}

/// The most requests in any half-open window.
pub fn most_in_a_window(sent: &[Duration], window: Duration) -> usize {
    let mut most = 0;
    let mut first = 0;
    for (index, at) in sent.iter().enumerate() {
        while sent[first] + window <= *at {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    most
}

/// The part of what the limit allows between two times that was used.
pub fn used(sent: &[Duration], limit: &RateLimit, from: Duration, to: Duration) -> f64 {
    let count = sent.iter().filter(|at| (from..to).contains(at)).count();
    count as f64 / (limit.per_second() * (to - from).as_secs_f64())
}

pub fn local() -> LimiterConfig {
    LimiterConfig { shared: false, max_connections: 100, ..LimiterConfig::default() }
}

pub fn shared() -> LimiterConfig {
    LimiterConfig { shared: true, max_connections: 100, ..LimiterConfig::default() }
}

/// An instant of virtual time.
pub fn tick(at: Duration) -> Tick {
    Tick::ZERO + at
}
