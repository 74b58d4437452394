//! What a request must look like.

use crate::{answer::Answer, request::Received};
use jiff::{civil::Date, tz::TimeZone};
use serde_json::{Value, json};

pub(crate) fn refusal(status: u16, detail: &str) -> Answer {
    Answer::new(status, "application/json", json!({ "detail": detail }).to_string())
}

/// A 422 that names what is wrong.
fn invalid(place: &str, name: &str, message: &str) -> Answer {
    let detail = json!([{ "loc": [place, name], "msg": message, "type": "value_error" }]);
    Answer::new(422, "application/json", json!({ "detail": detail }).to_string())
}

/// The parameters of a query, each of which is known and comes once.
pub(crate) fn query(request: &Received, known: &[&str]) -> Result<Vec<(String, String)>, Answer> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        if !known.contains(&&*name) {
            return Err(invalid("query", &name, "extra fields not permitted"));
        }
        if pairs.iter().any(|(given, _)| *given == name) {
            return Err(invalid("query", &name, "comes twice"));
        }
        pairs.push((name.into_owned(), value.into_owned()));
    }
    Ok(pairs)
}

pub(crate) fn find<'q>(pairs: &'q [(String, String)], name: &str) -> Option<&'q str> {
    pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

pub(crate) fn number(
    pairs: &[(String, String)],
    name: &str,
    default: usize,
    most: usize,
) -> Result<usize, Answer> {
    match find(pairs, name).map(str::parse) {
        None => Ok(default),
        Some(Ok(number)) if number <= most => Ok(number),
        Some(_) => Err(invalid("query", name, &format!("must be 0 to {most}"))),
    }
}

pub(crate) fn date(pairs: &[(String, String)], name: &str) -> Result<Option<Date>, Answer> {
    let Some(text) = find(pairs, name) else { return Ok(None) };
    let date = text.parse().ok().filter(|date: &Date| date.to_string() == text);
    date.map(Some).ok_or_else(|| invalid("query", name, "invalid date format"))
}

pub(crate) fn needed<T>(value: Option<T>, name: &str) -> Result<T, Answer> {
    value.ok_or_else(|| invalid("query", name, "field required"))
}

/// The time zone that a header names, and its name.
pub(crate) fn zone(request: &Received) -> Result<(TimeZone, String), Answer> {
    let name = request.header("timezone").unwrap_or("UTC");
    let zone = TimeZone::get(name).map_err(|_| refusal(400, "The invalid timezone is provided"))?;
    Ok((zone, name.to_owned()))
}

/// The user that a header names.
pub(crate) fn user(request: &Received) -> Result<String, Answer> {
    let user = request.header("x-user-id").ok_or_else(|| invalid("header", "x-user-id", "field required"))?;
    if user.is_empty() || user.contains(char::is_whitespace) {
        return Err(refusal(400, "The format of x-user-id is invalid"));
    }
    Ok(user.to_owned())
}

/// The `metadata` of a body; `required` as a PUT wants it.
pub(crate) fn metadata(request: &Received, required: bool) -> Result<Value, Answer> {
    if request.header("content-type").is_none_or(|kind| !kind.starts_with("application/json")) {
        return Err(refusal(415, "content type must be application/json"));
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| invalid("body", "$", "no JSON"))?;
    let Some(body) = body.as_object() else { return Err(invalid("body", "$", "must be an object")) };
    if let Some(other) = body.keys().find(|name| *name != "metadata") {
        return Err(invalid("body", other, "extra fields not permitted"));
    }
    let metadata = match body.get("metadata") {
        None if required => return Err(invalid("body", "metadata", "field required")),
        None | Some(Value::Null) => return Ok(Value::Null),
        Some(metadata) => metadata,
    };
    let Some(members) = metadata.as_object() else {
        return Err(invalid("body", "metadata", "must be an object"));
    };
    for (name, value) in members {
        let within = |least: f64, most: f64| value.as_f64().is_some_and(|n| (least..=most).contains(&n));
        let whole = value.is_u64();
        let fits = value.is_null()
            || match name.as_str() {
                "birth_year" => whole && within(1900.0, 2026.0),
                "birth_month" => whole && within(1.0, 12.0),
                "birth_day" => whole && within(1.0, 31.0),
                "gender" => value.as_str().is_some_and(|text| {
                    ["male", "female", "non_binary", "other", "prefer_not_to_say"].contains(&text)
                }),
                "height" => within(0.0, 300.0),
                "weight" => within(0.0, 1000.0),
                _ => false,
            };
        if !fits {
            let detail = json!([{ "loc": ["body", "metadata", name], "msg": "is not allowed", "type": "x" }]);
            return Err(Answer::new(422, "application/json", json!({ "detail": detail }).to_string()));
        }
    }
    Ok(metadata.clone())
}
