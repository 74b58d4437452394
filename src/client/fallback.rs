//! What the caller would rather have than no answer while the provider is down.

use crate::{
    answer::{Answer, Payload},
    call::{Call, CallOptions},
    contract::{AnswerSource, Failure, catalogue::Paging},
    failure::{bad_field, is_down},
    policy::classify::Access,
};
use bytes::Bytes;
use std::time::Duration;

/// Refuses a fallback where none can be given, before anything is sent.
///
/// # Errors
/// `bad-input`, for writes, whose outcome nobody can make up, and for pages, since a
/// read could not go on after a made-up one.
pub(crate) fn check(call: &Call, options: &CallOptions) -> Result<(), Failure> {
    let wrong = match (&options.fallback, call.access(), call.operation.paging) {
        (None, ..) | (Some(_), Access::Read, Paging::None) => return Ok(()),
        (Some(_), Access::Write, _) => "is never for writes",
        (Some(_), Access::Read, _) => "is for operations with one answer, and this one has pages",
    };
    Err(bad_field("fallback", wrong))
}

/// The fallback instead of the failure, if there is one and the provider is down.
///
/// # Errors
/// The failure, if it stands.
pub(crate) fn instead(failure: Failure, call_id: &str, options: &CallOptions) -> Result<Answer, Failure> {
    match &options.fallback {
        Some(value) if is_down(failure.kind) => Ok(Answer {
            status: 0,
            payload: Payload::Value(Bytes::from(value.clone())),
            call_id: call_id.to_owned(),
            source: AnswerSource::Fallback,
            age: Duration::ZERO,
            degraded: true,
        }),
        _ => Err(failure),
    }
}
