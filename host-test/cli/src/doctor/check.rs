//! What was looked at, and how it stands.

use serde_json::{Value, json};
use std::time::Duration;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    /// It could not be looked at, or there is nothing to look at.
    Skip,
    Pass,
    /// It works, and somebody should see to it.
    Warn,
    Fail,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Status::Skip => "skip",
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
        }
    }
}

/// One check.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) status: Status,
    /// What was found.
    message: String,
    /// What to do about it.
    cure: Option<String>,
    took: Option<Duration>,
    /// Until credentials are due.
    days: Option<i64>,
}

impl Check {
    fn new(name: &'static str, status: Status, message: impl Into<String>) -> Self {
        Self { name, status, message: message.into(), cure: None, took: None, days: None }
    }

    pub(super) fn pass(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Status::Pass, message)
    }

    pub(super) fn skip(name: &'static str, message: impl Into<String>) -> Self {
        Self::new(name, Status::Skip, message)
    }

    pub(super) fn warn(name: &'static str, message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { cure: Some(cure.into()), ..Self::new(name, Status::Warn, message) }
    }

    pub(super) fn fail(name: &'static str, message: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { cure: Some(cure.into()), ..Self::new(name, Status::Fail, message) }
    }

    pub(super) fn took(self, took: Duration) -> Self {
        Self { took: Some(took), ..self }
    }

    pub(super) fn days(self, days: i64) -> Self {
        Self { days: Some(days), ..self }
    }

    /// For people: what was found, and below it what to do.
    pub(super) fn lines(&self) -> Vec<String> {
        let took = self.took.map_or_else(String::new, |took| format!(" ({} ms)", took.as_millis()));
        let found = format!("{:4}  {:13}  {}{took}", self.status.name(), self.name, self.message);
        let cure = self.cure.iter().map(|cure| format!("{:19}  {cure}", ""));
        std::iter::once(found).chain(cure).collect()
    }

    /// For programs.
    pub(super) fn document(&self) -> Value {
        let mut told = json!({ "name": self.name, "status": self.status.name(), "message": self.message });
        let optional = [
            ("cure", self.cure.as_deref().map(Value::from)),
            (
                "response_time_ms",
                self.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX).into()),
            ),
            ("days_until_expiration", self.days.map(Value::from)),
        ];
        for (name, value) in optional {
            if let (Some(value), Some(members)) = (value, told.as_object_mut()) {
                members.insert(name.to_owned(), value);
            }
        }
        told
    }
}
