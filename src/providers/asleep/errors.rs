//! What an answer that is no success says: `{"detail": ...}`, a sentence or, for a 422, a
//! list of what is wrong.
//!
//! There are no codes. The status says most; a 403 is told apart by its sentence alone.

use crate::{
    contract::FailureKind,
    policy::{
        classify::{Class, Effect, Reason, StatusRule, StatusRules},
        shown::visible_within,
    },
    providers::api::{ApiError, ErrorClass, Errors},
};
use serde_json::Value;

pub(super) struct Details;

impl Errors for Details {
    fn status_rules(&self) -> StatusRules {
        StatusRules::STANDARD
    }

    fn classify(&self, status: u16, body: &[u8]) -> Option<ErrorClass> {
        classify(status, body)
    }

    fn read(&self, status: u16, body: &[u8]) -> ApiError {
        read(status, body)
    }
}

/// The longest text that is passed on from a provider's error, in characters.
const LONGEST: usize = 300;

/// The most complaints that are passed on.
const MOST: usize = 50;

/// What a sentence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// Too many requests: it passes.
    RateLimit,
    /// The contract's quota is used up.
    Quota,
    /// The contract has expired.
    Plan,
    User,
    Session,
    Timezone,
    Period,
}

/// The documents spell the sentences differently, so that only what they have in common
/// counts.
fn about(status: u16, detail: &str) -> Option<About> {
    let detail = detail.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| detail.contains(word));
    match status {
        403 if says(&["rate limit", "too many requests"]) => Some(About::RateLimit),
        403 if says(&["quota"]) => Some(About::Quota),
        403 if says(&["plan"]) && says(&["expire"]) => Some(About::Plan),
        400 | 401 if says(&["user-id", "user_id", "user id"]) => Some(About::User),
        400 if says(&["session id", "session_id", "session-id"]) => Some(About::Session),
        400 if says(&["timezone", "time zone"]) => Some(About::Timezone),
        400 if says(&["period"]) => Some(About::Period),
        _ => None,
    }
}

/// What a refusal means, where its status does not tell.
fn classify(status: u16, body: &[u8]) -> Option<ErrorClass> {
    let document = serde_json::from_slice::<Value>(body).ok()?;
    let (class, reason, kind) = match about(status, &sentence(&document)?)? {
        About::RateLimit => (Class::Throttled, Reason::RateLimited, FailureKind::RateLimited),
        // It is the caller's id that is refused, and not the key.
        About::User if status == 401 => (Class::Final, Reason::Rejected, FailureKind::Rejected),
        _ => return None,
    };
    Some(ErrorClass { rule: StatusRule { class, effect: Effect::NotApplied, reason }, kind })
}

fn read(status: u16, body: &[u8]) -> ApiError {
    let document: Option<Value> = serde_json::from_slice(body).ok();
    let Some(document) = document.filter(Value::is_object) else {
        let message = format!("HTTP {status} without a readable explanation");
        return ApiError { message, ..ApiError::default() };
    };
    let complaints = complaints(&document);
    let message = sentence(&document).unwrap_or_else(|| match complaints.as_slice() {
        [] => format!("HTTP {status}"),
        [(field, message), ..] => shorten(&format!("{field}: {message}")),
    });
    let fields = match about(status, &message).and_then(field) {
        Some(field) if complaints.is_empty() => vec![(field.to_owned(), message.clone())],
        _ => complaints,
    };
    ApiError { message, trace_id: None, fields }
}

/// The caller's name for what a sentence is about.
fn field(about: About) -> Option<&'static str> {
    match about {
        About::RateLimit => None,
        About::Quota => Some("quota"),
        About::Plan => Some("plan"),
        About::User => Some("user_id"),
        About::Session => Some("session_id"),
        About::Timezone => Some("timezone"),
        About::Period => Some("end_date"),
    }
}

fn sentence(document: &Value) -> Option<String> {
    let detail = document.get("detail").or_else(|| document.get("message"))?;
    detail.as_str().map(shorten).filter(|text| !text.is_empty())
}

/// The list of a 422: `loc` is a path whose first step is where the value stood.
fn complaints(document: &Value) -> Vec<(String, String)> {
    let list = document.get("detail").and_then(Value::as_array).into_iter().flatten();
    list.take(MOST)
        .map(|complaint| {
            let steps = complaint.get("loc").and_then(Value::as_array).into_iter().flatten();
            let steps = steps.map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned));
            let path: Vec<String> =
                steps.filter(|step| !["body", "query", "path", "header"].contains(&step.as_str())).collect();
            let path = if path.is_empty() { "$".to_owned() } else { path.join(".") };
            let message = complaint.get("msg").and_then(Value::as_str).unwrap_or("is refused");
            (shorten(&path), shorten(message))
        })
        .collect()
}

fn shorten(text: &str) -> String {
    visible_within(text, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(text: &str) -> Vec<u8> {
        serde_json::json!({ "detail": text }).to_string().into_bytes()
    }

    #[test]
    fn a_403_is_told_apart_by_its_sentence() {
        let class = |text| classify(403, &detail(text)).map(|meaning| meaning.rule.class);
        for limit in ["Rate limit exceeded", "RATE LIMIT", "too many requests"] {
            assert_eq!(class(limit), Some(Class::Throttled), "{limit}");
        }
        for (text, field) in
            [("Quota exceeded", Some("quota")), ("Plan is expired", Some("plan")), ("Forbidden", None)]
        {
            assert_eq!(class(text), None, "{text}");
            let fields = read(403, &detail(text)).fields;
            assert_eq!(fields.first().map(|(field, _)| field.as_str()), field, "{text}");
        }
        assert_eq!(classify(403, b"<html>rate limit</html>"), None);
    }

    #[test]
    fn the_id_of_a_user_is_not_the_key() {
        for text in ["user_id is invalid", "x-user-id is invalid", "invalid user id"] {
            assert_eq!(classify(401, &detail(text)).map(|m| m.kind), Some(FailureKind::Rejected), "{text}");
        }
        for text in ["user agent is empty", "invalid api key"] {
            assert_eq!(classify(401, &detail(text)), None, "{text}");
        }
    }

    #[test]
    fn the_list_of_a_422_names_the_fields() {
        let body =
            br#"{"detail":[{"loc":["body","metadata","height"],"msg":"too tall","type":"x"},{"msg":7}]}"#;
        let refusal = read(422, body);
        assert_eq!(refusal.message, "metadata.height: too tall");
        assert_eq!(
            refusal.fields,
            [("metadata.height".into(), "too tall".into()), ("$".into(), "is refused".into())]
        );
    }

    #[test]
    fn what_is_no_json_is_not_passed_on() {
        for body in ["", "<html>", "[]", "null"] {
            let refusal = read(403, body.as_bytes());
            assert_eq!(refusal.message, "HTTP 403 without a readable explanation", "{body}");
        }
    }
}
