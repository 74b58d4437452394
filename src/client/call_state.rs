//! One call on its way: what is asked, by whose settings, and what it has gone through.

use super::{Account, CallContext, attempt::Failed};
use crate::{
    call::{Call, CallOptions},
    contract::{self, Failure, FailureKind, RetryAdvice},
    failure::{self, instant, outcome},
    policy::{
        budget::Spent,
        classify::{Effect as Took, Reason},
        limiter::group::Late,
        retry::{GiveUp, Retry, Why},
        time::{Tick, WallTime, millis},
    },
    providers::api::{MinimumInterval, PageSelector, Provider},
    settings::CommonSettings,
};
use std::{borrow::Cow, cell::Cell, rc::Rc, time::Duration};

/// One call on its way.
pub(crate) struct CallState<'c> {
    /// The call, its local days as instants.
    pub(crate) call: Cow<'c, Call>,
    pub(crate) provider: &'static dyn Provider,
    /// The page that is asked for, if it is a list.
    pub(crate) page: Option<&'c PageSelector>,
    pub(crate) options: &'c CallOptions,
    pub(crate) context: &'c CallContext,
    pub(crate) account: Rc<Account>,
    pub(crate) settings: Rc<CommonSettings>,
    /// The limit of the resource that it asks for, if it has one besides the tenant's.
    pub(crate) minimum_interval: Option<MinimumInterval>,
    /// When it began, on the calendar.
    pub(crate) began_wall: WallTime,
    /// Its attempts.
    pub(crate) retry: Retry,
    /// When the answer to the last attempt began, if it did.
    pub(crate) answered: Cell<Option<Tick>>,
    /// What its retries took out of the budget.
    pub(crate) spent: Spent,
    /// How often a token of this call was refused.
    pub(crate) token_refusals: TokenRefusals,
    /// Why there was no further attempt, if that is why it ended.
    pub(crate) gave_up: Option<Why>,
}

/// How often a token of one call was refused, by what that meant.
#[derive(Default)]
pub(crate) struct TokenRefusals {
    pub(crate) outdated: u32,
    pub(crate) revoked: u32,
    pub(crate) unserved: u32,
    /// Sent again with other credentials because of a 403.
    pub(crate) forbidden: u32,
}

impl CallState<'_> {
    /// The call did not get its turn in time: its time is over, or a limit leaves it none.
    pub(crate) fn not_admitted(&self, late: Late) -> Failure {
        let Late::Limited { hint } = late else { return self.late() };
        let retry = hint.map_or(RetryAdvice::Later, |hint| RetryAdvice::After(millis(hint)));
        let message = "the rate limit, or the cap on requests under way, leaves no time before the deadline";
        Failure {
            outcome: outcome(self.retry.effect()),
            retry,
            ..failure::refused(FailureKind::RateLimited, message, Vec::new())
        }
    }

    /// The circuit breaker is open for so long.
    pub(crate) fn unavailable(&self, left: Duration) -> Failure {
        let message = "the vendor has been failing and is not asked for now (circuit breaker)";
        Failure {
            outcome: outcome(self.retry.effect()),
            retry: RetryAdvice::After(millis(left)),
            ..failure::refused(FailureKind::Unavailable, message, Vec::new())
        }
    }

    /// The deadline passed.
    pub(crate) fn late(&self) -> Failure {
        Failure { outcome: outcome(self.retry.effect()), ..failure::late("the deadline passed") }
    }

    /// Whether its failure is no matter of its own deadline: another call, at the same
    /// time, would have failed as well.
    pub(crate) fn failed_for_all(&self) -> bool {
        self.gave_up.is_some_and(|why| why != Why::NoTime)
    }

    /// A failure that names the call, and the attempts that it made.
    pub(crate) fn named(&self, failure: Failure) -> Failure {
        failure.of(self.call.operation.name, &self.context.id, self.attempts())
    }

    /// No further attempt.
    pub(crate) fn give_up(&mut self, failed: Failed, GiveUp { why, hint, effect }: GiveUp) -> Failure {
        self.gave_up = Some(why);
        let Failed { fault, detail } = failed;
        let unsure = effect > Took::NotApplied;
        let retry = match (why, hint) {
            // Elsewhere, or once the host is back.
            (Why::Final, _) if fault.reason == Reason::Stopping => RetryAdvice::Later,
            (Why::Final | Why::AuthRejected, _) => RetryAdvice::Never,
            (Why::NotRepeatable | Why::BodyGone, _) if unsure => RetryAdvice::Never,
            (_, Some(hint)) => RetryAdvice::After(millis(hint)),
            _ => RetryAdvice::Later,
        };
        let message = match why {
            Why::NotRepeatable => {
                format!("{}; it may have taken effect and is not sent again", detail.message)
            }
            Why::BodyGone if unsure => {
                format!("{}; it may have taken effect, and a stream cannot be sent again", detail.message)
            }
            Why::BodyGone => format!("{}; a stream cannot be sent again", detail.message),
            Why::NoTime => format!("{}; the deadline leaves no time to try again", detail.message),
            Why::Exhausted => format!("{}; no attempts are left", detail.message),
            Why::OverBudget => format!("{}; too many calls are being repeated as it is", detail.message),
            Why::AuthRejected => format!("{}; a new access token was refused as well", detail.message),
            Why::Final => detail.message,
        };
        Failure {
            outcome: outcome(effect),
            retry,
            status: fault.status,
            vendor_trace_id: detail.trace_id,
            ..failure::refused(detail.kind.unwrap_or(FailureKind::Internal), message, detail.fields)
        }
    }

    /// The attempts that failed, as the contract has them.
    pub(crate) fn attempts(&self) -> Vec<contract::Attempt> {
        let attempts = self.retry.attempts().iter().map(|attempt| {
            let since = attempt.started.since(self.context.began).as_millis();
            let started =
                self.began_wall.as_millis().saturating_add(i64::try_from(since).unwrap_or(i64::MAX));
            contract::Attempt {
                number: attempt.number,
                started: instant(WallTime::from_millis(started)),
                elapsed_ms: millis(attempt.elapsed),
                status: attempt.status,
                reason: attempt.reason.as_str().to_owned(),
            }
        });
        attempts.collect()
    }
}
