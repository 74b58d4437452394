//! Where credentials and settings come from.
//!
//! A [`Source`] answers for a name: `SERVICETITAN_CLIENT_SECRET`. It is asked at each
//! use, so that a rotated secret needs no restart. [`standard`] is what a service
//! usually wants. [`Managed`] asks a secret manager, for instance a [`Vault`], and keeps what it says. An embedder
//! with a manager of another kind implements [`Manager`], or [`Source`] itself:
//!
//! ```
//! use futures_util::future::BoxFuture;
//! use penstock_host::sources::{HostError, Secret, Source};
//!
//! struct Mine;
//!
//! impl Source for Mine {
//!     fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
//!         Box::pin(async move {
//!             // Ask the vault for `name`, and keep the secret out of the error.
//!             Err(HostError::Unavailable(format!("the vault did not answer for {name}")))
//!         })
//!     }
//! }
//! ```

mod allowed;
#[cfg(feature = "aws")]
mod aws;
mod azure;
mod configured;
mod dotenv;
mod files;
mod guides;
mod layered;
mod managed;
mod map;
mod process;
mod standard;
mod text;
mod vault;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;

pub use allowed::Allowed;
#[cfg(feature = "aws")]
pub use aws::{AwsAuth, AwsRegion, AwsSecrets};
pub use azure::{AzureAuth, AzureVault};
pub use configured::configured;
pub use dotenv::DotEnv;
pub use files::Files;
pub use guides::Guides;
pub use layered::Layered;
pub use managed::{Layout, Managed, Manager, STANDING, Standing, Version, Versions};
pub use map::Map;
/// A value: wiped when it is dropped, and shown by nothing. Settings are no secrets, but who asks for
/// a name does not say which it is.
pub use penstock_policy::secret::Secret;
pub use process::Process;
pub use standard::{standard, standard_and, standard_with};
pub use vault::{Vault, VaultAddress, VaultAuth};

/// Why a host cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// There is no such thing, or it is down.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// This name or key is refused to the component.
    #[error("denied: {0}")]
    Denied(String),
    /// Anything else. Must not contain a secret.
    #[error("failed: {0}")]
    Failed(String),
}

/// Answers for names, of secrets or of settings.
pub trait Source: Send + Sync {
    /// The value, or none when this source has none.
    ///
    /// # Errors
    ///
    /// [`HostError`], which the component reports to its caller. It must not contain
    /// a value.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>>;
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        (**self).get(name)
    }
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        (**self).get(name)
    }
}

/// An empty text counts as none, as it does in the component.
fn present(value: Option<String>) -> Option<Secret> {
    value.filter(|value| !value.is_empty()).map(Secret::new)
}

/// A point in time as managers write it (RFC 3339).
fn instant(text: &str) -> Option<SystemTime> {
    let millis = text.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(millis).ok()?))
}

/// For tests, which have no secrets.
#[cfg(test)]
fn exposed(found: Result<Option<Secret>, HostError>) -> Result<Option<String>, HostError> {
    found.map(|found| found.map(|found| found.expose().to_owned()))
}
