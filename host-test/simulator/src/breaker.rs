//! What is known of an instance's circuit breakers, from its own log lines.
//!
//! A breaker that opens says so in a line with `"event":"breaker"`, `"state":"open"`, the
//! `"account"`, and in `"open_ms"` for how long. Until then, nothing may be sent; after
//! that it is half open, and its probes are.

use crate::{invariant::Invariant, world::World};
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// Until when each account's breaker is open.
#[derive(Default)]
pub(crate) struct Breakers(BTreeMap<String, Duration>);

impl Breakers {
    /// Takes a log line in.
    pub(crate) fn hear(&mut self, line: &str, now: Duration) {
        if !line.contains("\"event\":\"breaker\"") {
            return;
        }
        let Ok(line) = serde_json::from_str::<Value>(line) else { return };
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
        let open = line.get("open_ms").and_then(Value::as_u64).filter(|_| text("state") == "open");
        let account = text("account").to_owned();
        match open {
            Some(millis) => drop(self.0.insert(account, now + Duration::from_millis(millis))),
            None => drop(self.0.remove(&account)),
        }
    }

    /// A request leaves.
    pub(crate) fn check(&self, world: &World, instance: usize, method: &str, target: &str) {
        if !world.wired.breaker {
            return;
        }
        // The tenant tells the account; the default one has the first tenant.
        let account = if target.contains(crate::vendor::NORTH_PATH) { "north" } else { "default" };
        let until = self.0.get(account).copied().unwrap_or_default();
        if world.now() < until {
            let left = (until - world.now()).as_secs_f64();
            let what = format!(
                "#{instance} sends {method} {target} while its breaker is open for another {left:.3} s"
            );
            world.violate(Invariant::OnlyProbes, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_hears_its_own_lines_only() {
        let mut breakers = Breakers::default();
        let now = Duration::from_secs(7);
        breakers.hear(r#"{"event":"call","account":"default","state":"open","open_ms":5}"#, now);
        assert!(breakers.0.is_empty());
        breakers.hear(r#"{"event":"breaker","account":"default","state":"open","open_ms":5000}"#, now);
        assert_eq!(breakers.0.get("default"), Some(&Duration::from_secs(12)));
        breakers.hear(r#"{"event":"breaker","account":"default","state":"closed"}"#, now);
        assert!(breakers.0.is_empty());
    }
}
