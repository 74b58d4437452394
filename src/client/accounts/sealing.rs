//! What an account's values are sealed with in the host's store.

use super::{Accounts, account::Account};
use crate::{
    contract::Failure,
    failure,
    host::{Host, HostError, timeout::timeout_at},
    policy::time::Tick,
    seal::{SealKey, SealKeys},
    settings::{STATE_SECRET, STATE_SECRET_SECONDARY},
};
use std::{rc::Rc, time::Duration};

/// How long the host may take for the secrets: a call waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

impl<H: Host> Accounts<H> {
    /// The keys for its answers: of the deployment's own secret, or else of its credentials. None
    /// where neither can be read in time: then answers stay in the instance.
    pub(crate) async fn seal_keys(&self, account: &Account, deadline: Tick) -> Option<Rc<SealKeys>> {
        if let Some(keys) = account.keys.get() {
            return keys.clone();
        }
        let until = deadline.min(self.host.now() + PATIENCE);
        let read = timeout_at(&*self.host, Some(until), self.keys_for("answer", account)).await?;
        account.keys.get_or_init(|| read.ok().map(Rc::new)).clone()
    }

    /// The keys for a purpose of an account's: of the deployment's own secret, or else of its
    /// credentials.
    ///
    /// # Errors
    /// A secret that cannot be read: values that are sealed without it could not be opened with it.
    pub(crate) async fn keys_for(&self, purpose: &str, account: &Account) -> Result<SealKeys, Failure> {
        let mut keys = Vec::new();
        for name in [STATE_SECRET, STATE_SECRET_SECONDARY] {
            match self.host.secret(name).await {
                Ok(secret) => {
                    keys.extend(secret.map(|secret| SealKey::derive(purpose, [secret.expose().trim()])));
                }
                // A host that denies all names but those that it expects.
                Err(HostError::Denied(_)) => {}
                Err(error) => return Err(failure::host("reading secrets", &error)),
            }
        }
        if keys.is_empty() {
            let slots = self.slots(account).await?;
            keys.extend(slots.all().map(|credentials| SealKey::derive(purpose, credentials.all())));
        }
        Ok(SealKeys::new(keys))
    }
}
