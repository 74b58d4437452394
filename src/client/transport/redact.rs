//! Takes secrets out of what a provider says.
//!
//! A provider may repeat in an error what it was sent. Its words reach failures and log
//! lines, so the secrets of the request are taken out of them first.

use super::request::Authorization;
use crate::providers::api::{ApiError, Credentials, Provider};
use std::borrow::Cow;

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";

/// Shorter texts are no secrets, and too common to be taken out.
const SHORTEST: usize = 6;

/// What an answer that is no success says, without secrets.
pub(crate) fn error(provider: &dyn Provider, status: u16, body: &[u8], secrets: &[&str]) -> ApiError {
    // Before it is read, since a text may be cut there in the middle of a secret; and
    // after, since JSON may spell a secret with escapes.
    let body = String::from_utf8_lossy(body);
    let said = provider.errors().read(status, redacted(&body, secrets).as_bytes());
    let clean = |text: String| redacted(&text, secrets).into_owned();
    ApiError {
        message: clean(said.message),
        trace_id: said.trace_id.map(clean),
        fields: said.fields.into_iter().map(|(field, message)| (clean(field), clean(message))).collect(),
    }
}

/// The secrets that a request carried.
pub(crate) fn of_request(authorization: &Authorization) -> Vec<&str> {
    // `Bearer abc`: a provider may repeat the token alone.
    authorization.headers.iter().flat_map(|(_, secret)| secret.expose().split(' ')).collect()
}

/// The secrets of an account.
pub(crate) fn of_account(credentials: &Credentials) -> Vec<&str> {
    credentials.all().collect()
}

fn redacted<'t>(text: &'t str, secrets: &[&str]) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST && **secret != "Bearer") {
        if text.contains(secret) {
            text = Cow::Owned(text.replace(secret, REDACTED));
        }
    }
    text
}
