//! What one attempt at sending a request means.
//!
//! Two questions decide everything that follows: may a later attempt do better
//! ([`Class`]), and did this one change anything at the provider's ([`Effect`]).
//! HTTP answers the second only in part, so "unknown" is a value of its own.

use std::time::Duration;

mod rules;

pub use rules::{StatusRule, StatusRules};

/// What came of one attempt, as the client saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The provider, or a proxy before it, answered.
    Answer {
        /// The HTTP status.
        status: u16,
        /// What [`retry_hint`](super::hint::retry_hint) found in the headers.
        hint: Option<Duration>,
        /// What became of the body. Counts for a 2xx only: an error is the same
        /// error whatever its body looks like.
        body: BodyKind,
    },
    /// No answer: the connection failed or broke.
    Transport {
        /// Whether any of the request may have left.
        sent: Sent,
        /// What failed, for the record of attempts.
        reason: Reason,
    },
    /// The time for one attempt ran out.
    Timeout {
        /// Whether any of the request may have left.
        sent: Sent,
    },
}

/// The body of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// Complete and of the expected kind, which may be no body at all.
    Usable,
    /// Nothing that begins as JSON where JSON was expected, such as a proxy's HTML page.
    Foreign,
    /// JSON that breaks off, or says of itself that it is another answer.
    Malformed,
    /// The connection broke within the body.
    CutOff,
    /// JSON, but not of the shape that the contract has. Asking again gives the same.
    Unfit,
    /// Larger or deeper than the limits allow.
    TooLarge,
    /// There is no memory for it while other answers take so much.
    NoRoom,
}

/// Whether a request may have reached the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Certainly not: no connection was made.
    No,
    /// Perhaps, wholly or in part.
    Maybe,
}

impl Sent {
    const fn effect(self) -> Effect {
        match self {
            Self::No => Effect::NotSent,
            Self::Maybe => Effect::Unknown,
        }
    }
}

/// Whether an operation changes anything, whatever its HTTP method. Reading a
/// report is a POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Changes nothing.
    Read,
    /// Changes something.
    Write,
}

/// Whether an attempt, or a whole call, took effect. Ordered from the least to the
/// most: a call with several attempts had the greatest effect of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// The request never left.
    NotSent,
    /// The provider refused it before acting, or it was a read.
    NotApplied,
    /// Nobody knows.
    Unknown,
    /// It took effect, though the answer could not be used.
    Applied,
}

/// What a fault calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It may pass.
    Transient,
    /// Too many requests: slow down, then it will pass.
    Throttled,
    /// The access token was refused. A new one may be taken.
    TokenRejected,
    /// It would fail again.
    Final,
}

/// Why an attempt failed. [`Reason::as_str`] is stable text for logs, metrics and
/// the record of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The host name was not found.
    Dns,
    /// No connection could be made.
    Connect,
    /// No secure connection could be made.
    Tls,
    /// The server's certificate is not accepted. Final: somebody must renew or trust it.
    Certificate,
    /// A proxy on the way refuses, such as for want of credentials (407). Final: somebody must mend those or
    /// its rules.
    Proxy,
    /// The host does not allow this destination. Final.
    Denied,
    /// The host is about to end and sends nothing more. Final for this process.
    Stopping,
    /// The connection broke before the answer was complete.
    Connection,
    /// The other side did not keep to HTTP.
    Protocol,
    /// No answer in the time for one attempt, or a 408.
    Timeout,
    /// 429.
    RateLimited,
    /// 401.
    TokenExpired,
    /// 503.
    Unavailable,
    /// Another 5xx.
    ServerError,
    /// Another 4xx.
    Rejected,
    /// 3xx. The client follows those that lead to a file, unless they lead astray.
    Redirect,
    /// A 2xx whose body is not what was expected.
    Malformed,
    /// A 2xx whose body is JSON, but not of the shape that the contract has.
    Unfit,
    /// A 2xx whose body exceeds the limits.
    TooLarge,
    /// The answers under way take all the memory that they may.
    NoMemory,
    /// A status that HTTP has no meaning for, or 1xx.
    UnexpectedStatus,
    /// Nothing was sent: the circuit breaker is open.
    BreakerOpen,
}

impl Reason {
    /// Stable, in lower case with hyphens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Certificate => "certificate",
            Self::Proxy => "proxy",
            Self::Denied => "denied",
            Self::Stopping => "stopping",
            Self::Connection => "connection",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::RateLimited => "rate-limited",
            Self::TokenExpired => "token-expired",
            Self::Unavailable => "unavailable",
            Self::ServerError => "server-error",
            Self::Rejected => "rejected",
            Self::Redirect => "redirect",
            Self::Malformed => "malformed",
            Self::Unfit => "unfit",
            Self::TooLarge => "too-large",
            Self::NoMemory => "no-memory",
            Self::UnexpectedStatus => "unexpected-status",
            Self::BreakerOpen => "breaker-open",
        }
    }
}

/// A failed attempt, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Why it failed.
    pub reason: Reason,
    /// Whether it changed anything.
    pub effect: Effect,
    /// What it calls for.
    pub class: Class,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long the provider asks to wait.
    pub hint: Option<Duration>,
}

/// Classifies an attempt: `Ok` for a usable 2xx, otherwise the fault.
///
/// # Errors
///
/// The [`Fault`], for everything but a 2xx with a usable body.
pub fn classify(attempt: &Attempt, access: Access, rules: &StatusRules) -> Result<(), Fault> {
    let mut fault = match *attempt {
        Attempt::Answer { status: status @ 200..=299, hint, body } => {
            // The provider acted, as far as one can tell. Only the body is lost: a read can be
            // repeated for it, a write cannot.
            let (reason, repeatable) = match body {
                BodyKind::Usable => return Ok(()),
                BodyKind::Foreign | BodyKind::Malformed => (Reason::Malformed, true),
                BodyKind::CutOff => (Reason::Connection, true),
                BodyKind::Unfit => (Reason::Unfit, false),
                BodyKind::TooLarge => (Reason::TooLarge, false),
                BodyKind::NoRoom => (Reason::NoMemory, true),
            };
            let class = match access {
                Access::Write => Class::Final,
                // It is our own haste, and passes when others are done.
                Access::Read if body == BodyKind::NoRoom => Class::Throttled,
                Access::Read if repeatable => Class::Transient,
                Access::Read => Class::Final,
            };
            // A proxy's page in the place of an answer says nothing of what the provider did.
            let effect = if body == BodyKind::Foreign { Effect::Unknown } else { Effect::Applied };
            Fault { reason, effect, class, status: Some(status), hint }
        }
        Attempt::Answer { status, hint, .. } => {
            let StatusRule { class, effect, reason } = rules.rule(status, hint.is_some());
            Fault { reason, effect, class, status: Some(status), hint }
        }
        Attempt::Transport { sent, reason } => {
            let class = match reason {
                Reason::Denied | Reason::Stopping | Reason::Certificate | Reason::Proxy => Class::Final,
                _ => Class::Transient,
            };
            Fault { reason, effect: sent.effect(), class, status: None, hint: None }
        }
        Attempt::Timeout { sent } => {
            let (reason, class) = (Reason::Timeout, Class::Transient);
            Fault { reason, effect: sent.effect(), class, status: None, hint: None }
        }
    };
    if access == Access::Read {
        // A read that reached the provider changed nothing, however it ended.
        fault.effect = fault.effect.min(Effect::NotApplied);
    }
    Err(fault)
}

#[cfg(test)]
mod tests;
