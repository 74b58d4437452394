//! What the way in for webhooks needs of the client: settings, log lines, and a cache that
//! forgets.

use super::{Account, Client, telemetry::Telemetry};
use crate::{
    contract::Failure,
    host::Host,
    policy::{cache::Key, time::Tick},
    providers::api::Provider,
    settings::CommonSettings,
};
use std::{rc::Rc, time::Duration};

impl<H: Host> Client<H> {
    /// An account whose own settings are complete.
    pub(crate) async fn account_of(
        &self,
        provider: &'static dyn Provider,
        name: &str,
        settings: &CommonSettings,
    ) -> Result<Rc<Account>, Failure> {
        self.accounts.account(provider, name, settings).await
    }

    /// Reads settings within a deadline, or within that of the settings if there is none.
    pub(crate) async fn in_time<T>(
        &self,
        deadline: Option<Duration>,
        read: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.accounts.in_time(deadline, read).await
    }

    /// Forgets what is kept under a key, and under all that belong to it. The store may take
    /// until the deadline to learn it; cut off, it learns it later.
    pub(crate) async fn outdate(&self, key: &Key, deadline: Tick) {
        self.cache.forget(&*self.host, key, Some(deadline)).await;
    }

    /// Where counters and log lines go.
    pub(crate) fn telemetry(&self) -> &Telemetry<H> {
        &self.telemetry
    }
}
