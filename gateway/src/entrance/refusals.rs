//! Why requests are refused, and how often that is logged.

use penstock::policy::time::Tick;
use std::{collections::BTreeMap, time::Duration};

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
