//! The lists: categories, reports, and the values of a set.

use crate::servicetitan::reporting::described::{CATEGORY, REPORTS};
use crate::{
    answer::Answer,
    servicetitan::{data::BUSINESS_UNITS, errors::ApiError, operations::Call},
};
use serde_json::{Value, json};

/// Ours, and others without a meaning.
pub(super) fn categories(call: &Call<'_>) -> Result<Answer, ApiError> {
    let mut all = vec![json!({"id": CATEGORY, "name": "Operations"})];
    let others = 1..call.world.config.records;
    all.extend(
        others
            .map(|number| json!({"id": format!("category-{number}"), "name": format!("Category {number}")})),
    );
    page(call, &all, None)
}

pub(super) fn reports(call: &Call<'_>) -> Result<Answer, ApiError> {
    let all: Vec<Value> = REPORTS
        .iter()
        .map(|report| json!({"id": report.id, "name": report.name, "description": null}))
        .collect();
    page(call, &all, None)
}

/// The business units of the jobs.
pub(super) fn units(call: &Call<'_>) -> Result<Answer, ApiError> {
    let all: Vec<Value> = BUSINESS_UNITS.map(|id| json!([id, format!("Unit {id}")])).collect();
    let fields = json!([{"name": "Value", "label": "Value"}, {"name": "Name", "label": "Name"}]);
    page(call, &all, Some(fields))
}

fn page(call: &Call<'_>, all: &[Value], fields: Option<Value>) -> Result<Answer, ApiError> {
    let (page, size) = call.query.page()?;
    let rows: Vec<&Value> = all.iter().skip(page.saturating_mul(size)).take(size).collect();
    let mut answer = json!({
        "page": page + 1,
        "pageSize": size,
        "hasMore": page.saturating_add(1).saturating_mul(size) < all.len(),
        "totalCount": call.query.flag("includeTotal").then_some(all.len()),
        "data": rows,
    });
    if let (Some(fields), Value::Object(members)) = (fields, &mut answer) {
        members.insert("fields".to_owned(), fields);
    }
    Ok(Answer::records(answer.to_string(), rows.len()))
}
