//! The policies' part of a call.

use crate::{
    JOB,
    host::{BETWEEN, RATE},
};
use bytes::Bytes;
use penstock::policy::{
    breaker::{Breaker, BreakerPolicy, Outcome},
    budget::{Budget, BudgetPolicy, Spent},
    cache::{Entry, Key, KeyParts, Lookup, Memory, Policy, lookup},
    limiter::{
        gcra::RateLimit,
        group::{Group, Setup},
        inflight::{GroupId, Inflight},
    },
    retry::{Repeat, Retry, RetryPolicy},
    secret::Secret,
    time::{Tick, WallTime},
    token::{Need, TokenCell},
};
use std::{hint::black_box, time::Duration};

/// The policies of one limit group, and the cache.
pub struct Policies {
    now: Tick,
    breaker: Breaker,
    budget: Budget,
    cell: TokenCell,
    group: Group,
    inflight: Inflight,
    memory: Memory,
    asked: u64,
}

impl Policies {
    pub fn new() -> Policies {
        let limit = RateLimit::new(RATE, Duration::from_secs(1));
        let setup = Setup { limit, instances: 1, shared: false, adaptive: false };
        Policies {
            now: Tick::ZERO,
            breaker: Breaker::new(BreakerPolicy::DEFAULT),
            budget: Budget::new(BudgetPolicy::DEFAULT),
            cell: TokenCell::new(),
            group: Group::new(GroupId(1), &setup, Tick::ZERO, 0),
            inflight: Inflight::new(10),
            memory: Memory::new(16 << 20),
            asked: 0,
        }
    }

    /// One call that is not in the cache and succeeds at once. Each asks for another record,
    /// so that the memory is full before long and old ones make room.
    pub fn call(&mut self) {
        self.now += BETWEEN;
        self.asked += 1;
        let now = self.now;
        let key = key(self.asked);
        assert!(self.memory.get(&key).is_none());

        let mut retry = Retry::new(RetryPolicy::DEFAULT, now, Repeat::Harmless);
        self.budget.called(now);
        assert!(self.breaker.check(now, true).is_ok());
        assert!(retry.begin(now).is_some());
        if self.cell.need(now) == Need::Fetch {
            self.cell.stored(Secret::new("token".to_owned()), now, None, 0.5);
        }
        assert!(self.group.at_once(now, &mut self.inflight));
        let (Need::Use(generation) | Need::Refresh(generation)) = self.cell.need(now) else {
            panic!("a token is there")
        };
        if matches!(self.cell.need(now), Need::Refresh(_)) {
            self.cell.stored(Secret::new("token".to_owned()), now, None, 0.5);
        }
        black_box(self.cell.secret(generation));
        let permit = self.breaker.permit(now, true).expect("the vendor is well");
        black_box(retry.begin(now));

        self.group.succeeded(now, now);
        self.group.landed(&mut self.inflight);
        black_box(self.breaker.record(permit, now, Outcome::Success, Duration::ZERO, None, 0.5));
        self.cell.accepted(generation, now);
        self.budget.refund(now, Spent::default());
        self.memory.insert(key, entry());
    }
}

/// A cache with answers in it.
pub struct Kept(Memory);

impl Kept {
    pub fn new() -> Kept {
        let mut memory = Memory::new(16 << 20);
        (0..1_000).for_each(|id| memory.insert(key(id), entry()));
        Kept(memory)
    }

    /// An answer that is there and fresh.
    pub fn look_up(&mut self) {
        let entry = self.0.get(&key(black_box(500))).expect("it was kept");
        let policy = Policy::fresh_for(Duration::from_secs(300));
        assert_eq!(lookup(&entry, &policy, WallTime::from_millis(1)), Lookup::Fresh);
    }
}

fn key(id: u64) -> Key {
    Key::new(&KeyParts {
        provider: "servicetitan",
        environment: "production",
        tenant: "1234",
        account: "default",
        operation: "jpm.jobs-get",
        segments: &[id.to_string()],
        query: &[],
        epoch: 1,
    })
}

fn entry() -> Entry {
    let (stored_at, fresh) = (WallTime::from_millis(0), Duration::from_secs(300));
    Entry { status: 200, body: Bytes::from_static(JOB.as_bytes()), stored_at, fresh }
}
