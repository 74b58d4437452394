//! The Prometheus text format 0.0.4, as it is written.

use std::fmt::{Display, Write};

/// Metrics, each with its samples. All names begin with `penstock_`.
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// Begins a metric; its samples follow. `kind` is `counter`, `gauge` or `histogram`.
    pub fn metric(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        _ = write!(self.0, "# HELP penstock_{name} {help}\n# TYPE penstock_{name} {kind}\n");
    }

    /// A sample of it. Values of labels are escaped.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        _ = write!(self.0, "penstock_{name}");
        for (at, (label, text)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let text = text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            _ = write!(self.0, "{before}{label}=\"{text}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        _ = writeln!(self.0, "{end} {value}");
    }

    /// A metric with one sample and no labels.
    pub fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.metric(name, kind, help);
        self.sample(name, &[], value);
    }

    /// The text, whose last line ends.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_prometheus_reads_it() {
        let mut text = Exposition::default();
        text.single("pages_total", "counter", "Pages.", 3);
        text.metric("calls_total", "counter", "Calls.");
        text.sample("calls_total", &[("operation", "a"), ("result", "\"\\\n")], 1);
        let expected = "# HELP penstock_pages_total Pages.\n# TYPE penstock_pages_total counter\n\
                        penstock_pages_total 3\n\
                        # HELP penstock_calls_total Calls.\n# TYPE penstock_calls_total counter\n\
                        penstock_calls_total{operation=\"a\",result=\"\\\"\\\\\\n\"} 1\n";
        assert_eq!(text.into_text(), expected);
    }
}
