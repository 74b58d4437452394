//! Calls of `penstock:connector/webhooks`: what providers send by themselves.

use futures_util::FutureExt;

use super::Plugin;
use crate::{
    Error,
    bindings::webhooks::{Event, Received},
};

impl Plugin {
    /// Verifies a delivery and reads it. `headers` and `body` are what was received,
    /// unchanged.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] for what is not the provider's; else as [`Plugin::run`].
    pub async fn verify_webhook(
        &self,
        provider: &str,
        account: Option<&str>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<Event, Error> {
        let (provider, account) = (provider.to_owned(), account.map(str::to_owned));
        let verified = self.run(|caller, guest| {
            guest
                .penstock_connector_webhooks()
                .call_verify_and_parse(caller, provider, account, headers, body)
                .boxed()
        });
        Ok(verified.await??)
    }

    /// The same, and claims the event in the store of this host, so that it is
    /// handed out once.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] for what is not the provider's; else as [`Plugin::run`].
    pub async fn receive_webhook(
        &self,
        provider: &str,
        account: Option<&str>,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<Received, Error> {
        let (provider, account) = (provider.to_owned(), account.map(str::to_owned));
        let received = self.run(|caller, guest| {
            guest.penstock_connector_webhooks().call_receive(caller, provider, account, headers, body).boxed()
        });
        Ok(received.await??)
    }

    /// The event of a ticket is handled.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] when the ticket ran out; else as [`Plugin::run`].
    pub async fn webhook_done(&self, ticket: &str) -> Result<(), Error> {
        let ticket = ticket.to_owned();
        let settled =
            self.run(|caller, guest| guest.penstock_connector_webhooks().call_done(caller, ticket).boxed());
        Ok(settled.await??)
    }

    /// The event of a ticket could not be handled: its next delivery is handed out.
    ///
    /// # Errors
    ///
    /// [`Error::Failure`] when the store cannot be reached; else as [`Plugin::run`].
    pub async fn webhook_released(&self, ticket: &str) -> Result<(), Error> {
        let ticket = ticket.to_owned();
        let settled = self
            .run(|caller, guest| guest.penstock_connector_webhooks().call_release(caller, ticket).boxed());
        Ok(settled.await??)
    }
}
