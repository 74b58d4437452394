//! Failures, put together in one place.

use crate::{
    contract::{Attempt, Failure, FailureKind, FieldError, Instant, Outcome, RetryAdvice},
    policy::{classify::Effect as Took, shown::visible_within, time::WallTime},
};
use std::fmt::Display;

/// A failure before anything was sent.
#[must_use]
pub fn refused(kind: FailureKind, message: impl Into<String>, fields: Vec<FieldError>) -> Failure {
    Failure {
        kind,
        message: message.into(),
        outcome: Outcome::NotSent,
        retry: RetryAdvice::Never,
        operation: None,
        status: None,
        vendor_trace_id: None,
        call_id: String::new(),
        fields,
        attempts: Vec::new(),
        resume: None,
    }
}

/// The caller's input does not fit.
#[must_use]
pub fn bad_input(fields: Vec<FieldError>) -> Failure {
    refused(FailureKind::BadInput, summary("the input does not fit", &fields), fields)
}

/// One thing is wrong with the caller's input.
#[must_use]
pub fn bad_field(field: &str, message: impl Into<String>) -> Failure {
    bad_input(vec![FieldError::new(field, message)])
}

/// Settings are missing or malformed.
#[must_use]
pub fn configuration(fields: Vec<FieldError>) -> Failure {
    refused(FailureKind::Configuration, summary("the configuration is incomplete", &fields), fields)
}

/// A state that the client never gets into.
#[must_use]
pub fn internal(message: &str) -> Failure {
    refused(FailureKind::Internal, message, Vec::new())
}

/// The time was over.
#[must_use]
pub fn late(message: &str) -> Failure {
    Failure { retry: RetryAdvice::Later, ..refused(FailureKind::Timeout, message, Vec::new()) }
}

/// The host could not give something, in its own words.
#[must_use]
pub fn host(what: &str, error: &impl Display) -> Failure {
    Failure {
        retry: RetryAdvice::Later,
        ..refused(FailureKind::Host, format!("{what}: {error}"), Vec::new())
    }
}

/// The longest text of a caller's or a report's owner that stands in an error, in characters.
const LONGEST_SHOWN: usize = 80;

/// Somebody else's text as it may stand in an error: short, and nothing in it is obeyed by a terminal.
pub(crate) fn printable(text: &str) -> String {
    visible_within(text, LONGEST_SHOWN)
}

/// `prefix: field message, field message`.
fn summary(prefix: &str, fields: &[FieldError]) -> String {
    let all: Vec<String> = fields.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
    format!("{prefix}: {}", all.join("; "))
}

/// Whether the provider could not answer, as opposed to would not.
pub(crate) fn is_down(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Vendor
            | FailureKind::Transport
            | FailureKind::Timeout
            | FailureKind::Unavailable
            | FailureKind::RateLimited
    )
}

/// The effect of a call, as the contract has it.
pub(crate) fn outcome(effect: Took) -> Outcome {
    match effect {
        Took::NotSent => Outcome::NotSent,
        Took::NotApplied => Outcome::NotApplied,
        Took::Unknown => Outcome::Unknown,
        Took::Applied => Outcome::Applied,
    }
}

/// As the contract has it.
pub(crate) fn instant(time: WallTime) -> Instant {
    let millis = time.as_millis();
    let nanoseconds = u32::try_from(millis.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
    Instant { seconds: millis.div_euclid(1000), nanoseconds }
}

impl FieldError {
    /// What is wrong with one field, setting or member.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> FieldError {
        FieldError { field: field.into(), message: message.into() }
    }
}

impl Failure {
    /// Names the call and its attempts, unless that is done already.
    #[must_use]
    pub fn of(mut self, operation: &str, call_id: &str, attempts: Vec<Attempt>) -> Failure {
        self.operation.get_or_insert_with(|| operation.to_owned());
        if self.call_id.is_empty() {
            call_id.clone_into(&mut self.call_id);
        }
        if self.attempts.is_empty() {
            self.attempts = attempts;
        }
        self
    }
}
