//! What can be set, and how it is read.
//!
//! One [`Setting`] describes each value: its name, kind, default, range, and
//! whether it is a secret. [`common`] has those of every provider; a provider's folder
//! has its own. The check at start, the documents and `.env.example` come from
//! these tables or are tested against them.

mod cache_times;
pub mod common;
#[cfg(test)]
mod documents;
mod kind;
mod read;
mod short_form;

pub use cache_times::CacheTimes;
pub use common::CommonSettings;
pub use kind::{Kind, Origin};
pub use read::{Values, has_any_of, read};
pub use short_form::ambiguous;

/// What the name of a secret in an account's secondary slot ends with: the one of
/// `CLIENT_SECRET` is `CLIENT_SECRET_SECONDARY`. See [`crate::policy::rotation`].
pub const SECONDARY: &str = "_SECONDARY";

/// The deployment's secret that values are sealed with in the host's state.
pub const STATE_SECRET: &str = "PENSTOCK_STATE_SECRET";
/// The one before, while it changes.
pub const STATE_SECRET_SECONDARY: &str = "PENSTOCK_STATE_SECRET_SECONDARY";

/// The account setting that says since when its credentials are in use.
pub const CREDENTIALS_ISSUED_AT: &str = "CREDENTIALS_ISSUED_AT";

/// A value that the host may set.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name, for instance `REQUEST_TIMEOUT`; for a provider's account setting the
    /// part after the account's prefix, `CLIENT_ID`.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What holds when it is not set; none if nothing does.
    pub default: Option<&'static str>,
    /// Whether nothing works without it.
    pub required: bool,
    /// Whether it is read as a secret, and never shown.
    pub secret: bool,
    /// What it is for.
    pub doc: &'static str,
}

/// The names under which an account that is not the default one has a setting of its own:
/// with the provider's name in it, which comes first, and without it.
#[must_use]
pub fn of_account(account: &str, provider: &str, setting: &str) -> [String; 2] {
    let account = account.to_ascii_uppercase().replace('-', "_");
    let prefix = format!("PENSTOCK_ACCOUNT_{account}_");
    [format!("{prefix}{provider}_{setting}"), format!("{prefix}{setting}")]
}
