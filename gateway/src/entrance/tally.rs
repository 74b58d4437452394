//! What is counted of requests, by the name of the key.
//!
//! Names of keys come from the settings, so there are only so many; whoever has no key, or a wrong one, has the
//! empty name. Nothing that a request says is a label. Each instance counts by itself.

use super::{family::Family, log::Refusal};
use http::StatusCode;
use std::{collections::BTreeMap, fmt::Write};

/// The most series of each of the three. Beyond that nothing new is counted, but that something was not: names of
/// keys change, and an instance may live for long.
const MOST: usize = 10_000;

/// The counters of an instance.
#[derive(Debug, Default)]
pub struct Tally {
    requests: BTreeMap<(String, Family, u16), u64>,
    refusals: BTreeMap<(String, Refusal), u64>,
    limited: BTreeMap<(String, String), u64>,
    uncounted: u64,
}

impl Tally {
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

    /// The counters in the Prometheus text format 0.0.4. No label needs escaping: names of keys, operations and
    /// rates are letters, digits and a few signs.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let requests = self.requests.iter().map(|((key, family, class), count)| {
            (format!("key=\"{key}\",route=\"{}\",status=\"{class}xx\"", family.name()), *count)
        });
        let refusals = self
            .refusals
            .iter()
            .map(|((key, why), count)| (format!("key=\"{key}\",reason=\"{}\"", why.name()), *count));
        let limited = self
            .limited
            .iter()
            .map(|((key, rate), count)| (format!("key=\"{key}\",rate=\"{rate}\""), *count));
        let mut text = String::new();
        let help = "Requests by key, route and class of status; who has no key has an empty name.";
        family(&mut text, ("requests_total", help), requests);
        let help = "Requests that were refused at the entrance, by key and reason.";
        family(&mut text, ("refusals_total", help), refusals);
        let help = "Requests for which a rate of their key was used up, by key and rate.";
        family(&mut text, ("rate_limited_total", help), limited);
        let help = "Requests that have no series, of which there are only so many.";
        family(&mut text, ("uncounted_total", help), [(String::new(), self.uncounted)].into_iter());
        text
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

fn family(text: &mut String, (name, help): (&str, &str), series: impl Iterator<Item = (String, u64)>) {
    let name = format!("penstock_gateway_{name}");
    // Writing to a String cannot fail.
    _ = write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n");
    for (labels, count) in series {
        let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
        _ = writeln!(text, "{name}{labels} {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_prometheus_text() {
        let mut tally = Tally::default();
        tally.request("billing", Family::Operation, StatusCode::OK);
        tally.request("billing", Family::Operation, StatusCode::NO_CONTENT);
        tally.request("", Family::Other, StatusCode::UNAUTHORIZED);
        tally.refusal("", Refusal::Unauthorized);
        tally.limited("billing", "jpm.jobs-list/minute");
        let text = tally.prometheus();
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
        let mut tally = Tally::default();
        for number in 0..MOST + 7 {
            tally.request(&format!("k{number}"), Family::Operation, StatusCode::OK);
        }
        tally.request("k0", Family::Operation, StatusCode::OK);
        assert_eq!((tally.requests.len(), tally.uncounted), (MOST, 7));
        assert_eq!(tally.requests.values().sum::<u64>(), MOST as u64 + 1);
    }
}
