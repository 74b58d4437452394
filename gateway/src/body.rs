//! The JSON body of a request.

use crate::{problem::Problem, request::Head};
use penstock::{
    contract::{FailureKind, FieldError},
    failure::refused,
    host::{BodyError, Source},
};

/// The longest body that is no file, in bytes: 8 MiB. What vendors take at once is far less.
pub const LONGEST_BODY: usize = 8 << 20;

/// Reads the body; none if it is empty. Whether it is JSON is for whoever takes it to say.
///
/// # Errors
/// Another type than JSON, more than [`LONGEST_BODY`], no UTF-8, and one that breaks off.
pub async fn json(head: &Head, body: Option<Box<dyn Source>>) -> Result<Option<String>, Problem> {
    if head.content_length()?.is_some_and(|length| length > LONGEST_BODY as u64) {
        return Err(too_large());
    }
    let Some(mut source) = body else { return Ok(None) };
    let mut bytes = Vec::new();
    while let Some(piece) = source.next().await.map_err(|error| broken(&error))? {
        if bytes.len() + piece.len() > LONGEST_BODY {
            return Err(too_large());
        }
        bytes.extend(piece);
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    if !head.has_json() {
        return Err(Problem::unsupported_media_type());
    }
    let wrong = |_| Problem::from(FieldError::new("body", "is not UTF-8"));
    String::from_utf8(bytes).map(Some).map_err(wrong)
}

fn too_large() -> Problem {
    let wrong = FieldError::new("body", format!("may have {LONGEST_BODY} bytes"));
    Problem::from(refused(FailureKind::TooLarge, "the request's body is too large", vec![wrong]))
}

fn broken(error: &BodyError) -> Problem {
    match error {
        BodyError::TooLarge => too_large(),
        BodyError::NoRoom { .. } => Problem::from(refused(
            FailureKind::Unavailable,
            "the gateway has no memory for the request's body now",
            Vec::new(),
        )),
        BodyError::Broken(_) | BodyError::TimedOut(_) | BodyError::Coded(_) => {
            Problem::from(FieldError::new("body", "broke off"))
        }
    }
}
