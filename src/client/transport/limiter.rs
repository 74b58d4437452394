//! Who may send now: the rate limits of the providers and the cap on requests under way.
//!
//! A call asks for a [`Permit`] before each request and holds it until the answer is
//! there. The policies are in [`crate::policy::limiter`]; here calls wait for their turn
//! and one of them asks the store for slots (`waiting.rs`).

mod waiting;

#[cfg(test)]
mod tests;

use crate::{
    host::Host,
    policy::{
        limiter::{
            gcra::RateLimit,
            group::{Group, GroupSnapshot, Late, Setup},
            inflight::{GroupId, Inflight},
            queue::{Caller, Ticket},
        },
        time::Tick,
    },
};
use litemap::LiteMap;
use penstock_state::names;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    rc::Rc,
    task::Waker,
    time::Duration,
};

/// How many groups are kept. Beyond that, idle ones are forgotten.
const MANY_GROUPS: usize = 256;

/// How long a lower limit goes on once nobody asks for it. Two accounts of a tenant count
/// together and may have different settings, or read changed ones at different times, up to
/// a minute apart: if each call changed the limit back, nothing would ever be sent.
const LIMIT_LIFE: Duration = Duration::from_secs(120);

/// What counts together at a provider, such as `servicetitan/1234/app`. Also the name of
/// the group's record in the shared store, so the same in all instances, and no secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey(Rc<str>);

impl GroupKey {
    /// A group by name.
    #[must_use]
    pub fn new(name: &str) -> GroupKey {
        GroupKey(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What something of this kind is stored under. The first three parts of the name are the tenant's.
    pub(crate) fn stored_as(&self, kind: &str) -> String {
        let end = self.0.match_indices('/').nth(2).map_or(self.0.len(), |(at, _)| at);
        let (tenant, rest) = self.0.split_at(end);
        names::key(kind, tenant, rest.trim_start_matches('/'))
    }
}

impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a limiter is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimiterConfig {
    /// Whether the instances of a deployment share each limit through the host's store.
    pub shared: bool,
    /// How many instances there are. When they cannot agree, each uses its share.
    pub instances: u32,
    /// The most requests under way at once, over all groups. 0 counts as 1.
    pub max_connections: usize,
    /// Whether to slow down when a provider throttles below the limit.
    pub adaptive: bool,
}

impl Default for LimiterConfig {
    fn default() -> LimiterConfig {
        LimiterConfig { shared: true, instances: 1, max_connections: 10, adaptive: false }
    }
}

/// The limiter of one client. Clones are the same one.
#[derive(Clone)]
pub struct Limiter(Rc<Buckets>);

struct Buckets {
    config: Cell<LimiterConfig>,
    buckets: RefCell<BucketTable>,
    inflight: RefCell<Inflight>,
}

#[derive(Default)]
struct BucketTable {
    by_key: LiteMap<GroupKey, Rc<Bucket>>,
    by_id: LiteMap<GroupId, Rc<Bucket>>,
    made: u64,
}

/// A group and those who wait for it.
struct Bucket {
    key: GroupKey,
    /// The key of its record in the store.
    record: String,
    group: RefCell<Group>,
    /// When its present limit was last asked for.
    asked: Cell<Tick>,
    /// One for each call that waits, and so perhaps thousands.
    wakers: RefCell<BTreeMap<Ticket, Waker>>,
}

impl Default for Limiter {
    fn default() -> Limiter {
        Limiter::new(LimiterConfig::default())
    }
}

impl Limiter {
    /// A limiter that has admitted nothing yet.
    #[must_use]
    pub fn new(config: LimiterConfig) -> Limiter {
        let inflight = RefCell::new(Inflight::new(config.max_connections));
        Limiter(Rc::new(Buckets { config: Cell::new(config), buckets: RefCell::default(), inflight }))
    }

    /// Goes on with another setup. The cap holds at once; groups that are known already
    /// stay shared or not, and adaptive or not, as they are.
    pub fn configure(&self, config: LimiterConfig) {
        if self.0.config.replace(config).max_connections != config.max_connections {
            self.0.inflight.borrow_mut().resize(config.max_connections);
            self.0.place_free();
        }
    }

    /// Waits until a request of this group may be sent, and takes its place.
    ///
    /// Send at once, without waiting for anything else in between. Dropping the future
    /// leaves the queue; dropping the permit gives the place in flight back. `limit` is
    /// what the provider sets for the group; of different ones the lowest holds. `caller` is who
    /// takes turns with others; it goes before those who wait since later than `since`.
    ///
    /// The future must be polled until it is ready, or dropped: calls wait for one
    /// another, and one that is kept but not polled when its turn comes holds its group up.
    ///
    /// # Errors
    /// [`Late`], as soon as it is known.
    pub async fn acquire<H: Host>(
        &self,
        host: &H,
        group: &GroupKey,
        limit: &RateLimit,
        caller: Caller,
        since: Tick,
        deadline: Tick,
    ) -> Result<Permit, Late> {
        let now = host.now();
        let bucket = self.0.bucket(group, limit, now, host);
        let free =
            now < deadline && bucket.group.borrow_mut().at_once(now, &mut self.0.inflight.borrow_mut());
        if free {
            return Ok(Permit::new(self.0.clone(), bucket, now));
        }
        // Boxed: few calls wait, and its state would make that of all large.
        Box::pin(waiting::wait(self.0.clone(), bucket, host, caller, since, deadline)).await
    }

    /// Forgets what answers have taught: backoff windows end.
    pub fn forget(&self) {
        let buckets: Vec<_> = self.0.buckets.borrow().by_key.values().cloned().collect();
        for bucket in buckets {
            bucket.group.borrow_mut().forget();
            bucket.deliver();
        }
        self.0.place_free();
    }

    /// What each group has done and is doing.
    #[must_use]
    pub fn snapshot(&self, now: Tick) -> Vec<(GroupKey, GroupSnapshot)> {
        let buckets = self.0.buckets.borrow();
        buckets
            .by_key
            .values()
            .map(|bucket| (bucket.key.clone(), bucket.group.borrow().snapshot(now)))
            .collect()
    }

    /// How many requests are under way, over all groups.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.0.inflight.borrow().taken()
    }
}

/// The right to send one request, now. Kept until its answer is there.
#[must_use = "a place in flight is given back when this is dropped"]
pub struct Permit {
    table: Rc<Buckets>,
    bucket: Rc<Bucket>,
    sent: Tick,
    /// How many others of the group were under way then.
    others: usize,
    /// Whether what is under way is a file by now.
    file: bool,
}

impl Permit {
    /// For a request that the group counts already.
    fn new(table: Rc<Buckets>, bucket: Rc<Bucket>, sent: Tick) -> Permit {
        let others = bucket.group.borrow().asking().saturating_sub(1);
        Permit { table, bucket, sent, others, file: false }
    }

    /// When it was given.
    #[must_use]
    pub fn sent(&self) -> Tick {
        self.sent
    }

    /// The answer has begun, and is a file: it may take long, perhaps from elsewhere, and says
    /// nothing of how many requests the provider takes at once.
    pub fn moves_a_file(&mut self) {
        if !std::mem::replace(&mut self.file, true) {
            self.bucket.group.borrow_mut().file_begins();
            self.bucket.deliver();
        }
    }

    /// The provider answered with 429, and perhaps with a time to wait: the whole group is
    /// held until then.
    pub fn throttled(&self, now: Tick, hint: Option<Duration>) {
        let mut group = self.bucket.group.borrow_mut();
        group.throttled(now, self.sent, hint);
        group.crowded(now, self.sent, hint, self.others);
        drop(group);
        self.bucket.deliver();
    }

    /// The provider let the request through, whatever else it answered.
    pub fn succeeded(&self, now: Tick) {
        self.bucket.group.borrow_mut().succeeded(now, self.sent);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("group", &self.bucket.key).field("sent", &self.sent).finish()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.file {
            self.bucket.group.borrow_mut().file_ended();
        }
        self.bucket.group.borrow_mut().landed(&mut self.table.inflight.borrow_mut());
        self.bucket.deliver();
        self.table.place_free();
    }
}

impl Buckets {
    /// A group by its key, made if there is none, with this limit.
    fn bucket<H: Host>(&self, key: &GroupKey, limit: &RateLimit, now: Tick, host: &H) -> Rc<Bucket> {
        let known = self.buckets.borrow().by_key.get(key).cloned();
        if let Some(bucket) = known {
            let known = *bucket.group.borrow().limit();
            let settled = now.since(bucket.asked.get()) >= LIMIT_LIFE;
            let changes = known != *limit && (limit.is_below(&known) || settled);
            if changes || known == *limit {
                bucket.asked.set(now);
            }
            if changes {
                bucket.group.borrow_mut().change(now, *limit, host.random());
                bucket.deliver();
            }
            return bucket;
        }
        let LimiterConfig { shared, instances, adaptive, .. } = self.config.get();
        let setup = Setup { limit: *limit, instances, shared, adaptive };
        let mut buckets = self.buckets.borrow_mut();
        if buckets.by_key.len() >= MANY_GROUPS {
            let BucketTable { by_key, by_id, .. } = &mut *buckets;
            by_id.retain(|_, bucket| !bucket.group.borrow().is_idle(now));
            by_key.retain(|_, bucket| !bucket.group.borrow().is_idle(now));
        }
        buckets.made += 1;
        let id = GroupId(buckets.made);
        let group = RefCell::new(Group::new(id, &setup, now, host.random()));
        let record = key.stored_as(names::LIMIT);
        let bucket = Rc::new(Bucket {
            key: key.clone(),
            record,
            group,
            asked: Cell::new(now),
            wakers: RefCell::default(),
        });
        buckets.by_key.insert(key.clone(), bucket.clone());
        buckets.by_id.insert(id, bucket.clone());
        bucket
    }

    /// Wakes whoever may take a free place in flight.
    fn place_free(&self) {
        loop {
            let Some(id) = self.inflight.borrow().next() else { return };
            let bucket = self.buckets.borrow().by_id.get(&id).cloned();
            let head = bucket.and_then(|bucket| Some((bucket.group.borrow().head()?, bucket.clone())));
            match head {
                Some((ticket, bucket)) => return bucket.wake(ticket),
                None => self.inflight.borrow_mut().withdraw(id),
            }
        }
    }
}

impl Bucket {
    /// Wakes those for whom something has changed.
    fn deliver(&self) {
        let wakes = self.group.borrow_mut().wakes();
        wakes.for_each(|ticket| self.wake(ticket));
    }

    fn wake(&self, ticket: Ticket) {
        let waker = self.wakers.borrow_mut().remove(&ticket);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
