//! Lists: filters, order, pages.

mod filters;
mod joins;

pub(crate) use filters::{Test, selected};

use crate::{
    answer::Answer,
    servicetitan::{
        data::{Key, Record, Resource, Tenant},
        errors::ApiError,
        query::Query,
    },
};
use std::{fmt::Write, sync::Arc};

/// One page of a resource, in the provider's envelope.
pub(crate) fn page(tenant: &mut Tenant, resource: Resource, query: &Query) -> Result<Answer, ApiError> {
    let found = selected(tenant, resource, query, &[])?;
    envelope(&found, query)
}

/// The page that the query asks for, of these records.
pub(crate) fn envelope(found: &[Arc<Record>], query: &Query) -> Result<Answer, ApiError> {
    let (page, size) = query.page()?;
    let start = page.saturating_mul(size).min(found.len());
    let end = start.saturating_add(size).min(found.len());
    let total = query.flag("includeTotal").then_some(found.len());
    Ok(written(found.get(start..end).unwrap_or_default(), page, size, end < found.len(), total))
}

/// `{data}` alone, for the lists that have no envelope.
pub(crate) fn data_only(found: &[Arc<Record>], query: &Query) -> Result<Answer, ApiError> {
    let (page, size) = query.page()?;
    let rows: Vec<&str> =
        found.iter().skip(page.saturating_mul(size)).take(size).map(|r| r.text.as_str()).collect();
    Ok(Answer::records(format!("{{\"data\":[{}]}}", rows.join(",")), rows.len()))
}

fn written(rows: &[Arc<Record>], page: usize, size: usize, more: bool, total: Option<usize>) -> Answer {
    let mut out = String::with_capacity(128 + rows.iter().map(|row| row.text.len() + 1).sum::<usize>());
    let total = total.map_or_else(|| "null".to_owned(), |total| total.to_string());
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "{{\"page\":{},\"pageSize\":{size},\"hasMore\":{more},\"totalCount\":{total},\"data\":[",
        page + 1
    );
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&row.text);
    }
    out.push_str("]}");
    Answer::records(out, rows.len())
}

/// The order that a query asks for: a column and whether it goes down.
pub(crate) fn order(query: &Query) -> Result<(&'static str, bool), ApiError> {
    if let Some(by) = query.get("orderBy") {
        let down =
            query.get("orderByDirection").is_some_and(|way| way.to_ascii_lowercase().starts_with("desc"));
        return column(by)
            .map(|column| (column, down))
            .ok_or_else(|| ApiError::field("orderBy", unsortable(by)));
    }
    let Some(sort) = query.get("sort").filter(|sort| !sort.is_empty()) else { return Ok(("id", false)) };
    // A plus sign that was not percent-encoded reads as a space.
    let (name, down) = match sort.strip_prefix('-') {
        Some(name) => (name, true),
        None => (sort.strip_prefix(['+', ' ']).unwrap_or(sort), false),
    };
    column(name).map(|column| (column, down)).ok_or_else(|| ApiError::field("sort", unsortable(sort)))
}

fn column(name: &str) -> Option<&'static str> {
    ["id", "createdOn", "modifiedOn", "name", "priority"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}

fn unsortable(sort: &str) -> String {
    format!("The list cannot be sorted by '{sort}'.")
}

/// Sorts by a key, and by id where it is the same.
pub(crate) fn sort(
    rows: &mut [Arc<Record>],
    columns: &'static [(&str, super::data::Kind)],
    by: (&str, bool),
) {
    let (name, down) = by;
    if name != "id" {
        rows.sort_by(|a, b| match (a.key(columns, name), b.key(columns, name)) {
            (Key::None, Key::None) => a.id.cmp(&b.id),
            (a_key, b_key) => a_key.cmp(b_key).then(a.id.cmp(&b.id)),
        });
    }
    if down {
        rows.reverse();
    }
}
