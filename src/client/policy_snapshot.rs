//! How the policies stand just now, for metrics and snapshots.

use super::{cache::Counters, transport::TransportSnapshot};
use crate::policy::{breaker::State, limiter::group};
use serde_json::{Value, json};
use std::fmt::Write;

/// How the policies stand.
pub(crate) struct PolicySnapshot {
    pub(crate) transport: TransportSnapshot,
    pub(crate) cache: Counters,
    /// Bytes and entries that this instance keeps, and how many had to make room.
    pub(crate) buffered: (usize, usize, u64),
    /// In seconds, by account.
    pub(crate) credentials: Vec<(String, u64)>,
}

impl PolicySnapshot {
    /// As members of a JSON object. Groups and accounts have their names here: whoever
    /// asks for a snapshot runs the component.
    pub(crate) fn json(&self) -> Value {
        let limits = self.transport.limits.iter().map(|(group, figures)| {
            json!({
                "group": group,
                "mode": figures.mode.as_str(),
                "waiting": figures.waiting,
                "inFlight": figures.in_flight,
                "granted": figures.granted,
                "throttled": figures.throttled,
                "closedMs": figures.closed_for.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            })
        });
        let breakers = self
            .transport
            .states
            .iter()
            .map(|(group, state)| json!({ "group": group, "state": name(*state) }));
        let ages =
            self.credentials.iter().map(|(account, age)| json!({ "account": account, "ageSeconds": age }));
        json!({
            "inFlight": self.transport.in_flight,
            "limits": limits.collect::<Vec<_>>(),
            "breakers": breakers.collect::<Vec<_>>(),
            "credentials": ages.collect::<Vec<_>>(),
            "cache": {
                "hits": self.cache.hits,
                "stale": self.cache.stale,
                "degraded": self.cache.degraded,
                "fetches": self.cache.fetches,
                "joined": self.cache.joined,
                "bytes": self.buffered.0,
                "entries": self.buffered.1,
                "evicted": self.buffered.2,
            },
            "retryBudget": { "lowestMilliTokens": self.transport.breakers.lowest_budget },
        })
    }

    /// In the Prometheus text format. Sums only: a tenant is no label.
    pub(crate) fn prometheus(&self) -> String {
        let sum = |of: fn(&group::GroupSnapshot) -> u64| {
            self.transport.limits.iter().map(|(_, figures)| of(figures)).sum::<u64>()
        };
        let closed = self
            .transport
            .breakers
            .groups
            .saturating_sub(self.transport.breakers.open + self.transport.breakers.half_open);
        let mut out = String::new();
        // Writing to a String cannot fail.
        let mut family = |name: &str, kind: &str, help: &str, lines: &[(&str, u64)]| {
            _ = write!(out, "# HELP penstock_{name} {help}\n# TYPE penstock_{name} {kind}\n");
            for (labels, value) in lines {
                _ = writeln!(out, "penstock_{name}{labels} {value}");
            }
        };
        let one = |value: u64| [("", value)];
        family("in_flight", "gauge", "Requests under way.", &one(self.transport.in_flight as u64));
        family(
            "waiting",
            "gauge",
            "Calls that wait for a rate limit.",
            &one(sum(|group| group.waiting as u64)),
        );
        family(
            "admitted_total",
            "counter",
            "Requests that the rate limits let through.",
            &one(sum(|group| group.granted)),
        );
        family(
            "throttled_total",
            "counter",
            "Requests that the vendor throttled.",
            &one(sum(|group| group.throttled)),
        );
        family(
            "gates_closed",
            "gauge",
            "Limit groups that wait after a 429.",
            &one(sum(|group| u64::from(group.closed_for.is_some()))),
        );
        family(
            "breakers",
            "gauge",
            "Circuit breakers by state.",
            &[
                ("{state=\"closed\"}", closed as u64),
                ("{state=\"half-open\"}", self.transport.breakers.half_open as u64),
                ("{state=\"open\"}", self.transport.breakers.open as u64),
            ],
        );
        family(
            "breaker_opened_total",
            "counter",
            "Times that a breaker opened.",
            &one(self.transport.breakers.opened_total),
        );
        family(
            "breaker_closed_total",
            "counter",
            "Times that a breaker closed.",
            &one(self.transport.breakers.closed_total),
        );
        family(
            "breaker_refused_total",
            "counter",
            "Requests that a breaker refused.",
            &one(self.transport.breakers.calls_refused_total),
        );
        family(
            "retries_refused_total",
            "counter",
            "Retries that the budget refused.",
            &one(self.transport.breakers.retries_refused_total),
        );
        family(
            "cache_answers_total",
            "counter",
            "Answers of operations that are cached, by where they came from.",
            &[
                ("{source=\"hit\"}", self.cache.hits),
                ("{source=\"stale\"}", self.cache.stale),
                ("{source=\"degraded\"}", self.cache.degraded),
                ("{source=\"joined\"}", self.cache.joined),
                ("{source=\"fetch\"}", self.cache.fetches),
            ],
        );
        family("cache_bytes", "gauge", "Bytes of answers that are kept.", &one(self.buffered.0 as u64));
        family("cache_evicted_total", "counter", "Answers that had to make room.", &one(self.buffered.2));
        if let Some(oldest) = self.credentials.iter().map(|(_, age)| *age).max() {
            family("credentials_age_seconds", "gauge", "Age of the oldest credentials.", &one(oldest));
        }
        out
    }
}

fn name(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open { .. } => "open",
        State::HalfOpen => "half-open",
    }
}
