//! What a report asks for: its parameters, held against its description before its data is
//! asked for, which the provider answers once a minute.

use crate::{
    call::Call,
    contract::{
        FieldError,
        catalogue::{self, nearest},
    },
    failure::printable,
};
use jiff::civil::{Date, DateTime, Time};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use std::collections::BTreeSet;

/// The most values that an error lists.
const MOST_LISTED: usize = 10;

/// The description of the report whose data this call asks for, at once or later.
pub(super) fn description(call: &Call) -> Option<Call> {
    let path = call.operation.path;
    if !path.ends_with("/reports/{reportId}/data") && !path.ends_with("/reports/{reportId}/data/query") {
        return None;
    }
    let operation = catalogue::find("servicetitan", "reporting.reports-get").ok()?;
    Some(Call::new(operation, call.segments.clone(), Vec::new(), None))
}

#[derive(Deserialize)]
struct Description {
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    name: String,
    #[serde(default)]
    data_type: String,
    #[serde(default)]
    is_array: bool,
    #[serde(default)]
    is_required: bool,
    accept_values: Option<Accepted>,
}

/// Rows whose first column is the key that is sent, and whose second is its name.
#[derive(Deserialize)]
struct Accepted {
    values: Option<Vec<Vec<Value>>>,
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    parameters: Vec<Given<'a>>,
}

#[derive(Deserialize)]
struct Given<'a> {
    name: String,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// Everything in a call that does not fit the description of its report; none if that
/// cannot be read.
pub(super) fn violations(call: &Call, description: &[u8]) -> Option<Vec<FieldError>> {
    let description: Description = serde_json::from_slice(description).ok()?;
    let asked: Asked<'_> = serde_json::from_slice(call.body.as_deref()?).ok()?;
    let mut wrong = Vec::new();
    let mut complain = |name: &str, message: String| {
        wrong.push(FieldError::new(printable(name), message));
    };
    let mut seen = BTreeSet::new();
    for given in &asked.parameters {
        let name = given.name.as_str();
        if !seen.insert(name) {
            complain(name, "is given more than once".to_owned());
            continue;
        }
        match description.parameters.iter().find(|known| known.name == name) {
            None => complain(name, unknown(name, &description)),
            Some(known) => {
                let value = given.value.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
                if let Err(message) = known.check(value.as_ref()) {
                    complain(name, message);
                }
            }
        }
    }
    for missing in description.parameters.iter().filter(|known| !seen.contains(known.name.as_str())) {
        if missing.is_required {
            complain(&missing.name, format!("is missing: {}", missing.kind()));
        }
    }
    Some(wrong)
}

fn unknown(name: &str, description: &Description) -> String {
    let known = || description.parameters.iter().map(|parameter| parameter.name.as_str());
    match (nearest(name, known()), known().next()) {
        (Some(near), _) => {
            format!("is no parameter of this report; did you mean `{}`?", printable(near))
        }
        (None, Some(_)) => {
            // A report has as many as its owner likes, of any name.
            let listed: Vec<String> = known().take(MOST_LISTED).map(printable).collect();
            let more = if known().count() > MOST_LISTED { " and others" } else { "" };
            format!("is no parameter of this report, which has {}{more}", listed.join(", "))
        }
        (None, None) => "is no parameter of this report, which has none".to_owned(),
    }
}

impl Parameter {
    /// # Errors
    /// What it must be instead. The value itself is not repeated: it may be personal.
    fn check(&self, value: Option<&Value>) -> Result<(), String> {
        let values = match value {
            None | Some(Value::Null) if self.is_required => return Err(format!("is empty: {}", self.kind())),
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Array(values)) if self.is_array => values.as_slice(),
            Some(Value::Array(_)) => return Err(format!("must be one value: {}", self.kind())),
            Some(_) if self.is_array => return Err(format!("must be {}", self.kind())),
            Some(value) => std::slice::from_ref(value),
        };
        if self.is_required && values.is_empty() {
            return Err(format!("is empty: {}", self.kind()));
        }
        if values.iter().any(|value| !self.fits(value)) {
            return Err(format!("must be {}", self.kind()));
        }
        let listed = self.accept_values.as_ref().and_then(|accepted| accepted.values.as_deref());
        match listed.filter(|rows| !rows.is_empty()) {
            Some(rows) => values.iter().try_for_each(|value| accept(value, rows)),
            None => Ok(()),
        }
    }

    /// What it takes, in words.
    fn kind(&self) -> String {
        let (one, many) = match self.data_type.as_str() {
            "String" => ("a text", "texts"),
            "Number" => ("a number", "numbers"),
            "Boolean" => ("true or false", "true or false"),
            "Date" => ("a date such as \"2026-11-20\"", "dates such as \"2026-11-20\""),
            "Time" => ("a time such as \"14:30\"", "times such as \"14:30\""),
            _ => ("a value", "values"),
        };
        if self.is_array { format!("a list of {many}") } else { one.to_owned() }
    }

    /// Whether a value is of its kind. A kind that is not known takes everything.
    fn fits(&self, value: &Value) -> bool {
        let text = value.as_str();
        let is_moment = |text: &str| text.contains('T') && text.parse::<DateTime>().is_ok();
        match self.data_type.as_str() {
            "String" => text.is_some(),
            "Number" => value.is_number(),
            "Boolean" => value.is_boolean(),
            "Date" => text.is_some_and(|text| text.parse::<Date>().is_ok()),
            "Time" => text.is_some_and(|text| text.parse::<Time>().is_ok() || is_moment(text)),
            _ => true,
        }
    }
}

/// # Errors
/// The values that there are, as far as they fit one line.
fn accept(value: &Value, rows: &[Vec<Value>]) -> Result<(), String> {
    let keys = || rows.iter().filter_map(|row| row.first()).map(plain);
    let given = plain(value);
    if keys().any(|key| key == given) {
        return Ok(());
    }
    let all: Vec<String> = keys().collect();
    if let Some(near) = value.as_str().and_then(|text| nearest(text, all.iter().map(String::as_str))) {
        return Err(format!("has a value that is not accepted; did you mean `{}`?", printable(near)));
    }
    let listed = rows.iter().take(MOST_LISTED).filter_map(|row| {
        let key = row.first().map(plain)?;
        Some(match row.get(1).and_then(Value::as_str) {
            Some(name) => format!("{} ({})", printable(&key), printable(name)),
            None => printable(&key),
        })
    });
    let more = if rows.len() > MOST_LISTED { " and others" } else { "" };
    Err(format!("must be one of {}{more}", listed.collect::<Vec<_>>().join(", ")))
}

/// A value without the quotes of a text: the columns of such rows are not always of the
/// kind that they are said to be.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(names: &[&str]) -> String {
        let parameters: Vec<Value> = names.iter().map(|name| serde_json::json!({ "name": name })).collect();
        let described = serde_json::json!({ "parameters": parameters }).to_string();
        unknown("Zzz", &serde_json::from_str(&described).unwrap())
    }

    /// The names are those that a report's owner chose.
    #[test]
    fn what_a_report_has_is_told_in_one_short_line() {
        assert_eq!(wrong(&["A\tb", "C"]), "is no parameter of this report, which has A\\tb, C");
        assert!(wrong(&["Zz\u{1b}z"]).ends_with("did you mean `Zz\\u{1b}z`?"));
        let many: Vec<String> = (0..5000).map(|number| format!("P{number}")).collect();
        let told = wrong(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(told.ends_with("P8, P9 and others"), "{told}");
    }
}
