//! What an answer that is no success says.
//!
//! ServiceTitan sends `ApiErrorResponse`, its form of RFC 9457: type, title, status,
//! traceId, errors, data. Gateways before it send HTML. Both are read leniently.

use crate::{
    policy::{classify::StatusRules, shown::visible_within},
    providers::api::{ApiError, Errors},
};
use serde_json::Value;

/// The longest text that is passed on from a provider's error, in characters.
const LONGEST: usize = 300;

pub(super) struct ApiErrors;

impl Errors for ApiErrors {
    fn status_rules(&self) -> StatusRules {
        StatusRules::default()
    }

    fn read(&self, status: u16, body: &[u8]) -> ApiError {
        read(status, body)
    }
}

fn read(status: u16, body: &[u8]) -> ApiError {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let Some(problem) = parsed.as_ref().and_then(Value::as_object) else {
        return ApiError {
            message: format!("HTTP {status} without a readable explanation"),
            ..ApiError::default()
        };
    };
    let text =
        |name: &str| problem.get(name).and_then(Value::as_str).map(shorten).filter(|text| !text.is_empty());
    // OAuth 2.0 (RFC 6749 section 5.2) says `error` and `error_description`.
    let message = text("title")
        .or_else(|| text("error_description"))
        .or_else(|| text("error"))
        .or_else(|| text("message"))
        .unwrap_or_else(|| format!("HTTP {status}"));
    let fields = problem.get("errors").and_then(Value::as_object).into_iter().flatten().flat_map(
        |(field, messages)| {
            let messages: Vec<String> = match messages {
                Value::Array(list) => list.iter().filter_map(Value::as_str).map(shorten).collect(),
                Value::String(one) => vec![shorten(one)],
                _ => Vec::new(),
            };
            messages.into_iter().map(move |message| (shorten(field), message))
        },
    );
    ApiError { message, trace_id: text("traceId"), fields: fields.take(50).collect() }
}

fn shorten(text: &str) -> String {
    visible_within(text, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_problem_document_is_read() {
        let body = br#"{"type":"x","title":"Bad page","status":400,"traceId":"t1","errors":{"pageSize":["too big","no"]},"data":{}}"#;
        let refusal = read(400, body);
        assert_eq!(refusal.message, "Bad page");
        assert_eq!(refusal.trace_id.as_deref(), Some("t1"));
        assert_eq!(refusal.fields, [("pageSize".into(), "too big".into()), ("pageSize".into(), "no".into())]);
    }

    #[test]
    fn html_is_not_passed_on() {
        let refusal = read(502, b"<html><h1>Bad gateway</h1>");
        assert_eq!(refusal.message, "HTTP 502 without a readable explanation");
        assert!(refusal.fields.is_empty());
    }

    #[test]
    fn long_texts_are_cut() {
        let body = format!(r#"{{"title":"{}"}}"#, "é".repeat(5000));
        assert_eq!(read(400, body.as_bytes()).message.chars().count(), LONGEST);
    }
}
