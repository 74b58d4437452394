//! One state: the policies' values, the calls, and what the rules remember.

use crate::{ledger::Ledger, rules};
use penstock_policy::{
    breaker::{Breaker, Permit},
    classify::Fault,
    limiter::{group::Group, inflight::Inflight, queue::Ticket},
    retry::Retry,
    time::Tick,
    token::{Generation, TokenCell},
};
use std::{
    fmt::{self, Write},
    hash::{Hash, Hasher},
    sync::Arc,
};

/// Everything at one instant, between two steps.
#[derive(Clone, Debug)]
pub struct State {
    pub now: Tick,
    pub breaker: Breaker,
    pub cell: TokenCell,
    pub group: Group,
    pub inflight: Inflight,
    pub calls: Vec<Call>,
    /// Why the last fetch failed, until one does not.
    pub no_token: Option<NoToken>,
    pub ledger: Ledger,
}

/// Why there is no token; without a fault another try would do no better.
#[derive(Clone, Copy, Debug)]
pub struct NoToken(pub Option<Fault>);

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    pub stage: Stage,
    pub attempts: Attempts,
    /// Whether a token of this call was refused before.
    pub refreshed: bool,
}

/// What a call is waiting for.
#[derive(Clone, Debug)]
pub enum Stage {
    /// It has yet to begin.
    Idle,
    /// It goes on right now; never seen between two steps.
    Running,
    /// The breaker is open.
    Barred { until: Tick },
    /// Somebody else fetches a token. `news`: whether a fetch has ended since.
    TokenAwaited { news: bool },
    /// It fetches a token itself. `old`: whether the one before serves meanwhile.
    Fetching { asked: Tick, until: Tick, old: bool },
    /// In the limiter's queue. `woken`: it is to ask for its turn again.
    Queued { ticket: Ticket, until: Option<Tick>, woken: bool },
    /// Its request is under way.
    Sent { generation: Generation, pass: Pass, sent: Tick, until: Tick, epoch: u32 },
    /// Between two attempts.
    Resting { until: Tick, then: Next },
    /// It has an answer, has failed, or was given up.
    Ended,
}

/// Where a call goes on.
#[derive(Clone, Copy, Debug)]
pub enum Next {
    /// At the beginning, with the breaker.
    Breaker,
    /// With the token.
    Token,
}

/// The attempts of a call. Shows what the coming decisions depend on; not the times of
/// attempts that are over, lest states differ that behave alike.
#[derive(Clone)]
pub struct Attempts(pub Retry);

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entry(&self.0.deadline().as_nanos()).entry(&self.0.effect());
        list.entries(self.0.attempts().iter().map(|attempt| attempt.reason)).finish()
    }
}

/// A breaker's permit that can be handed back in each of the futures of one state. Permits
/// are not copied, for good reason; this one is given once more by the breaker as it was.
#[derive(Clone)]
pub struct Pass {
    pub permit: Arc<Permit>,
    before: Arc<Breaker>,
    at: Tick,
    harmless: bool,
}

impl Pass {
    /// Takes a permit, if there is one.
    pub fn take(breaker: &mut Breaker, at: Tick, harmless: bool) -> Result<Pass, Tick> {
        let before = Arc::new(breaker.clone());
        let permit = Arc::new(breaker.permit(at, harmless).map_err(|open| open.until)?);
        Ok(Pass { permit, before, at, harmless })
    }

    /// The permit itself.
    pub fn permit(&self) -> Permit {
        let permit = Breaker::clone(&self.before).permit(self.at, self.harmless);
        permit.unwrap_or_else(|_| panic!("a breaker decides the same twice"))
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.permit.fmt(f)
    }
}

impl Stage {
    /// Whether nothing of the call is left to do.
    pub fn at_rest(&self) -> bool {
        matches!(self, Stage::Idle | Stage::Ended)
    }

    /// Whether a wait is over that ends by itself.
    pub fn is_due(&self, now: Tick) -> bool {
        match self {
            Stage::Barred { until } | Stage::Resting { until, .. } => now >= *until,
            Stage::Queued { until, woken, .. } => *woken || until.is_some_and(|until| now >= until),
            _ => false,
        }
    }
}

impl State {
    /// The calls whose requests are under way.
    pub fn under_way(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call.stage, Stage::Sent { .. })).count()
    }

    /// The calls that fetch a token.
    pub fn fetching(&self) -> usize {
        self.calls.iter().filter(|call| matches!(call.stage, Stage::Fetching { .. })).count()
    }
}

/// States are the same when they print the same: `Debug` shows every field of the policies'
/// values, except for secrets, whose generation it shows. When all calls have ended, nothing
/// counts but what the rules ask.
impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        struct Into<'h, H>(&'h mut H);
        impl<H: Hasher> Write for Into<'_, H> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.write(text.as_bytes());
                Ok(())
            }
        }
        let over = self.calls.iter().all(|call| matches!(call.stage, Stage::Ended));
        let printed = match over {
            true => write!(Into(hasher), "{:?}", rules::decision(self)),
            false => write!(Into(hasher), "{self:?}"),
        };
        assert!(printed.is_ok(), "a state can be printed");
    }
}

impl PartialEq for State {
    fn eq(&self, other: &State) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}
