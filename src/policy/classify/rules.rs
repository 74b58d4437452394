//! What each HTTP status means.

use super::{Class, Effect, Reason};

/// What a status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusRule {
    /// What it calls for.
    pub class: Class,
    /// Whether a write with this answer took effect.
    pub effect: Effect,
    /// Why the attempt failed.
    pub reason: Reason,
}

/// The meaning of statuses outside 2xx: RFC 9110's, as far as a client may rely on
/// it, and what a provider promises beyond that.
///
/// Where the standard leaves room, the default says "unknown" and so does not
/// repeat a write. A provider's folder may be bolder where the provider's documents
/// are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StatusRules {
    /// Statuses with a meaning of their own at this provider's. Asked first.
    pub overrides: &'static [(u16, StatusRule)],
    /// A 503 with a hint means that a write was refused before the provider acted.
    /// Off by default: a proxy sends the same when the provider died half-way.
    pub unavailable_with_hint_is_refusal: bool,
}

impl StatusRules {
    /// RFC 9110 and no promises beyond it.
    pub const STANDARD: Self = Self { overrides: &[], unavailable_with_hint_is_refusal: false };

    /// What `status` means; `hinted` when the answer said how long to wait.
    #[must_use]
    pub fn rule(&self, status: u16, hinted: bool) -> StatusRule {
        if let Some((_, rule)) = self.overrides.iter().find(|(code, _)| *code == status) {
            return *rule;
        }
        if status == 503 && hinted && self.unavailable_with_hint_is_refusal {
            return rule(Class::Transient, Effect::NotApplied, Reason::Unavailable);
        }
        standard(status)
    }
}

const fn rule(class: Class, effect: Effect, reason: Reason) -> StatusRule {
    StatusRule { class, effect, reason }
}

const fn standard(status: u16) -> StatusRule {
    use Class::{Final, Throttled, TokenRejected, Transient};
    use Effect::{NotApplied, Unknown};
    match status {
        // A redirect may follow a write that was done (303) or one that was not
        // (307): unknown.
        300..=399 => rule(Final, Unknown, Reason::Redirect),
        401 => rule(TokenRejected, NotApplied, Reason::TokenExpired),
        // By RFC 9110 the request was incomplete and so not acted upon, but
        // gateways also send it when a backend is slow.
        408 => rule(Transient, Unknown, Reason::Timeout),
        // RFC 8470, section 5.2: refused because it might be a replay.
        425 => rule(Transient, NotApplied, Reason::Rejected),
        429 => rule(Throttled, NotApplied, Reason::RateLimited),
        400..=499 => rule(Final, NotApplied, Reason::Rejected),
        // The server cannot do this at all, or never will for this client.
        501 | 505 | 511 => rule(Final, NotApplied, Reason::ServerError),
        503 => rule(Transient, Unknown, Reason::Unavailable),
        500..=599 => rule(Transient, Unknown, Reason::ServerError),
        _ => rule(Final, Unknown, Reason::UnexpectedStatus),
    }
}
