//! What goes into the cache and what comes out of it.

use crate::{
    answer::Payload,
    contract::{Failure, catalogue::Operation},
    policy::{
        cache::{Key, KeyParts},
        time::Tick,
    },
    seal::SealKeys,
};
use bytes::Bytes;
use std::{rc::Rc, time::Duration};

/// What is asked, as far as it tells one answer from another.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The operation.
    pub operation: &'static Operation,
    /// Which of the provider's environments.
    pub environment: &'a str,
    /// Whose data.
    pub tenant: &'a str,
    /// Who asks.
    pub account: &'a str,
    /// Whose data it is among the tenant's, if the operation says so.
    pub owner: Option<String>,
    /// The values of the path's placeholders.
    pub segments: &'a [String],
    /// The query, that of the page included.
    pub query: Vec<(&'a str, &'a str)>,
    /// What answers are sealed with in the host's store. Without any they stay in the instance.
    pub keys: Option<Rc<SealKeys>>,
}

/// How an answer may be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Not from the cache.
    pub bypass: bool,
    /// Of any age, while the provider is down.
    pub accept_stale: bool,
    /// For how long it is fresh, in place of the contract's own time; what is final stays.
    pub fresh: Option<Duration>,
    /// When the call must be over.
    pub deadline: Option<Tick>,
}

/// What the provider answered.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
    /// The body, taken apart. Its bytes are what is kept.
    pub payload: Payload,
    /// Whether it may be kept.
    pub keep: bool,
}

/// A fetch that failed.
#[derive(Debug, Clone)]
pub struct Missed {
    /// How.
    pub failure: Failure,
    /// Whether it would have failed for any other caller too: not because this one had
    /// little time or few attempts.
    pub for_all: bool,
}

/// An answer, and where it comes from. It is passed on at once and kept nowhere.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant, reason = "a page's envelope, one at a time; a box would cost each call")]
pub enum Cached {
    /// From the provider, for this call or for one that asked the same at once.
    Fetched {
        /// HTTP status.
        status: u16,
        /// The body, taken apart.
        payload: Payload,
    },
    /// From the cache.
    FromCache {
        /// HTTP status.
        status: u16,
        /// The whole body.
        body: Bytes,
        /// How old it is.
        age: Duration,
        /// Whether it is only given because the provider is down.
        degraded: bool,
    },
}

/// How often what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Fresh answers from the cache; what is not there included.
    pub hits: u64,
    /// Answers from the cache while somebody fetched a new one.
    pub stale: u64,
    /// Answers from the cache because the provider was down.
    pub degraded: u64,
    /// Fetches.
    pub fetches: u64,
    /// Calls that waited for the fetch of another one and got its result.
    pub joined: u64,
}

/// The key of all that is kept of one owner of data. No module has this name.
pub(crate) fn owned(provider: &str, environment: &str, tenant: &str, owner: &str) -> Key {
    Key::of_resource(provider, environment, tenant, ("@owner", owner))
}

impl Question<'_> {
    pub(crate) fn key(&self, epoch: u64) -> Key {
        Key::new(&KeyParts {
            provider: self.operation.provider,
            environment: self.environment,
            tenant: self.tenant,
            account: self.account,
            operation: self.operation.name,
            segments: self.segments,
            query: &self.query,
            epoch,
        })
    }

    pub(crate) fn resource(&self) -> Key {
        let provider = self.operation.provider;
        match &self.owner {
            Some(owner) => owned(provider, self.environment, self.tenant, owner),
            None => Key::of_resource(provider, self.environment, self.tenant, self.operation.resource()),
        }
    }
}

impl From<Fetched> for Cached {
    fn from(Fetched { status, payload, .. }: Fetched) -> Cached {
        Cached::Fetched { status, payload }
    }
}
