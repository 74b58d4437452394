//! Accounts: their settings, their credentials, their access tokens.

pub(crate) mod account;
pub(crate) mod credentials;
pub(crate) mod fetch;
pub(crate) mod token;
