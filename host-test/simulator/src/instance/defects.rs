//! Deliberate defects of what surrounds the core: a host that does what the core must not
//! do. The core's own code has none of them.

use super::Instance;
use crate::trace::Who;
use penstock::{
    host::{Request, Response, SendError},
    policy::{
        classify::{Reason, Sent},
        failpoint::{self, Failpoint},
        time::Tick,
    },
};
use std::hash::BuildHasher;

impl Instance {
    /// A request leaves: its token is in a log line.
    pub(super) fn log_tokens(&self, request: &Request) {
        if failpoint::on(Failpoint::LogTokens) {
            request.secret_headers.iter().for_each(|(name, token)| {
                penstock::host::Host::log(self, &format!(r#"{{"{name}":"{}"}}"#, token.expose()));
            });
        }
    }

    /// No answer comes: what the host says of it is not what it knows.
    pub(super) fn lies(&self, error: &mut SendError) {
        if failpoint::on(Failpoint::BelieveHosts) && error.reason == Reason::Connect {
            error.sent = Sent::No;
        }
    }

    /// An answer comes: being throttled is a reason to panic, or never to wake up again.
    pub(super) fn answered(&self, who: Who, response: &Response) {
        if response.status == 429 {
            assert!(!failpoint::on(Failpoint::Panic), "a deliberate panic");
            self.0.throttled.set(who.call);
        }
    }

    /// Whether a wait of this call never ends.
    pub(super) fn waits_for_ever(&self, who: Who) -> bool {
        failpoint::on(Failpoint::WaitForever) && who.call.is_some() && self.0.throttled.get() == who.call
    }
}

/// The monotonic clock: at half speed, every deadline comes too late.
pub(super) fn clock(now: Tick) -> Tick {
    if failpoint::on(Failpoint::SendLate) { Tick::ZERO + now.since(Tick::ZERO) / 2 } else { now }
}

/// A draw: chance that does not come from the seed is another one each time.
pub(super) fn draw(number: u64) -> u64 {
    match failpoint::on(Failpoint::ForeignChance) {
        true => std::hash::RandomState::new().hash_one(0),
        false => number,
    }
}
