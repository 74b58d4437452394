//! Whether a kept answer serves now.

use std::time::Duration;

use super::entry::Entry;
use super::policy::{Policy, Storable, storable};
use crate::time::WallTime;

/// How far ahead of us the clock of the instance may be that stored an entry. What
/// comes from further ahead would stay fresh for who knows how long.
const MOST_AHEAD: Duration = Duration::from_secs(300);

/// What a kept answer is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It serves.
    Fresh,
    /// It says that there is nothing, and serves.
    Absent,
    /// It serves all but one, who fetches a new one.
    Revalidate,
    /// It serves only who accepts it, while no new one can be fetched.
    IfError,
    /// It does not serve.
    Miss,
}

/// Classifies a kept answer by its age.
#[must_use]
pub fn lookup(entry: &Entry, policy: &Policy, now: WallTime) -> Lookup {
    let age = entry.age(now);
    let within = |time: Duration| age < entry.fresh.saturating_add(time);
    if now.until(entry.stored_at) > MOST_AHEAD {
        return Lookup::Miss;
    }
    match storable(entry.status) {
        Some(Storable::Answer) if within(Duration::ZERO) => Lookup::Fresh,
        Some(Storable::Answer) if within(policy.stale_while_revalidate) => Lookup::Revalidate,
        Some(Storable::Answer) if within(policy.stale_if_error) => Lookup::IfError,
        Some(Storable::Absence) if within(Duration::ZERO) => Lookup::Absent,
        _ => Lookup::Miss,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    const POLICY: Policy = Policy {
        fresh: Duration::from_secs(10),
        stale_while_revalidate: Duration::from_secs(20),
        stale_if_error: Duration::from_secs(60),
        negative: Duration::from_secs(10),
    };
    const STORED: i64 = 1_000_000_000;

    fn at(status: u16, millis: i64) -> Lookup {
        let entry = Entry {
            status,
            body: Bytes::new(),
            stored_at: WallTime::from_millis(STORED),
            fresh: POLICY.fresh,
        };
        lookup(&entry, &POLICY, WallTime::from_millis(STORED + millis))
    }

    #[test]
    fn an_answer_ages() {
        let ages = [0, 9_999, 10_000, 29_999, 30_000, 69_999, 70_000, i64::MAX - STORED];
        let expected = [
            Lookup::Fresh,
            Lookup::Fresh,
            Lookup::Revalidate,
            Lookup::Revalidate,
            Lookup::IfError,
            Lookup::IfError,
            Lookup::Miss,
            Lookup::Miss,
        ];
        assert_eq!(ages.map(|age| at(200, age)), expected);
    }

    #[test]
    fn an_absence_is_over_when_it_is_not_fresh() {
        assert_eq!(
            [0, 9_999, 10_000].map(|age| at(404, age)),
            [Lookup::Absent, Lookup::Absent, Lookup::Miss]
        );
    }

    #[test]
    fn a_clock_that_goes_back_makes_nothing_older_and_nothing_eternal() {
        assert_eq!(
            [-1, -300_000, -300_001].map(|age| at(200, age)),
            [Lookup::Fresh, Lookup::Fresh, Lookup::Miss]
        );
    }

    #[test]
    fn what_should_not_have_been_kept_does_not_serve() {
        for status in [0, 206, 301, 401, 403, 429, 500, 503] {
            assert_eq!(at(status, 0), Lookup::Miss);
        }
    }
}
