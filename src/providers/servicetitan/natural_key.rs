//! The only natural key that ServiceTitan offers: external data.
//!
//! The API has no idempotency keys. But an application may store values of its own with
//! most of what it creates, and find records by them, so that a create whose outcome is
//! unknown can be looked up. What is found counts only if it was made since: an application
//! may use one value for many records.

use crate::{
    call::Call,
    codec::Instant,
    contract::catalogue::{self, Effect, Method, Operation},
    policy::time::WallTime,
    providers::api::NaturalKeys,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// External data, by which records can be found.
pub(super) struct ExternalData;

impl NaturalKeys for ExternalData {
    fn find_created(&self, create: &Call) -> Option<Call> {
        find_created(create)
    }

    fn created_at(&self, record: &[u8]) -> Option<WallTime> {
        created_at(record)
    }
}

const GUID: &str = "externalDataApplicationGuid";
const KEY: &str = "externalDataKey";
const VALUES: &str = "externalDataValues";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    external_data: Owned,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owned {
    application_guid: String,
    external_data: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    key: String,
    value: String,
}

/// The call that lists what has the external data of this create: its first value, which
/// the caller chose as the record's identity.
fn find_created(create: &Call) -> Option<Call> {
    let operation = create.operation;
    if operation.effect != Effect::Create {
        return None;
    }
    let list = catalogue::operations(operation.provider)?.iter().find(|other| lists(other, operation))?;
    let Owned { application_guid, external_data } =
        serde_json::from_slice::<Body>(create.body.as_ref()?).ok()?.external_data;
    let Pair { key, value } = external_data.into_iter().next()?;
    // A comma would be read as two values.
    if application_guid.is_empty() || key.is_empty() || value.is_empty() || value.contains(',') {
        return None;
    }
    let query = vec![(GUID, application_guid), (KEY, key), (VALUES, value)];
    Some(Call::new(list, create.segments.clone(), query, None))
}

/// When a record was made, by the provider's clock.
fn created_at(record: &[u8]) -> Option<WallTime> {
    let members: HashMap<&str, &RawValue> = serde_json::from_slice(record).ok()?;
    let at = Instant::parse(members.get("createdOn")?.get().trim_matches('"'))?;
    Some(WallTime::from_millis(at.seconds() * 1000 + i64::from(at.nanoseconds() / 1_000_000)))
}

fn lists(other: &Operation, create: &Operation) -> bool {
    let has = |wire| other.query.is_some_and(|query| query.fields.iter().any(|field| field.wire == wire));
    other.method == Method::Get
        && other.path == create.path
        && other.is_list()
        && [GUID, KEY, VALUES].into_iter().all(has)
}
