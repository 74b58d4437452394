//! A request's JSON body, checked against the shape that the provider declares.

use crate::servicetitan::{
    declared::{Declared, Field, Schema, Shape, Type},
    errors::ApiError,
    members::Members,
    query::{is_day, is_guid},
    time,
};
use serde_json::Value;

/// The problems found so far, by the path of the field.
type Problems = Vec<(String, Vec<String>)>;

/// Reads a body as a shape: the members of an object, none of a list. Missing and
/// misspelt fields are 400, all of them named; so are unknown fields and cases of enums,
/// unless `lenient`.
pub(crate) fn check(
    declared: &Declared,
    shape: &Shape,
    body: &str,
    lenient: bool,
) -> Result<Members, ApiError> {
    if let Type::Named(name) = &shape.ty {
        return read(declared, name, body, lenient);
    }
    let value = serde_json::from_str(body)
        .map_err(|error| ApiError::field("$", format!("The body is no JSON: {error}.")))?;
    let mut check = Check { declared, lenient, problems: Vec::new() };
    check.value("$", shape, &value);
    if check.problems.is_empty() { Ok(Members::default()) } else { Err(ApiError::fields(check.problems)) }
}

/// Whether a JSON text fits a shape.
pub(crate) fn fits(declared: &Declared, shape: &Shape, raw: &str) -> bool {
    let mut check = Check { declared, lenient: false, problems: Vec::new() };
    check.value("", shape, &serde_json::from_str(raw).unwrap_or_default());
    check.problems.is_empty()
}

/// Reads a body as the schema `name`.
pub(crate) fn read(declared: &Declared, name: &str, body: &str, lenient: bool) -> Result<Members, ApiError> {
    let members = Members::parse(body)
        .map_err(|error| ApiError::field("$", format!("The body is no JSON object: {error}.")))?;
    let mut check = Check { declared, lenient, problems: Vec::new() };
    if let Some(Schema::Record(fields)) = declared.schema(name) {
        let value = serde_json::from_str(body).unwrap_or(Value::Null);
        check.record("", fields, &value);
    }
    if check.problems.is_empty() { Ok(members) } else { Err(ApiError::fields(check.problems)) }
}

struct Check<'a> {
    declared: &'a Declared,
    lenient: bool,
    problems: Problems,
}

impl Check<'_> {
    fn problem(&mut self, path: &str, text: String) {
        self.problems.push((path.to_owned(), vec![text]));
    }

    fn record(&mut self, path: &str, fields: &[Field], value: &Value) {
        let Value::Object(object) = value else {
            return self.problem(path, "The value must be an object.".to_owned());
        };
        let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for field in fields {
            match object.get(&field.name) {
                None if field.optional || field.recent => {}
                None => self.problem(&inside(&field.name), format!("The {} field is required.", field.name)),
                Some(value) => self.value(&inside(&field.name), &field.shape, value),
            }
        }
        let lenient = self.lenient;
        for name in object.keys().filter(|name| !lenient && !fields.iter().any(|field| field.name == **name))
        {
            self.problem(&inside(name), format!("The field {name} is unknown."));
        }
    }

    fn value(&mut self, path: &str, shape: &Shape, value: &Value) {
        if value.is_null() {
            if !shape.nullable {
                self.problem(path, "The value must not be null.".to_owned());
            }
            return;
        }
        let declared = self.declared;
        let wanted = match &shape.ty {
            Type::Int => (!value.is_i64()).then_some("an integer"),
            Type::Int32 => {
                let fits = value.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
                (!fits).then_some("an integer of 32 bits")
            }
            Type::Number | Type::Decimal => (!value.is_number()).then_some("a number"),
            Type::Bool => (!value.is_boolean()).then_some("true or false"),
            Type::Text | Type::Amount | Type::Html => (!value.is_string()).then_some("a string"),
            Type::DateTime => value.as_str().and_then(time::parse).is_none().then_some("a date-time"),
            Type::Date => (!value.as_str().is_some_and(is_day)).then_some("a date"),
            Type::Guid => (!value.as_str().is_some_and(is_guid)).then_some("a GUID"),
            Type::Any => None,
            Type::Choice(cases) => self.unlisted(cases, value),
            Type::Map(inner) => match value {
                Value::Object(all) => {
                    all.iter().for_each(|(name, value)| self.value(&format!("{path}.{name}"), inner, value));
                    None
                }
                _ => Some("an object"),
            },
            Type::List(inner) => match value {
                Value::Array(all) => {
                    all.iter()
                        .enumerate()
                        .for_each(|(i, value)| self.value(&format!("{path}[{i}]"), inner, value));
                    None
                }
                _ => Some("a list"),
            },
            Type::Named(name) => match declared.schema(name) {
                Some(Schema::Record(fields)) => return self.record(path, fields, value),
                Some(Schema::Enum(cases)) => self.unlisted(cases, value),
                Some(Schema::Numbers(cases)) => {
                    let listed = value.as_i64().is_some_and(|number| self.lenient || cases.contains(&number));
                    (!listed).then_some("one of the choices")
                }
                None => None,
            },
        };
        if let Some(wanted) = wanted {
            self.problem(path, format!("The value must be {wanted}."));
        }
    }

    fn unlisted(&self, cases: &[String], value: &Value) -> Option<&'static str> {
        let text = value.as_str();
        let listed = text.is_some_and(|text| self.lenient || cases.iter().any(|case| case == text));
        (!listed).then_some("one of the choices")
    }
}
