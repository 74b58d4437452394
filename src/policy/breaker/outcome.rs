//! What an attempt says about the provider's health.

use std::time::Duration;

use crate::classify::{Class, Fault, Reason};

/// What an attempt says about the provider's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is well.
    Success,
    /// It is not, or cannot be reached.
    Failure,
    /// Nothing: the answer is about this one call (a 404), its token (a 401) or the rate
    /// of calls (a 429).
    Ignored,
}

/// An attempt that was given less time than this says nothing by running out of it: a
/// caller's short deadline is not the provider's fault. Healthy answers take up to 2 s.
const FAIR_TIME: Duration = Duration::from_secs(5);

impl Outcome {
    /// Classifies a classified attempt that was allowed to take this long.
    #[must_use]
    pub fn of(decision: Result<(), &Fault>, allowed: Duration) -> Self {
        let Err(fault) = decision else { return Self::Success };
        let failed = match fault.reason {
            // 408: its only 4xx, which says that the request was slow to come.
            Reason::Timeout => fault.status.is_none() && allowed >= FAIR_TIME,
            // 501 and its like are about the operation.
            Reason::ServerError => fault.class != Class::Final,
            Reason::Dns
            | Reason::Connect
            | Reason::Tls
            | Reason::Certificate
            | Reason::Proxy
            | Reason::Connection
            | Reason::Protocol
            | Reason::Unavailable
            // A proxy's page with a 200, most likely.
            | Reason::Malformed => true,
            Reason::Denied
            | Reason::Stopping
            | Reason::RateLimited
            | Reason::TokenExpired
            | Reason::Rejected
            | Reason::Redirect
            | Reason::Unfit
            | Reason::TooLarge
            | Reason::NoMemory
            | Reason::UnexpectedStatus
            | Reason::BreakerOpen => false,
        };
        if failed { Self::Failure } else { Self::Ignored }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Access, Attempt, BodyKind, Sent, StatusRules, classify};

    const LONG: Duration = Duration::from_secs(30);

    fn of(attempt: Attempt, access: Access, allowed: Duration) -> Outcome {
        let decision = classify(&attempt, access, &StatusRules::STANDARD);
        Outcome::of(decision.as_ref().copied(), allowed)
    }

    fn answer(status: u16, body: BodyKind) -> Attempt {
        Attempt::Answer { status, hint: None, body }
    }

    #[test]
    fn only_the_vendors_own_trouble_is_a_failure() {
        for access in [Access::Read, Access::Write] {
            let status = |status| of(answer(status, BodyKind::Usable), access, LONG);
            assert_eq!((status(200), status(204)), (Outcome::Success, Outcome::Success));
            for failing in [500, 502, 503, 504, 599] {
                assert_eq!(status(failing), Outcome::Failure, "{failing}");
            }
            for other in [302, 400, 401, 403, 404, 408, 409, 422, 425, 429, 501, 505, 999] {
                assert_eq!(status(other), Outcome::Ignored, "{other}");
            }
            let body = |body| of(answer(200, body), access, LONG);
            assert_eq!(
                (body(BodyKind::Malformed), body(BodyKind::CutOff)),
                (Outcome::Failure, Outcome::Failure)
            );
            assert_eq!(
                (body(BodyKind::Unfit), body(BodyKind::TooLarge)),
                (Outcome::Ignored, Outcome::Ignored)
            );
            let transport = |reason| of(Attempt::Transport { sent: Sent::No, reason }, access, LONG);
            for reason in [Reason::Dns, Reason::Connect, Reason::Tls, Reason::Connection, Reason::Protocol] {
                assert_eq!(transport(reason), Outcome::Failure, "{reason:?}");
            }
            assert_eq!(transport(Reason::Denied), Outcome::Ignored);
            assert_eq!(transport(Reason::Stopping), Outcome::Ignored);
        }
    }

    #[test]
    fn running_out_of_a_short_time_says_nothing() {
        let timeout =
            |millis| of(Attempt::Timeout { sent: Sent::Maybe }, Access::Read, Duration::from_millis(millis));
        assert_eq!((timeout(4_999), timeout(5_000)), (Outcome::Ignored, Outcome::Failure));
    }
}
