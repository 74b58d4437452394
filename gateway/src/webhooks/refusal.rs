//! What a stranger is told of a delivery that is refused: its status and no more.

use crate::problem::Problem;
use http::StatusCode;
use penstock::{
    client::Client,
    contract::{Failure, FailureKind},
    entry::account,
    host::Host,
};

/// The setting of the core that switches webhooks on.
const SWITCH: &str = "ENABLE_WEBHOOKS";

/// Whether somebody has set the account up to take webhooks, though perhaps not well. A failure that is
/// no matter of settings says nothing against it.
pub(super) async fn is_taken_by_somebody<H: Host>(
    client: &Client<H>,
    (provider, name): (&str, &str),
    failure: &Failure,
) -> bool {
    if failure.kind != FailureKind::Configuration {
        return true;
    }
    let is_off = failure.fields.iter().any(|field| field.field == SWITCH && field.message == "is false");
    !is_off && account::is_known(client, provider, name).await.unwrap_or(true)
}

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
