//! What a provider answers: pure functions, no I/O.
//!
//! The client asks these questions and does the rest, so that a further provider is a folder
//! beside this one, a folder under `wit/` and a line in [`registry`](super::registry). What
//! every provider has is in [`Provider`]: who may ask ([`auth`]), how lists come in pages
//! ([`paging`]), what a refusal says ([`errors`]). What only some have is optional:
//! [`reports`], [`composition`], [`natural_keys`] and webhooks.

pub mod auth;
pub mod composition;
pub mod errors;
pub mod natural_keys;
pub mod paging;
pub mod reports;

pub use self::{
    auth::{Auth, ClientCredentials, Credentials},
    composition::{Composition, Plan, Project, Subrequest},
    errors::{ApiError, ErrorClass, Errors},
    natural_keys::NaturalKeys,
    paging::{Envelope, Order, PageSelector, Paging},
    reports::{InProgress, MinimumInterval, Reports},
};

use crate::{
    call::Call,
    contract::{FieldError, catalogue::Operation},
    policy::limiter::gcra::RateLimit,
    settings::{CommonSettings, Origin, Setting, Values},
    webhooks::Webhooks,
};
use bytes::Bytes;
use std::time::Duration;

/// A company whose API is called.
pub trait Provider: Sync {
    /// Its name in the catalogue, `servicetitan`.
    fn name(&self) -> &'static str;

    /// The settings of one account.
    fn settings(&self) -> &'static [Setting];

    /// The name, among [`Provider::settings`], of the one that chooses between the
    /// provider's environments. It is read before the others.
    fn environment_setting(&self) -> &'static str;

    /// The names under which an account's setting is looked for, the one to name
    /// when all are missing first. `environment` is empty until it is known.
    fn setting_names(&self, setting: &str, account: &str, environment: &str) -> Vec<String>;

    /// Where the account's data is, from its checked settings.
    ///
    /// # Errors
    /// What does not fit together.
    fn site(&self, account: &str, values: &Values, policy: &CommonSettings) -> Result<Site, Vec<FieldError>>;

    /// How calls are authenticated.
    fn auth(&self) -> Auth;

    /// How its lists come in pages.
    fn paging(&self) -> &'static dyn Paging;

    /// What an answer that is no success says and means.
    fn errors(&self) -> &'static dyn Errors;

    /// The value that the body of a success holds, for operations with one answer: taken
    /// out of its envelope, if the provider has one.
    ///
    /// # Errors
    /// What is wrong with it.
    fn value(&self, _operation: &Operation, body: &Bytes) -> Result<Bytes, Unreadable> {
        Ok(body.clone())
    }

    /// Whether an answer that is kept for good will indeed not change any more. One that
    /// may is not kept at all. `value` is what [`Provider::value`] returned.
    fn is_final(&self, _operation: &Operation, _value: &[u8]) -> bool {
        true
    }

    /// Calls that have a schema of their own, answers that come later, and resources that may
    /// be asked for rarely; none if it has no such thing.
    fn reports(&self) -> Option<&'static dyn Reports> {
        None
    }

    /// Operations that are put together from others; none if it has no such thing.
    fn composition(&self) -> Option<&'static dyn Composition> {
        None
    }

    /// How to find what a create of unknown outcome made; none if it offers no way.
    fn natural_keys(&self) -> Option<&'static dyn NaturalKeys> {
        None
    }

    /// What it says of its webhooks; none if it sends none.
    fn webhooks(&self) -> Option<&'static dyn Webhooks> {
        None
    }
}

/// A call with the provider that it is for, found once.
#[derive(Clone)]
pub struct ResolvedCall {
    /// The provider.
    pub provider: &'static dyn Provider,
    /// What is asked of it.
    pub call: Call,
}

impl ResolvedCall {
    /// Another call to the same provider.
    #[must_use]
    pub fn with(&self, call: Call) -> ResolvedCall {
        ResolvedCall { call, ..*self }
    }
}

/// Where an account's data is.
#[derive(Debug, Clone)]
pub struct Site {
    /// Which of the provider's environments it is in, in the provider's word.
    pub environment: String,
    /// The only origin that sees the client secret.
    pub auth: Origin,
    /// The only origin that sees the token.
    pub api: Origin,
    /// What `{tenant}` in a path stands for.
    pub tenant: String,
    /// The IANA name of the tenant's time zone.
    pub timezone: String,
    /// How many requests the provider allows for the tenant.
    pub rate: RateLimit,
    /// The least time between two requests of a resource that
    /// [`Reports::minimum_interval`] names.
    pub minimum_interval: Duration,
}

/// Why a body cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The JSON path.
    pub path: String,
    /// What is wrong there.
    pub message: String,
    /// True when the text is no JSON or is cut off: asking again may bring another one.
    pub malformed: bool,
}
