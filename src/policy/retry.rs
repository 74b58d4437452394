//! Whether to send a request again, and when.
//!
//! One [`Retry`] follows one call. It never sends again what may have taken effect
//! unless that is harmless, never waits less than the provider asks, and never waits
//! for a time that the deadline does not leave.

use std::time::Duration;

use super::classify::{Access, Class, Effect, Fault, Reason};
use super::failpoint::{Failpoint, on};
use super::time::{Tick, share};

/// How often and how long to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included. A resend with a new token is not
    /// counted, nor is one after a 429. 4; 0 counts as 1.
    pub max_attempts: u32,
    /// How often a call waits after a 429: it was not applied, so that it is no failed
    /// attempt. 20.
    pub max_throttled: u32,
    /// The first wait after a transient fault is below this. 100 ms.
    pub base_transient: Duration,
    /// The first wait after a throttled attempt is below this. 1 s.
    pub base_throttled: Duration,
    /// No wait of our own choice is longer than this. 20 s.
    pub cap: Duration,
    /// The longest that one attempt may take. 30 s; ServiceTitan itself gives up
    /// on a request after 100 s, so slow operations may be given more.
    pub attempt_timeout: Duration,
    /// The longest that the whole call may take, waits included. 120 s.
    pub deadline: Duration,
}

impl RetryPolicy {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        max_attempts: 4,
        max_throttled: 20,
        base_transient: Duration::from_millis(100),
        base_throttled: Duration::from_secs(1),
        cap: Duration::from_secs(20),
        attempt_timeout: Duration::from_secs(30),
        deadline: Duration::from_secs(120),
    };
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Whether a request may be sent a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice is the same as doing it once.
    Harmless,
    /// Only if the attempt before certainly changed nothing.
    IfNotApplied,
}

impl Repeat {
    /// By RFC 9110, section 9.2.2: PUT, DELETE and the safe methods are idempotent,
    /// POST and PATCH are not. A read is harmless whatever its method, and a write
    /// is when the caller says so (`allow_resend`). Methods are case-sensitive.
    #[must_use]
    pub fn of(method: &str, access: Access, allow_resend: bool) -> Self {
        let idempotent = matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE");
        if idempotent || access == Access::Read || allow_resend { Self::Harmless } else { Self::IfNotApplied }
    }
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it again.
    Resend {
        /// Wait this long first.
        after: Duration,
        /// Get a new access token first. The one that was used is refused.
        refresh_token: bool,
    },
    /// The call failed.
    GiveUp(GiveUp),
}

/// How a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiveUp {
    /// Why there is no further attempt.
    pub why: Why,
    /// How long the provider asked to wait, for the caller to do so.
    pub hint: Option<Duration>,
    /// Whether the call took effect: the greatest effect of all its attempts. A
    /// DELETE that timed out and then got a 404 may well have deleted.
    pub effect: Effect,
}

/// Why there is no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// As many attempts as are allowed have failed.
    Exhausted,
    /// The next attempt would come after the deadline.
    NoTime,
    /// It may have taken effect, and doing it twice is not harmless.
    NotRepeatable,
    /// Its body was streamed, and what was taken from a stream cannot be sent again.
    BodyGone,
    /// It would fail again.
    Final,
    /// A new access token was refused like the old one.
    AuthRejected,
    /// The retry budget of the group is used up.
    OverBudget,
}

/// A failed attempt, for the caller to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptRecord {
    /// Counts from 1, resends with a new token included.
    pub number: u32,
    /// When it began.
    pub started: Tick,
    /// How long it took.
    pub elapsed: Duration,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why it failed.
    pub reason: Reason,
}

/// Follows one call through its attempts.
///
/// For each attempt, call [`Retry::begin`] just before sending and, if it failed,
/// [`Retry::next`] with the fault.
#[derive(Clone, Debug)]
pub struct Retry {
    policy: RetryPolicy,
    repeat: Repeat,
    deadline: Tick,
    began: Tick,
    /// Failed attempts that count towards the cap.
    counted: u32,
    /// Attempts that were throttled, which have a cap of their own.
    throttled: u32,
    refreshed: bool,
    /// Attempts whose token was refused.
    refusals: u32,
    effect: Effect,
    attempts: Vec<AttemptRecord>,
}

impl Retry {
    /// A call that starts `now`.
    #[must_use]
    pub fn new(policy: RetryPolicy, now: Tick, repeat: Repeat) -> Self {
        Self {
            policy,
            repeat,
            deadline: now + policy.deadline,
            began: now,
            counted: 0,
            throttled: 0,
            refreshed: false,
            refusals: 0,
            effect: Effect::NotSent,
            attempts: Vec::new(),
        }
    }

    /// An attempt starts `now`. Returns how long it may take, or `None` when the
    /// deadline has passed and nothing may be sent.
    pub fn begin(&mut self, now: Tick) -> Option<Duration> {
        self.began = now;
        self.attempt_timeout(now)
    }

    /// How long an attempt that starts `now` may take: the policy's time-out or
    /// what is left of the deadline. `None` when nothing is left.
    #[must_use]
    pub fn attempt_timeout(&self, now: Tick) -> Option<Duration> {
        let timeout = self.time_left(now).min(self.policy.attempt_timeout);
        (!timeout.is_zero()).then_some(timeout)
    }

    /// What is left of the deadline.
    #[must_use]
    pub fn time_left(&self, now: Tick) -> Duration {
        now.until(self.deadline)
    }

    /// The attempt that began last has failed. `random` is uniform in 0 to 1.
    pub fn next(&mut self, now: Tick, fault: &Fault, random: f64) -> Decision {
        self.record(now, fault);
        self.effect = self.effect.max(fault.effect);
        match self.wait(now, fault, random) {
            Ok(after) => {
                let refresh_token = fault.class == Class::TokenRejected;
                self.refreshed |= refresh_token;
                Decision::Resend { after, refresh_token }
            }
            Err(why) => Decision::GiveUp(self.given_up(why, fault.hint)),
        }
    }

    /// The next refusal of a token leads to another one once more.
    pub fn refresh_again(&mut self) {
        self.refreshed = false;
    }

    /// Gives up for a reason that is not this call's own, such as the retry budget.
    #[must_use]
    pub fn given_up(&self, why: Why, hint: Option<Duration>) -> GiveUp {
        GiveUp { why, hint, effect: self.effect }
    }

    /// When nothing may be sent any more.
    #[must_use]
    pub fn deadline(&self) -> Tick {
        self.deadline
    }

    /// Whether the request may be sent a second time.
    #[must_use]
    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// Whether the call took effect, as far as is known: the greatest effect of
    /// the attempts that failed.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The attempts that failed, in order.
    #[must_use]
    pub fn attempts(&self) -> &[AttemptRecord] {
        &self.attempts
    }

    fn record(&mut self, now: Tick, fault: &Fault) {
        let number = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.attempts.push(AttemptRecord {
            number,
            started: self.began,
            elapsed: now.since(self.began),
            status: fault.status,
            reason: fault.reason,
        });
    }

    fn wait(&mut self, now: Tick, fault: &Fault, random: f64) -> Result<Duration, Why> {
        match fault.class {
            Class::Final => return Err(Why::Final),
            Class::TokenRejected if self.refreshed => return Err(Why::AuthRejected),
            _ => {}
        }
        let harmless = match fault.effect {
            Effect::NotSent | Effect::NotApplied => true,
            Effect::Unknown => self.repeat == Repeat::Harmless,
            Effect::Applied => false,
        };
        if !harmless {
            return Err(Why::NotRepeatable);
        }
        let backoff = match fault.class {
            Class::Throttled if on(Failpoint::CountThrottled) => self.count(random)?,
            Class::Transient => self.count(random)?,
            Class::Throttled => {
                self.throttled = self.throttled.saturating_add(1);
                if self.throttled > self.policy.max_throttled {
                    return Err(Why::Exhausted);
                }
                self.backoff(self.policy.base_throttled, self.throttled, random)
            }
            // A first one costs no time, and one that happens again and again does.
            Class::TokenRejected => {
                self.refusals = self.refusals.saturating_add(1);
                let pause = self.backoff(self.policy.base_transient, self.refusals - 1, random);
                if self.refusals > 2 { pause } else { Duration::ZERO }
            }
            Class::Final => Duration::ZERO,
        };
        let wait = with_hint(backoff, fault.hint, random);
        // An attempt needs some time of its own after the wait.
        if wait < self.time_left(now) { Ok(wait) } else { Err(Why::NoTime) }
    }

    /// An attempt that failed; how long to wait after it.
    fn count(&mut self, random: f64) -> Result<Duration, Why> {
        self.counted = self.counted.saturating_add(1);
        if self.counted >= self.policy.max_attempts {
            return Err(Why::Exhausted);
        }
        Ok(self.backoff(self.policy.base_transient, self.counted, random))
    }

    /// Exponential backoff with full jitter: anything from zero to the ceiling,
    /// which doubles with each attempt that ended so.
    fn backoff(&self, base: Duration, ended_so: u32, random: f64) -> Duration {
        let doublings = ended_so.saturating_sub(1);
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        share(base.saturating_mul(factor).min(self.policy.cap), random)
    }
}

/// A tenth of the hint, but at least this and at most [`MAX_SPREAD`], is added at
/// random so that callers who got the same hint do not come back in one instant.
const MIN_SPREAD: Duration = Duration::from_millis(50);
const MAX_SPREAD: Duration = Duration::from_secs(1);

fn with_hint(backoff: Duration, hint: Option<Duration>, random: f64) -> Duration {
    let Some(hint) = hint else { return backoff };
    let spread = share((hint / 10).clamp(MIN_SPREAD, MAX_SPREAD), random);
    hint.max(backoff).saturating_add(spread)
}

#[cfg(test)]
mod tests;
