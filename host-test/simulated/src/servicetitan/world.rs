//! What a simulated provider holds and saw, for those who run it.

use crate::{
    Seen, Stats,
    faults::{FaultKind, Faults, Matcher, Plan},
    limiter::Limiter,
    random::mix,
    servicetitan::{
        Config, Resource,
        auth::Tokens,
        data::{Tenant, Values, add_job},
        declared::Declared,
        members::Members,
        router::Router,
    },
    stats::Record,
};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::{
    collections::{BTreeMap, hash_map::RandomState},
    fmt,
    hash::BuildHasher,
    sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
};

/// The state of a simulated provider. Looks at the first tenant of the first account,
/// where no tenant is named.
pub struct World {
    pub(crate) config: Config,
    pub(crate) declared: Declared,
    pub(crate) router: Router,
    pub(crate) tokens: Tokens,
    pub(crate) limiter: Limiter,
    pub(crate) plan: Plan,
    pub(crate) record: Record,
    pub(crate) traces: AtomicU64,
    /// Where the files are that redirects lead to.
    pub(crate) files_url: String,
    tenants: BTreeMap<i64, Mutex<Tenant>>,
    first: i64,
    hooks: Mutex<Vec<Hook>>,
    /// Hides secrets in the log.
    marks: RandomState,
}

type Action = Box<dyn FnOnce(&World) + Send>;

/// Something that a test wants done after so many requests.
struct Hook {
    matcher: Matcher,
    left: u32,
    action: Option<Action>,
}

impl World {
    pub(crate) fn new(config: Config, files_url: String) -> Result<Self> {
        let declared = Declared::load()?;
        let mut tenants = BTreeMap::new();
        for tenant in config.accounts.iter().flat_map(|account| account.tenants.iter().copied()) {
            let data = Tenant::generate(&declared, config.seed, tenant, config.jobs);
            tenants.insert(tenant, Mutex::new(data));
        }
        let first = config.accounts.iter().flat_map(|account| account.tenants.first()).next().copied();
        ensure!(
            config
                .accounts
                .iter()
                .all(|account| !account.client_secrets.is_empty() && !account.app_keys.is_empty()),
            "every account needs a client secret and an app key"
        );
        Ok(Self {
            router: Router::new(&declared)?,
            declared,
            tokens: Tokens::new(),
            limiter: Limiter::default(),
            plan: Plan::new(config.seed, config.faults.clone()),
            record: Record::new(config.remember),
            traces: AtomicU64::new(1),
            first: first.context("the simulated provider needs an account with a tenant")?,
            tenants,
            files_url,
            hooks: Mutex::default(),
            marks: RandomState::new(),
            config,
        })
    }

    /// What it was started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What it served so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.record.stats()
    }

    /// Returns when the counters pass a test. It does not end by itself.
    pub async fn wait_for(&self, test: impl FnMut(&Stats) -> bool) {
        self.record.wait(test).await;
    }

    /// The latest requests, the oldest first; [`Config::remember`] of them.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.record.requests()
    }

    /// Sets the counters to zero and forgets the requests.
    pub fn reset_stats(&self) {
        self.record.reset();
    }

    /// Takes every token back: the next request with one is answered 401.
    pub fn revoke_all(&self) {
        self.tokens.revoke_all();
    }

    /// Takes a client secret or an app key back, as after a rotation. Tokens that were given for it
    /// stay good.
    pub fn withdraw(&self, credential: &str) {
        self.tokens.withdraw(credential);
    }

    /// Makes the next `times` requests that match fail in this way.
    pub fn fail_next(&self, matcher: Matcher, kind: FaultKind, times: u32) {
        self.plan.script(matcher, kind, times);
    }

    /// Changes what goes wrong by chance from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.plan.set(faults);
    }

    /// Runs `action` once, after `count` requests that match were carried out and
    /// before the last of them is answered: to change data while a read goes on.
    pub fn after(&self, matcher: Matcher, count: u32, action: impl FnOnce(&World) + Send + 'static) {
        let hook = Hook { matcher, left: count.max(1), action: Some(Box::new(action)) };
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(hook);
    }

    pub(crate) fn run_hooks(&self, operation: Option<&str>, method: &str, path: &str, query: &str) {
        let mut due = Vec::new();
        {
            let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
            for hook in hooks.iter_mut().filter(|hook| hook.matcher.matches(operation, method, path, query)) {
                hook.left = hook.left.saturating_sub(1);
                if hook.left == 0 {
                    due.extend(hook.action.take());
                }
            }
            hooks.retain(|hook| hook.action.is_some());
        }
        due.into_iter().for_each(|action| action(self));
    }

    /// The ids of all jobs that a list without filters returns, in order.
    #[must_use]
    pub fn job_ids(&self) -> Vec<i64> {
        self.truth(Resource::Jobs)
    }

    /// The ids of all records of a kind that are not deleted, inactive ones too
    /// (`active=Any`), in order.
    #[must_use]
    pub fn truth(&self, resource: Resource) -> Vec<i64> {
        self.in_first(|data| {
            data.table(resource).rows().filter(|row| !row.deleted).map(|row| row.id).collect()
        })
    }

    /// The ids of all records of a kind that an export feed returns: deleted ones too.
    #[must_use]
    pub fn truth_exported(&self, resource: Resource) -> Vec<i64> {
        self.in_first(|data| data.table(resource).rows().map(|row| row.id).collect())
    }

    /// A record as the provider sends it now; none if there is none.
    #[must_use]
    pub fn record(&self, resource: Resource, id: i64) -> Option<Value> {
        let text = self.in_first(|data| data.get(resource, id).map(|row| row.text.clone()))?;
        serde_json::from_str(&text).ok()
    }

    /// Adds a job with all that belongs to it, made now; returns its id.
    pub fn add_job(&self) -> i64 {
        let now = self.config.clock.now();
        let (declared, seed) = (&self.declared, mix(self.config.seed, self.first.unsigned_abs()));
        self.in_first(|data| {
            let index = data.next_job();
            let id = add_job(data, &Values::new(declared, seed), index);
            data.restore(Resource::Jobs, id);
            data.change(Resource::Jobs, id, now, |job| {
                job.put("jobStatus", "Scheduled");
                job.set("createdOn", super::time::quoted(now, super::time::Spelling::Ticks));
            });
            id
        })
    }

    /// Sets members of a record, and its `modifiedOn`; `null` clears one. Returns
    /// whether there is such a record.
    pub fn modify(&self, resource: Resource, id: i64, members: &Value) -> bool {
        let now = self.config.clock.now();
        let Ok(members) = Members::parse(&members.to_string()) else { return false };
        self.in_first(|data| {
            data.change(resource, id, now, |record| {
                members.iter().for_each(|(name, raw)| record.set(name, raw));
            })
            .is_some()
        })
    }

    /// Deletes a record: it leaves the lists, and its feed sends it as inactive.
    pub fn remove(&self, resource: Resource, id: i64) -> bool {
        let now = self.config.clock.now();
        self.in_first(|data| data.delete(resource, id, now).is_some())
    }

    pub(crate) fn tenant(&self, id: i64) -> Option<MutexGuard<'_, Tenant>> {
        self.tenants.get(&id).map(|tenant| tenant.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A mark that stands for a secret in the log.
    pub(crate) fn mark(&self, secret: &str) -> u64 {
        self.marks.hash_one(secret)
    }

    fn in_first<T: Default>(&self, look: impl FnOnce(&mut Tenant) -> T) -> T {
        self.tenant(self.first).map(|mut tenant| look(&mut tenant)).unwrap_or_default()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("config", &self.config).finish_non_exhaustive()
    }
}
