//! A log line, as far as others are told of it.

use serde_json::{Map, Value};

/// Failures that are the caller's own: nobody is woken for them.
const OF_CALLERS: [&str; 6] = ["bad-input", "cancelled", "conflict", "not-found", "role", "unavailable"];

/// What a line says.
pub(super) struct Line(Map<String, Value>);

impl Line {
    pub(super) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok().map(Self)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// A call that has ended: its operation and how it ended, `ok` or the kind of the failure.
    pub(super) fn call(&self) -> Option<(&str, &str)> {
        let operation = self.text("operation").filter(|_| self.text("event") == Some("call"))?;
        Some((operation, self.text("error.type").unwrap_or("ok")))
    }

    /// Whether somebody ought to be told: a line of level `error`, and a call that failed by what is not the caller's own.
    pub(super) fn is_trouble(&self) -> bool {
        let failed = self.call().is_some_and(|(_, result)| result != "ok" && !OF_CALLERS.contains(&result));
        failed || self.text("level") == Some("error")
    }

    /// What happened, in one line.
    pub(super) fn title(&self) -> String {
        let event = self.text("event").or_else(|| self.text("message")).unwrap_or("a log line");
        match (self.text("operation"), self.text("error.type"), self.text("error.message")) {
            (Some(operation), Some(kind), Some(message)) => format!("{operation}: {kind}: {message}"),
            (_, _, Some(message)) => format!("{event}: {message}"),
            _ => event.to_owned(),
        }
    }

    /// What it says besides.
    pub(super) fn rest(&self) -> Map<String, Value> {
        let told = ["ts", "timestamp", "level", "trace_id", "span_id"];
        let rest = self.0.iter().filter(|(name, _)| !told.contains(&name.as_str()));
        rest.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: &str, event: &str, kind: Option<&str>) -> Line {
        let mut line = serde_json::json!({ "level": level, "event": event, "operation": "jpm.jobs-get" });
        if let Some(kind) = kind {
            line["error.type"] = kind.into();
            line["error.message"] = "words".into();
        }
        Line::parse(&line.to_string()).unwrap()
    }

    #[test]
    fn trouble_is_what_no_caller_can_mend() {
        for (level, event, kind, is_trouble) in [
            ("info", "call", None, false),
            ("warn", "call", Some("vendor"), true),
            ("warn", "call", Some("authentication"), true),
            ("warn", "call", Some("not-found"), false),
            ("warn", "call", Some("unavailable"), false),
            ("warn", "retry", Some("vendor"), false),
            ("error", "variable", None, true),
        ] {
            assert_eq!(line(level, event, kind).is_trouble(), is_trouble, "{level} {event} {kind:?}");
        }
        assert_eq!(line("warn", "call", Some("vendor")).title(), "jpm.jobs-get: vendor: words");
        assert_eq!(line("error", "variable", None).title(), "variable");
    }
}
