//! Which records a query asks for.

use crate::servicetitan::lists::{joins, order, sort};
use crate::servicetitan::{
    data::{Column, Key, Record, Resource, Tenant},
    errors::ApiError,
    query::Query,
    time,
};
use std::{collections::HashSet, sync::Arc};

#[derive(Debug)]
pub(crate) enum Test {
    /// The member is this.
    Is(&'static str, Key),
    /// The list of ids holds one of these.
    AnyOf(&'static str, Vec<i64>),
    /// The time is this or later; earlier, if false.
    Since(&'static str, i64, bool),
    /// The number is at least this; at most, if false.
    AtLeast(&'static str, i64, bool),
    /// The text holds this, whatever the case.
    Holds(&'static str, String),
    /// The record's id is one of these.
    Id(HashSet<i64>),
    /// `externalData` has this key, with one of these values if there are any.
    External(String, Vec<String>),
    /// The active flag.
    Active(bool),
}

/// The records that a query selects, in its order. `more` are conditions that come
/// from the path. The result is kept until the table changes.
pub(crate) fn selected(
    tenant: &mut Tenant,
    resource: Resource,
    query: &Query,
    more: &[Test],
) -> Result<Arc<[Arc<Record>]>, ApiError> {
    let mut tests = Vec::new();
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        match joins::joined(tenant, resource, name, value) {
            Some(ids) => tests.push(Test::Id(ids)),
            None => tests.extend(test(resource, name, value, query)?),
        }
    }
    if HAVE_ACTIVE.contains(&resource) {
        match query.get("active") {
            Some("Any") => {}
            Some("False") => tests.push(Test::Active(false)),
            _ => tests.push(Test::Active(true)),
        }
    }
    let by = order(query)?;
    // Joins depend on other tables, so their ids are part of the name.
    let name = format!("{tests:?}{more:?}{by:?}");
    let table = tenant.table(resource);
    let columns = table.columns;
    Ok(table.result(&name, |rows| {
        let passes = |row: &&Arc<Record>| tests.iter().chain(more).all(|test| test.passes(row, columns));
        let mut found: Vec<_> = rows.values().filter(|row| !row.deleted).filter(passes).cloned().collect();
        sort(&mut found, columns, by);
        found
    }))
}

/// The lists that return active records only, unless asked otherwise.
const HAVE_ACTIVE: [Resource; 5] = [
    Resource::Appointments,
    Resource::JobTypes,
    Resource::CancelReasons,
    Resource::HoldReasons,
    Resource::ProjectSubStatuses,
];

/// The condition that a query parameter stands for; none if it is no filter.
fn test(resource: Resource, name: &str, value: &str, query: &Query) -> Result<Option<Test>, ApiError> {
    Ok(Some(match name {
        "ids" | "budgetCodeIds" => Test::Id(ids(name, value)?.into_iter().collect()),
        "number" if resource == Resource::Jobs => is_text("jobNumber", value),
        "number" if resource == Resource::Appointments => is_text("appointmentNumber", value),
        "jobStatus" => is_text("jobStatus", value),
        "priority" => is_text("priority", value),
        "status" => is_text("status", value),
        "name" => Test::Holds("name", value.to_lowercase()),
        "unused" => Test::Is("unused", Key::Bool(value.eq_ignore_ascii_case("true"))),
        "minDuration" => Test::AtLeast("duration", number(name, value)?, true),
        "maxDuration" => Test::AtLeast("duration", number(name, value)?, false),
        "technicianId" => Test::AnyOf("technicianIds", vec![number(name, value)?]),
        "jobId" if resource == Resource::Projects => Test::AnyOf("jobIds", vec![number(name, value)?]),
        "externalDataKey" => {
            let values =
                query.get("externalDataValues").map(|all| all.split(',').map(str::to_owned).collect());
            Test::External(value.to_owned(), values.unwrap_or_default())
        }
        _ => {
            if let Some(column) = known(&ID_LISTS, name) {
                Test::AnyOf(column, ids(name, value)?)
            } else if let Some(column) = known(&ID_FIELDS, name) {
                Test::Is(column, Key::Int(number(name, value)?))
            } else if let Some((column, since)) = window(name) {
                let at =
                    time::parse(value).ok_or_else(|| ApiError::field(name, "The value is no date-time."))?;
                Test::Since(column, at, since)
            } else {
                return Ok(None);
            }
        }
    }))
}

const ID_LISTS: [&str; 7] = [
    "tagTypeIds",
    "estimateIds",
    "equipmentIds",
    "projectManagerIds",
    "businessUnitIds",
    "segmentIds",
    "segmentItemIds",
];

const ID_FIELDS: [&str; 13] = [
    "projectId",
    "bookingId",
    "customerId",
    "locationId",
    "soldById",
    "jobTypeId",
    "campaignId",
    "businessUnitId",
    "invoiceId",
    "createdFromEstimateId",
    "projectTypeId",
    "statusId",
    "jobId",
];

fn known<const N: usize>(names: &[&'static str; N], name: &str) -> Option<&'static str> {
    names.iter().find(|known| **known == name).copied()
}

/// The column of a time window's edge, and whether it is the lower one.
fn window(name: &str) -> Option<(&'static str, bool)> {
    let (stem, since) = match name.strip_suffix("OnOrAfter") {
        Some(stem) => (stem, true),
        None => (name.strip_suffix("Before")?, false),
    };
    let column = match stem {
        "created" => "createdOn",
        "modified" => "modifiedOn",
        "completed" => "completedOn",
        "starts" => "start",
        "targetCompletionDate" => "targetCompletionDate",
        _ => return None,
    };
    Some((column, since))
}

/// `1,2,3`
fn ids(name: &str, value: &str) -> Result<Vec<i64>, ApiError> {
    let all: Vec<i64> = value.split(',').map(|id| number(name, id.trim())).collect::<Result<_, _>>()?;
    // The provider's documents say so for `ids` of most lists.
    if name == "ids" && all.len() > 50 {
        return Err(ApiError::field("ids", "At most 50 ids are allowed."));
    }
    Ok(all)
}

fn number(name: &str, value: &str) -> Result<i64, ApiError> {
    value.parse().map_err(|_| ApiError::field(name, format!("'{value}' is no integer.")))
}

fn is_text(column: &'static str, value: &str) -> Test {
    Test::Is(column, Key::Text(value.to_owned()))
}

impl Test {
    fn passes(&self, row: &Record, columns: &[Column]) -> bool {
        match self {
            Test::Is(column, key) => row.key(columns, column) == key,
            Test::AnyOf(column, ids) => {
                matches!(row.key(columns, column), Key::Ints(all) if all.iter().any(|id| ids.contains(id)))
            }
            Test::Since(column, at, since) => {
                matches!(time_of(row, columns, column), Some(t) if (t >= *at) == *since)
            }
            Test::AtLeast(column, least, at_least) => match row.key(columns, column) {
                Key::Int(value) if *at_least => value >= least,
                Key::Int(value) => value <= least,
                _ => false,
            },
            Test::Holds(column, text) => {
                row.text_of(columns, column).is_some_and(|value| value.to_lowercase().contains(text))
            }
            Test::Id(ids) => ids.contains(&row.id),
            Test::External(key, values) => matches!(
                row.key(columns, "externalData"),
                Key::Pairs(all) if all.iter().any(|(k, v)| k == key && (values.is_empty() || values.contains(v)))
            ),
            Test::Active(active) => row.active == *active,
        }
    }
}

/// A time; a project's stands under other names.
fn time_of(row: &Record, columns: &[Column], column: &str) -> Option<i64> {
    let column = match column {
        "start" if columns.iter().any(|(name, _)| *name == "startDate") => "startDate",
        "completedOn" if columns.iter().any(|(name, _)| *name == "actualCompletionDate") => {
            "actualCompletionDate"
        }
        other => other,
    };
    match row.key(columns, column) {
        Key::Time(at) => Some(*at),
        _ => None,
    }
}
