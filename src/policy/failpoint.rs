//! Defects that can be switched on, to prove that the simulator finds them.
//!
//! Each names an invariant and the place that would break it. Those that a host or a caller can
//! bring about are in the simulator (`host-test/simulator/src/instance/defects.rs`); what is asked for
//! in production code is what no wrapper can reach: the inside of a policy, the order in which a call
//! waits again, and the lock of a token. Without the feature
//! `failpoints`, which only tests turn on, [`on`] is the constant `false` and the branches
//! are not compiled in.

/// A deliberate defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failpoint {
    /// A page is thrown away as if it had been delivered.
    LoseRecords,
    /// The records that stand before a resumed position are delivered again.
    RepeatRecords,
    /// A 429 counts as a failed attempt.
    CountThrottled,
    /// Of the spellings of a secret only the plain one is taken out of what a provider says.
    KeepSpellings,
    /// A host is believed that says that nothing was sent.
    BelieveHosts,
    /// A write whose outcome is unknown is sent again.
    ResendWrites,
    /// A wait is slept through although it ends after the deadline, and then it is sent.
    SendLate,
    /// The limiter lets everything through.
    IgnoreLimit,
    /// What answers take of the memory is not charged.
    ChargeNothing,
    /// A position is good for any tenant.
    MixPositions,
    /// Each call fetches a token of its own.
    FetchTokensAtOnce,
    /// The breaker never refuses.
    IgnoreBreaker,
    /// The caller who came last goes first.
    LastComesFirst,
    /// A call that is sent again goes behind all others.
    RetriesComeLast,
    /// A call that was throttled waits for a word that never comes.
    WaitForever,
    /// Who is let through while the breaker is half open is not counted.
    ProbeFreely,
    /// Every read says that its list has drifted.
    SayDrifted,
    /// Kept answers are given to any tenant.
    ShareAnswers,
    /// A write leaves what is kept.
    KeepAfterWrites,
    /// A call that was throttled panics.
    Panic,
    /// The access token is part of a log line.
    LogTokens,
    /// A record that does not fit the contract is left out although it is wanted as it came.
    LoseMisfits,
    /// Chance comes from elsewhere than from the host.
    ForeignChance,
}

#[cfg(feature = "failpoints")]
thread_local! {
    static ACTIVE: std::cell::Cell<Option<Failpoint>> = const { std::cell::Cell::new(None) };
}

/// Switches one defect on in this thread, or all off.
#[cfg(feature = "failpoints")]
pub fn set(failpoint: Option<Failpoint>) {
    ACTIVE.set(failpoint);
}

/// Whether a defect is on.
#[cfg(feature = "failpoints")]
#[must_use]
pub fn on(failpoint: Failpoint) -> bool {
    ACTIVE.get() == Some(failpoint)
}

/// Whether a defect is on: never.
#[cfg(not(feature = "failpoints"))]
#[must_use]
pub const fn on(_: Failpoint) -> bool {
    false
}
