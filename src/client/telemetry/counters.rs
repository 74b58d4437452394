//! What the component has done, as counters.
//!
//! Labels are an operation's name and a reason: both from closed lists, so that no
//! tenant, id or error text can multiply the series.

use super::exposition::Exposition;
use litemap::LiteMap;
use serde_json::{Map, Value, json};
use std::{fmt, time::Duration};

/// Upper bounds of the duration histogram, in milliseconds: those of OpenTelemetry's
/// `http.client.request.duration`.
const BUCKETS: [u64; 14] = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

/// The counters.
#[derive(Debug, Default)]
pub struct Counters {
    calls: LiteMap<(&'static str, &'static str), u64>,
    durations: LiteMap<&'static str, Histogram>,
    requests: LiteMap<u16, u64>,
    retries: LiteMap<&'static str, u64>,
    token_fetches: u64,
    slot_changes: u64,
    pages: u64,
    records: u64,
}

/// Seconds with a fraction only if there is one. Formatting of floating-point numbers would
/// be eleven kilobytes of code.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:09}", self.0.subsec_nanos());
        match fraction.trim_end_matches('0') {
            "" => write!(out, "{}", self.0.as_secs()),
            fraction => write!(out, "{}.{fraction}", self.0.as_secs()),
        }
    }
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: Duration,
}

impl Counters {
    /// A call ended; `result` is `ok` or the failure's kind.
    pub fn call(&mut self, operation: &'static str, result: &'static str, took: Duration) {
        *self.calls.entry((operation, result)).or_default() += 1;
        let histogram = self.durations.entry(operation).or_default();
        histogram.count += 1;
        histogram.sum = histogram.sum.saturating_add(took);
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(took <= Duration::from_millis(bound));
        }
    }

    /// A request was sent to the API; status 0 stands for no answer.
    pub fn request(&mut self, status: u16) {
        *self.requests.entry(status).or_default() += 1;
    }

    /// A request is to be sent again.
    pub fn retry(&mut self, reason: &'static str) {
        *self.retries.entry(reason).or_default() += 1;
    }

    /// A token was asked for.
    pub fn token_fetch(&mut self) {
        self.token_fetches += 1;
    }

    /// Other credentials of an account are in use than before.
    pub fn credential_slot_change(&mut self) {
        self.slot_changes += 1;
    }

    /// A page of a list came.
    pub fn page(&mut self) {
        self.pages += 1;
    }

    /// Records of a list were delivered.
    pub fn records(&mut self, records: usize) {
        self.records += records as u64;
    }

    /// The counters as the members of a JSON object.
    #[must_use]
    pub fn snapshot(&self) -> Map<String, Value> {
        let calls = self.calls.iter().map(|((operation, result), count)| {
            json!({ "operation": operation, "result": result, "count": count })
        });
        let durations = self.durations.iter().map(|(operation, histogram)| {
            let mean = histogram.sum.as_secs_f64() / histogram.count.max(1) as f64;
            json!({ "operation": operation, "count": histogram.count, "meanSeconds": mean })
        });
        let (mut requests, mut retries) = (Map::new(), Map::new());
        for (status, count) in self.requests.iter() {
            requests.insert(status.to_string(), (*count).into());
        }
        for (reason, count) in self.retries.iter() {
            retries.insert((*reason).to_owned(), (*count).into());
        }
        let counters = json!({
            "calls": calls.collect::<Vec<_>>(),
            "durations": durations.collect::<Vec<_>>(),
            "requests": requests,
            "retries": retries,
            "tokenFetches": self.token_fetches,
            "credentialSlotChanges": self.slot_changes,
            "pages": self.pages,
            "records": self.records,
        });
        match counters {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// The counters in the Prometheus text format 0.0.4.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let mut out = Exposition::default();
        out.metric("calls_total", "counter", "Calls by operation and result.");
        for ((operation, result), count) in self.calls.iter() {
            out.sample("calls_total", &[("operation", operation), ("result", result)], count);
        }
        self.durations(&mut out);
        out.metric("requests_total", "counter", "Requests to the vendor by HTTP status; 0 is no answer.");
        for (status, count) in self.requests.iter() {
            out.sample("requests_total", &[("status", &status.to_string())], count);
        }
        out.metric("retries_total", "counter", "Requests sent again, by the reason.");
        for (reason, count) in self.retries.iter() {
            out.sample("retries_total", &[("reason", reason)], count);
        }
        for (name, help, value) in [
            ("token_fetches_total", "Access tokens asked for.", self.token_fetches),
            (
                "credential_slot_changes_total",
                "Changes between an account's primary and secondary credentials.",
                self.slot_changes,
            ),
            ("pages_total", "Pages of lists that came.", self.pages),
            ("records_total", "Records of lists that were delivered.", self.records),
        ] {
            out.single(name, "counter", help, value);
        }
        out.into_text()
    }

    fn durations(&self, out: &mut Exposition) {
        let [name, bucket, sum, count] =
            ["", "_bucket", "_sum", "_count"].map(|end| format!("call_duration_seconds{end}"));
        out.metric(&name, "histogram", "How long calls took, waits included.");
        for (operation, histogram) in self.durations.iter() {
            for (bound, count) in BUCKETS.iter().zip(histogram.buckets) {
                let bound = Seconds(Duration::from_millis(*bound)).to_string();
                out.sample(&bucket, &[("operation", operation), ("le", &bound)], count);
            }
            out.sample(&bucket, &[("operation", operation), ("le", "+Inf")], histogram.count);
            out.sample(&sum, &[("operation", operation)], Seconds(histogram.sum));
            out.sample(&count, &[("operation", operation)], histogram.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_is_cumulative_and_ends_with_infinity() {
        let mut counters = Counters::default();
        counters.call("jpm.jobs-get", "ok", Duration::from_millis(30));
        counters.call("jpm.jobs-get", "ok", Duration::from_secs(60));
        let text = counters.prometheus();
        assert!(text.contains("_bucket{operation=\"jpm.jobs-get\",le=\"0.025\"} 0\n"), "{text}");
        assert!(text.contains("_bucket{operation=\"jpm.jobs-get\",le=\"0.05\"} 1\n"), "{text}");
        assert!(text.contains("_bucket{operation=\"jpm.jobs-get\",le=\"10\"} 1\n"), "{text}");
        assert!(text.contains("_bucket{operation=\"jpm.jobs-get\",le=\"+Inf\"} 2\n"), "{text}");
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn the_snapshot_is_json_with_the_same_figures() {
        let mut counters = Counters::default();
        counters.retry("rate-limited");
        counters.retry("rate-limited");
        counters.request(429);
        counters.page();
        counters.records(200);
        let json = Value::Object(counters.snapshot());
        assert_eq!(json["retries"]["rate-limited"], 2);
        assert_eq!(json["requests"]["429"], 1);
        assert_eq!(json["records"], 200);
        assert!(counters.prometheus().contains("penstock_retries_total{reason=\"rate-limited\"} 2\n"));
    }
}
