//! The provider's time: the system's, or one that a test moves.

use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::watch;

/// What a [`Clock::manual`] shows at first: 2026-11-20T12:00:00Z, in nanoseconds.
const START: i64 = 1_795_176_000_000_000_000;

/// Where the provider reads the time, and how it waits. Clones share the time.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    System,
    Manual(Arc<watch::Sender<i64>>),
}

impl Clock {
    /// The time of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A time that stands still until [`advance`](Self::advance) moves it. It
    /// starts at noon of 20 November 2026, UTC.
    #[must_use]
    pub fn manual() -> Self {
        Self(Kind::Manual(Arc::new(watch::Sender::new(START))))
    }

    /// Moves a manual time forward and wakes what waited for it. The machine's
    /// time is not moved.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual(time) = &self.0 {
            time.send_modify(|now| *now = now.saturating_add(nanoseconds(by)));
        }
    }

    /// Nanoseconds since 1970, UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        match &self.0 {
            Kind::System => i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX),
            Kind::Manual(time) => *time.borrow(),
        }
    }

    /// Returns when this time has passed.
    pub async fn sleep(&self, time: Duration) {
        match &self.0 {
            _ if time.is_zero() => {}
            Kind::System => tokio::time::sleep(time).await,
            Kind::Manual(clock) => {
                let mut clock = clock.subscribe();
                let until = clock.borrow().saturating_add(nanoseconds(time));
                // Fails only when the last clone of the clock is gone: nobody can move it any more.
                drop(clock.wait_for(|now| *now >= until).await);
            }
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::System => "Clock::system",
            Kind::Manual(_) => "Clock::manual",
        })
    }
}

/// A length of time in the unit that the provider counts in.
pub(crate) fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
