//! The rows of a report: one for each job that fits.

use crate::servicetitan::reporting::{Asked, described::day};
use crate::{
    answer::Answer,
    servicetitan::{
        data::{Resource, Tenant},
        members::Members,
    },
};
use jiff::{Timestamp, civil::Date, tz::Offset};
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    JobNumber,
    Day,
    Status,
    BusinessUnit,
    Total,
}

impl Column {
    pub(super) fn name(self) -> &'static str {
        match self {
            Column::JobNumber => "JobNumber",
            Column::Day => "Day",
            Column::Status => "Status",
            Column::BusinessUnit => "BusinessUnitId",
            Column::Total => "Total",
        }
    }

    /// The provider's word for its type.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Column::JobNumber | Column::Status => "String",
            Column::Day => "Date",
            Column::BusinessUnit | Column::Total => "Number",
        }
    }
}

/// Which jobs a report counts. Days are those of UTC, the last one included.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filters {
    from: Option<Date>,
    to: Option<Date>,
    /// By the day of completion, and not of creation.
    by_completion: bool,
    units: Vec<i64>,
    canceled: bool,
}

impl Filters {
    /// Whether the parameter has this value now.
    pub(super) fn set(&mut self, name: &str, value: &Value) -> bool {
        match name {
            "From" => {
                self.from = day(value);
                self.from.is_some()
            }
            "To" => {
                self.to = day(value);
                self.to.is_some()
            }
            "DateType" => {
                self.by_completion = value == 2;
                value == 1 || value == 2
            }
            "BusinessUnitIds" => {
                let units = value.as_array().map(|all| all.iter().filter_map(Value::as_i64).collect());
                self.units = units.unwrap_or_default();
                value.as_array().is_some_and(|all| all.len() == self.units.len())
            }
            "IncludeCanceled" => {
                self.canceled = value == true;
                value.is_boolean()
            }
            _ => false,
        }
    }

    fn fit(&self, job: &Members) -> bool {
        let dated = self.from.is_some() || self.to.is_some();
        let day = day_of(job, self.by_completion);
        let in_span = day.is_some_and(|day| {
            self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to)
        });
        let unit: i64 = job.read("businessUnitId").unwrap_or_default();
        let canceled = job.read::<String>("jobStatus").is_some_and(|status| status == "Canceled");
        (in_span || !dated)
            && (self.units.is_empty() || self.units.contains(&unit))
            && (self.canceled || !canceled)
    }
}

fn day_of(job: &Members, by_completion: bool) -> Option<Date> {
    let at: String = job.read(if by_completion { "completedOn" } else { "createdOn" })?;
    // Some times of the provider's lack their offset: they are UTC.
    let at = if at.ends_with('Z') || at.contains('+') { at } else { format!("{at}Z") };
    Some(Offset::UTC.to_datetime(at.parse::<Timestamp>().ok()?).date())
}

/// The page that is asked for. Its columns begin one further than those of the page before.
pub(super) fn page(data: &mut Tenant, asked: &Asked, count: bool) -> Answer {
    let jobs = data.table(Resource::Jobs).rows().filter(|row| !row.deleted).map(|row| row.members());
    let found: Vec<Members> = jobs.filter(|job| asked.filters.fit(job)).collect();
    let mut columns = asked.report.columns.to_vec();
    let moved = asked.page % columns.len().max(1);
    columns.rotate_left(moved);
    let start = asked.page.saturating_mul(asked.size).min(found.len());
    let end = start.saturating_add(asked.size).min(found.len());
    let rows: Vec<String> =
        found.get(start..end).unwrap_or_default().iter().map(|job| row(job, &columns, asked)).collect();
    let head = json!({
        "page": asked.page + 1,
        "pageSize": asked.size,
        "hasMore": end < found.len(),
        "totalCount": count.then_some(found.len()),
        "fields": columns.iter().map(|column| json!({"name": column.name(), "label": column.name()})).collect::<Vec<_>>(),
    });
    let head = head.to_string();
    let text = format!("{},\"data\":[{}]}}", head.trim_end_matches('}'), rows.join(","));
    Answer::records(text, rows.len())
}

fn row(job: &Members, columns: &[Column], asked: &Asked) -> String {
    let raw = |name: &str| job.get(name).unwrap_or("null").to_owned();
    let values = columns.iter().map(|column| match column {
        Column::JobNumber => raw("jobNumber"),
        Column::Status => raw("jobStatus"),
        Column::BusinessUnit => raw("businessUnitId"),
        Column::Total => raw("total"),
        Column::Day => json!(day_of(job, asked.filters.by_completion).map(|day| day.to_string())).to_string(),
    });
    format!("[{}]", values.collect::<Vec<_>>().join(","))
}
