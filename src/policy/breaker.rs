//! Whether the provider is worth asking: a circuit breaker.
//!
//! One [`Breaker`] serves one limit group of one tenant at one provider. While the provider
//! fails, calls end at once instead of after their time-outs, and the provider is left
//! alone to recover.
//!
//! ```text
//!            half of the calls failed, or most were slow
//!   Closed ─────────────────────────────────────────────▶ Open ◀──────────┐
//!     ▲                                                    │ time is over  │ a probe failed
//!     └──────────── three probes succeeded ──────────── HalfOpen ──────────┘
//! ```
//!
//! The open time is short, 1 s and then at most 4 s, where others take 5 s (Polly) or 60 s
//! (resilience4j): within 5 s of a provider's recovery 95 % of the calls are to succeed
//! again. The price is one probe every few seconds, which a provider that is down does not
//! notice.
//!
//! A call takes a [`Permit`], is sent, and hands the permit back with what came of it. A
//! permit knows the period that it was given in, so that a late answer from before the
//! breaker opened neither closes nor reopens it.

use std::time::Duration;

use super::failpoint::{self, Failpoint};
use super::time::{Tick, share};

mod outcome;
mod policy;
mod window;

pub use outcome::Outcome;
pub use policy::BreakerPolicy;

use window::Window;

/// How soon to ask again when all places for probes are taken: a few answers' time.
const PROBING_WAIT: Duration = Duration::from_millis(250);

/// What the breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It lets them through.
    Closed,
    /// It refuses them.
    Open {
        /// Until then.
        until: Tick,
    },
    /// It lets a few through, to see whether the provider is back.
    HalfOpen,
}

/// The call is refused: nothing may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// When to ask again. While probes are under way this is a guess.
    pub until: Tick,
}

/// What an outcome led to, to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It refuses calls from now on, or again.
    Opened {
        /// Until then.
        until: Tick,
    },
    /// It lets all calls through again.
    Closed,
}

/// Leave to send one request. Hand it back with [`Breaker::record`], or with
/// [`Breaker::abandon`] if the request was not sent or nobody waited for its answer.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a permit is handed back with `record` or `abandon`"]
pub struct Permit {
    generation: u64,
    /// Which probe it is; none while the breaker is closed.
    probe: Option<u64>,
}

impl Permit {
    /// Whether the request finds out if the provider is back.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.probe.is_some()
    }
}

/// Watches the outcomes of calls and refuses further ones while they are bound to fail.
#[derive(Clone, Debug)]
pub struct Breaker {
    policy: BreakerPolicy,
    /// Counts the times that it opened and closed. A permit of another generation says
    /// nothing about this one.
    generation: u64,
    phase: Phase,
}

#[derive(Clone, Debug)]
enum Phase {
    Closed(Window),
    Tripped(Tripped),
}

/// Open, and half open once `until` has passed.
#[derive(Clone, Debug)]
struct Tripped {
    until: Tick,
    /// How often it reopened since it was closed.
    reopened: u32,
    probes: Vec<Probe>,
    /// Numbers the probes.
    given: u64,
    successes: u32,
    /// Probes that ended without a failure.
    answers: u32,
    /// From then on any call may probe.
    all_from: Tick,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    number: u64,
    /// When its place goes to another.
    lapses: Tick,
}

impl Breaker {
    /// A closed one.
    #[must_use]
    pub fn new(policy: BreakerPolicy) -> Self {
        Self { policy, generation: 0, phase: Phase::Closed(Window::new(policy.window)) }
    }

    /// What it does with calls, for metrics.
    #[must_use]
    pub fn state(&self, now: Tick) -> State {
        match &self.phase {
            Phase::Closed(_) => State::Closed,
            Phase::Tripped(tripped) if now < tripped.until => State::Open { until: tripped.until },
            Phase::Tripped(_) => State::HalfOpen,
        }
    }

    /// Whether a call would be let through now; takes nothing.
    ///
    /// `may_probe` says that repeating the call is harmless. A probe may well be lost in
    /// the outage, so calls whose outcome would then be in doubt are the last to go.
    ///
    /// # Errors
    ///
    /// [`Open`] while the provider is to be left alone.
    pub fn check(&self, now: Tick, may_probe: bool) -> Result<(), Open> {
        let Phase::Tripped(tripped) = &self.phase else { return Ok(()) };
        if failpoint::on(Failpoint::IgnoreBreaker) {
            return Ok(());
        }
        if now < tripped.until {
            return Err(Open { until: tripped.until });
        }
        let taken = tripped.probing(now) >= self.policy.probes_at_once;
        if taken && !failpoint::on(Failpoint::ProbeFreely) {
            return Err(Open { until: now + PROBING_WAIT });
        }
        if !may_probe && now < tripped.all_from {
            return Err(Open { until: tripped.all_from });
        }
        Ok(())
    }

    /// Leave to send one request.
    ///
    /// # Errors
    ///
    /// As [`Breaker::check`].
    pub fn permit(&mut self, now: Tick, may_probe: bool) -> Result<Permit, Open> {
        self.check(now, may_probe)?;
        let probe = match &mut self.phase {
            Phase::Tripped(tripped) => Some(tripped.admit(now, may_probe, &self.policy)),
            Phase::Closed(_) => None,
        };
        Ok(Permit { generation: self.generation, probe })
    }

    /// A request that was sent has ended after `took`.
    ///
    /// `hint` is what the provider asked to wait: it lengthens the open time if this
    /// failure opens the breaker. `random`, uniform in 0 to 1, shortens the open time by
    /// up to a quarter, so that instances do not probe together.
    pub fn record(
        &mut self,
        permit: Permit,
        now: Tick,
        outcome: Outcome,
        took: Duration,
        hint: Option<Duration>,
        random: f64,
    ) -> Option<Transition> {
        if permit.generation != self.generation {
            return None;
        }
        let slow = took > self.policy.slow_call;
        match &mut self.phase {
            Phase::Closed(window) => {
                if outcome == Outcome::Ignored {
                    return None;
                }
                let failed = outcome == Outcome::Failure;
                window.add(now, failed, slow);
                // A success that was quick never opens it, even if it makes up the
                // number: the provider is there.
                let opens = (failed || slow) && window.counts(now).exceeds(&self.policy);
                opens.then(|| self.open(now, 0, hint, random))
            }
            Phase::Tripped(tripped) => {
                let in_time = tripped.give_back(permit.probe);
                match outcome {
                    // Sent into the outage; what came since counts more.
                    Outcome::Failure if !in_time => return None,
                    Outcome::Failure => {
                        let reopened = tripped.reopened.saturating_add(1);
                        return Some(self.open(now, reopened, hint, random));
                    }
                    // Still overloaded.
                    Outcome::Success | Outcome::Ignored if slow => return None,
                    Outcome::Success => tripped.successes = tripped.successes.saturating_add(1),
                    Outcome::Ignored => {}
                }
                tripped.answers = tripped.answers.saturating_add(1);
                let closes = tripped.successes >= self.policy.closing_successes
                    || tripped.answers >= self.policy.closing_answers;
                closes.then(|| self.close())
            }
        }
    }

    /// Whether it has seen nothing of the provider lately, so that another instance's word is better than
    /// none.
    #[must_use]
    pub fn knows_nothing(&self, now: Tick) -> bool {
        matches!(&self.phase, Phase::Closed(window) if window.counts(now).is_empty())
    }

    /// Another instance has found that the provider is to be left alone until then. Whoever has seen
    /// something itself goes by that: one instance whose own way is cut off must not stop all.
    pub fn hear(&mut self, now: Tick, until: Tick) {
        if self.knows_nothing(now) && now < until {
            let until = until.min(now + self.policy.max_hint);
            self.trip(until, 0);
        }
    }

    /// A request was not sent after all, or its caller has gone. A probe's place is free
    /// again.
    pub fn abandon(&mut self, permit: Permit) {
        if let Phase::Tripped(tripped) = &mut self.phase
            && permit.generation == self.generation
        {
            tripped.give_back(permit.probe);
        }
    }

    fn open(&mut self, now: Tick, reopened: u32, hint: Option<Duration>, random: f64) -> Transition {
        let factor = 1_u32.checked_shl(reopened).unwrap_or(u32::MAX);
        let longest = self.policy.open_for.saturating_mul(factor).min(self.policy.max_open_for);
        let own = longest.saturating_sub(share(longest / 4, random));
        let until = now + own.max(hint.unwrap_or_default().min(self.policy.max_hint));
        self.trip(until, reopened);
        Transition::Opened { until }
    }

    fn trip(&mut self, until: Tick, reopened: u32) {
        self.enter(Phase::Tripped(Tripped {
            until,
            reopened,
            probes: Vec::new(),
            given: 0,
            successes: 0,
            answers: 0,
            all_from: until + self.policy.harmless_first,
        }));
    }

    fn close(&mut self) -> Transition {
        self.enter(Phase::Closed(Window::new(self.policy.window)));
        Transition::Closed
    }

    fn enter(&mut self, phase: Phase) {
        self.generation = self.generation.saturating_add(1);
        self.phase = phase;
    }
}

impl Tripped {
    /// Probes that hold a place.
    fn probing(&self, now: Tick) -> usize {
        self.probes.iter().filter(|probe| now < probe.lapses).count()
    }

    /// Gives a place to a probe. Returns its number.
    fn admit(&mut self, now: Tick, harmless: bool, policy: &BreakerPolicy) -> u64 {
        self.probes.retain(|probe| now < probe.lapses);
        self.given = self.given.saturating_add(1);
        self.probes.push(Probe { number: self.given, lapses: now + policy.probe_patience });
        if harmless {
            self.all_from = now + policy.harmless_first;
        }
        self.given
    }

    /// Takes a probe's place back. Returns whether it was still its own.
    fn give_back(&mut self, number: Option<u64>) -> bool {
        let place = self.probes.iter().position(|probe| Some(probe.number) == number);
        place.map(|place| self.probes.swap_remove(place)).is_some()
    }
}

#[cfg(test)]
mod tests;
