//! What is sealed for an account, for whoever calls the client: only who has the account's secrets can make it
//! or read it.

use super::Client;
use crate::{
    call::account_name, contract::Failure, failure, host::Host, providers::api::Provider, seal::SealKeys,
};
use std::rc::Rc;

impl<H: Host> Client<H> {
    /// Seals a content. `purpose` tells it from what is sealed for something else.
    ///
    /// # Errors
    /// A malformed account name, settings that are incomplete, secrets that the host cannot read.
    pub async fn seal(
        &self,
        (provider, account): (&'static dyn Provider, &str),
        purpose: &str,
        content: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let keys = self.sealing(provider, account).await?;
        let host = self.host();
        let random = [host.random(), host.random(), host.random()];
        keys.seal(purpose, content, random).ok_or_else(|| failure::internal("nothing could be sealed"))
    }

    /// What was sealed for the same account and purpose; none if it was not, or the secrets have changed.
    ///
    /// # Errors
    /// Those of [`Client::seal`].
    pub async fn unseal(
        &self,
        (provider, account): (&'static dyn Provider, &str),
        purpose: &str,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.sealing(provider, account).await?.open(purpose, sealed))
    }

    async fn sealing(&self, provider: &'static dyn Provider, account: &str) -> Result<Rc<SealKeys>, Failure> {
        let name = account_name(Some(account))?;
        let read = async {
            let (settings, account) = self.account(provider, &name).await?;
            let until = self.host().now() + settings.deadline;
            let keys = self.accounts.seal_keys(&account, until).await;
            keys.ok_or_else(|| failure::late("the host did not find the secrets in time"))
        };
        self.accounts.in_time(None, read).await
    }
}
