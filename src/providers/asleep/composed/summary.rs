//! A user, the latest session, and the average of the last days.

use super::{MOST_DAYS, PartFailure, average_of, field, json, operation, raw, unreadable};
use crate::{
    call::Call,
    contract::{Failure, FailureKind, FieldError},
    policy::time::WallTime,
    providers::api::{Plan, Subrequest},
};
use bytes::Bytes;
use jiff::{Timestamp, ToSpan, civil::Date, tz::Offset};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;

/// Days of an average when the caller names none.
const DAYS: i64 = 30;

pub(super) fn subrequests(call: &Call, now: WallTime) -> Result<Plan, Vec<FieldError>> {
    let days = match call.parameter("days").map(str::parse) {
        None => DAYS,
        Some(Ok(days)) if (1..=MOST_DAYS).contains(&days) => days,
        Some(_) => return Err(field("days", "must be from 1 to 100")),
    };
    let last = match call.parameter("end_date") {
        Some(date) => date.parse().map_err(|_| field("end_date", "must be a date such as 2026-11-20"))?,
        None => today(now)?,
    };
    let first = last.checked_sub((days - 1).days());
    let first = first.map_err(|_| field("end_date", "is too early"))?;
    let user = Call::new(operation("sleep.users-get")?, call.segments.clone(), Vec::new(), None);
    let user = Subrequest { call: user, whole_list: false, project: None };
    Ok(Plan { subrequests: vec![user, average_of(call, first, last)?], concurrency: Some(2) })
}

/// The day that it is in UTC.
fn today(now: WallTime) -> Result<Date, Vec<FieldError>> {
    let now = Timestamp::from_millisecond(now.as_millis());
    let now = now.map_err(|_| field("end_date", "must be given: the clock of the host is wrong"))?;
    Ok(Offset::UTC.to_datetime(now).date())
}

#[derive(Serialize, Default)]
struct Report<'a> {
    partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_failure: Option<PartFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_session: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_count: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_failure: Option<PartFailure>,
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    last_session_info: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Average {
    slept_sessions: Option<Vec<IgnoredAny>>,
}

/// # Errors
/// A user who is not there, both parts failed, or a part that cannot be read.
pub(super) fn aggregate(answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
    let Ok([user, average]) = <[_; 2]>::try_from(answers) else {
        return Err(unreadable("parts are missing"));
    };
    let (user, average) = match (user, average) {
        // Without the user there is nothing to sum up.
        (Err(failure), _) if failure.kind == FailureKind::NotFound => return Err(failure),
        (Err(failure), Err(_)) => return Err(failure),
        parts => parts,
    };
    let mut report = Report { partial: user.is_err() || average.is_err(), ..Report::default() };
    match &user {
        Ok(user) => {
            let parsed = serde_json::from_slice::<User<'_>>(user);
            report.last_session = parsed.ok().and_then(|user| user.last_session_info);
            report.user = Some(raw(user)?);
        }
        Err(failure) => report.user_failure = Some(failure.clone().into()),
    }
    match &average {
        Ok(average) => {
            let parsed = serde_json::from_slice::<Average>(average);
            report.session_count =
                parsed.ok().map(|average| average.slept_sessions.map_or(0, |sessions| sessions.len()));
            report.average = Some(raw(average)?);
        }
        Err(failure) => report.average_failure = Some(failure.clone().into()),
    }
    json(&report)
}
