//! The body of a delivery, read within bounds.

use crate::{body::whole, outbox::own_setting, problem::Problem, request::Head};
use http::StatusCode;
use penstock::host::{BodyError, Host, Source, timeout};
use std::time::Duration;

/// How long a provider may take to send it.
const PATIENCE: Duration = Duration::from_secs(10);

/// The setting of the core that bounds it.
const MAX_BYTES: &str = "PENSTOCK_WEBHOOK_MAX_BYTES";

/// Reads the body. Nothing is read of one that says of itself that it is too large.
pub(super) async fn read<H: Host>(
    host: &H,
    head: &Head,
    body: Option<Box<dyn Source>>,
) -> Result<Vec<u8>, Problem> {
    let most = own_setting(host, MAX_BYTES).await;
    // Verifying says in the log what is wrong with settings.
    let most = most.map_err(|_| Problem::webhook_later("it cannot be taken in just now", super::TROUBLE))?;
    let most: usize = most.parse().unwrap_or(1 << 20);
    let stated = head.content_length();
    let stated = stated.map_err(|_| refused(StatusCode::BAD_REQUEST, "its length is no number, or two"))?;
    if stated.is_some_and(|stated| stated > most as u64) {
        return Err(too_large());
    }
    let Some(body) = body else { return Ok(Vec::new()) };
    let late = || Err(refused(StatusCode::REQUEST_TIMEOUT, "the body took too long"));
    let read = async { whole(body, most).await.map_err(|error| broken(&error)) };
    timeout(host, PATIENCE, read).await.unwrap_or_else(late)
}

fn broken(error: &BodyError) -> Problem {
    match error {
        BodyError::TooLarge => too_large(),
        _ => refused(StatusCode::BAD_REQUEST, "the body broke off"),
    }
}

fn refused(status: StatusCode, detail: &str) -> Problem {
    Problem::webhook_refused(status, detail)
}

fn too_large() -> Problem {
    refused(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
}
