//! What is answered to a request whose key is known.

use super::{
    Fingerprint, REPLAYED,
    record::{Answered, Record, Stage},
};
use crate::{answer, problem::Problem};
use http::{HeaderValue, Response, StatusCode, header};
use penstock::contract::catalogue::Operation;

/// The longest time that is advised to wait for a request under way, in seconds.
const LONGEST_WAIT: i64 = 30;

/// The answer to a request, with the [`FileDigest`](super::file::FileDigest) of what the other one sent, by what another one left under its key; none if that cannot be read. `now` is
/// in milliseconds since the Unix epoch.
///
/// # Errors
/// The other one is another request, or still under way: nothing of it can be replayed.
pub(super) fn replay(
    operation: &Operation,
    fingerprint: &Fingerprint,
    stored: Option<Vec<u8>>,
    now: i64,
) -> Result<Response<String>, Problem> {
    let Some(record) = stored.and_then(Record::parse) else {
        let why =
            "what is stored under this key cannot be read: it was changed, or sealed with other secrets";
        return Ok(mark(Problem::idempotency_outcome_unknown(operation.name, why).response()));
    };
    if !record.is_of(fingerprint) {
        return Err(Problem::idempotency_key_reused(operation.name));
    }
    let response = match record.into_parts() {
        (Stage::UnderWay { began, until }, _) if now < until => {
            // Whoever waits for long looks less often.
            let wait = (now.saturating_sub(began) / 1000).clamp(1, LONGEST_WAIT);
            return Err(Problem::idempotency_key_in_use(operation.name, wait.unsigned_abs()));
        }
        (Stage::UnderWay { .. }, _) => {
            let why =
                "the request with this key ended without an answer: its instance died, or lost the store";
            Problem::idempotency_outcome_unknown(operation.name, why).response()
        }
        (Stage::Answered(mut answered), body) => {
            let file = answered.file.take();
            let mut response = match answered.kept {
                true => again(&answered, body),
                false => not_kept(operation, &answered),
            };
            if let Some(file) = file {
                response.extensions_mut().insert(file);
            }
            response
        }
    };
    Ok(mark(response))
}

fn again(answered: &Answered, body: String) -> Response<String> {
    let status = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = answer::response(status, answer::JSON, body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    answer::set(headers, header::CONTENT_TYPE, answered.content_type.as_deref().unwrap_or_default());
    answer::set(headers, answer::CALL_ID, answered.call_id.as_deref().unwrap_or_default());
    response
}

fn not_kept(operation: &Operation, answered: &Answered) -> Response<String> {
    let problem = Problem::idempotency_answer_not_kept(operation.name, answered.status);
    let mut response = problem.response();
    answer::set(response.headers_mut(), answer::CALL_ID, answered.call_id.as_deref().unwrap_or_default());
    response
}

fn mark(mut response: Response<String>) -> Response<String> {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
