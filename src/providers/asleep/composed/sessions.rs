//! All sessions of many users.

use super::{PartFailure, field, json, operation, unreadable};
use crate::{
    call::Call,
    contract::{Failure, FieldError},
    providers::api::{Plan, Subrequest},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// The most users of one question: the answer is held until all of them are there.
const MOST_USERS: usize = 1_000;

const MOST_AT_ONCE: u32 = 64;

/// As the normaliser has written and checked it.
#[derive(Deserialize)]
struct Body {
    user_ids: Vec<String>,
    timezone: Option<String>,
    date_gte: Option<String>,
    date_lte: Option<String>,
    order_by: Option<String>,
    concurrency: Option<u32>,
}

fn body(call: &Call) -> Option<Body> {
    serde_json::from_slice(call.body.as_ref()?).ok()
}

pub(super) fn subrequests(call: &Call) -> Result<Plan, Vec<FieldError>> {
    let body = body(call).ok_or_else(|| field("body", "cannot be read"))?;
    let mut wrong = Vec::new();
    let mut complain = |name: String, message: &str| wrong.extend(field(&name, message));
    if !(1..=MOST_USERS).contains(&body.user_ids.len()) {
        complain("user_ids".to_owned(), "must be 1 to 1000 users");
    }
    let mut known = BTreeSet::new();
    let visible =
        |text: &str| !text.is_empty() && text.len() <= 256 && text.bytes().all(|b| b.is_ascii_graphic());
    for (index, user) in body.user_ids.iter().enumerate() {
        if !visible(user) {
            complain(format!("user_ids[{index}]"), "must be 1 to 256 visible ASCII characters");
        } else if !known.insert(user) {
            complain(format!("user_ids[{index}]"), "comes twice");
        }
    }
    if body.timezone.as_ref().is_some_and(|timezone| !visible(timezone)) {
        complain("timezone".to_owned(), "must be visible ASCII characters");
    }
    if body.concurrency.is_some_and(|most| !(1..=MOST_AT_ONCE).contains(&most)) {
        complain("concurrency".to_owned(), "must be from 1 to 64");
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let list = operation("sleep.sessions-list")?;
    let part = |user: &String| {
        let given = [
            ("user_id", Some(user)),
            ("timezone", body.timezone.as_ref()),
            ("date_gte", body.date_gte.as_ref()),
            ("date_lte", body.date_lte.as_ref()),
            ("order_by", body.order_by.as_ref()),
        ];
        let query = given.into_iter().filter_map(|(name, value)| Some((name, value?.clone())));
        Subrequest {
            call: Call::new(list, Vec::new(), query.collect(), None),
            whole_list: true,
            project: None,
        }
    };
    Ok(Plan { subrequests: body.user_ids.iter().map(part).collect(), concurrency: body.concurrency })
}

#[derive(Serialize)]
struct Report<'a> {
    users: Vec<User<'a>>,
    failed: usize,
}

#[derive(Serialize)]
struct User<'a> {
    user_id: &'a str,
    complete: bool,
    sessions: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<PartFailure>,
}

/// # Errors
/// A part that cannot be read. What failed stands with its user.
pub(super) fn aggregate(call: &Call, answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
    let body = body(call).ok_or_else(|| unreadable("the question cannot be read"))?;
    let none = RawValue::from_string("[]".to_owned()).map_err(|_| unreadable("no JSON"))?;
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    let users = body.user_ids.iter().zip(&answers).map(|(user_id, answer)| {
        Ok(match answer {
            Ok(sessions) => User { user_id, complete: true, sessions: super::raw(sessions)?, failure: None },
            Err(failure) => {
                let failure = Some(failure.clone().into());
                User { user_id, complete: false, sessions: &none, failure }
            }
        })
    });
    json(&Report { users: users.collect::<Result<_, Failure>>()?, failed })
}
