//! A slow-down that finds the provider's pace when it is below the limit (optional).
//!
//! The rate falls at a throttled request and grows again along a cubic curve: slowly near
//! the rate that was too fast, then quickly. Curve and constants are those of the adaptive
//! retry mode of AWS's SDKs, after CUBIC (RFC 9438):
//! smithy-rs, `rust-runtime/aws-smithy-runtime/src/client/retries/client_rate_limiter.rs`.
//! Unlike there, the pace has no bucket, so that nothing goes out in a burst after it was
//! slowed down, and the rate never exceeds the configured limit.

use super::gcra::RateLimit;
use crate::time::Tick;
use std::time::Duration;

/// What is left of the rate at a throttled request.
const BETA: f64 = 0.7;
/// How fast the curve grows.
const SCALE: f64 = 0.4;
/// The weight of the newest measurement.
const SMOOTH: f64 = 0.8;
/// The lowest rate, in requests a second.
const FLOOR: f64 = 0.5;
/// How long one measurement of the rate takes.
const MEASURE: Duration = Duration::from_millis(500);

/// The slow-down of one group. It does nothing before the first throttled request.
#[derive(Clone, Debug)]
pub struct Adaptive {
    /// The highest rate, in requests a second.
    limit: f64,
    /// The present rate; none before the first throttled request, and back at the limit.
    rate: Option<f64>,
    /// The rate at which the provider throttled last.
    too_fast: f64,
    throttled: Tick,
    /// Requests a second that were sent, smoothed.
    measured: f64,
    since: Tick,
    sent: u32,
    next: Tick,
}

impl Adaptive {
    /// A slow-down below this limit.
    #[must_use]
    pub fn new(limit: &RateLimit, now: Tick) -> Adaptive {
        Adaptive {
            limit: limit.per_second(),
            rate: None,
            too_fast: 0.0,
            throttled: now,
            measured: 0.0,
            since: now,
            sent: 0,
            next: Tick::ZERO,
        }
    }

    /// When the next request may be sent.
    #[must_use]
    pub fn ready_at(&self) -> Tick {
        self.next
    }

    /// The present rate in requests a second; none when nothing is slowed down.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// A request is sent at this instant.
    pub fn sent(&mut self, now: Tick) {
        self.sent = self.sent.saturating_add(1);
        let passed = now.since(self.since);
        if passed >= MEASURE {
            let rate = f64::from(self.sent) / passed.as_secs_f64();
            self.measured = rate * SMOOTH + self.measured * (1.0 - SMOOTH);
            (self.since, self.sent) = (now, 0);
        }
        if let Some(rate) = self.rate {
            self.next = now + Duration::from_secs_f64(1.0 / rate);
        }
    }

    /// The provider throttled a request.
    pub fn throttled(&mut self, now: Tick) {
        // Before the first measurement is complete there is only the limit to go by.
        let measured = if self.measured > 0.0 { self.measured } else { self.limit };
        let rate = self.rate.map_or(measured, |rate| rate.min(measured));
        self.too_fast = rate;
        self.throttled = now;
        self.set(rate * BETA);
    }

    /// The provider let a request through.
    pub fn succeeded(&mut self, now: Tick) {
        if self.rate.is_none() {
            return;
        }
        // The time at which the curve is back at the rate that was too fast.
        let back = (self.too_fast * (1.0 - BETA) / SCALE).cbrt();
        let passed = now.since(self.throttled).as_secs_f64() - back;
        let rate = SCALE * passed.powi(3) + self.too_fast;
        // No faster than twice what is in use: an idle time is no proof.
        self.set(rate.min(2.0 * self.measured.max(FLOOR)));
    }

    fn set(&mut self, rate: f64) {
        self.rate = Some(rate.max(FLOOR)).filter(|rate| *rate < self.limit);
    }
}

#[cfg(test)]
mod tests;
