//! Accounts: the settings, their credentials, their access tokens.

pub(crate) mod account;
pub(crate) mod credentials;
pub(crate) mod fetch;
mod forbidden;
mod sealing;
mod shared_token;
pub(crate) mod token;

use super::{store::Store, telemetry::Telemetry, transport::redact::Redactor};
use crate::{
    contract::Failure,
    failure,
    host::{Host, timeout::timeout},
    policy::{
        retry::RetryPolicy,
        secret::Secret,
        time::{Tick, WallTime, millis},
        token::Need,
    },
    providers::api::Provider,
    settings::CommonSettings,
};
use account::Account;
use futures_util::lock::Mutex;
use litemap::LiteMap;
use serde_json::{Value, json};
use std::{cell::RefCell, rc::Rc, time::Duration};

/// How long settings are kept before they are read again.
const SETTINGS_LIFE: Duration = Duration::from_secs(60);

/// How many accounts are kept. More than that take turns; nothing leaks when a caller
/// makes up names.
const MOST_ACCOUNTS: usize = 64;

/// The accounts that are in use, and the settings that all of them have in common.
pub(crate) struct Accounts<H> {
    host: Rc<H>,
    telemetry: Rc<Telemetry<H>>,
    store: Rc<Store>,
    settings: RefCell<Option<(Tick, Rc<CommonSettings>)>>,
    accounts: RefCell<LiteMap<(&'static str, String), Rc<Account>>>,
    /// Held while settings are read, so that a thousand calls at start read them once.
    reading: Mutex<()>,
}

impl<H: Host> Accounts<H> {
    pub(crate) fn new(host: Rc<H>, telemetry: Rc<Telemetry<H>>, store: Rc<Store>) -> Accounts<H> {
        Accounts {
            host,
            telemetry,
            store,
            settings: RefCell::default(),
            accounts: RefCell::default(),
            reading: Mutex::new(()),
        }
    }

    /// What takes the secrets of all accounts out of texts.
    pub(crate) fn redactor(&self) -> Redactor {
        let accounts = self.accounts.borrow();
        let issued: Vec<_> = accounts.values().map(|account| account.token.issued.borrow()).collect();
        let credentials: Vec<_> =
            accounts.values().filter_map(|account| account.token.credentials.borrow().clone()).collect();
        let tokens = issued.iter().flat_map(|tokens| tokens.iter().map(Secret::expose));
        Redactor::of(tokens.chain(credentials.iter().flat_map(|credentials| credentials.all())))
    }

    /// Reads settings within a call's deadline: a host that hangs must not hang the call.
    /// Whoever names none has that of the settings, as they were when last read.
    ///
    /// # Errors
    /// Those of `read`, and a time that is over.
    pub(crate) async fn in_time<T>(
        &self,
        deadline: Option<Duration>,
        read: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let usual = || {
            let settings = self.settings.borrow();
            settings.as_ref().map_or(RetryPolicy::DEFAULT.deadline, |(_, settings)| settings.deadline)
        };
        let time = deadline.unwrap_or_else(usual);
        let read = timeout(&*self.host, time, read).await;
        read.unwrap_or_else(|| Err(failure::late("the host did not find the settings in time")))
    }

    /// The common settings, and whether they were read just now. If they are malformed, the
    /// failure names what this account lacks as well.
    ///
    /// # Errors
    /// Settings that are incomplete, and the host's own trouble.
    pub(crate) async fn settings(
        &self,
        provider: &'static dyn Provider,
        account: &str,
    ) -> Result<(Rc<CommonSettings>, bool), Failure> {
        let known = |now: Tick| {
            let kept = self.settings.borrow();
            kept.as_ref()
                .filter(|(read, _)| now.since(*read) < SETTINGS_LIFE)
                .map(|(_, settings)| (settings.clone(), false))
        };
        if let Some(known) = known(self.host.now()) {
            return Ok(known);
        }
        let _alone = self.reading.lock().await;
        if let Some(known) = known(self.host.now()) {
            return Ok(known);
        }
        let read = CommonSettings::read(&*self.host).await;
        let settings = match read.map_err(|error| failure::host("reading settings", &error))? {
            Ok(settings) => Rc::new(settings),
            Err(wrong) => {
                let opened = account::open(&*self.host, provider, account, Err(wrong)).await?;
                return Err(failure::configuration(opened.err().unwrap_or_default()));
            }
        };
        *self.settings.borrow_mut() = Some((self.host.now(), settings.clone()));
        Ok((settings, true))
    }

    /// An account whose settings are complete.
    ///
    /// # Errors
    /// Settings that are incomplete, and the host's own trouble.
    pub(crate) async fn account(
        &self,
        provider: &'static dyn Provider,
        name: &str,
        settings: &CommonSettings,
    ) -> Result<Rc<Account>, Failure> {
        let key = (provider.name(), name.to_owned());
        let known = |now: Tick| {
            let kept = self.accounts.borrow();
            kept.get(&key).filter(|account| now.since(account.opened) < SETTINGS_LIFE).cloned()
        };
        if let Some(account) = known(self.host.now()) {
            return Ok(account);
        }
        let _alone = self.reading.lock().await;
        if let Some(account) = known(self.host.now()) {
            return Ok(account);
        }
        let opened = account::open(&*self.host, provider, name, Ok(settings)).await?;
        let opened = opened.map_err(failure::configuration)?;
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

    /// Forgets the access tokens.
    pub(crate) fn forget_tokens(&self) {
        for account in self.accounts.borrow().values() {
            account.forget_token();
        }
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        *self.settings.borrow_mut() = None;
        self.accounts.borrow_mut().clear();
    }

    /// How each account stands with its access token, as JSON: `state`, how old it is and in how long it expires,
    /// in seconds, where it came from, and how long the provider is not to be asked, in milliseconds.
    pub(crate) fn tokens(&self, now: Tick) -> Value {
        let accounts = self.accounts.borrow();
        // A key that goes with each request is no token, and ends when its owner says so.
        let with_tokens = accounts.values().filter(|account| !account.provider.auth().is_static_key());
        let tokens = with_tokens.map(|account| {
            let cell = account.token.cell.borrow();
            let (state, wait) = match cell.need(now) {
                Need::Use(_) => ("valid", None),
                Need::Refresh(_) => ("refresh-due", None),
                Need::Fetch => ("none", None),
                Need::CoolingDown { until } => ("cooling-down", Some(millis(now.until(until)))),
            };
            let life = cell.life(now);
            let source = if account.token.from_store.get() { "state" } else { "vendor" };
            json!({
                "account": format!("{}/{}", account.provider.name(), account.name),
                "state": state,
                "ageSeconds": life.map(|(age, _)| age.as_secs()),
                "expiresInSeconds": life.map(|(_, left)| left.as_secs()),
                "source": life.map(|_| source),
                "retryAfterMs": wait,
            })
        });
        tokens.collect()
    }

    /// How many seconds ago the credentials of each account were issued, where its settings
    /// say so.
    pub(crate) fn credentials_ages(&self, now: WallTime) -> Vec<(String, u64)> {
        let accounts = self.accounts.borrow();
        let ages = accounts.values().filter_map(|account| {
            let age = account.credentials_age(now)?;
            Some((format!("{}/{}", account.provider.name(), account.name), age))
        });
        ages.collect()
    }
}
