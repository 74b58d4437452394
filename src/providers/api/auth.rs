//! How calls are authenticated.

use super::Site;
use crate::{host::Request, policy::secret::Secret, settings::CommonSettings};
use std::time::Duration;

/// How a provider authenticates calls.
#[derive(Clone, Copy)]
pub enum Auth {
    /// A secret of the account stands for the token, and there is no token endpoint.
    StaticKey {
        /// Its setting, among [`Provider::settings`](super::Provider::settings).
        setting: &'static str,
        /// The header fields that carry it.
        headers: fn(&Secret) -> Vec<(&'static str, Secret)>,
    },
    /// Access tokens by the client credentials grant of OAuth 2.0 (RFC 6749 section 4.4).
    ClientCredentials(&'static dyn ClientCredentials),
}

/// The client credentials grant, as a provider speaks it.
pub trait ClientCredentials {
    /// The request that fetches an access token.
    fn token_request(&self, site: &Site, credentials: &Credentials, policy: &CommonSettings) -> Request;

    /// The token in the answer, and how long it lives.
    ///
    /// # Errors
    /// What is wrong with the answer, without repeating it.
    fn token_answer(&self, body: &[u8]) -> Result<(Secret, Option<Duration>), String>;

    /// The header fields that authenticate a call.
    fn headers(&self, token: &Secret, credentials: &Credentials) -> Vec<(&'static str, Secret)>;
}

impl Auth {
    /// The header fields that authenticate a call. `token` is the access token, or the key
    /// that stands for one.
    #[must_use]
    pub fn headers(&self, token: &Secret, credentials: &Credentials) -> Vec<(&'static str, Secret)> {
        match self {
            Auth::StaticKey { headers, .. } => headers(token),
            Auth::ClientCredentials(grant) => grant.headers(token, credentials),
        }
    }

    /// Whether there is no token endpoint.
    #[must_use]
    pub fn is_static_key(&self) -> bool {
        matches!(self, Auth::StaticKey { .. })
    }
}

/// The secrets of an account, read afresh for each token.
pub struct Credentials {
    /// By setting name, `CLIENT_SECRET`.
    secrets: Vec<(&'static str, Secret)>,
}

impl Credentials {
    /// Keeps them until the next token.
    #[must_use]
    pub fn new(secrets: Vec<(&'static str, Secret)>) -> Credentials {
        Credentials { secrets }
    }

    /// Whether all of them are the same: two slots with the same secrets are one.
    #[must_use]
    pub fn same_as(&self, other: &Credentials) -> bool {
        self.secrets.len() == other.secrets.len()
            && self.secrets.iter().all(|(name, secret)| other.get(name) == secret.expose())
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(|(_, secret)| secret.expose())
    }

    /// One of them; empty if the provider did not declare it.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.secrets.iter().find(|(known, _)| *known == name).map_or("", |(_, secret)| secret.expose())
    }
}
