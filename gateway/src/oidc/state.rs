//! How it stands with the issuer's keys, for `/ready` and `/health`.

use std::time::Duration;

/// How it stands with the issuer's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerState {
    /// The issuer.
    pub issuer: String,
    /// How old the keys are; none if there are none yet.
    pub age: Option<Duration>,
    /// How many of them can be used.
    pub keys: usize,
    /// Why there are no newer ones, if the last attempt to fetch them failed. Nothing of what
    /// was answered.
    pub trouble: Option<String>,
    /// How much longer those that are known serve, where there is trouble; none if they do not.
    pub serve: Option<Duration>,
}
