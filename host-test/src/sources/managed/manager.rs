use std::time::SystemTime;

use futures_util::future::BoxFuture;

use crate::sources::{HostError, Secret};

/// A secret manager: what keeps versions of secrets, and says when each was made.
pub trait Manager: Send + Sync {
    /// How it is called in messages, such as `Vault at https://vault.example.com`. No secret.
    fn name(&self) -> &str;

    /// The secret with this id; none if there is none.
    ///
    /// # Errors
    ///
    /// [`HostError`], without a secret in it.
    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Versions>, HostError>>;
}

/// A secret as it is, and as it was before the last change.
#[derive(Clone, Debug)]
pub struct Versions {
    /// The version that counts.
    pub current: Version,
    /// The one before, where there is one.
    pub previous: Option<Version>,
}

/// One version of a secret.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its text: a value, or an object of values in JSON.
    pub text: Secret,
    /// When it was made, if the manager says so.
    pub created: Option<SystemTime>,
}
