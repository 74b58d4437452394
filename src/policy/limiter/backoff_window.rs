//! What a 429 does to its group: nothing more is sent until the time that it names.

use crate::time::Tick;
use std::time::Duration;

/// The wait after a first 429 that names no time; doubles up to [`MAX_WAIT`] until a
/// request succeeds. The base and the cap that AWS's SDKs use for throttling
/// (smithy-rs, `aws-smithy-types/src/retry.rs`).
const FIRST_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(20);

/// No hint closes a window for longer: a wrong one must not close it for good.
pub const MAX_HINT: Duration = Duration::from_secs(24 * 60 * 60);

/// Open, or closed until a known time.
#[derive(Clone, Debug, Default)]
pub struct BackoffWindow {
    until: Tick,
    /// When it was last closed by a request that was sent while it was open.
    closed: Option<Tick>,
    /// How many 429 without a hint came in a row.
    in_row: u32,
}

impl BackoffWindow {
    /// A request that was sent at `sent` was answered with 429.
    ///
    /// Those that were in flight when the window closed bring no news, unless they name a
    /// later time: fifty of them are one step of our own growing wait and not fifty. Says
    /// whether it is news.
    pub fn throttled(&mut self, now: Tick, sent: Tick, hint: Option<Duration>) -> bool {
        let news = self.news(sent);
        if news {
            self.closed = Some(now);
        }
        let wait = match hint {
            Some(hint) => hint.min(MAX_HINT),
            None if news => {
                let doubled = FIRST_WAIT.saturating_mul(1 << self.in_row.min(10));
                self.in_row = self.in_row.saturating_add(1);
                doubled.min(MAX_WAIT)
            }
            None => return false,
        };
        self.until = self.until.max(now + wait);
        news
    }

    /// A request that was sent at `sent` was let through by the provider.
    pub fn succeeded(&mut self, sent: Tick) {
        if self.news(sent) {
            self.in_row = 0;
        }
    }

    /// When it opens; none when it is open.
    #[must_use]
    pub fn closed_until(&self, now: Tick) -> Option<Tick> {
        (now < self.until).then_some(self.until)
    }

    fn news(&self, sent: Tick) -> bool {
        self.closed.is_none_or(|closed| sent > closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> Tick {
        Tick::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn it_opens_at_the_hinted_time_and_not_before() {
        let mut window = BackoffWindow::default();
        assert_eq!(window.closed_until(at(0)), None);
        window.throttled(at(100), at(50), Some(3 * SECOND));
        assert_eq!(window.closed_until(at(3_099)), Some(at(3_100)));
        assert_eq!(window.closed_until(at(3_100)), None);
    }

    #[test]
    fn without_a_hint_it_waits_longer_each_time() {
        let mut window = BackoffWindow::default();
        let mut now = at(10);
        for seconds in [1, 2, 4, 8, 16, 20, 20] {
            window.throttled(now, now, None);
            assert_eq!(window.closed_until(now), Some(now + SECOND * seconds));
            now = now + SECOND * seconds + Duration::from_nanos(1);
        }
        window.succeeded(now);
        window.throttled(now, now, None);
        assert_eq!(window.closed_until(now), Some(now + SECOND));
    }

    #[test]
    fn what_was_in_flight_when_it_closed_is_no_news() {
        let mut window = BackoffWindow::default();
        for sent in 0..50 {
            window.throttled(at(100 + sent), at(sent), None);
        }
        assert_eq!(window.closed_until(at(200)), Some(at(1_100)));
        // It was sent before the provider said no, so it does not end the row either.
        window.succeeded(at(100));
        window.throttled(at(1_200), at(1_150), None);
        assert_eq!(window.closed_until(at(1_200)), Some(at(3_200)));
    }

    #[test]
    fn a_later_time_counts_even_from_a_request_in_flight() {
        let mut window = BackoffWindow::default();
        window.throttled(at(100), at(0), Some(5 * SECOND));
        window.throttled(at(110), at(1), Some(SECOND));
        assert_eq!(window.closed_until(at(200)), Some(at(5_100)));
        window.throttled(at(120), at(2), Some(7 * SECOND));
        assert_eq!(window.closed_until(at(200)), Some(at(7_120)));
    }

    #[test]
    fn an_absurd_hint_does_not_close_it_for_good() {
        let mut window = BackoffWindow::default();
        window.throttled(at(0), at(0), Some(Duration::MAX));
        assert_eq!(window.closed_until(at(1)), Some(at(24 * 3_600 * 1_000)), "a day");
    }

    #[test]
    fn a_row_without_end_does_not_overflow() {
        let mut window = BackoffWindow::default();
        let mut now = at(0);
        for _ in 0..100 {
            now = now + MAX_WAIT + SECOND;
            window.throttled(now, now, None);
            assert!(window.closed_until(now).is_some_and(|until| until <= now + MAX_WAIT));
        }
    }
}
