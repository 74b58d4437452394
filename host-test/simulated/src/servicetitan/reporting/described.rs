//! What the reports ask for, and what they consist of.

use crate::servicetitan::errors::ApiError;
use crate::servicetitan::reporting::rows::{Column, Filters};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) const CATEGORY: &str = "operations";
/// The id of the set of business units.
pub(super) const UNITS: &str = "business-units";

#[derive(Debug)]
pub(crate) struct Report {
    pub(super) id: i64,
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
    /// Whether it asks for days and all that.
    parameters: &'static [Parameter],
}

/// What a report asks for.
#[derive(Debug)]
struct Parameter {
    name: &'static str,
    kind: &'static str,
    array: bool,
    required: bool,
}

const fn parameter(name: &'static str, kind: &'static str, array: bool, required: bool) -> Parameter {
    Parameter { name, kind, array, required }
}

pub(super) static REPORTS: &[Report] = &[
    Report {
        id: 101,
        name: "Jobs by day",
        columns: &[Column::JobNumber, Column::Day, Column::Status, Column::BusinessUnit, Column::Total],
        parameters: &[
            parameter("From", "Date", false, true),
            parameter("To", "Date", false, true),
            parameter("DateType", "Number", false, false),
            parameter("BusinessUnitIds", "Number", true, false),
            parameter("IncludeCanceled", "Boolean", false, false),
        ],
    },
    Report { id: 102, name: "All jobs", columns: &[Column::JobNumber, Column::Total], parameters: &[] },
];

impl Report {
    /// The provider's `ReportResponse`.
    pub(super) fn description(&self) -> Value {
        let field = |column: &Column| json!({"name": column.name(), "label": column.name(), "dataType": column.kind()});
        json!({
            "id": self.id,
            "name": self.name,
            "description": null,
            "modifiedOn": "2026-11-01T00:00:00Z",
            "parameters": self.parameters.iter().map(Parameter::description).collect::<Vec<_>>(),
            "fields": self.columns.iter().map(field).collect::<Vec<_>>(),
        })
    }

    /// What a request asks for.
    ///
    /// # Errors
    /// 400 that names everything that does not fit.
    pub(super) fn filters(&self, body: &str) -> Result<Filters, ApiError> {
        #[derive(Deserialize)]
        struct Body {
            parameters: Vec<Given>,
        }
        #[derive(Deserialize)]
        struct Given {
            name: String,
            value: Option<Value>,
        }
        let body: Body =
            serde_json::from_str(body).map_err(|_| ApiError::field("parameters", "They cannot be read."))?;
        let mut filters = Filters::default();
        let (mut seen, mut problems) = (BTreeSet::new(), Vec::new());
        for Given { name, value } in body.parameters {
            let known = self.parameters.iter().any(|parameter| parameter.name == name);
            let value = value.unwrap_or_default();
            if !known || !filters.set(&name, &value) {
                let what = if known { "has a value that is not accepted" } else { "is unknown" };
                problems.push((name.clone(), vec![format!("The parameter {name} {what}.")]));
            }
            seen.insert(name);
        }
        for missing in self.parameters.iter().filter(|one| one.required && !seen.contains(one.name)) {
            problems.push((
                missing.name.to_owned(),
                vec![format!("The parameter {} is required.", missing.name)],
            ));
        }
        if problems.is_empty() { Ok(filters) } else { Err(ApiError::fields(problems)) }
    }
}

impl Parameter {
    fn description(&self) -> Value {
        let columns = json!([{"name": "Value", "label": "Value"}, {"name": "Name", "label": "Name"}]);
        let accepts = match self.name {
            "DateType" => json!({"fields": columns, "dynamicSetId": null,
                "values": [[1, "Creation date"], [2, "Completion date"]]}),
            "BusinessUnitIds" => json!({"fields": columns, "dynamicSetId": UNITS, "values": null}),
            _ => Value::Null,
        };
        json!({
            "name": self.name,
            "label": self.name,
            "dataType": self.kind,
            "isArray": self.array,
            "isRequired": self.required,
            "acceptValues": accepts,
        })
    }
}

pub(super) fn day(value: &Value) -> Option<Date> {
    value.as_str()?.parse().ok()
}
