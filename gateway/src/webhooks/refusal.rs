//! What a stranger is told of a delivery that is refused: its status and no more.

use crate::problem::Problem;
use http::StatusCode;
use penstock::contract::{Failure, FailureKind};

/// The problem of a failure. What the failure says of header fields, settings and the host is in the log.
pub(super) fn of(failure: &Failure) -> Problem {
    let (status, detail) = match failure.kind {
        // The provider is not known, or has no webhooks, or the account has no name that any could have.
        FailureKind::BadInput => return Problem::unknown_path(),
        FailureKind::Authentication => (StatusCode::UNAUTHORIZED, "it is not proved whose it is"),
        FailureKind::Permission => (StatusCode::FORBIDDEN, "it is not this account's"),
        FailureKind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        FailureKind::Decode => (StatusCode::BAD_REQUEST, "the body is no event"),
        _ => return Problem::webhook_later("it cannot be taken in just now", super::TROUBLE),
    };
    Problem::webhook_refused(status, detail)
}
