//! For how long an answer serves.

use std::time::Duration;

/// The longest that something counts as not there, and the shortest: it may be made at
/// any moment.
const NEGATIVE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(30));
/// How long an old answer is better than none, at least.
const STALE_IF_ERROR: Duration = Duration::from_secs(24 * 3600);
/// What never changes is kept for 30 days, so that a store does not fill up for good.
const IMMUTABLE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How the answers of an operation are kept. The terms are those of RFC 5861.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long an answer is fresh, before jitter.
    pub fresh: Duration,
    /// How long after that it is given to others while one caller fetches a new one.
    pub stale_while_revalidate: Duration,
    /// How long after it was fresh it is given to who accepts that, while the provider is
    /// down.
    pub stale_if_error: Duration,
    /// How long something counts as not there.
    pub negative: Duration,
}

impl Policy {
    /// For answers that are fresh for so long: as long again while one is fetched anew,
    /// and a day while the provider is down.
    #[must_use]
    pub fn fresh_for(fresh: Duration) -> Self {
        let negative = (fresh / 10).clamp(NEGATIVE.0, NEGATIVE.1);
        Self { fresh, stale_while_revalidate: fresh, stale_if_error: fresh.max(STALE_IF_ERROR), negative }
    }

    /// For answers that never change.
    #[must_use]
    pub fn immutable() -> Self {
        Self::fresh_for(IMMUTABLE)
    }

    /// How long this answer is fresh: up to 10 % more or less, so that what was fetched
    /// together does not expire together. `random` is from 0 to 1.
    #[must_use]
    pub fn life(&self, storable: Storable, random: f64) -> Duration {
        let random = if random.is_nan() { 0.5 } else { random.clamp(0.0, 1.0) };
        let share = 0.9 + 0.2 * random;
        match storable {
            Storable::Answer => self.fresh.mul_f64(share),
            Storable::Absence => self.negative.mul_f64(share).clamp(NEGATIVE.0, NEGATIVE.1),
        }
    }

    /// How long it is of any use.
    #[must_use]
    pub fn useful(&self, storable: Storable, fresh: Duration) -> Duration {
        match storable {
            Storable::Answer => fresh.saturating_add(self.stale_while_revalidate.max(self.stale_if_error)),
            Storable::Absence => fresh,
        }
    }
}

/// What may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storable {
    /// An answer.
    Answer,
    /// That there is nothing.
    Absence,
}

/// Whether an answer with this status may be kept.
#[must_use]
pub fn storable(status: u16) -> Option<Storable> {
    match status {
        // A part (206) is no answer to the whole question.
        206 => None,
        200..=299 => Some(Storable::Answer),
        404 | 410 => Some(Storable::Absence),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn only_success_and_absence_are_kept() {
        for status in 0..=999 {
            let expected = match status {
                200..=205 | 207..=299 => Some(Storable::Answer),
                404 | 410 => Some(Storable::Absence),
                _ => None,
            };
            assert_eq!(storable(status), expected, "{status}");
        }
    }

    #[test]
    fn lives_differ_by_a_tenth() {
        let policy = Policy::fresh_for(300 * SECOND);
        let life = |storable, random| policy.life(storable, random).as_secs_f64().round();
        assert_eq!([0.0, 0.5, 1.0].map(|random| life(Storable::Answer, random)), [270.0, 300.0, 330.0]);
        assert_eq!([0.0, 0.5, 1.0].map(|random| life(Storable::Absence, random)), [27.0, 30.0, 30.0]);
        assert_eq!(life(Storable::Answer, f64::NAN), 300.0);
        assert_eq!([-1.0, 2.0].map(|random| life(Storable::Answer, random)), [270.0, 330.0]);
        assert_eq!(Policy::fresh_for(200 * SECOND).negative, 20 * SECOND);
        assert_eq!(Policy::fresh_for(SECOND).life(Storable::Absence, 0.0), 10 * SECOND);
    }

    #[test]
    fn nothing_is_kept_longer_than_it_is_of_use() {
        let policy = Policy::fresh_for(300 * SECOND);
        assert_eq!(policy.useful(Storable::Absence, 20 * SECOND), 20 * SECOND);
        assert_eq!(policy.useful(Storable::Answer, 280 * SECOND), (24 * 3600 + 280) * SECOND);
        let long = Policy::immutable();
        assert_eq!(long.useful(Storable::Answer, long.fresh), 60 * 24 * 3600 * SECOND);
        assert_eq!((policy.stale_while_revalidate, policy.negative), (300 * SECOND, 30 * SECOND));
    }
}
