//! The work breakdown structure: segments, items, budget codes.

use crate::{
    answer::Answer,
    servicetitan::{
        data::{Key, Record, Resource, Tenant},
        errors::ApiError,
        lists::{Test, data_only, envelope, page, selected},
        operations::Call,
        query::Query,
    },
};
use serde_json::Value;
use std::sync::Arc;

pub(super) fn answer(call: &Call<'_>, data: &mut Tenant) -> Option<Result<Answer, ApiError>> {
    let id = call.operation.id.as_str();
    if !id.starts_with("BudgetCodes_") || call.operation.method != http::Method::GET {
        return None;
    }
    Some(read(call, data, id))
}

fn read(call: &Call<'_>, data: &mut Tenant, id: &str) -> Result<Answer, ApiError> {
    // A project uses the company's structure.
    if id.contains("Project") {
        let project = call.number("projectId");
        data.get(Resource::Projects, project).ok_or_else(|| ApiError::absent("Project", project))?;
    }
    if id.starts_with("BudgetCodes_Match") {
        return matches(call, data);
    }
    if id.ends_with("BudgetCodes") {
        return page(data, Resource::BudgetCodes, &call.query);
    }
    if id.ends_with("Segments") {
        let found = selected(data, Resource::Segments, &Query::default(), &[])?;
        return data_only(&found, &call.query);
    }
    let segment = call.number("segmentId");
    data.get(Resource::Segments, segment).ok_or_else(|| ApiError::absent("Segment", segment))?;
    let under = match call.number("segmentItemId") {
        0 => None,
        item => {
            data.get(Resource::SegmentItems, item).ok_or_else(|| ApiError::absent("Segment item", item))?;
            Some(item)
        }
    };
    items(call, data, segment, under)
}

/// The items right below one (or at the top); with `includeChildren` all below it.
fn items(call: &Call<'_>, data: &mut Tenant, segment: i64, under: Option<i64>) -> Result<Answer, ApiError> {
    let all = selected(
        data,
        Resource::SegmentItems,
        &Query::default(),
        &[Test::Is("segmentId", Key::Int(segment))],
    )?;
    let columns = data.table(Resource::SegmentItems).columns;
    let parent = |row: &Arc<Record>| row.int(columns, "parentId");
    let deep = call.query.flag("includeChildren");
    let below = |row: &Arc<Record>| {
        let mut above = parent(row);
        loop {
            match above {
                found if found == under => return true,
                Some(id) if deep => above = all.iter().find(|other| other.id == id).and_then(parent),
                _ => return false,
            }
        }
    };
    let found: Vec<_> = all.iter().filter(|row| below(row)).cloned().collect();
    envelope(&found, &call.query)
}

fn matches(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let mut matches = Vec::new();
    for code in call.query.all("codes") {
        let wanted = [Test::Is("code", Key::Text(code.to_owned()))];
        let found = selected(data, Resource::BudgetCodes, &Query::default(), &wanted)?;
        let texts: Vec<_> = found.iter().map(|row| row.text.as_str()).collect();
        let quoted = Value::from(code);
        matches.push(format!(
            r#"{{"code":{quoted},"isValid":{},"budgetCodes":[{}]}}"#,
            !found.is_empty(),
            texts.join(",")
        ));
    }
    Ok(Answer::records(format!("{{\"matches\":[{}]}}", matches.join(",")), matches.len()))
}
