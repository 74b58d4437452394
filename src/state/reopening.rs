//! When a connection to a store that was away is opened again.

/// After the first failure. All lengths are milliseconds.
const SHORTEST: u64 = 50;

/// However often it failed: who waits for a store that is back waits no longer.
const LONGEST: u64 = 1_000;

/// The pauses between attempts to open a connection. They grow while nothing is answered, and
/// nobody asks during one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reopening {
    failures: u32,
    not_before: u64,
}

impl Reopening {
    /// How long the store is still left alone at `now`; any clock in milliseconds that only
    /// goes forwards.
    #[must_use]
    pub fn pause(&self, now: u64) -> u64 {
        self.not_before.saturating_sub(now)
    }

    /// Whether the last attempt was answered.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.failures == 0
    }

    /// A connection could not be opened, or nothing was answered on it. A random number keeps
    /// instances from coming back all at once.
    pub fn failed(&mut self, now: u64, random: u64) {
        let whole = SHORTEST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        let half = whole / 2;
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.saturating_add(half).saturating_add(random % (half + 1));
    }

    /// Something was answered.
    pub fn answered(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_end_with_an_answer() {
        let mut reopening = Reopening::default();
        assert_eq!((reopening.pause(7), reopening.is_well()), (0, true));
        let mut bounds = Vec::new();
        for random in [0, u64::MAX, 0, 0, 0, 0, 500] {
            reopening.failed(1_000, random);
            bounds.push(reopening.pause(1_000));
        }
        // Half of the whole, and a part of the other half: here u64::MAX % 51 is 0 as well.
        assert_eq!(bounds, [25, 50, 100, 200, 400, 500, 1_000]);
        assert_eq!((reopening.pause(1_900), reopening.pause(2_000)), (100, 0));
        assert!(!reopening.is_well());
        reopening.answered();
        assert_eq!(reopening, Reopening::default());
    }

    #[test]
    fn no_number_of_failures_overflows() {
        let mut reopening = Reopening { failures: u32::MAX, not_before: 0 };
        reopening.failed(u64::MAX, u64::MAX);
        assert!(!reopening.is_well());
        assert_eq!(reopening.pause(u64::MAX), 0);
    }
}
