//! The JSON body of a request.

use crate::{problem::Problem, request::Head};
use penstock::{
    contract::{FailureKind, FieldError},
    failure::refused,
    host::{BodyError, Host, Source, timeout},
};
use std::time::Duration;

/// The longest body that is no file, in bytes: 8 MiB. What vendors take at once is far less.
pub const LONGEST_BODY: usize = 8 << 20;

/// The longest form, in bytes, 16 KiB: whoever sends one need not have a key yet.
pub const LONGEST_FORM: usize = 16 << 10;

/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(60);

/// How long a form may.
pub(crate) const FORM_TIME: Duration = Duration::from_secs(10);

/// Reads the body; none if it is empty. Whether it is JSON is for whoever takes it to say.
///
/// # Errors
/// Another type than JSON, more than [`LONGEST_BODY`], no UTF-8, and one that breaks off or takes more than a
/// minute.
pub async fn json<H: Host>(
    host: &H,
    head: &Head,
    body: Option<Box<dyn Source>>,
) -> Result<Option<String>, Problem> {
    let text = in_time(host, BODY_TIME, text(head, body, LONGEST_BODY)).await?;
    if !text.is_empty() && !head.has_json() {
        return Err(Problem::unsupported_media_type());
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Reads a form's fields as they are encoded, `application/x-www-form-urlencoded`.
///
/// # Errors
/// As [`json`], but for the type: what is no form has not the fields that are looked for.
pub async fn form<H: Host>(host: &H, head: &Head, body: Option<Box<dyn Source>>) -> Result<String, Problem> {
    in_time(host, FORM_TIME, text(head, body, LONGEST_FORM)).await
}

/// Whoever sends nothing more holds the place of a request no longer than this.
pub(crate) async fn in_time<H: Host, T>(
    host: &H,
    time: Duration,
    read: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let late =
        || Err(Problem::from(FieldError::new("body", format!("was not sent within {} s", time.as_secs()))));
    timeout(host, time, read).await.unwrap_or_else(late)
}

/// All of a body that has so many bytes at most.
///
/// # Errors
/// One that has more, or breaks off.
pub(crate) async fn whole(mut source: Box<dyn Source>, most: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    while let Some(piece) = source.next().await? {
        if piece.len() > most.saturating_sub(bytes.len()) {
            return Err(BodyError::TooLarge);
        }
        bytes.extend(piece);
    }
    Ok(bytes)
}

/// Whether the body is as it is, and not in a content coding.
fn is_plain(head: &Head) -> bool {
    let codings = head.headers.get_all("content-encoding").iter();
    codings.into_iter().all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

async fn text(head: &Head, body: Option<Box<dyn Source>>, most: usize) -> Result<String, Problem> {
    if head.content_length()?.is_some_and(|length| length > most as u64) {
        return Err(too_large(most));
    }
    if !is_plain(head) {
        return Err(Problem::content_coding());
    }
    let Some(source) = body else { return Ok(String::new()) };
    let bytes = whole(source, most).await.map_err(|error| broken(&error, most))?;
    String::from_utf8(bytes).map_err(|_| Problem::from(FieldError::new("body", "is not UTF-8")))
}

fn too_large(most: usize) -> Problem {
    let wrong = FieldError::new("body", format!("may have {most} bytes"));
    Problem::from(refused(FailureKind::TooLarge, "the request's body is too large", vec![wrong]))
}

pub(crate) fn broken(error: &BodyError, most: usize) -> Problem {
    match error {
        BodyError::TooLarge => too_large(most),
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
