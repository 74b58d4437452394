//! The driver: runs the policies of `engine/` against a host.
//!
//! One [`Connector`] serves any number of calls at once, so that tokens, settings and
//! counters are shared. The same code runs in the component, in native tests and in
//! the simulator. `call.rs` is the way of one call, in order; `list.rs` strings calls
//! to a whole read.

mod accepted;
mod accounts;
mod aggregate;
mod attempt;
mod attempts;
pub mod cache;
mod cached;
mod call_state;
mod fallback;
mod files;
mod find_created;
mod options;
mod pages;
mod pipeline;
mod schema_check;
mod telemetry;
mod transport;
mod webhook;

#[cfg(test)]
mod tests;

pub(crate) use self::transport::url::segment;
pub use self::{
    accepted::Promise,
    files::Download,
    options::Options,
    pages::{Page, Reader},
    pipeline::{Answer, Call, Payload},
    webhook::{Received, Verified},
};

use crate::{
    contract::{Failure, FieldError},
    failure::{self, bad_field},
    host::Host,
    policy::{limiter::queue::Caller, retry::RetryPolicy, time::Tick},
    providers::api::Vendor,
    settings::{Policy, common::LogLevel},
};
use accounts::account::{self, Account};
use cache::Cache;
use futures_util::lock::Mutex;
use litemap::LiteMap;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};
use transport::{
    circuit_breaker::Guards,
    limiter::{Admission, AdmissionConfig},
};

/// How long settings are kept before they are read again.
const SETTINGS_LIFE: Duration = Duration::from_secs(60);

/// How many accounts are kept. More than that take turns; nothing leaks when a caller
/// makes up names.
const MOST_ACCOUNTS: usize = 64;

/// Everything that calls share.
pub struct Connector<H> {
    host: H,
    /// Itself: whole reads hold on to their connector.
    this: Weak<Connector<H>>,
    policy: RefCell<Option<(Tick, Rc<Policy>)>>,
    accounts: RefCell<LiteMap<(&'static str, String), Rc<Account>>>,
    /// Held while settings are read, so that a thousand calls at start read them once.
    opening: Mutex<()>,
    stats: RefCell<telemetry::counters::Stats>,
    log_level: Cell<LogLevel>,
    callers: Cell<u64>,
    admission: Admission,
    /// The turns of what may be asked for rarely, such as a report. Each instance keeps them
    /// by itself: by the store, which knows no common clock, the first turn would be a whole
    /// interval away. If another instance was there before, the vendor says so, and for how
    /// long to wait.
    turns: Admission,
    /// The places of files under way. Their readers may be slow, so they get half of all: what
    /// nobody reads must not hold up every other call.
    files: Admission,
    guards: Guards,
    cache: Cache,
}

/// What is missing before calls can be made.
#[derive(Debug)]
pub struct Readiness {
    /// Everything missing or malformed.
    pub missing: Vec<FieldError>,
    /// Whether the host's shared state answers.
    pub shared_state: bool,
}

impl<H: Host> Connector<H> {
    /// A connector that has not asked its host anything yet.
    pub fn new(host: H) -> Rc<Connector<H>> {
        Rc::new_cyclic(|this| Connector {
            host,
            this: this.clone(),
            policy: RefCell::default(),
            accounts: RefCell::default(),
            opening: Mutex::new(()),
            stats: RefCell::default(),
            log_level: Cell::new(LogLevel::Info),
            callers: Cell::new(0),
            admission: Admission::default(),
            turns: Admission::new(AdmissionConfig {
                shared: false,
                // Only the turns count; the requests themselves are under the common cap.
                max_connections: usize::MAX,
                ..AdmissionConfig::default()
            }),
            files: Admission::new(AdmissionConfig { shared: false, ..AdmissionConfig::default() }),
            guards: Guards::default(),
            cache: Cache::new(0),
        })
    }

    /// The host that it runs on.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// A caller that takes its turn with others, however many calls it makes.
    pub fn caller(&self) -> Caller {
        self.callers.set(self.callers.get().wrapping_add(1));
        Caller(self.callers.get())
    }

    /// How many calls of a batch are under way at once, unless its caller says.
    ///
    /// # Errors
    /// Settings that are incomplete, and the host's own trouble.
    pub async fn batch_size(&self, vendor: &'static str, options: &Options) -> Result<u32, Failure> {
        let policy = self.opened(options.deadline, self.policy(vendor, &options.account)).await?;
        Ok(policy.batch_size)
    }

    /// The counters in the Prometheus text format.
    pub fn metrics(&self) -> String {
        self.stats.borrow().prometheus() + &self.figures().prometheus()
    }

    /// The counters as a JSON object.
    pub fn snapshot(&self) -> String {
        let mut snapshot = self.stats.borrow().snapshot();
        if let serde_json::Value::Object(policies) = self.figures().json() {
            snapshot.extend(policies);
        }
        serde_json::Value::Object(snapshot).to_string()
    }

    /// Forgets the access tokens.
    pub fn forget_tokens(&self) {
        for account in self.accounts.borrow().values() {
            account.forget_token();
        }
    }

    /// Forgets the answers that this instance keeps. Those in the host's store stay, and
    /// serve again.
    pub fn forget_answers(&self) {
        self.cache.clear();
    }

    /// Forgets the answers that are kept of one owner of data, such as a user: at once in
    /// this instance, within seconds in those that share its store.
    ///
    /// # Errors
    /// An unknown vendor, a malformed account name, settings that are incomplete.
    pub async fn forget_owner(
        &self,
        vendor: &str,
        account: Option<&str>,
        owner: &str,
    ) -> Result<(), Failure> {
        let vendor = known_vendor(vendor)?;
        let account = options::account_name(account)?;
        let open = async {
            let policy = self.policy(vendor.name(), &account).await?;
            self.account(vendor.name(), &account, &policy).await
        };
        let account = self.opened(None, open).await?;
        let site = &account.site;
        let key = cache::owned(vendor.name(), &site.environment, &site.tenant, owner);
        self.cache.forget(&self.host, &key, None).await;
        Ok(())
    }

    /// Forgets the settings, and the tokens that were made with them.
    pub fn forget_settings(&self) {
        *self.policy.borrow_mut() = None;
        self.accounts.borrow_mut().clear();
    }

    /// Checks the settings of an account without asking the vendor.
    ///
    /// # Errors
    /// An unknown vendor, a malformed account name, or the host's own trouble.
    pub async fn ready(&self, vendor: &str, account: Option<&str>) -> Result<Readiness, Failure> {
        let vendor = known_vendor(vendor)?;
        let account = options::account_name(account)?;
        let shared_state = self.host.shares_state().await;
        let open = async {
            let policy =
                Policy::read(&self.host).await.map_err(|error| failure::host("reading settings", &error))?;
            account::open(&self.host, vendor, &account, policy.as_ref().map_err(Clone::clone)).await
        };
        let missing = self.opened(None, open).await?.err().unwrap_or_default();
        Ok(Readiness { missing, shared_state })
    }

    /// Reads settings within a call's deadline: a host that hangs must not hang the
    /// call. Whoever names none has that of the settings, as they were when last read.
    async fn opened<T>(
        &self,
        deadline: Option<Duration>,
        open: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let usual = || {
            self.policy.borrow().as_ref().map_or(RetryPolicy::DEFAULT.deadline, |(_, policy)| policy.deadline)
        };
        let time = deadline.unwrap_or_else(usual);
        self.within(time, open)
            .await
            .unwrap_or_else(|| Err(failure::late("the host did not find the settings in time")))
    }

    /// The common settings. If they are malformed, the failure names what this account
    /// lacks as well.
    async fn policy(&self, vendor: &'static str, account: &str) -> Result<Rc<Policy>, Failure> {
        let known = |now: Tick| {
            let kept = self.policy.borrow();
            kept.as_ref()
                .filter(|(read, _)| now.since(*read) < SETTINGS_LIFE)
                .map(|(_, policy)| policy.clone())
        };
        if let Some(policy) = known(self.host.now()) {
            return Ok(policy);
        }
        let _alone = self.opening.lock().await;
        if let Some(policy) = known(self.host.now()) {
            return Ok(policy);
        }
        let read =
            Policy::read(&self.host).await.map_err(|error| failure::host("reading settings", &error))?;
        let policy = match read {
            Ok(policy) => Rc::new(policy),
            Err(wrong) => {
                let opened = account::open(&self.host, known_vendor(vendor)?, account, Err(wrong)).await?;
                return Err(failure::configuration(opened.err().unwrap_or_default()));
            }
        };
        self.log_level.set(policy.log_level);
        self.cache.resize(if policy.caching { policy.cache_bytes } else { 0 });
        self.admission.configure(AdmissionConfig {
            shared: policy.share_limits,
            instances: policy.instances,
            max_connections: policy.max_connections,
            adaptive: policy.adaptive_rate,
        });
        self.files.configure(AdmissionConfig {
            shared: false,
            max_connections: (policy.max_connections / 2).max(1),
            ..AdmissionConfig::default()
        });
        *self.policy.borrow_mut() = Some((self.host.now(), policy.clone()));
        Ok(policy)
    }

    /// An account whose settings are complete.
    async fn account(
        &self,
        vendor: &'static str,
        name: &str,
        policy: &Policy,
    ) -> Result<Rc<Account>, Failure> {
        let key = (vendor, name.to_owned());
        let known = |now: Tick| {
            let kept = self.accounts.borrow();
            kept.get(&key).filter(|account| now.since(account.opened) < SETTINGS_LIFE).cloned()
        };
        if let Some(account) = known(self.host.now()) {
            return Ok(account);
        }
        let _alone = self.opening.lock().await;
        if let Some(account) = known(self.host.now()) {
            return Ok(account);
        }
        let found = known_vendor(vendor)?;
        let opened =
            account::open(&self.host, found, name, Ok(policy)).await?.map_err(failure::configuration)?;
        let mut accounts = self.accounts.borrow_mut();
        let account = match accounts.get(&key) {
            // The token goes on living unless it would now belong to somebody else.
            Some(before) if before.same_place(&opened) => Rc::new(opened.with_token_of(before)),
            _ => Rc::new(opened),
        };
        if accounts.len() >= MOST_ACCOUNTS
            && !accounts.contains_key(&key)
            && let Some(oldest) =
                accounts.iter().min_by_key(|(_, account)| account.opened).map(|(key, _)| key.clone())
        {
            accounts.remove(&oldest);
        }
        accounts.insert(key, account.clone());
        Ok(account)
    }

    /// Writes a log line if it is important enough.
    fn log(
        &self,
        level: LogLevel,
        event: &str,
        fill: impl FnOnce(telemetry::log::Line) -> telemetry::log::Line,
    ) {
        if level <= self.log_level.get() {
            fill(telemetry::log::Line::new(self.host.wall_now(), level, event)).write(&self.host);
        }
    }
}

fn known_vendor(name: &str) -> Result<&'static dyn Vendor, Failure> {
    crate::providers::registry::find(name).ok_or_else(|| bad_field("vendor", "is not known"))
}
