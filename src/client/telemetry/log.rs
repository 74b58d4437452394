//! Log lines: one JSON object each.
//!
//! Field names follow OpenTelemetry's semantic conventions where it has one. What is
//! logged is chosen field by field; nothing is dumped, so that no secret can slip in.

use crate::{
    codec::rfc3339,
    contract::{Failure, Outcome},
    host::Host,
    policy::time::WallTime,
    settings::common::LogLevel,
};
use serde_json::{Map, Value, json};

/// A log line that is being put together.
pub struct LogLine(Map<String, Value>);

impl LogLine {
    /// Begins one.
    #[must_use]
    pub fn new(now: WallTime, level: LogLevel, event: &str) -> LogLine {
        let mut fields = Map::new();
        fields.insert("ts".to_owned(), json!(rfc3339(now)));
        fields.insert("level".to_owned(), json!(level.name()));
        fields.insert("event".to_owned(), json!(event));
        LogLine(fields)
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> LogLine {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a field that may be absent.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> LogLine {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds what a failure says.
    #[must_use]
    pub fn failure(self, failure: &Failure) -> LogLine {
        let unsure = failure.outcome == Outcome::Unknown;
        self.with("error.type", failure.kind.name())
            .with("error.message", failure.message.as_str())
            .with("outcome", failure.outcome.name())
            .with_some("vendor.trace_id", failure.vendor_trace_id.as_deref())
            .with_some("attention", unsure.then_some("look before repeating"))
    }

    /// Hands it to the host.
    pub fn write<H: Host>(self, host: &H) {
        // A map with texts for keys always has a JSON form.
        if let Ok(line) = serde_json::to_string(&self.0) {
            host.log(&line);
        }
    }
}
