//! What is put together from several calls: a user's summary, the sessions of many users,
//! and averages over more days than the provider takes.

mod average;
mod sessions;
mod summary;

use crate::{
    call::Call,
    contract::{
        Failure, FailureKind, FieldError, RetryAdvice,
        catalogue::{self, Operation},
    },
    failure::{bad_field, refused},
    policy::time::WallTime,
    providers::api::{Composition, Plan, Subrequest},
};
use bytes::Bytes;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::RawValue;

/// The most days that Asleep averages over. Whether it counts the last one is not known,
/// so it is counted here.
const MOST_DAYS: i64 = 100;

pub(super) struct Composed;

impl Composition for Composed {
    fn subrequests(&self, call: &Call, now: WallTime) -> Result<Plan, Vec<FieldError>> {
        subrequests(call, now)
    }

    fn aggregate(&self, call: &Call, answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
        aggregate(call, answers)
    }
}

fn subrequests(call: &Call, now: WallTime) -> Result<Plan, Vec<FieldError>> {
    match call.operation.name {
        "sleep.user-summary" => summary::subrequests(call, now),
        "sleep.sessions-for-users" => sessions::subrequests(call),
        "sleep.average-stats-over" => average::subrequests(call),
        _ => Err(field("operation", "is not known")),
    }
}

fn aggregate(call: &Call, answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
    match call.operation.name {
        "sleep.user-summary" => summary::aggregate(answers),
        "sleep.sessions-for-users" => sessions::aggregate(call, answers),
        "sleep.average-stats-over" => average::aggregate(answers),
        _ => Err(bad_field("operation", "is not known")),
    }
}

/// Why a part of a whole is missing, `part-failure` in the contract.
#[derive(Serialize)]
struct PartFailure {
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    call_id: String,
}

impl From<Failure> for PartFailure {
    fn from(failure: Failure) -> PartFailure {
        PartFailure {
            kind: failure.kind.name(),
            message: failure.message,
            status: failure.status,
            retry_after_ms: match failure.retry {
                RetryAdvice::Now => Some(0),
                RetryAdvice::After(time) => Some(time),
                RetryAdvice::Never | RetryAdvice::Later => None,
            },
            call_id: failure.call_id,
        }
    }
}

/// An operation of Asleep's own.
fn operation(name: &str) -> Result<&'static Operation, Vec<FieldError>> {
    catalogue::find("asleep", name).map_err(|_| field("operation", "is not in this build"))
}

/// The average over some days, for the user that the composed call names.
fn average_of(call: &Call, first: Date, last: Date) -> Result<Subrequest, Vec<FieldError>> {
    let mut query = vec![("start_date", first.to_string()), ("end_date", last.to_string())];
    query.extend(call.parameter("timezone").map(|timezone| ("timezone", timezone.to_owned())));
    let call = Call::new(operation("sleep.users-average-stats")?, call.segments.clone(), query, None);
    Ok(Subrequest { call, whole_list: false, project: None })
}

fn raw(answer: &Bytes) -> Result<&RawValue, Failure> {
    serde_json::from_slice(answer).map_err(|_| unreadable("a part is no JSON"))
}

fn unreadable(message: &str) -> Failure {
    refused(FailureKind::Decode, message, Vec::new())
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|_| refused(FailureKind::Internal, "an answer cannot be written", Vec::new()))
}

fn field(name: &str, message: &str) -> Vec<FieldError> {
    vec![FieldError::new(name, message)]
}
