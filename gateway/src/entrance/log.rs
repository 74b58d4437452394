//! One log line a request. Nothing of its query is in it, and of its path only the route.
//!
//! Field names follow OpenTelemetry's semantic conventions where it has one. The core's own lines of
//! a call have the same `call_id`.

use penstock::{codec::rfc3339, host::Host, policy::time::Tick, settings::common::LogLevel};
use serde::{Serialize, Serializer};
use std::{collections::BTreeMap, net::IpAddr, time::Duration};

/// How often a refusal of one kind is logged at most.
const REFUSALS: Duration = Duration::from_secs(1);

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Nobody can come in: the settings are not whole, or cannot be read.
    Shut,
    /// It has no key, or a wrong one.
    Unauthorized,
    /// The key is not for this.
    Forbidden,
    /// A rate of the key is used up.
    RateLimited,
    /// The address asked too often without a key.
    AddressLimited,
}

impl Refusal {
    /// How it is called in log lines and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Shut => "shut",
            Refusal::Unauthorized => "unauthorized",
            Refusal::Forbidden => "forbidden",
            Refusal::RateLimited => "rate-limited",
            Refusal::AddressLimited => "address-limited",
        }
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What is told of a request. What is none is left out.
#[derive(Debug, Default, Serialize)]
pub struct Line<'r> {
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Its method.
    #[serde(rename = "http.request.method")]
    pub method: &'r str,
    /// The route that it took, with placeholders.
    #[serde(rename = "http.route", skip_serializing_if = "Option::is_none")]
    pub route: Option<&'r str>,
    /// The operation that it asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<&'r str>,
    /// The name of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'r str>,
    /// The client's address: of those without a key only.
    #[serde(rename = "client.address", skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// What it was answered with.
    #[serde(rename = "http.response.status_code")]
    pub status: u16,
    /// How long it took until the answer began.
    pub duration_ms: u64,
    /// The id of the call that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<&'r str>,
    /// The caller's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<&'r str>,
    /// The trace that it belongs to.
    pub trace_id: &'r str,
    /// The request's own span in that.
    pub span_id: &'r str,
    /// Refusals of the same kind since the last line that have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<u64>,
}

#[derive(Serialize)]
struct Whole<'r> {
    ts: String,
    level: &'static str,
    event: &'static str,
    #[serde(flatten)]
    line: &'r Line<'r>,
}

impl Line<'_> {
    /// Hands it to the host, with this importance.
    pub fn write<H: Host>(&self, host: &H, level: LogLevel) {
        let ts = rfc3339(host.wall_now());
        let level = level.name();
        let event = if self.refusal.is_some() { "refused" } else { "request" };
        // Texts and numbers always have a JSON form.
        if let Ok(line) = serde_json::to_string(&Whole { ts, level, event, line: self }) {
            host.log(&line);
        }
    }
}

/// Which refusals were logged, and how many were not.
#[derive(Debug, Default)]
pub struct Refusals(BTreeMap<Refusal, (Tick, u64)>);

impl Refusals {
    /// Whether to log a refusal of this kind now, and if so how many before it were not.
    pub fn due(&mut self, kind: Refusal, now: Tick) -> Option<u64> {
        match self.0.get_mut(&kind) {
            Some((at, suppressed)) if at.until(now) < REFUSALS => {
                *suppressed += 1;
                None
            }
            known => {
                let suppressed = known.map_or(0, |(_, suppressed)| *suppressed);
                self.0.insert(kind, (now, 0));
                Some(suppressed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_refusal_a_second_of_a_kind_is_logged_and_the_others_are_counted() {
        let at = |millis| Tick::ZERO + Duration::from_millis(millis);
        let mut refusals = Refusals::default();
        assert_eq!(refusals.due(Refusal::Unauthorized, at(0)), Some(0));
        for millis in 1..1000 {
            assert_eq!(refusals.due(Refusal::Unauthorized, at(millis)), None);
        }
        assert_eq!(refusals.due(Refusal::Forbidden, at(500)), Some(0));
        assert_eq!(refusals.due(Refusal::Unauthorized, at(1000)), Some(999));
        assert_eq!(refusals.due(Refusal::Unauthorized, at(9000)), Some(0));
    }
}
