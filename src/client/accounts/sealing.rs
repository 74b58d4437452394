//! What an account's values are sealed with in the host's store.

use super::{Accounts, account::Account};
use crate::{
    client::store::seal::{SealKey, SealKeys},
    host::Host,
    settings::{STATE_SECRET, STATE_SECRET_SECONDARY},
};
use std::rc::Rc;

impl<H: Host> Accounts<H> {
    /// The keys for its answers: of the deployment's own secret, or else of its credentials. None
    /// where neither can be read: then answers stay in the instance.
    pub(crate) async fn seal_keys(&self, account: &Account) -> Option<Rc<SealKeys>> {
        if let Some(keys) = account.keys.get() {
            return keys.clone();
        }
        let keys = self.read_seal_keys(account).await.map(Rc::new);
        account.keys.get_or_init(|| keys).clone()
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
