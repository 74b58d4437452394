//! Watches a file that is being sent: how long that takes depends on its size, so what is
//! bounded is the time in which nothing moves.

use crate::{
    call::Call,
    client::attempt::{ErrorDetail, Failed},
    contract::{Failure, FailureKind, FieldError},
    failure,
    files::{Broken, Upload},
    host::{Host, Response, SendError},
    policy::classify::{Class, Effect, Fault, Reason},
};
use futures_util::future::{Either, select};
use std::{pin::pin, time::Duration};

/// An answer, an error, or neither in time.
type Sent = Option<Result<Response, SendError>>;

/// Refuses a file that is too large by its own account, before anything is sent.
///
/// # Errors
/// It is.
pub(crate) fn check_size(call: &Call, most: u64) -> Result<(), Failure> {
    match call.upload.as_ref().and_then(Upload::length) {
        Some(length) if length > most => {
            let message =
                format!("the file has {length} bytes, and at most {most} (PENSTOCK_MAX_FILE_BYTES)");
            let field = FieldError::new("body.length", message.clone());
            Err(failure::refused(FailureKind::TooLarge, message, vec![field]))
        }
        _ => Ok(()),
    }
}

/// Runs an exchange, but only as long as something moves: the file's next bytes are
/// asked for or come, and soon after the last of them the answer. `patience` without
/// anything ends it; it may be twice that time until this is seen.
///
/// # Errors
/// The file's bytes are not as they were said to be, or cannot be read.
pub(crate) async fn while_moving<H: Host>(
    host: &H,
    upload: &Upload,
    patience: Duration,
    exchange: impl Future<Output = Sent>,
) -> Result<Sent, Failed> {
    let stalled = pin!(async {
        loop {
            let before = upload.steps();
            host.sleep(patience).await;
            if upload.steps() == before {
                break;
            }
        }
    });
    let sent = match select(pin!(exchange), stalled).await {
        Either::Left((sent, _)) => sent,
        Either::Right(_) => None,
    };
    match upload.broken() {
        Some(broken) if !matches!(sent, Some(Ok(_))) => Err(blame(&broken)),
        _ => Ok(sent),
    }
}

/// A part of the file was sent, and then broken off. What the provider made of that part,
/// nobody knows.
fn blame(broken: &Broken) -> Failed {
    let (effect, class) = (Effect::Unknown, Class::Final);
    let fault = Fault { reason: Reason::Connection, effect, class, status: None, hint: None };
    let (kind, field) = match broken {
        Broken::TooLarge(_) => (FailureKind::TooLarge, "body.length"),
        Broken::TooMany { .. } | Broken::TooFew { .. } => (FailureKind::BadInput, "body.length"),
        Broken::Unreadable(_) => (FailureKind::BadInput, "body.content"),
    };
    let message = broken.to_string();
    let fields = vec![FieldError::new(field, message.clone())];
    Failed { fault, detail: ErrorDetail { fields, ..ErrorDetail::new(kind, message) } }
}
