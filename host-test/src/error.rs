//! What can go wrong between an embedder and the component.

use crate::bindings::types::{Failure, Outcome};

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The component answered with a failure: the provider refused, a setting is
    /// missing, a deadline passed... Its `kind`, `outcome` and `retry` say what to do.
    #[error("{}", .0.message)]
    Failure(Box<Failure>),

    /// The instance ended under the call: a defect, or a limit of
    /// [`Limits`](crate::Limits). The next call gets a new instance.
    #[error("the component's instance ended: {reason}; {}", after(*.outcome))]
    Instance {
        /// The trap, in Wasmtime's words.
        reason: String,
        /// [`Outcome::NotApplied`] when the call can only have read: it may be repeated.
        /// [`Outcome::Unknown`] for everything else, also for what [`Plugin::run`] makes,
        /// of which nobody but its caller knows what it does: look before you repeat it.
        ///
        /// [`Plugin::run`]: crate::Plugin::run
        outcome: Outcome,
    },

    /// The component cannot be compiled, linked or instantiated.
    #[error("the component cannot be started: {reason}")]
    Component {
        /// What is wrong, in Wasmtime's words.
        reason: String,
    },

    /// The task that drives the component is gone: its runtime was shut down.
    #[error("the plugin is stopped")]
    Stopped,
}

impl Error {
    /// The component's own account of what went wrong, if it came so far.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failure(failure) => Some(failure),
            _ => None,
        }
    }

    pub(crate) fn component(error: &wasmtime::Error) -> Self {
        Self::Component { reason: format!("{error:#}") }
    }

    pub(crate) fn instance(error: &wasmtime::Error, outcome: Outcome) -> Self {
        Self::Instance { reason: format!("{error:#}"), outcome }
    }
}

fn after(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotSent | Outcome::NotApplied => "nothing was changed, and the call can be repeated",
        Outcome::Applied | Outcome::Unknown => "the call may have taken effect: look before you repeat it",
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}
