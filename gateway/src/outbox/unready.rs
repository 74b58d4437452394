//! Why nothing can be taken in or handed on.

use crate::problem::Problem;
use penstock::{
    contract::{Failure, FieldError},
    failure,
    host::HostError,
};

/// Why nothing can be taken in or handed on.
#[derive(Debug, Clone, PartialEq)]
pub enum Unready {
    /// Settings are missing or malformed. No value is shown.
    Settings(Vec<FieldError>),
    /// The host cannot read them.
    Host(HostError),
}

impl Unready {
    /// As a problem document, 503: the names of settings, and nothing of the host's trouble.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Unready::Settings(wrong) => Problem::from(failure::configuration(wrong.clone())),
            Unready::Host(_) => Problem::webhook_later("the settings cannot be read just now", 60),
        }
    }
}

impl From<Failure> for Unready {
    fn from(failure: Failure) -> Unready {
        Unready::Host(HostError::Unavailable(failure.message))
    }
}
