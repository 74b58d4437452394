//! The rate limit: so many requests in any stretch of time, for each app key and
//! tenant.

use crate::clock::nanoseconds;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// So many requests in any stretch of this length, for each app key and tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// The most requests.
    pub requests: usize,
    /// The length of the stretch.
    pub per: Duration,
}

impl Default for RateLimit {
    /// 60 a second, as published for ServiceTitan.
    fn default() -> Self {
        Self { requests: 60, per: Duration::from_secs(1) }
    }
}

/// When the latest requests came, by app key and tenant.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<HashMap<(u64, i64), VecDeque<i64>>>);

impl Limiter {
    /// Lets a request in, or says how many nanoseconds to wait. Requests that are
    /// refused do not count.
    pub(crate) fn admit(&self, limit: RateLimit, key: (u64, i64), now: i64) -> Result<(), i64> {
        let per = nanoseconds(limit.per);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = all.entry(key).or_default();
        while times.front().is_some_and(|time| time.saturating_add(per) <= now) {
            times.pop_front();
        }
        match times.front() {
            Some(oldest) if times.len() >= limit.requests => Err(oldest.saturating_add(per) - now),
            _ => {
                times.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_stretch_holds_at_most_the_limit() {
        let limiter = Limiter::default();
        let limit = RateLimit { requests: 2, per: Duration::from_secs(1) };
        let at = |ms: i64| limiter.admit(limit, (1, 1), ms * 1_000_000);
        assert_eq!([at(0), at(900)], [Ok(()), Ok(())]);
        assert_eq!(at(950), Err(50_000_000), "the first one leaves the stretch after 50 ms");
        assert_eq!([at(1_000), at(1_001)], [Ok(()), Err(899_000_000)]);
        assert_eq!(limiter.admit(limit, (1, 2), 0), Ok(()), "another tenant has a limit of its own");
    }
}
