//! What an instance keeps from one request to the next.

#[cfg(feature = "oidc")]
use crate::oidc;
#[cfg(feature = "webhooks")]
use crate::outbox::{Outbox, broker::Broker};
use crate::{
    entrance::{
        Counts,
        settled::{self, Keys},
    },
    health::Checkup,
    mcp::{
        cancelling::Running,
        modules::{self, Modules},
    },
    openapi::{self, Documents},
    readiness::{self, Readiness},
    recent::Recent,
    validation::Tags,
};
use penstock::{client::Client, host::Host};
use std::{rc::Rc, time::Duration};

/// How long what `/health` finds besides holds: to list the outbox costs the store more than to read a setting.
const CHECKUP: Duration = Duration::from_secs(10);

/// A client, and what was read of the gateway's own settings within the last second: whoever
/// asks, with a key or without, cannot make the host read them more often.
pub struct Gateway<H: Host> {
    client: Rc<Client<H>>,
    keys: Recent<Keys>,
    readiness: Recent<Readiness>,
    checkup: Recent<Checkup>,
    counts: Counts,
    public_docs: Recent<bool>,
    #[cfg(feature = "oidc")]
    issuer: oidc::Issuer,
    mcp_modules: Recent<Modules>,
    running: Rc<Running>,
    documents: Documents,
    tags: Tags,
    #[cfg(feature = "webhooks")]
    outbox: Outbox,
}

impl<H: Host> Gateway<H> {
    /// One that has read nothing yet.
    #[must_use]
    pub fn new(client: Rc<Client<H>>) -> Self {
        Self {
            client,
            keys: Recent::default(),
            readiness: Recent::default(),
            checkup: Recent::default(),
            counts: Counts::default(),
            public_docs: Recent::default(),
            #[cfg(feature = "oidc")]
            issuer: oidc::Issuer::default(),
            mcp_modules: Recent::default(),
            running: Rc::default(),
            documents: Documents::default(),
            tags: Tags::default(),
            #[cfg(feature = "webhooks")]
            outbox: Outbox::default(),
        }
    }

    /// The same with a way to message queues, for the webhooks that go there.
    #[cfg(feature = "webhooks")]
    #[must_use]
    pub fn with_broker(self, broker: Box<dyn Broker>) -> Self {
        Self { outbox: Outbox::new(broker), ..self }
    }

    #[cfg(feature = "webhooks")]
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
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

    /// The keys of the issuer of bearer tokens.
    #[cfg(feature = "oidc")]
    pub(crate) fn issuer(&self) -> &oidc::Issuer {
        &self.issuer
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whether everybody may see what operations there are. Nobody may while that cannot be read.
    pub(crate) async fn has_public_docs(&self) -> bool {
        let host = self.client.host();
        let read = async { matches!(openapi::is_public(host).await, Ok(Ok(true))) };
        *self.public_docs.get(host, read).await
    }

    /// The modules whose operations have a tool each.
    pub(crate) async fn mcp_modules(&self) -> Rc<Modules> {
        let host = self.client.host();
        self.mcp_modules.get(host, modules::read(host)).await
    }

    /// The requests of agents that may be cancelled.
    pub(crate) fn running(&self) -> &Rc<Running> {
        &self.running
    }

    /// What it says of itself.
    pub(crate) fn documents(&self) -> &Documents {
        &self.documents
    }

    /// The tags of answers that went out not long ago.
    pub(crate) fn tags(&self) -> &Tags {
        &self.tags
    }

    pub(crate) async fn readiness(&self) -> Rc<Readiness> {
        self.readiness.get(self.client.host(), readiness::read(self)).await
    }

    /// What `/health` looks at besides, as of the last ten seconds.
    pub(crate) async fn checkup(&self) -> Rc<Checkup> {
        self.checkup.get_within(CHECKUP, self.client.host(), Checkup::read(self)).await
    }
}
