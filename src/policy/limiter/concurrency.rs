//! How many requests of a group a provider takes at once, learned from its refusals.
//!
//! Some resources are limited not by rate but by how many requests are under way: the provider
//! answers 429 as soon as there is one too many, and names no time to wait, since it knows none.
//! Who goes on with the same number collides for ever. A refusal tells the limit: it is at most
//! what was under way when the refused request was sent. Of a burst the first one that is refused
//! tells it exactly.

use crate::time::Tick;
use std::time::Duration;

/// How long a limit holds that was learned for the first time. A read of a minute then meets a
/// handful of refusals.
const FIRST_LIFE: Duration = Duration::from_secs(30);

/// A limit that was found again each time is the provider's own; it is tried this often.
const LONGEST_LIFE: Duration = Duration::from_secs(15 * 60);

/// What was learned of one group.
#[derive(Clone, Debug, Default)]
pub struct Concurrency {
    learned: Option<Learned>,
}

#[derive(Clone, Copy, Debug)]
struct Learned {
    /// The most requests under way.
    most: usize,
    /// Since when.
    since: Tick,
    /// How long it holds before more are tried.
    life: Duration,
    /// Whether more are being tried.
    trying: bool,
}

impl Concurrency {
    /// A request that was sent at `sent`, while so many others of the group were under way, was
    /// answered with 429.
    pub fn throttled(&mut self, now: Tick, sent: Tick, hint: Option<Duration>, others: usize) {
        // A time to wait is the mark of a rate; and alone, nothing is too many at once.
        if hint.is_some() || others == 0 {
            return;
        }
        match &mut self.learned {
            None => {
                let first = Learned { most: others, since: now, life: FIRST_LIFE, trying: false };
                self.learned = Some(first);
            }
            // Of the burst that taught it.
            Some(learned) if sent <= learned.since => learned.most = learned.most.min(others),
            Some(learned) => {
                if learned.trying {
                    learned.life = learned.life.saturating_mul(2).min(LONGEST_LIFE);
                }
                let most = learned.most.min(others);
                *learned = Learned { most, since: now, trying: false, ..*learned };
            }
        }
    }

    /// How many may be under way now; none means as many as one likes.
    pub fn most(&mut self, now: Tick) -> Option<usize> {
        let learned = self.learned.as_mut()?;
        if now.since(learned.since) >= learned.life {
            if learned.trying && learned.most >= FORGOTTEN {
                self.learned = None;
                return None;
            }
            *learned = Learned { most: learned.most * 2, since: now, trying: true, ..*learned };
        }
        Some(learned.most)
    }

    /// What was learned, whether or not it still holds.
    #[must_use]
    pub fn known(&self) -> Option<usize> {
        self.learned.map(|learned| learned.most)
    }

    /// When more will be tried; none when nothing was learned.
    #[must_use]
    pub fn until(&self) -> Option<Tick> {
        self.learned.map(|learned| learned.since + learned.life)
    }
}

/// A limit above this, and not refused again, is none.
const FORGOTTEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::ZERO + Duration::from_millis(millis)
    }

    /// A burst of `sent` requests at a provider that takes `limit` at once.
    fn burst(concurrency: &mut Concurrency, now: u64, sent: usize, limit: usize) {
        for others in (limit..sent).rev() {
            concurrency.throttled(at(now + 1), at(now), None, others);
        }
    }

    #[test]
    fn one_burst_teaches_the_limit() {
        for limit in 1..8 {
            let mut concurrency = Concurrency::default();
            burst(&mut concurrency, 10, 8, limit);
            assert_eq!(concurrency.most(at(20)), Some(limit));
        }
    }

    #[test]
    fn a_rate_is_no_limit_on_what_is_under_way() {
        let mut concurrency = Concurrency::default();
        concurrency.throttled(at(1), at(0), Some(Duration::from_secs(1)), 7);
        concurrency.throttled(at(1), at(0), None, 0);
        assert_eq!(concurrency.most(at(2)), None);
    }

    #[test]
    fn more_are_tried_ever_more_seldom_while_the_provider_refuses_them() {
        let mut concurrency = Concurrency::default();
        burst(&mut concurrency, 0, 4, 1);
        let (mut now, mut gaps) = (1, Vec::new());
        for _ in 0..8 {
            let until = concurrency.until().unwrap();
            gaps.push(until.since(at(now)).as_secs());
            assert_eq!(concurrency.most(at(now)), Some(1));
            now = u64::try_from(until.since(Tick::ZERO).as_millis()).unwrap();
            assert_eq!(concurrency.most(at(now)), Some(2), "more are tried");
            now += 1;
            burst(&mut concurrency, now, 2, 1);
            now += 1;
        }
        assert_eq!(gaps, [30, 60, 120, 240, 480, 900, 900, 900]);
    }

    #[test]
    fn a_limit_that_is_gone_is_forgotten() {
        let mut concurrency = Concurrency::default();
        burst(&mut concurrency, 0, 8, 1);
        let mut most = Vec::new();
        for minute in 1..10 {
            most.push(concurrency.most(at(minute * 60_000)));
        }
        assert_eq!(most[..6], [Some(2), Some(4), Some(8), Some(16), Some(32), Some(64)]);
        assert_eq!(most[6..], [None, None, None]);
    }
}
