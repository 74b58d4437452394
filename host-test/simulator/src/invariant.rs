//! What must hold in every schedule.

use crate::named::named;
use serde::Serialize;
use std::{fmt, time::Duration};

named! {
    /// What must hold. Each is checked at every step that could break it, or at the end.
    pub enum Invariant {
        /// A read that reports success delivered every record that the vendor held,
        /// unchanged, from before it began until after it ended.
        NothingLost = "nothing lost",
        /// No read delivers a record twice.
        NothingRepeated = "nothing repeated",
        /// A record that does not fit the contract ends the read, is left out or is given as it
        /// came, whichever was asked for; and is counted and named, once.
        MisfitsAreTold = "misfits are told",
        /// A copy whose rows and positions become durable together is what the vendor has, whenever its reader is
        /// killed.
        CopyIsTruth = "a copy is the truth",
        /// A read says `drifted` only if its list shifted while it was read.
        DriftIsTrue = "drift is true",
        /// An answer is about what was asked, of the tenant that was asked.
        RightAnswer = "right answer",
        /// A write takes effect once at most, and what the call reports of it is true.
        NoDoubleWrite = "no double write",
        /// A 429 costs no attempt: a call that ends because none is left has made them all, or
        /// was throttled 20 times.
        ThrottledIsNoAttempt = "a 429 is no attempt",
        /// Nothing is sent after the deadline of the call that it is for.
        NothingLate = "nothing sent late",
        /// No more sends than the limit in any window of the limit's length.
        WithinLimit = "within the limit",
        /// At most one token fetch at a time per credential and instance.
        OneTokenFetch = "one token fetch",
        /// What is held of answers on an instance has room in PENSTOCK_MEMORY_BYTES.
        WithinMemory = "within the memory",
        /// A position of a read is refused for another tenant, and nothing is sent.
        PositionsOfTenant = "positions of a tenant",
        /// While the breaker is open, only its probes are sent.
        OnlyProbes = "only probes while open",
        /// Nobody waits while those who came later are served.
        NobodyStarves = "nobody starves",
        /// Every call ends, and within its deadline.
        EveryCallEnds = "every call ends",
        /// No secret can be seen in anything that leaves the core.
        NoSecretSeen = "no secret seen",
        /// The same seed gives the same trace.
        SameTrace = "same seed, same trace",
        /// Nothing panics.
        NoPanic = "no panic",
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, Serialize)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// At which step of the schedule: the line of its trace, from 0.
    pub step: u64,
    /// When, in virtual time from the start.
    pub at: Duration,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (step {}, {:.3} s)", self.invariant, self.what, self.step, self.at.as_secs_f64())
    }
}
