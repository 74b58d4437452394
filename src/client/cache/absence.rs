//! Keeps what the provider said of something that is not there.

use super::{Entry, Storable, failure, storable};
use crate::contract::{Failure, FailureKind, FieldError, Outcome};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Absence<'a> {
    #[serde(rename = "m")]
    message: std::borrow::Cow<'a, str>,
    #[serde(rename = "f")]
    fields: Vec<(String, String)>,
}

/// The body of an entry that says so; none for any other failure.
pub(crate) fn body(failure: &Failure) -> Option<Bytes> {
    let absent = failure.kind == FailureKind::NotFound
        && storable(failure.status.unwrap_or_default()) == Some(Storable::Absence);
    if !absent {
        return None;
    }
    let fields = failure.fields.iter().map(|error| (error.field.clone(), error.message.clone())).collect();
    let absence = Absence { message: failure.message.as_str().into(), fields };
    serde_json::to_vec(&absence).ok().map(Bytes::from)
}

/// The failure again. Its attempts and the provider's trace id belong to another call.
pub(crate) fn failure(entry: &Entry) -> Option<Failure> {
    let absence: Absence<'_> = serde_json::from_slice(&entry.body).ok()?;
    let fields = absence.fields.into_iter().map(|(field, message)| FieldError::new(field, message)).collect();
    Some(Failure {
        outcome: Outcome::NotApplied,
        status: Some(entry.status),
        ..failure::refused(FailureKind::NotFound, absence.message, fields)
    })
}
