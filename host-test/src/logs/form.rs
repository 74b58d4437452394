//! The forms that a log line may have.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Logs;

/// What service the lines are of, for those who gather lines of several.
const SERVICE: &str = "penstock";

/// In which form log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogForm {
    /// As the component writes them: one JSON object a line, with `ts`, `level` and `event`.
    #[default]
    Json,
    /// For people, at a terminal: time, level, event, and what else there is.
    Console,
    /// JSON with the names of OpenTelemetry's log data model: `body`, `severity_text`, `severity_number`, `trace_id`,
    /// `span_id`, `attributes`, `resource`. <https://opentelemetry.io/docs/specs/otel/logs/data-model/>
    OpenTelemetry,
    /// JSON with the names of DataDog's standard attributes: `message`, `status`, `service`, `dd.trace_id` and, in decimal,
    /// `dd.span_id`. <https://docs.datadoghq.com/logs/log_configuration/attributes_naming_convention/>
    DataDog,
}

impl LogForm {
    /// The one of this name: `json`, `console`, `opentelemetry` or `datadog`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let forms = [
            ("json", Self::Json),
            ("console", Self::Console),
            ("opentelemetry", Self::OpenTelemetry),
            ("datadog", Self::DataDog),
        ];
        forms.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, form)| form)
    }

    /// A line in this form. What is no JSON object stays as it is.
    #[must_use]
    pub fn written(self, line: &str) -> String {
        let Ok(fields) = serde_json::from_str::<Map<String, Value>>(line) else { return line.to_owned() };
        let fields = Fields::of(fields);
        match self {
            Self::Json => line.to_owned(),
            Self::Console => fields.console(),
            Self::OpenTelemetry => fields.opentelemetry(),
            Self::DataDog => fields.datadog(),
        }
    }
}

impl Logs {
    /// The same, in this form.
    #[must_use]
    pub fn form(self, form: LogForm) -> Self {
        match form {
            LogForm::Json => self,
            form => Self::new(move |line| self.write(&form.written(line))),
        }
    }
}

/// A line, taken apart.
struct Fields {
    time: String,
    level: String,
    text: String,
    trace_id: Option<String>,
    span_id: Option<String>,
    rest: Map<String, Value>,
}

impl Fields {
    fn of(mut fields: Map<String, Value>) -> Self {
        let mut take = |names: &[&str]| {
            names.iter().find_map(|name| match fields.get(*name) {
                Some(Value::String(_)) => {
                    fields.remove(*name).and_then(|text| text.as_str().map(str::to_owned))
                }
                _ => None,
            })
        };
        Self {
            time: take(&["ts", "timestamp"]).unwrap_or_else(|| Timestamp::now().to_string()),
            level: take(&["level"]).unwrap_or_else(|| "info".to_owned()),
            text: take(&["event", "message"]).unwrap_or_default(),
            trace_id: take(&["trace_id"]),
            span_id: take(&["span_id"]),
            rest: fields,
        }
    }

    /// OpenTelemetry's short name and number.
    fn severity(&self) -> (&'static str, u8) {
        match self.level.as_str() {
            "error" => ("ERROR", 17),
            "warn" => ("WARN", 13),
            "debug" => ("DEBUG", 5),
            _ => ("INFO", 9),
        }
    }

    fn console(self) -> String {
        // The day is known to who looks.
        let time = self.time.split_once('T').map_or(self.time.as_str(), |(_, time)| time);
        let mut line = format!("{time} {:5} {}", self.severity().0, self.text);
        for (name, value) in &self.rest {
            // Writing into a text does not fail.
            _ = match value {
                Value::String(text) if !text.contains([' ', '"', '=']) && !text.is_empty() => {
                    write!(line, " {name}={text}")
                }
                value => write!(line, " {name}={value}"),
            };
        }
        line
    }

    fn opentelemetry(self) -> String {
        let (text, number) = self.severity();
        let mut line = json!({
            "timestamp": self.time,
            "severity_text": text,
            "severity_number": number,
            "body": self.text,
            "attributes": self.rest,
            "resource": { "service.name": SERVICE },
        });
        for (name, id) in [("trace_id", self.trace_id), ("span_id", self.span_id)] {
            if let (Some(id), Some(members)) = (id, line.as_object_mut()) {
                members.insert(name.to_owned(), id.into());
            }
        }
        line.to_string()
    }

    fn datadog(self) -> String {
        let mut line = self.rest;
        // Its levels go by the first letters of these.
        line.insert("status".to_owned(), self.level.into());
        line.insert("timestamp".to_owned(), self.time.into());
        line.insert("message".to_owned(), self.text.into());
        line.insert("service".to_owned(), SERVICE.into());
        line.extend(self.trace_id.map(|id| ("dd.trace_id".to_owned(), id.into())));
        let span_id = self.span_id.and_then(|id| u64::from_str_radix(&id, 16).ok());
        line.extend(span_id.map(|id| ("dd.span_id".to_owned(), id.to_string().into())));
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"ts":"2026-11-30T12:00:00Z","level":"warn","event":"call","operation":"jpm.jobs-list","attempts":2,"error.message":"two words","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"}"#;

    fn written(form: &str) -> Value {
        serde_json::from_str(&LogForm::parse(form).unwrap().written(LINE)).unwrap()
    }

    #[test]
    fn each_form_has_the_names_that_its_readers_know() {
        let attributes = json!({ "operation": "jpm.jobs-list", "attempts": 2, "error.message": "two words" });
        let expected = json!({
            "timestamp": "2026-11-30T12:00:00Z", "severity_text": "WARN", "severity_number": 13, "body": "call",
            "attributes": attributes, "resource": { "service.name": "penstock" },
            "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331",
        });
        assert_eq!(written("opentelemetry"), expected);
        let expected = json!({
            "timestamp": "2026-11-30T12:00:00Z", "status": "warn", "message": "call", "service": "penstock",
            "operation": "jpm.jobs-list", "attempts": 2, "error.message": "two words",
            "dd.trace_id": "0af7651916cd43dd8448eb211c80319c", "dd.span_id": "13235353014750950193",
        });
        assert_eq!(written("DataDog"), expected);
        let console = LogForm::Console.written(LINE);
        assert!(console.starts_with("12:00:00Z WARN  call "), "{console}");
        for field in [" attempts=2", r#" error.message="two words""#, " operation=jpm.jobs-list"] {
            assert!(console.contains(field), "{console}");
        }
        assert_eq!(written("json"), serde_json::from_str::<Value>(LINE).unwrap());
        assert_eq!(LogForm::parse("xml"), None);
    }

    #[test]
    fn a_line_that_is_no_object_stays_as_it_is() {
        for form in [LogForm::Json, LogForm::Console, LogForm::OpenTelemetry, LogForm::DataDog] {
            assert_eq!(form.written("a panic: 7"), "a panic: 7");
        }
        let (logs, captured) = Logs::captured();
        logs.form(LogForm::DataDog).event("info", "started");
        assert!(captured.contains(r#""message":"started""#) && captured.contains(r#""service":"penstock""#));
    }
}
