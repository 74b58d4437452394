//! What an instance keeps from one request to the next.

use crate::{
    entrance::{
        Counts,
        settled::{self, Keys},
    },
    readiness::{self, Readiness},
    recent::Recent,
};
use penstock::{client::Client, host::Host};
use std::rc::Rc;

/// A client, and what was read of the gateway's own settings within the last second: whoever
/// asks, with a key or without, cannot make the host read them more often.
pub struct Gateway<H: Host> {
    client: Rc<Client<H>>,
    keys: Recent<Keys>,
    readiness: Recent<Readiness>,
    counts: Counts,
}

impl<H: Host> Gateway<H> {
    /// One that has read nothing yet.
    #[must_use]
    pub fn new(client: Rc<Client<H>>) -> Self {
        Self { client, keys: Recent::default(), readiness: Recent::default(), counts: Counts::default() }
    }

    /// The client of all requests: they share tokens, settings and counters.
    #[must_use]
    pub fn client(&self) -> &Rc<Client<H>> {
        &self.client
    }

    pub(crate) async fn keys(&self) -> Rc<Keys> {
        let host = self.client.host();
        self.keys.get(host, settled::keys(host)).await
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) async fn readiness(&self) -> Rc<Readiness> {
        self.readiness.get(self.client.host(), readiness::read(&self.client)).await
    }
}
