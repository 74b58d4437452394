//! What is known of an instance's circuit breakers, from its own log lines.
//!
//! A breaker that opens says so in a line with `"event":"breaker"`, `"state":"open"`, the
//! `"account"`, and in `"open_ms"` for how long. Until then, nothing may be sent; after
//! that, until it says `"state":"closed"` or opens again, it is half open, and no more
//! requests are under way at once than it has places for probes. One that has no answer
//! gives its place away after a while.

use crate::{invariant::Invariant, world::World};
use penstock::policy::breaker::BreakerPolicy;
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};

/// What each account's breaker is up to; one that is closed is not here.
#[derive(Default)]
pub(crate) struct Breakers {
    tripped: BTreeMap<String, Tripped>,
    /// Numbers the probes.
    given: u64,
}

/// Open, and half open after that.
struct Tripped {
    until: Duration,
    /// The probes under way, and when each was sent.
    probes: BTreeMap<u64, Duration>,
}

/// A request that is sent while the breaker is half open.
pub(crate) struct Probe {
    account: &'static str,
    number: u64,
}

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
            Some(millis) => {
                let until = now + Duration::from_millis(millis);
                // What is under way now was sent in an earlier period, and is no probe of this.
                drop(self.tripped.insert(account, Tripped { until, probes: BTreeMap::new() }));
            }
            None => drop(self.tripped.remove(&account)),
        }
    }

    /// A request leaves; if the breaker is half open, it is a probe.
    pub(crate) fn sent(
        &mut self,
        world: &World,
        instance: usize,
        method: &str,
        target: &str,
    ) -> Option<Probe> {
        // The tenant tells the account; the default one has the first tenant.
        let account = if target.contains(crate::vendor::NORTH_PATH) { "north" } else { "default" };
        let now = world.now();
        let (number, wrong) = self.probe(account, now)?;
        if let Some(wrong) = wrong {
            world.violate(Invariant::OnlyProbes, format!("#{instance} sends {method} {target} {wrong}"));
        }
        Some(Probe { account, number })
    }

    /// The number of a probe, and what is wrong with it.
    fn probe(&mut self, account: &str, now: Duration) -> Option<(u64, Option<String>)> {
        let tripped = self.tripped.get_mut(account)?;
        let policy = BreakerPolicy::DEFAULT;
        let left = tripped.until.saturating_sub(now).as_secs_f64();
        let waited = |sent: &&Duration| now.saturating_sub(**sent) < policy.probe_patience;
        let under_way = tripped.probes.values().filter(waited).count();
        let wrong = if now < tripped.until {
            Some(format!("while its breaker is open for another {left:.3} s"))
        } else if under_way >= policy.probes_at_once {
            Some(format!("while its breaker is half open and {under_way} probes are under way"))
        } else {
            None
        };
        self.given += 1;
        tripped.probes.insert(self.given, now);
        Some((self.given, wrong))
    }

    /// A probe has its answer, or nobody waits for it any more.
    pub(crate) fn ended(&mut self, probe: &Probe) {
        if let Some(tripped) = self.tripped.get_mut(probe.account) {
            tripped.probes.remove(&probe.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const OPENS: &str = r#"{"event":"breaker","account":"default","state":"open","open_ms":5000}"#;
    const CLOSES: &str = r#"{"event":"breaker","account":"default","state":"closed"}"#;

    #[test]
    fn it_hears_its_own_lines_only() {
        let mut breakers = Breakers::default();
        breakers.hear(r#"{"event":"call","account":"default","state":"open","open_ms":5}"#, 7 * SECOND);
        assert!(breakers.tripped.is_empty());
        breakers.hear(OPENS, 7 * SECOND);
        assert_eq!(breakers.tripped.get("default").map(|tripped| tripped.until), Some(12 * SECOND));
        breakers.hear(CLOSES, 7 * SECOND);
        assert!(breakers.tripped.is_empty());
    }

    #[test]
    fn one_probe_at_a_time_until_it_closes() {
        let mut breakers = Breakers::default();
        let wrong = |breakers: &mut Breakers, at: Duration| {
            breakers.probe("default", at).map(|(number, wrong)| (number, wrong.is_some()))
        };
        assert_eq!(wrong(&mut breakers, SECOND), None);
        breakers.hear(OPENS, 7 * SECOND);
        assert_eq!(wrong(&mut breakers, 11 * SECOND), Some((1, true)));
        breakers.ended(&Probe { account: "default", number: 1 });
        assert_eq!(wrong(&mut breakers, 12 * SECOND), Some((2, false)));
        assert_eq!(wrong(&mut breakers, 13 * SECOND), Some((3, true)));
        breakers.ended(&Probe { account: "default", number: 3 });
        // The first has not come back: its place goes to another.
        assert_eq!(wrong(&mut breakers, 16 * SECOND), Some((4, false)));
        breakers.hear(OPENS, 17 * SECOND);
        assert_eq!(wrong(&mut breakers, 22 * SECOND), Some((5, false)));
        // An answer of an earlier period frees nothing in this one.
        breakers.ended(&Probe { account: "default", number: 4 });
        assert_eq!(wrong(&mut breakers, 23 * SECOND), Some((6, true)));
        breakers.hear(CLOSES, 24 * SECOND);
        assert_eq!(wrong(&mut breakers, 24 * SECOND), None);
        assert_eq!(breakers.probe("north", 24 * SECOND), None);
    }
}
