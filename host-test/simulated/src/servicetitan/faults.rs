//! How a fault looks on the wire.

use crate::faults::{FaultKind, Faults};
use crate::{
    answer::Answer,
    clock::nanoseconds,
    response::{Reset, Sent},
    servicetitan::{errors::ApiError, time},
};

/// What a proxy in front of the provider says when it gives up.
const HTML: &str =
    "<html><head><title>Bad gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";

/// The answer that stands in for the right one; none if the request is served first.
pub(crate) fn instead(
    kind: FaultKind,
    faults: &Faults,
    now: i64,
    trace: &str,
) -> Option<Result<Sent, Reset>> {
    // Never 0 seconds: a client that waits for less than a second comes too early.
    let seconds = faults.retry_after.as_secs().max(1);
    let limited = || ApiError::new(429, format!("Rate limit is exceeded. Try again in {seconds} seconds."));
    let error = match kind {
        FaultKind::TooManyRequests => limited().header("retry-after", seconds.to_string()),
        FaultKind::TooManyRequestsDate => {
            let at = now.saturating_add(nanoseconds(faults.retry_after));
            limited().header("retry-after", time::http_date(at))
        }
        FaultKind::TooManyRequestsBare => limited(),
        FaultKind::InternalServerError => ApiError::new(500, "An unexpected error occurred."),
        FaultKind::Unavailable => ApiError::new(503, "The service is unavailable."),
        FaultKind::UnavailableRetryAfter => {
            ApiError::new(503, "The service is unavailable.").header("retry-after", seconds.to_string())
        }
        FaultKind::GatewayTimeout => ApiError::new(504, "The upstream server did not answer in time."),
        FaultKind::TokenRevoked => ApiError::new(401, "The access token is invalid or has expired."),
        FaultKind::BadGateway => return Some(Ok(Sent::whole(Answer::new(502, "text/html", HTML)))),
        FaultKind::HtmlPage => return Some(Ok(Sent::whole(Answer::new(200, "text/html", HTML)))),
        FaultKind::EmptyBody => return Some(Ok(Sent::whole(Answer::empty()))),
        FaultKind::ResetBeforeApply => return Some(Err(Reset)),
        FaultKind::GatewayTimeoutAfterApply
        | FaultKind::Slow
        | FaultKind::ResetAfterApply
        | FaultKind::ResetInBody
        | FaultKind::TruncatedJson
        // These depend on the request (`echo`).
        | FaultKind::SecretsInError
        | FaultKind::SecretsInPage => return None,
    };
    Some(Ok(Sent::whole(error.answer(trace))))
}

/// What becomes of the right answer.
pub(crate) fn after(kind: FaultKind, answer: Answer, trace: &str) -> Result<Sent, Reset> {
    match kind {
        FaultKind::ResetAfterApply => Err(Reset),
        FaultKind::ResetInBody if answer.body.is_empty() => Err(Reset),
        FaultKind::ResetInBody => Ok(Sent::cut(answer)),
        FaultKind::GatewayTimeoutAfterApply => {
            let error = ApiError::new(504, "The upstream server did not answer in time.");
            Ok(Sent::whole(error.answer(trace)))
        }
        FaultKind::TruncatedJson => {
            let body = answer.body.slice(..answer.body.len() / 2);
            Ok(Sent::whole(Answer { body, ..answer }))
        }
        _ => Ok(Sent::whole(answer)),
    }
}
