//! What a tenant has in the host's store: for whoever runs a deployment.

use super::Client;
use crate::{
    call::account_name,
    contract::{Failure, FailureKind},
    failure,
    host::{Host, HostError},
    providers::api::Provider,
};
use penstock_state::names;
use std::rc::Rc;

/// How many keys of a kind are counted or removed at once.
pub const MOST_KEYS: usize = 100_000;

/// How much there is of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// One of [`penstock_state::names::KINDS`].
    pub kind: &'static str,
    /// How many keys, at most [`MOST_KEYS`].
    pub keys: usize,
}

impl<H: Host> Client<H> {
    /// What is stored of an account's tenant, by kind; kinds of which there is nothing are left out.
    ///
    /// # Errors
    /// A malformed account name, settings that are incomplete, the store's trouble.
    pub async fn stored(
        &self,
        provider: &'static dyn Provider,
        account: Option<&str>,
    ) -> Result<Vec<Stored>, Failure> {
        let tenant = self.tenant(provider, account).await?;
        let mut all = Vec::new();
        for kind in names::KINDS {
            let keys = self.keys(kind, &tenant).await?.len();
            if keys > 0 {
                all.push(Stored { kind, keys });
            }
        }
        Ok(all)
    }

    /// Removes what is stored of these kinds of an account's tenant, and says how many keys that were.
    /// Without its limit's plan an app may send too much for a moment; without its webhooks' events
    /// some may be handed out again, and without its idempotency keys requests may be repeated.
    ///
    /// # Errors
    /// Those of [`Client::stored`], and a kind that there is not, or none: nothing is removed then.
    pub async fn clear_stored(
        &self,
        provider: &'static dyn Provider,
        account: Option<&str>,
        kinds: &[String],
    ) -> Result<usize, Failure> {
        let known = |kind: &String| names::KINDS.contains(&kind.as_str());
        if kinds.is_empty() || !kinds.iter().all(known) {
            let all = names::KINDS.join(", ");
            return Err(failure::bad_field("kinds", format!("must be some of: {all}")));
        }
        let tenant = self.tenant(provider, account).await?;
        let mut removed = 0;
        for kind in kinds {
            for key in self.keys(kind, &tenant).await? {
                self.host.state_delete(&key).await.map_err(|error| trouble(&error))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn keys(&self, kind: &str, tenant: &Rc<str>) -> Result<Vec<String>, Failure> {
        let prefix = names::key(kind, tenant, "");
        self.host.state_keys(&prefix, MOST_KEYS).await.map_err(|error| trouble(&error))
    }

    async fn tenant(
        &self,
        provider: &'static dyn Provider,
        account: Option<&str>,
    ) -> Result<Rc<str>, Failure> {
        let account = account_name(account)?;
        let (_, account) = self.accounts.in_time(None, self.account(provider, &account)).await?;
        Ok(account.group.as_str().into())
    }
}

fn trouble(error: &HostError) -> Failure {
    match error {
        HostError::Unavailable(why) => {
            failure::refused(FailureKind::Host, format!("the shared state: {why}"), Vec::new())
        }
        error => failure::host("looking after the shared state", error),
    }
}
