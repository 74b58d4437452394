//! What an account's values are sealed with in the host's store.

use super::{Accounts, account::Account};
use crate::{
    host::{Host, timeout::timeout_at},
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
        let read = timeout_at(&*self.host, Some(until), self.read_seal_keys(account)).await?;
        account.keys.get_or_init(|| read.map(Rc::new)).clone()
    }

    async fn read_seal_keys(&self, account: &Account) -> Option<SealKeys> {
        let mut keys = Vec::new();
        for name in [STATE_SECRET, STATE_SECRET_SECONDARY] {
            let secret = self.host.secret(name).await.ok().flatten();
            keys.extend(secret.map(|secret| SealKey::derive("answer", [secret.expose().trim()])));
        }
        if keys.is_empty() {
            let slots = self.slots(account).await.ok()?;
            keys.extend(slots.all().map(|credentials| SealKey::derive("answer", credentials.all())));
        }
        Some(SealKeys::new(keys))
    }
}
