//! What the caller would rather have than no answer while the provider is down.

use crate::{
    answer::{Answer, Payload},
    call::{Call, CallOptions},
    codec::{DecodeError, transcode},
    contract::{
        AnswerSource, Failure, OnMisfit,
        catalogue::{Operation, Paging},
    },
    failure::{bad_field, is_down},
    policy::classify::Access,
};
use bytes::Bytes;
use std::time::Duration;

/// Refuses a fallback where none can be given and one that does not fit, before anything is sent: when
/// the provider is down it is too late to mend it.
///
/// # Errors
/// `bad-input`, for writes, whose outcome nobody can make up, for pages, since a read could not go on
/// after a made-up one, and for what is not of the answer's type, unless that is taken as it is.
pub(crate) fn check(call: &Call, options: &CallOptions) -> Result<(), Failure> {
    let wrong = match (&options.fallback, call.access(), call.operation.paging) {
        (None, ..) => return Ok(()),
        (Some(value), Access::Read, Paging::None) => return fits(call.operation, value, options),
        (Some(_), Access::Write, _) => "is never for writes",
        (Some(_), Access::Read, _) => "is for operations with one answer, and this one has pages",
    };
    Err(bad_field("fallback", wrong))
}

fn fits(operation: &Operation, value: &str, options: &CallOptions) -> Result<(), Failure> {
    let Some(ty) = operation.answer.as_ref().filter(|_| options.on_misfit() != OnMisfit::Raw) else {
        return Ok(());
    };
    transcode(ty, value.as_bytes()).map(drop).map_err(|error| {
        let DecodeError { path, message, .. } = error;
        bad_field("fallback", format!("does not fit the answer: {path}: {message}"))
    })
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
