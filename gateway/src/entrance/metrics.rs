//! What is counted of requests, by the name of the key.
//!
//! Names of keys come from the settings, so there are only so many; whoever has no key, or a wrong one, has the
//! empty name. Nothing that a request says is a label. Each instance counts by itself.

use super::{family::Family, refusals::Refusal};
use http::StatusCode;
use penstock::client::Exposition;
use std::collections::BTreeMap;

/// The most series of each of the three. Beyond that nothing new is counted, but that something was not: names of
/// keys change, and an instance may live for long.
const MOST: usize = 10_000;

/// The counters of an instance.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: BTreeMap<(String, Family, u16), u64>,
    refusals: BTreeMap<(String, Refusal), u64>,
    limited: BTreeMap<(String, String), u64>,
    uncounted: u64,
}

impl Metrics {
    /// A request was answered.
    pub fn request(&mut self, key: &str, family: Family, status: StatusCode) {
        let class = status.as_u16() / 100;
        self.uncounted += add(&mut self.requests, (key.to_owned(), family, class));
    }

    /// A request was refused at the entrance.
    pub fn refusal(&mut self, key: &str, why: Refusal) {
        self.uncounted += add(&mut self.refusals, (key.to_owned(), why));
    }

    /// A rate of a key was used up. `rate` is called as in the `RateLimit` field.
    pub fn limited(&mut self, key: &str, rate: &str) {
        self.uncounted += add(&mut self.limited, (key.to_owned(), rate.to_owned()));
    }

    /// The counters in the Prometheus text format 0.0.4.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let mut text = Exposition::default();
        let (name, of) = (
            "gateway_requests_total",
            "Requests by key, route and class of status; who has no key has an empty name.",
        );
        text.metric(name, "counter", of);
        for ((key, family, class), count) in &self.requests {
            let class = format!("{class}xx");
            text.sample(name, &[("key", key), ("route", family.name()), ("status", &class)], count);
        }
        let (name, of) =
            ("gateway_refusals_total", "Requests that were refused at the entrance, by key and reason.");
        text.metric(name, "counter", of);
        for ((key, why), count) in &self.refusals {
            text.sample(name, &[("key", key), ("reason", why.name())], count);
        }
        let (name, of) = (
            "gateway_rate_limited_total",
            "Requests for which a rate of their key was used up, by key and rate.",
        );
        text.metric(name, "counter", of);
        for ((key, rate), count) in &self.limited {
            text.sample(name, &[("key", key), ("rate", rate)], count);
        }
        let of = "Requests that have no series, of which there are only so many.";
        text.single("gateway_uncounted_total", "counter", of, self.uncounted);
        text.into_text()
    }
}

/// Counts one; 1 if there is no room for it.
fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, name: K) -> u64 {
    if let Some(count) = counts.get_mut(&name) {
        *count += 1;
        return 0;
    }
    if counts.len() >= MOST {
        return 1;
    }
    counts.insert(name, 1);
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_prometheus_text() {
        let mut metrics = Metrics::default();
        metrics.request("billing", Family::Operation, StatusCode::OK);
        metrics.request("billing", Family::Operation, StatusCode::NO_CONTENT);
        metrics.request("", Family::Other, StatusCode::UNAUTHORIZED);
        metrics.refusal("", Refusal::Unauthorized);
        metrics.limited("billing", "jpm.jobs-list/minute");
        let text = metrics.prometheus();
        for line in [
            r#"penstock_gateway_requests_total{key="billing",route="operation",status="2xx"} 2"#,
            r#"penstock_gateway_requests_total{key="",route="other",status="4xx"} 1"#,
            r#"penstock_gateway_refusals_total{key="",reason="unauthorized"} 1"#,
            r#"penstock_gateway_rate_limited_total{key="billing",rate="jpm.jobs-list/minute"} 1"#,
            "penstock_gateway_uncounted_total 0",
            "# TYPE penstock_gateway_requests_total counter",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
        assert!(text.ends_with('\n'));
    }

    #[test]
    fn there_are_only_so_many_series() {
        let mut metrics = Metrics::default();
        for number in 0..MOST + 7 {
            metrics.request(&format!("k{number}"), Family::Operation, StatusCode::OK);
        }
        metrics.request("k0", Family::Operation, StatusCode::OK);
        assert_eq!((metrics.requests.len(), metrics.uncounted), (MOST, 7));
        assert_eq!(metrics.requests.values().sum::<u64>(), MOST as u64 + 1);
    }
}
