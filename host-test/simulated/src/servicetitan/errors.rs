//! The provider's error answers: `ApiErrorResponse`, modelled on problem details (RFC 9457).

use crate::answer::Answer;
use serde_json::{Map, Value, json};

/// A refusal, before it becomes an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) title: String,
    /// What is wrong with which field.
    pub(crate) errors: Vec<(String, Vec<String>)>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl ApiError {
    pub(crate) fn new(status: u16, title: impl Into<String>) -> Self {
        Self { status, title: title.into(), errors: Vec::new(), headers: Vec::new() }
    }

    /// 400 for one field.
    pub(crate) fn field(name: &str, problem: impl Into<String>) -> Self {
        Self::fields(vec![(name.to_owned(), vec![problem.into()])])
    }

    /// 400 for several fields.
    pub(crate) fn fields(errors: Vec<(String, Vec<String>)>) -> Self {
        Self { errors, ..Self::new(400, "One or more validation errors occurred.") }
    }

    /// 404 for a record that is not there.
    pub(crate) fn absent(what: &str, id: i64) -> Self {
        Self::new(404, format!("{what} {id} was not found."))
    }

    /// 409 for a transition that is impossible.
    pub(crate) fn conflict(title: impl Into<String>) -> Self {
        Self::new(409, title)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer, with the trace id that it carries.
    pub(crate) fn answer(self, trace: &str) -> Answer {
        let errors: Map<String, Value> =
            self.errors.into_iter().map(|(name, all)| (name, json!(all))).collect();
        let section = match self.status {
            400..=499 => "15.5",
            _ => "15.6",
        };
        let body = json!({
            "type": format!("https://www.rfc-editor.org/rfc/rfc9110#section-{section}"),
            "title": self.title,
            "status": self.status,
            "traceId": trace,
            "errors": errors,
            "data": {},
        });
        let mut answer =
            Answer::new(self.status, "application/problem+json; charset=utf-8", body.to_string());
        answer.headers = self.headers;
        answer
    }
}
