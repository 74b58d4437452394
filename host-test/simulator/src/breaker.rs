//! What is known of an instance's circuit breakers, from its own log lines.
//!
//! A breaker that opens or closes says so in a line with `"event":"breaker"`, its
//! `"account"`, its `"state"`, and for how long it opens, `"open_ms"`. After that time it
//! is half open, and one request at a time may leave to see whether the vendor is back; a
//! probe that hangs gives its place away after [`PATIENCE`].

use crate::{invariant::Invariant, world::World};
use std::{collections::BTreeMap, time::Duration};

/// How long a probe without an answer keeps others from leaving: the driver's policy.
const PATIENCE: Duration = Duration::from_secs(4);

/// The breakers that are not closed, by account.
#[derive(Default)]
pub(crate) struct Breakers {
    tripped: BTreeMap<String, Tripped>,
    sent: u64,
}

struct Tripped {
    /// Nothing leaves before.
    until: Duration,
    /// Probes under way: their numbers, and when they left.
    probes: BTreeMap<u64, Duration>,
}

impl Breakers {
    /// Takes a log line in.
    pub(crate) fn hear(&mut self, now: Duration, line: &str) {
        if !line.contains("\"event\":\"breaker\"") {
            return;
        }
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { return };
        let text = |name: &str| line.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        let account = text("account").to_owned();
        if text("state") == "open" {
            let time = line.get("open_ms").and_then(serde_json::Value::as_u64).unwrap_or_default();
            let until = now + Duration::from_millis(time);
            self.tripped.insert(account, Tripped { until, probes: BTreeMap::new() });
        } else {
            self.tripped.remove(&account);
        }
    }

    /// Forgets everything: the instance begins anew.
    pub(crate) fn forget(&mut self) {
        self.tripped.clear();
    }

    /// A request leaves; the number is for [`Breakers::landed`].
    pub(crate) fn sent(&mut self, world: &World, instance: usize, method: &str, target: &str) -> u64 {
        self.sent += 1;
        // The tenant tells the account; the default one has the first tenant.
        let account = if target.contains(crate::vendor::NORTH_PATH) { "north" } else { "default" };
        if let Some(what) = self.send(account, self.sent, world.now()) {
            world.violate(Invariant::OnlyProbes, format!("#{instance} sends {method} {target} {what}"));
        }
        self.sent
    }

    /// A request is over.
    pub(crate) fn landed(&mut self, number: u64) {
        self.tripped.values_mut().for_each(|tripped| drop(tripped.probes.remove(&number)));
    }

    fn send(&mut self, account: &str, number: u64, now: Duration) -> Option<&'static str> {
        let tripped = self.tripped.get_mut(account)?;
        if now < tripped.until {
            return Some("while its breaker is open");
        }
        tripped.probes.retain(|_, left| *left + PATIENCE > now);
        let taken = !tripped.probes.is_empty();
        tripped.probes.insert(number, now);
        taken.then_some("although its breaker has a probe under way")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = r#"{"event":"breaker","account":"default","state":"open","open_ms":1000}"#;
    const CLOSED: &str = r#"{"event":"breaker","account":"default","state":"closed"}"#;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn it_hears_its_own_lines_only() {
        let mut breakers = Breakers::default();
        breakers.hear(at(0), r#"{"event":"call","account":"default","state":"open","open_ms":1000}"#);
        assert_eq!(breakers.send("default", 1, at(0)), None);
        breakers.hear(at(0), OPEN);
        assert!(breakers.send("default", 2, at(999)).is_some());
        assert_eq!(breakers.send("north", 3, at(999)), None);
        breakers.hear(at(0), CLOSED);
        assert_eq!(breakers.send("default", 4, at(999)), None);
    }

    #[test]
    fn one_probe_at_a_time_unless_it_hangs() {
        let mut breakers = Breakers::default();
        breakers.hear(at(0), OPEN);
        assert_eq!(breakers.send("default", 1, at(1000)), None);
        assert!(breakers.send("default", 2, at(1001)).is_some());
        breakers.landed(1);
        breakers.landed(2);
        assert_eq!(breakers.send("default", 3, at(1002)), None);
        assert_eq!(breakers.send("default", 4, at(5002)), None);
    }
}
