//! How the policies stand just now, for metrics and snapshots.

use super::{cache::Counters, transport::TransportSnapshot};
use crate::policy::{breaker::State, limiter::group::GroupSnapshot};
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
        let mut text = Text(String::new());
        self.limits_text(&mut text);
        self.breakers_text(&mut text);
        self.cache_text(&mut text);
        if let Some(oldest) = self.credentials.iter().map(|(_, age)| *age).max() {
            text.one("credentials_age_seconds", "gauge", "Age of the oldest credentials.", oldest);
        }
        text.0
    }

    fn limits_text(&self, text: &mut Text) {
        let sum = |of: fn(&GroupSnapshot) -> u64| {
            self.transport.limits.iter().map(|(_, group)| of(group)).sum::<u64>()
        };
        let waiting = sum(|group| group.waiting as u64);
        let closed = sum(|group| u64::from(group.closed_for.is_some()));
        text.one("in_flight", "gauge", "Requests under way.", self.transport.in_flight as u64);
        let memory = "Memory that answers are charged for, in bytes.";
        text.one("answer_memory_bytes", "gauge", memory, self.transport.memory as u64);
        text.one("waiting", "gauge", "Calls that wait for a rate limit.", waiting);
        let admitted = "Requests that the rate limits let through.";
        text.one("admitted_total", "counter", admitted, sum(|group| group.granted));
        let throttled = "Requests that the vendor throttled.";
        text.one("throttled_total", "counter", throttled, sum(|group| group.throttled));
        text.one("gates_closed", "gauge", "Limit groups that wait after a 429.", closed);
    }

    fn breakers_text(&self, text: &mut Text) {
        let breakers = &self.transport.breakers;
        let closed = breakers.groups.saturating_sub(breakers.open + breakers.half_open);
        let states = [
            ("{state=\"closed\"}", closed as u64),
            ("{state=\"half-open\"}", breakers.half_open as u64),
            ("{state=\"open\"}", breakers.open as u64),
        ];
        text.family("breakers", "gauge", "Circuit breakers by state.", &states);
        for (name, help, value) in [
            ("breaker_opened_total", "Times that a breaker opened.", breakers.opened_total),
            ("breaker_closed_total", "Times that a breaker closed.", breakers.closed_total),
            ("breaker_refused_total", "Requests that a breaker refused.", breakers.calls_refused_total),
            ("retries_refused_total", "Retries that the budget refused.", breakers.retries_refused_total),
        ] {
            text.one(name, "counter", help, value);
        }
    }

    fn cache_text(&self, text: &mut Text) {
        let sources = [
            ("{source=\"hit\"}", self.cache.hits),
            ("{source=\"stale\"}", self.cache.stale),
            ("{source=\"degraded\"}", self.cache.degraded),
            ("{source=\"joined\"}", self.cache.joined),
            ("{source=\"fetch\"}", self.cache.fetches),
        ];
        let answers = "Answers of operations that are cached, by where they came from.";
        text.family("cache_answers_total", "counter", answers, &sources);
        text.one("cache_bytes", "gauge", "Bytes of answers that are kept.", self.buffered.0 as u64);
        text.one("cache_evicted_total", "counter", "Answers that had to make room.", self.buffered.2);
    }
}

/// The Prometheus text format, as it is written.
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str, lines: &[(&str, u64)]) {
        // Writing to a String cannot fail.
        _ = write!(self.0, "# HELP penstock_{name} {help}\n# TYPE penstock_{name} {kind}\n");
        for (labels, value) in lines {
            _ = writeln!(self.0, "penstock_{name}{labels} {value}");
        }
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help, &[("", value)]);
    }
}

fn name(state: State) -> &'static str {
    match state {
        State::Closed => "closed",
        State::Open { .. } => "open",
        State::HalfOpen => "half-open",
    }
}
