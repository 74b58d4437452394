//! What the counters say of each operation.

use std::collections::BTreeMap;

/// An operation's calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Endpoint {
    pub(super) name: String,
    pub(super) calls: u64,
    pub(super) errors: u64,
    seconds: f64,
    /// Calls that took no longer than so many seconds, in that order.
    buckets: Vec<(f64, u64)>,
}

impl Endpoint {
    pub(super) fn mean_ms(&self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.seconds * 1000.0 / count(self.calls) }
    }

    pub(super) fn success_percent(&self) -> f64 {
        if self.calls == 0 { 100.0 } else { 100.0 - count(self.errors) * 100.0 / count(self.calls) }
    }

    /// Within its bucket by even shares, as Prometheus reckons; the last bound where it is beyond.
    pub(super) fn p95_ms(&self) -> f64 {
        let all = self.buckets.last().map_or(0, |(_, calls)| *calls);
        let wanted = count(all) * 0.95;
        let (mut bound, mut below) = (0.0, 0);
        for (upper, calls) in &self.buckets {
            if count(*calls) >= wanted && *calls > below {
                let share = (wanted - count(below)) / count(calls - below);
                let width = if upper.is_finite() { upper - bound } else { 0.0 };
                return (bound + width * share) * 1000.0;
            }
            (bound, below) = (*upper, *calls);
        }
        0.0
    }

    /// What was called since then; none if nothing was. Counters of a gateway that started anew begin anew.
    pub(super) fn since(&self, before: &[Self]) -> Option<Self> {
        let Some(old) = before.iter().find(|old| old.name == self.name && old.calls <= self.calls) else {
            return Some(self.clone());
        };
        let calls = self.calls - old.calls;
        let before =
            |upper: f64| old.buckets.iter().find(|(bound, _)| *bound == upper).map_or(0, |(_, calls)| *calls);
        (calls > 0).then(|| Self {
            name: self.name.clone(),
            calls,
            errors: self.errors.saturating_sub(old.errors),
            seconds: self.seconds - old.seconds,
            buckets: self
                .buckets
                .iter()
                .map(|(upper, calls)| (*upper, calls.saturating_sub(before(*upper))))
                .collect(),
        })
    }
}

fn count(calls: u64) -> f64 {
    calls as f64
}

/// Every operation that was called, by name.
pub(super) fn endpoints(text: &str) -> Vec<Endpoint> {
    let mut found = BTreeMap::<String, Endpoint>::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let Some((metric, labels)) = series.split_once('{') else { continue };
        let (Some(name), Ok(value)) = (label(labels, "operation"), value.parse::<f64>()) else { continue };
        let endpoint = found.entry(name.to_owned()).or_default();
        endpoint.name = name.to_owned();
        let calls = whole(value);
        match metric {
            "penstock_calls_total" => {
                endpoint.calls += calls;
                endpoint.errors += if label(labels, "result") == Some("ok") { 0 } else { calls };
            }
            "penstock_call_duration_seconds_sum" => endpoint.seconds = value,
            "penstock_call_duration_seconds_bucket" => {
                let upper = label(labels, "le")
                    .map(|le| if le == "+Inf" { f64::INFINITY } else { le.parse().unwrap_or(0.0) });
                endpoint.buckets.extend(upper.map(|upper| (upper, calls)));
            }
            _ => {}
        }
    }
    let mut all: Vec<_> = found.into_values().filter(|endpoint| endpoint.calls > 0).collect();
    for endpoint in &mut all {
        endpoint.buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    all
}

fn whole(value: f64) -> u64 {
    value as u64
}

/// Names of operations and results have nothing that is escaped.
fn label<'t>(labels: &'t str, name: &str) -> Option<&'t str> {
    let (_, value) = labels.split_once(&format!("{name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# TYPE penstock_calls_total counter
penstock_calls_total{operation=\"jpm.jobs-get\",result=\"ok\"} 90
penstock_calls_total{operation=\"jpm.jobs-get\",result=\"vendor\"} 10
penstock_call_duration_seconds_bucket{operation=\"jpm.jobs-get\",le=\"0.1\"} 50
penstock_call_duration_seconds_bucket{operation=\"jpm.jobs-get\",le=\"0.5\"} 100
penstock_call_duration_seconds_bucket{operation=\"jpm.jobs-get\",le=\"+Inf\"} 100
penstock_call_duration_seconds_sum{operation=\"jpm.jobs-get\"} 20
penstock_call_duration_seconds_count{operation=\"jpm.jobs-get\"} 100
penstock_waiting 0
";

    #[test]
    fn an_endpoint_has_its_calls_times_and_errors() {
        let found = endpoints(TEXT);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((one.name.as_str(), one.calls, one.errors), ("jpm.jobs-get", 100, 10));
        assert_eq!((one.mean_ms(), one.success_percent()), (200.0, 90.0));
        assert!((one.p95_ms() - 460.0).abs() < 0.01, "{}", one.p95_ms());
        assert_eq!(one.since(&found), None);
        let later = TEXT
            .replace("\"ok\"} 90", "\"ok\"} 93")
            .replace("_sum{operation=\"jpm.jobs-get\"} 20", "_sum{operation=\"jpm.jobs-get\"} 23");
        let since = endpoints(&later)[0].since(&found).unwrap();
        assert_eq!((since.calls, since.errors, since.mean_ms()), (3, 0, 1000.0));
        // A gateway that started anew.
        let anew = endpoints(&TEXT.replace("\"ok\"} 90", "\"ok\"} 5"));
        assert_eq!(anew[0].since(&found).unwrap().calls, 15);
        assert_eq!(endpoints("nonsense\npenstock_calls_total{} x\n"), []);
    }
}
