//! The problems of requests that carry an idempotency key; [`crate::idempotency`] says when.

use super::{Problem, Retry};
use http::{StatusCode, header};
use penstock::contract::{FailureKind, Outcome, RetryAdvice};

/// When to come again while the store is away, in seconds.
const AWAY: u64 = 5;

impl Problem {
    /// The key came with another request.
    #[must_use]
    pub fn idempotency_key_reused(operation: &str) -> Problem {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let detail = "another request came with this key; a key belongs to one request and its repetitions";
        Problem::gateway("idempotency-key-reused", status, "The idempotency key is another request's", detail)
            .about(operation)
    }

    /// The request with this key is under way; when to come again, in seconds.
    #[must_use]
    pub fn idempotency_key_in_use(operation: &str, after: u64) -> Problem {
        let detail = "the request with this key is under way; come again for its answer";
        let title = "The request with this idempotency key is under way";
        Problem::gateway("idempotency-key-in-use", StatusCode::CONFLICT, title, detail)
            .about(operation)
            .after(after)
    }

    /// The store cannot be asked whether there was such a request.
    #[must_use]
    pub fn idempotency_unavailable(operation: &str) -> Problem {
        let detail = "the store that instances share does not answer, so that nothing was sent";
        let title = "Idempotency keys cannot be looked up";
        Problem::gateway("idempotency-unavailable", StatusCode::SERVICE_UNAVAILABLE, title, detail)
            .about(operation)
            .after(AWAY)
    }

    /// Nobody knows what came of the request with this key.
    #[must_use]
    pub fn idempotency_outcome_unknown(operation: &str, why: &str) -> Problem {
        let detail =
            format!("{why}. It may have taken effect and is not sent again; look before using another key");
        let title = "The outcome of the request with this idempotency key is unknown";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let problem =
            Problem::gateway("idempotency-outcome-unknown", status, title, &detail).about(operation);
        Problem { outcome: Outcome::Unknown.name(), ..problem }
    }

    /// The answer to the request with this key had this status, and a body too large to keep.
    #[must_use]
    pub fn idempotency_answer_not_kept(operation: &str, status: u16) -> Problem {
        let detail = format!("the request was answered with {status}, and its body was too large to be kept");
        let title = "The answer to the request with this idempotency key was not kept";
        let problem = Problem::gateway("idempotency-answer-not-kept", StatusCode::CONFLICT, title, &detail)
            .about(operation);
        let outcome = if status < 400 { Outcome::Applied } else { Outcome::Unknown };
        Problem { outcome: outcome.name(), ..problem }
    }

    /// Whether a request that failed like this may be sent under its key again: nothing took effect, and it was no
    /// verdict of the provider's on the request, which would be the same again.
    #[must_use]
    pub fn frees_idempotency_key(&self) -> bool {
        let is_verdict = [FailureKind::Rejected, FailureKind::Conflict, FailureKind::NotFound]
            .iter()
            .any(|kind| self.kind == format!("urn:penstock:failure:{}", kind.name()));
        self.outcome == Outcome::NotSent.name() || self.outcome == Outcome::NotApplied.name() && !is_verdict
    }

    fn about(self, operation: &str) -> Problem {
        Problem { operation: Some(operation.to_owned()), ..self }
    }

    fn after(self, seconds: u64) -> Problem {
        let after_ms = seconds.saturating_mul(1000);
        let retry = Retry { advice: RetryAdvice::After(after_ms).name(), after_ms: Some(after_ms) };
        Problem { retry, ..self }.with(header::RETRY_AFTER, &seconds.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::{contract::Failure, failure::refused};

    #[test]
    fn a_key_is_free_again_where_nothing_happened_and_another_time_may_do_better() {
        use {FailureKind as Kind, Outcome as Took};
        for (kind, outcome, frees) in [
            (Kind::BadInput, Took::NotSent, true),
            (Kind::Role, Took::NotSent, true),
            (Kind::Transport, Took::NotSent, true),
            (Kind::RateLimited, Took::NotApplied, true),
            (Kind::Authentication, Took::NotApplied, true),
            (Kind::Unavailable, Took::NotApplied, true),
            (Kind::Rejected, Took::NotApplied, false),
            (Kind::Conflict, Took::NotApplied, false),
            (Kind::NotFound, Took::NotApplied, false),
            (Kind::Timeout, Took::Unknown, false),
            (Kind::Vendor, Took::Unknown, false),
            (Kind::Decode, Took::Applied, false),
        ] {
            let failure = Failure { outcome, ..refused(kind, "", Vec::new()) };
            assert_eq!(Problem::from(failure).frees_idempotency_key(), frees, "{kind:?} {outcome:?}");
        }
    }
}
