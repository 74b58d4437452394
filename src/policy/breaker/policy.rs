//! The figures that a breaker goes by.

use std::time::Duration;

/// When a breaker opens and how it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// What the rates look back on. It moves in tenths. 60 s: a tenant may make ten calls
    /// a minute, and a window by count would hold yesterday's.
    pub window: Duration,
    /// Fewer calls than this in the window say nothing. 10; resilience4j and Polly wait
    /// for 100, which a small tenant makes in ten minutes.
    pub min_calls: u32,
    /// It opens when so many of a hundred calls failed. 50, as in resilience4j.
    pub failure_percent: u32,
    /// A call that took longer is slow. 20 s: ServiceTitan answers in less than 2 s and
    /// gives up after 100 s; an attempt is given 30 s.
    pub slow_call: Duration,
    /// It opens when so many of a hundred calls were slow. 80.
    pub slow_percent: u32,
    /// The first open time; each probe that fails doubles it. 1 s.
    pub open_for: Duration,
    /// The longest open time of its own choice. 4 s, less than the 5 s in which a recovery
    /// is to be noticed.
    pub max_open_for: Duration,
    /// The longest open time that a provider's `Retry-After` may ask for. 60 s.
    pub max_hint: Duration,
    /// Probes under way at once. 1.
    pub probes_at_once: usize,
    /// So many probes that succeed close it. 3.
    pub closing_successes: u32,
    /// So many probes that ended without a failure close it too. 10: for a tenant all of
    /// whose calls are refused with a 404 there are no successes to wait for.
    pub closing_answers: u32,
    /// A probe without an answer gives its place to another after this long. 4 s: one that
    /// was sent into the outage and hangs must not hide the recovery.
    pub probe_patience: Duration,
    /// When half open and no harmless call came to probe for this long, any call may. 500
    /// ms: a tenant that only writes is not to be locked out for ever.
    pub harmless_first: Duration,
}

impl BreakerPolicy {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        window: Duration::from_secs(60),
        min_calls: 10,
        failure_percent: 50,
        slow_call: Duration::from_secs(20),
        slow_percent: 80,
        open_for: Duration::from_secs(1),
        max_open_for: Duration::from_secs(4),
        max_hint: Duration::from_secs(60),
        probes_at_once: 1,
        closing_successes: 3,
        closing_answers: 10,
        probe_patience: Duration::from_secs(4),
        harmless_first: Duration::from_millis(500),
    };
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}
