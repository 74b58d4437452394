//! What is known of an instance's circuit breakers, from its own log lines.
//!
//! A breaker that changes its state says so in a line with `"event":"breaker"` and
//! `"state"`: `open`, `half-open` or `closed`, and `"account"`. Until such lines come,
//! nothing is checked.

use crate::{invariant::Invariant, world::World};
use std::collections::BTreeMap;

/// The state of each account's breaker.
#[derive(Default)]
pub(crate) struct Breakers(BTreeMap<String, bool>);

impl Breakers {
    /// Takes a log line in.
    pub(crate) fn hear(&mut self, line: &str) {
        if !line.contains("\"event\":\"breaker\"") {
            return;
        }
        let Ok(line) = serde_json::from_str::<serde_json::Value>(line) else { return };
        let text = |name: &str| line.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        self.0.insert(text("account").to_owned(), text("state") == "open");
    }

    /// A request leaves.
    pub(crate) fn check(&self, world: &World, instance: usize, method: &str, target: &str) {
        if !world.wired.breaker {
            return;
        }
        // The tenant tells the account; the default one has the first tenant.
        let account = if target.contains(crate::vendor::NORTH_PATH) { "north" } else { "default" };
        if self.0.get(account) == Some(&true) {
            let what = format!("#{instance} sends {method} {target} while its breaker is open");
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
        breakers.hear(r#"{"event":"call","account":"default","state":"open"}"#);
        assert!(breakers.0.is_empty());
        breakers.hear(r#"{"event":"breaker","account":"default","state":"open"}"#);
        assert_eq!(breakers.0.get("default"), Some(&true));
        breakers.hear(r#"{"event":"breaker","account":"default","state":"half-open"}"#);
        assert_eq!(breakers.0.get("default"), Some(&false));
    }
}
