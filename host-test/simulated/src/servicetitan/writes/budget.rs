//! Budget codes.

use crate::{
    answer::Answer,
    servicetitan::{
        body,
        data::{Resource, Tenant, add_budget_code},
        errors::ApiError,
        members::Members,
        operations::Call,
    },
};
use serde_json::Value;

/// The shape of an entry of a batch, as it is declared for a single one.
pub(super) const FULL: &str = "jpm::CreateFullBudgetCodeArgs";
/// The same, for codes that leave segments open.
pub(super) const PARTIAL: &str = "jpm::CreatePartialBudgetCodeArgs";

pub(super) fn full(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let items = items(data, &call.body)?;
    Ok(Answer::records(format!("{{\"code\":{}}}", made(data, &items)), 1))
}

pub(super) fn partial(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    full(call, data)
}

/// Several codes, all or none. What the body looks like is not declared; taken is a
/// list of the bodies that single codes have.
pub(super) fn batch(call: &Call<'_>, data: &mut Tenant, schema: &str) -> Result<Answer, ApiError> {
    let entries: Vec<Value> = serde_json::from_str(&call.text)
        .map_err(|error| ApiError::field("$", format!("The body is no list: {error}.")))?;
    let mut planned = Vec::new();
    for entry in entries {
        let entry = body::read(&call.world.declared, schema, &entry.to_string(), call.world.config.lenient)?;
        planned.push(items(data, &entry)?);
    }
    let codes: Vec<String> = planned.iter().map(|items| made(data, items)).collect();
    Ok(Answer::records(format!("{{\"codes\":[{}]}}", codes.join(",")), codes.len()))
}

/// The items that a body names, all of them known.
fn items(data: &Tenant, body: &Members) -> Result<Vec<i64>, ApiError> {
    let (name, items) = match body.read::<Vec<i64>>("segmentItemIds") {
        Some(items) => ("segmentItemIds", items),
        None => {
            let segments: Vec<Members> = body.read("segments").unwrap_or_default();
            for segment in &segments {
                let id: i64 = segment.read("segmentId").unwrap_or_default();
                if data.get(Resource::Segments, id).is_none() {
                    return Err(ApiError::field("segments", format!("Segment {id} was not found.")));
                }
            }
            ("segments", segments.iter().filter_map(|segment| segment.read("segmentItemId")).collect())
        }
    };
    match items.iter().find(|item| data.get(Resource::SegmentItems, **item).is_none()) {
        Some(item) => Err(ApiError::field(name, format!("Segment item {item} was not found."))),
        None => Ok(items),
    }
}

fn made(data: &mut Tenant, items: &[i64]) -> String {
    let id = data.table(Resource::BudgetCodes).new_id();
    // The items were checked.
    add_budget_code(data, id, items).unwrap_or_default()
}
