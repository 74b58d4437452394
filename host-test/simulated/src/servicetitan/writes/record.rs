//! New records, from a request's body and the declared shape of the answer.

use crate::{
    answer::Answer,
    servicetitan::{
        data::{Record, Resource, Tenant},
        declared::{Schema, Type},
        errors::ApiError,
        members::Members,
        operations::Call,
        time::{self, Spelling},
    },
};
use std::sync::Arc;

/// A record of the schema: what the body names, and what a new record has otherwise.
pub(super) fn blank(call: &Call<'_>, schema: &str, body: &Members) -> Members {
    let mut members = Members::default();
    let Some(Schema::Record(fields)) = call.world.declared.schema(schema) else { return members };
    for field in fields {
        let given = body.get(&field.name).filter(|raw| *raw != "null" || field.shape.nullable);
        let raw = match (given, &field.shape.ty) {
            (Some(raw), Type::DateTime) => date(raw),
            (Some(raw), _) => raw.to_owned(),
            (None, _) if field.shape.nullable => "null".to_owned(),
            (None, Type::List(_)) => "[]".to_owned(),
            (None, Type::Bool) => "false".to_owned(),
            (None, Type::Int | Type::Int32 | Type::Number | Type::Decimal) => "0".to_owned(),
            (None, Type::DateTime) => time::quoted(call.now, Spelling::Ticks),
            (None, _) => "\"\"".to_owned(),
        };
        members.set(&field.name, raw);
    }
    members
}

/// A date-time as the provider spells it, whatever offset it came with.
pub(super) fn date(raw: &str) -> String {
    let at = serde_json::from_str::<String>(raw).ok().and_then(|text| time::parse(&text));
    at.map_or_else(|| raw.to_owned(), |at| time::quoted(at, Spelling::Ticks))
}

/// Stores a new record under a new id and with the time of its creation.
pub(super) fn add(
    call: &Call<'_>,
    data: &mut Tenant,
    resource: Resource,
    members: &mut Members,
    record: Record,
) -> Arc<Record> {
    let at = data.tick(call.now);
    let id = if record.id == 0 { data.table(resource).new_id() } else { record.id };
    for name in ["createdOn", "modifiedOn"] {
        if members.get(name).is_some() {
            members.set(name, time::quoted(at, Spelling::Ticks));
        }
    }
    if members.get("id").is_some() {
        members.put("id", id);
    }
    data.table(resource).put(Record { id, text: members.render(), active: true, modified: at, ..record })
}

/// The record in the path, or 404.
pub(super) fn existing(data: &Tenant, resource: Resource, what: &str, id: i64) -> Result<Members, ApiError> {
    data.get(resource, id).map(|record| record.members()).ok_or_else(|| ApiError::absent(what, id))
}

/// 200 with the record as it is now.
pub(super) fn shown(data: &Tenant, resource: Resource, id: i64) -> Answer {
    let text = data.get(resource, id).map(|record| record.text.clone());
    text.map_or_else(Answer::empty, |text| Answer::records(text, 1))
}

/// Changes the record in the path and shows it.
pub(super) fn changed(
    call: &Call<'_>,
    data: &mut Tenant,
    resource: Resource,
    edit: impl FnOnce(&mut Members),
) -> Answer {
    data.change(resource, call.id(), call.now, edit)
        .map_or_else(Answer::empty, |row| Answer::records(row.text.clone(), 1))
}
