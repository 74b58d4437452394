//! For whoever runs the client: readiness, figures, and what it is to forget.

use super::{Client, accounts::account, cache, policy_snapshot::PolicySnapshot};
use crate::{
    call::account_name,
    contract::{Failure, FieldError},
    failure,
    host::Host,
    policy::time::millis,
    providers::api::Provider,
    settings::CommonSettings,
};
use serde_json::{Value, json};

/// What is missing before calls can be made.
#[derive(Debug)]
pub struct Readiness {
    /// Everything missing or malformed.
    pub missing: Vec<FieldError>,
    /// Whether the host's shared state answers.
    pub shared_state: bool,
}

impl<H: Host> Client<H> {
    /// Checks the settings of an account without asking the provider, and the shared state.
    ///
    /// # Errors
    /// A malformed account name, or the host's own trouble.
    pub async fn ready(
        &self,
        provider: &'static dyn Provider,
        account: Option<&str>,
    ) -> Result<Readiness, Failure> {
        let shared_state = self.shares_state().await;
        let missing = self.missing(provider, account).await?;
        Ok(Readiness { missing, shared_state })
    }

    /// Whether the host's shared state answers, within 300 ms. While it is left alone because it lately
    /// did not, it is not asked.
    pub async fn shares_state(&self) -> bool {
        self.store.works(&*self.host).await
    }

    /// Everything that is missing or malformed in the settings of an account.
    ///
    /// # Errors
    /// A malformed account name, or the host's own trouble.
    pub async fn missing(
        &self,
        provider: &'static dyn Provider,
        account: Option<&str>,
    ) -> Result<Vec<FieldError>, Failure> {
        let account = account_name(account)?;
        let host = &*self.host;
        let open = async {
            let read = CommonSettings::read(host).await;
            let settings = read.map_err(|error| failure::host("reading settings", &error))?;
            account::open(host, provider, &account, settings.as_ref().map_err(Clone::clone)).await
        };
        Ok(self.accounts.in_time(None, open).await?.err().unwrap_or_default())
    }

    /// The counters in the Prometheus text format.
    pub fn metrics(&self) -> String {
        self.telemetry.counters.borrow().prometheus() + &self.policy_snapshot().prometheus()
    }

    /// The counters as a JSON object.
    pub fn snapshot(&self) -> String {
        let mut snapshot = self.telemetry.counters.borrow().snapshot();
        if let Value::Object(policies) = self.policy_snapshot().json() {
            snapshot.extend(policies);
        }
        snapshot.insert("writes".to_owned(), self.writes.json());
        snapshot.insert("tokens".to_owned(), self.accounts.tokens(self.host.now()));
        let left = self.store.rests(self.host.now()).map(millis);
        snapshot.insert("store".to_owned(), json!({ "retryAfterMs": left }));
        Value::Object(snapshot).to_string()
    }

    /// Forgets the access tokens.
    pub fn forget_tokens(&self) {
        self.accounts.forget_tokens();
    }

    /// Forgets the settings, and the tokens that were made with them.
    pub fn forget_settings(&self) {
        self.accounts.forget();
    }

    /// Forgets the answers that this instance keeps. Those in the host's store stay, and
    /// serve again.
    pub fn forget_answers(&self) {
        self.cache.clear();
    }

    /// Forgets what was learned of the providers' limits: backoff windows end.
    pub fn forget_limits(&self) {
        self.transport.limiter.forget();
        self.transport.intervals.forget();
    }

    /// Forgets the answers that are kept of one owner of data, such as a user: at once in
    /// this instance, within seconds in those that share its store.
    ///
    /// # Errors
    /// A malformed account name, settings that are incomplete.
    pub async fn forget_owner(
        &self,
        provider: &'static dyn Provider,
        account: Option<&str>,
        owner: &str,
    ) -> Result<(), Failure> {
        let account = account_name(account)?;
        let (_, account) = self.accounts.in_time(None, self.account(provider, &account)).await?;
        let key = cache::owned(provider.name(), &account.site_name, &account.site.tenant, owner);
        self.cache.forget(&*self.host, &key, None).await;
        Ok(())
    }

    fn policy_snapshot(&self) -> PolicySnapshot {
        let wall_now = self.host.wall_now();
        PolicySnapshot {
            transport: self.transport.snapshot(),
            cache: self.cache.counters(),
            buffered: self.cache.size(),
            credentials: self.accounts.credentials_ages(wall_now),
        }
    }
}
