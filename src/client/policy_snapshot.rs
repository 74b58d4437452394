//! How the policies stand just now, for metrics and snapshots.

use super::{cache::Counters, telemetry::exposition::Exposition, transport::TransportSnapshot};
use crate::policy::{breaker::State, limiter::group::GroupSnapshot};
use serde_json::{Value, json};

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
        let limits = self.transport.limits.iter().map(|(group, snapshot)| {
            json!({
                "group": group,
                "mode": snapshot.mode.as_str(),
                "waiting": snapshot.waiting,
                "inFlight": snapshot.in_flight,
                "granted": snapshot.granted,
                "throttled": snapshot.throttled,
                "maxInFlight": snapshot.max_in_flight,
                "closedMs": snapshot.closed_for.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
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
            "answerMemoryBytes": self.transport.memory,
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
        let mut text = Exposition::default();
        self.limits_text(&mut text);
        self.breakers_text(&mut text);
        self.cache_text(&mut text);
        if let Some(oldest) = self.credentials.iter().map(|(_, age)| *age).max() {
            text.single("credentials_age_seconds", "gauge", "Age of the oldest credentials.", oldest);
        }
        text.into_text()
    }

    fn limits_text(&self, text: &mut Exposition) {
        let sum = |of: fn(&GroupSnapshot) -> u64| {
            self.transport.limits.iter().map(|(_, group)| of(group)).sum::<u64>()
        };
        let waiting = sum(|group| group.waiting as u64);
        let closed = sum(|group| u64::from(group.closed_for.is_some()));
        text.single("in_flight", "gauge", "Requests under way.", self.transport.in_flight as u64);
        let memory = "Memory that answers are charged for, in bytes.";
        text.single("answer_memory_bytes", "gauge", memory, self.transport.memory as u64);
        text.single("waiting", "gauge", "Calls that wait for a rate limit.", waiting);
        let admitted = "Requests that the rate limits let through.";
        text.single("admitted_total", "counter", admitted, sum(|group| group.granted));
        let throttled = "Requests that the vendor throttled.";
        text.single("throttled_total", "counter", throttled, sum(|group| group.throttled));
        text.single("gates_closed", "gauge", "Limit groups that wait after a 429.", closed);
    }

    fn breakers_text(&self, text: &mut Exposition) {
        let breakers = &self.transport.breakers;
        let closed = breakers.groups.saturating_sub(breakers.open + breakers.half_open);
        let states = [
            ("closed", closed as u64),
            ("half-open", breakers.half_open as u64),
            ("open", breakers.open as u64),
        ];
        by_label(text, ("breakers", "gauge", "Circuit breakers by state."), "state", &states);
        for (name, help, value) in [
            ("breaker_opened_total", "Times that a breaker opened.", breakers.opened_total),
            ("breaker_closed_total", "Times that a breaker closed.", breakers.closed_total),
            ("breaker_refused_total", "Requests that a breaker refused.", breakers.calls_refused_total),
            ("retries_refused_total", "Retries that the budget refused.", breakers.retries_refused_total),
        ] {
            text.single(name, "counter", help, value);
        }
    }

    fn cache_text(&self, text: &mut Exposition) {
        let sources = [
            ("hit", self.cache.hits),
            ("stale", self.cache.stale),
            ("degraded", self.cache.degraded),
            ("joined", self.cache.joined),
            ("fetch", self.cache.fetches),
        ];
        let answers = "Answers of operations that are cached, by where they came from.";
        by_label(text, ("cache_answers_total", "counter", answers), "source", &sources);
        text.single("cache_bytes", "gauge", "Bytes of answers that are kept.", self.buffered.0 as u64);
        text.single("cache_evicted_total", "counter", "Answers that had to make room.", self.buffered.2);
    }
}

/// A metric with one label.
fn by_label(
    text: &mut Exposition,
    (name, kind, help): (&str, &str, &str),
    label: &str,
    samples: &[(&str, u64)],
) {
    text.metric(name, kind, help);
    for (value, count) in samples {
        text.sample(name, &[(label, value)], count);
    }
}

fn name(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open { .. } => "open",
        State::HalfOpen => "half-open",
    }
}
