//! The client: runs the policies of [`policy`](crate::policy) against a host.
//!
//! One [`Client`] serves any number of calls at once, so that tokens, settings and counters
//! are shared. The same code runs in the component, in native tests and in the simulator.
//! [`pipeline`] is the way of one call, top to bottom; [`attempts`] the loop that sends it;
//! [`pages`] strings calls to a whole read, [`files`] moves the bytes of one.

mod accepted;
pub(crate) mod accounts;
mod acquire;
mod admin;
mod aggregate;
mod attempt;
mod attempts;
pub mod cache;
mod call_state;
pub mod claims;
mod context;
mod fallback;
pub(crate) mod fan_out;
mod files;
mod find_created;
mod page_numbers;
mod pages;
mod pipeline;
mod policy_snapshot;
mod schema_check;
mod sealed;
mod shared_breaker;
pub(crate) mod store;
pub mod stored;
mod telemetry;
pub(crate) mod transport;
#[cfg(feature = "webhooks")]
mod webhooks;
mod writes;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use self::{accounts::account::Account, pages::id_member};
pub use self::{
    admin::Readiness,
    context::CallContext,
    files::Download,
    pages::{ListPosition, Page, Reader},
    telemetry::{exposition::Exposition, log::LogLine},
};

use crate::{
    answer::{Misfits, with_texts},
    call::CallOptions,
    contract::{Failure, FailureKind, Misfit},
    failure,
    host::Host,
    policy::limiter::queue::Caller,
    providers::api::Provider,
    settings::{self, CommonSettings, common::LogLevel},
};
use accounts::Accounts;
use cache::Cache;
use page_numbers::PageNumbers;
use std::{
    cell::Cell,
    rc::{Rc, Weak},
};
use store::{Store, Told};
use telemetry::Telemetry;
use transport::Transport;
use writes::Writes;

/// The longest text of a misfit that is shown, in characters.
const LONGEST_SHOWN: usize = 300;

/// Everything that calls share.
pub struct Client<H> {
    host: Rc<H>,
    /// Itself: whole reads hold on to their client.
    this: Weak<Client<H>>,
    telemetry: Rc<Telemetry<H>>,
    accounts: Accounts<H>,
    transport: Transport<H>,
    cache: Cache,
    /// What instances share.
    store: Rc<Store>,
    page_numbers: PageNumbers,
    writes: Writes,
    /// How many callers there were.
    callers: Cell<u64>,
}

impl<H: Host> Client<H> {
    /// A client that has not asked its host anything yet.
    pub fn new(host: H) -> Rc<Client<H>> {
        let host = Rc::new(host);
        let telemetry = Rc::new(Telemetry::new(host.clone()));
        // One for both: whoever finds it away leaves it alone for the other as well.
        let store = Rc::new(Store::telling({
            let telemetry = telemetry.clone();
            move |told| match told {
                Told::Absent(why) => telemetry.shared_state(LogLevel::Info, Some(&why)),
                Told::Trouble(why) => telemetry.shared_state(LogLevel::Warn, Some(&why)),
                Told::Over => telemetry.shared_state(LogLevel::Info, None),
            }
        }));
        Rc::new_cyclic(|this| Client {
            this: this.clone(),
            accounts: Accounts::new(host.clone(), telemetry.clone(), store.clone()),
            transport: Transport::new(host.clone()),
            cache: Cache::new(0, store.clone()),
            store,
            page_numbers: PageNumbers::default(),
            writes: Writes::default(),
            callers: Cell::new(0),
            host,
            telemetry,
        })
    }

    /// The host that it runs on.
    pub fn host(&self) -> &H {
        &self.host
    }

    /// The same without secrets: a record may hold one that the provider was sent, and what does
    /// not fit of it is quoted.
    pub(crate) fn clean_misfits(&self, misfits: Misfits) -> Misfits {
        if misfits.count() == 0 {
            return misfits;
        }
        let redactor = self.accounts.redactor();
        misfits.map(|text| shown(&redactor.clean(&text)))
    }

    /// The same for what ends a call.
    pub(crate) fn clean_misfit(&self, misfit: Misfit) -> Misfit {
        let redactor = self.accounts.redactor();
        with_texts(misfit, |text| shown(&redactor.clean(&text)))
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
    pub async fn batch_size(
        &self,
        provider: &'static dyn Provider,
        options: &CallOptions,
    ) -> Result<u32, Failure> {
        let read = self.settings(provider, &options.account);
        Ok(self.accounts.in_time(options.deadline, read).await?.batch_size)
    }

    /// What an account is called at the provider, which stands for `{tenant}` in paths.
    ///
    /// # Errors
    /// Settings that are incomplete, and the host's own trouble.
    pub async fn tenant_id(
        &self,
        provider: &'static dyn Provider,
        options: &CallOptions,
    ) -> Result<String, Failure> {
        let read = self.account(provider, &options.account);
        let (_, account) = self.accounts.in_time(options.deadline, read).await?;
        Ok(account.site.tenant.clone())
    }

    /// Whether an account that is not the default one has any setting of its own.
    ///
    /// # Errors
    /// The host's own trouble.
    pub async fn has_settings_of(
        &self,
        provider: &'static dyn Provider,
        account: &str,
    ) -> Result<bool, Failure> {
        let of_webhooks = provider.webhooks().map_or(&[][..], |source| source.settings());
        let table: Vec<_> = provider.settings().iter().chain(of_webhooks).collect();
        let found = settings::has_any_of(&*self.host, &table, (provider.name(), account));
        let found = async { found.await.map_err(|error| failure::host("reading settings", &error)) };
        self.accounts.in_time(None, found).await
    }

    /// The settings that hold for every provider. What they configure is configured when they
    /// were read afresh.
    pub(crate) async fn settings(
        &self,
        provider: &'static dyn Provider,
        account: &str,
    ) -> Result<Rc<CommonSettings>, Failure> {
        let (settings, afresh) = self.accounts.settings(provider, account).await?;
        if afresh {
            self.telemetry.set_level(settings.log_level);
            self.cache.resize(if settings.caching { settings.cache_bytes } else { 0 });
            self.transport.configure(&settings);
        }
        Ok(settings)
    }

    /// Reads which log lines are wanted, unless that is known, for a call that was refused before any setting
    /// was read. Where the settings are what failed, to read them again would take as long again.
    pub(crate) async fn read_level(
        &self,
        provider: &'static dyn Provider,
        options: &CallOptions,
        refused: &Failure,
    ) {
        if !self.telemetry.knows_level() && refused.kind == FailureKind::BadInput {
            let read = self.settings(provider, &options.account);
            // What is wrong with them is told by who needs them.
            _ = self.accounts.in_time(options.deadline, read).await;
        }
    }

    /// The settings, and an account whose own are complete.
    pub(crate) async fn account(
        &self,
        provider: &'static dyn Provider,
        name: &str,
    ) -> Result<(Rc<CommonSettings>, Rc<Account>), Failure> {
        let settings = self.settings(provider, name).await?;
        let account = self.accounts.account(provider, name, &settings).await?;
        Ok((settings, account))
    }
}

/// As much of it as a person reads.
fn shown(text: &str) -> String {
    text.chars().take(LONGEST_SHOWN).collect()
}
