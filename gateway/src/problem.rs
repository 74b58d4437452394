//! Problem documents (RFC 9457): every error response comes from here.
//!
//! | `type` | Status | Why this one |
//! |---|---|---|
//! | `urn:penstock:failure:bad-input` | 400 | `fields` names all that does not fit |
//! | `…:role` | 403 | the gateway's own role forbids the operation |
//! | `…:not-found` | 404 | the provider has no such thing |
//! | `…:conflict` | 409 | |
//! | `…:too-large` | 413 | of a body that was sent to the gateway; `fields` names it |
//! | `…:rejected` | 422 | the provider understood and refused: the request is to be changed, nobody is to be woken |
//! | `…:rate-limited` | 429 | with Retry-After if the provider said when |
//! | `…:host`, `…:internal` | 500 | |
//! | `…:authentication`, `…:permission` | 502 | the provider refused the gateway's credentials, not the caller's |
//! | `…:unavailable` | 503 | the circuit breaker is open |
//! | `…:vendor`, `…:transport`, `…:decode`, `…:too-large`, `…:paging` | 502 | |
//! | `…:configuration` | 503 | `fields` names all that is missing |
//! | `…:timeout` | 504 | |
//! | `urn:penstock:gateway:unauthorized` | 401 | no API key, or a wrong one, or one that has expired; so with bearer tokens |
//! | `urn:penstock:gateway:issuer` | 503 | with Retry-After: the issuer of bearer tokens gives no keys to check one by |
//! | `urn:penstock:gateway:forbidden` | 403 | the key is not for this; `fields` names its field that says so |
//! | `urn:penstock:gateway:rate-limited` | 429 | with Retry-After: the key's rate is used up, or that of an address without a key |
//! | `urn:penstock:gateway:unknown-path` | 404 | |
//! | `urn:penstock:gateway:unknown-account` | 404 | the account has no settings at all; `fields` names those that it would need |
//! | `urn:penstock:gateway:method-not-allowed` | 405 | with Allow |
//! | `urn:penstock:gateway:uri-too-long` | 414 | |
//! | `urn:penstock:gateway:unsupported-media-type` | 415 | of a body that is to be JSON |
//! | `urn:penstock:gateway:form` | 415 | of a file that came in a form |
//! | `urn:penstock:gateway:idempotency-…` | 409, 422, 500, 503 | see [`crate::idempotency`] |
//! | `urn:penstock:gateway:webhook` | 400, 401, 403, 408, 413, 503 | a delivery that is not taken in; see [`webhooks`](crate::webhooks) |
//! | `urn:penstock:gateway:outbox` | 404, 409 | there is no such entry; it is being handed on just now, or does not open |
//! | `urn:penstock:gateway:bad-request` | 400 | from our embedding alone: it is no HTTP/1.1, has two lengths, no host or two |
//! | `urn:penstock:gateway:head-too-large` | 431 | from our embedding alone |
//! | `urn:penstock:gateway:busy` | 503 | from our embedding alone: all instances are taken |
//! | `urn:penstock:gateway:leaving` | 503 | from our embedding alone: it is about to stop |
//! | `urn:penstock:gateway:instance` | 500, 503 | from our embedding alone: the instance ended under the request (a write's `outcome` is `unknown`, a read may be repeated), or none could be started |
//!
//! `instance` is `urn:penstock:call:` and the id of the call that the log lines carry.
//! Extension members: `operation`, `outcome`, `retry`, `fields`, `attempts`,
//! `vendorStatus`, `vendorTraceId`, `resume`; they mean what the contract's `failure`
//! says, and are left out when they are empty.

mod idempotency;

use crate::answer::{self, json};
use http::{HeaderName, Response, StatusCode, header};
use penstock::{
    codec,
    contract::{Failure, FailureKind, FieldError, Instant, Outcome, RetryAdvice},
    failure::bad_input,
};
use serde::Serialize;
use std::time::Duration;

/// What the type of a call's failure begins with.
const FAILURE: &str = "urn:penstock:failure:";

/// A problem document and its header fields.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    #[serde(serialize_with = "number")]
    status: StatusCode,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    outcome: &'static str,
    retry: Retry,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_trace_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Attempt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<String>,
    #[serde(skip)]
    headers: Vec<(HeaderName, String)>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Retry {
    advice: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Field {
    field: String,
    message: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Attempt {
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    elapsed_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    reason: String,
}

impl Problem {
    /// No API key, or a wrong one (RFC 6750 section 3).
    #[must_use]
    pub fn unauthorized(detail: &str, challenge: &str) -> Problem {
        let problem =
            Problem::gateway("unauthorized", StatusCode::UNAUTHORIZED, "A valid API key is needed", detail);
        problem.with(header::WWW_AUTHENTICATE, challenge)
    }

    /// The same with where it is said who gives tokens (RFC 9728 section 5.1).
    #[cfg(feature = "oidc")]
    #[must_use]
    pub(crate) fn with_resource_metadata(mut self, place: &str) -> Problem {
        for (_, challenge) in self.headers.iter_mut().filter(|(name, _)| name == header::WWW_AUTHENTICATE) {
            challenge.push_str(&format!(r#", resource_metadata="{place}""#));
        }
        self
    }

    /// Whether a token is good cannot be told, because its issuer gives no keys. They are asked for again after this
    /// time.
    #[must_use]
    pub fn issuer_unavailable(detail: &str, after: Duration) -> Problem {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Problem::gateway("issuer", status, "The issuer of tokens cannot be asked", detail).again_after(after)
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The key is not for this. `restriction` is the field of the key that says so.
    #[must_use]
    pub fn forbidden(restriction: &str, detail: &str) -> Problem {
        let problem =
            Problem::gateway("forbidden", StatusCode::FORBIDDEN, "The API key is not for this", detail);
        let message = "forbids it for this key".to_owned();
        Problem { fields: vec![Field { field: restriction.to_owned(), message }], ..problem }
    }

    /// A rate is used up, and the next call may go after this time.
    #[must_use]
    pub fn rate_limited(detail: &str, after: Duration) -> Problem {
        let status = StatusCode::TOO_MANY_REQUESTS;
        Problem::gateway("rate-limited", status, "Too many requests", detail).again_after(after)
    }

    /// The same may be tried again after this time.
    fn again_after(self, after: Duration) -> Problem {
        // Early would be in vain.
        let after_ms = u64::try_from(after.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let retry = Retry { advice: RetryAdvice::After(after_ms).name(), after_ms: Some(after_ms) };
        Problem { retry, ..self }.with(header::RETRY_AFTER, &after_ms.div_ceil(1000).to_string())
    }

    /// What it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// There is no such path.
    #[must_use]
    pub fn unknown_path() -> Problem {
        Problem::gateway(
            "unknown-path",
            StatusCode::NOT_FOUND,
            "The path is not known",
            "no operation has this path",
        )
    }

    /// The path has other methods.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Problem {
        let detail = format!("this path has {allow}");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Problem::gateway("method-not-allowed", status, "The path has no such method", &detail)
            .with(header::ALLOW, allow)
    }

    /// Whether it says that settings are missing or malformed.
    #[must_use]
    pub fn lacks_settings(&self) -> bool {
        self.kind.strip_prefix(FAILURE) == Some(FailureKind::Configuration.name())
    }

    /// The same of an account of which there is nothing: `fields` still name what is missing.
    #[must_use]
    pub fn of_unknown_account(self, provider: &str, account: &str) -> Problem {
        let detail = format!("the account `{account}` has no settings for {provider}");
        let told =
            Problem::gateway("unknown-account", StatusCode::NOT_FOUND, "There is no such account", &detail);
        let Problem { instance, operation, fields, headers, .. } = self;
        Problem { instance, operation, fields, headers, ..told }
    }

    /// Path and query are too long.
    #[must_use]
    pub fn uri_too_long(longest: usize) -> Problem {
        let detail = format!("path and query may have {longest} bytes together");
        Problem::gateway("uri-too-long", StatusCode::URI_TOO_LONG, "Path and query are too long", &detail)
    }

    /// A file is to be sent as it is.
    #[must_use]
    pub fn form() -> Problem {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let detail =
            "send the file itself as the body, and its name in Content-Disposition; the vendor gets a form";
        Problem::gateway("form", status, "A form is not taken", detail)
    }

    /// A body is sent as it is (RFC 9110 section 12.5.3).
    #[must_use]
    pub fn content_coding() -> Problem {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let detail = "send the body as it is, without Content-Encoding";
        Problem::gateway("unsupported-media-type", status, "The body's coding is not taken", detail)
            .with(header::ACCEPT_ENCODING, "identity")
    }

    /// A body is JSON.
    #[must_use]
    pub fn unsupported_media_type() -> Problem {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        let detail = "send JSON, and say so: `Content-Type: application/json`";
        Problem::gateway("unsupported-media-type", status, "The body's type is not taken", detail)
    }

    /// With the status that the vendor gave, where it told of the request: for whoever takes the gateway for
    /// the vendor.
    #[must_use]
    pub fn with_vendor_status(self) -> Problem {
        let tells = matches!(
            self.status,
            StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY
        );
        let given = self.vendor_status.filter(|_| tells).and_then(|status| StatusCode::from_u16(status).ok());
        Problem { status: given.unwrap_or(self.status), ..self }
    }

    /// A delivery is not taken in, and would not be a second time.
    #[must_use]
    pub fn webhook_refused(status: StatusCode, detail: &str) -> Problem {
        let problem = Problem::gateway("webhook", status, "The delivery is not taken in", detail);
        // A 401 has a challenge (RFC 9110 section 11.6.1); no scheme is registered for signatures of webhooks.
        if status == StatusCode::UNAUTHORIZED {
            return problem.with(header::WWW_AUTHENTICATE, r#"Webhook realm="penstock""#);
        }
        problem
    }

    /// A delivery is not taken in now; it may be after so many seconds.
    #[must_use]
    pub fn webhook_later(detail: &str, seconds: u32) -> Problem {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let problem = Problem::gateway("webhook", status, "The delivery is not taken in now", detail);
        let retry = Retry { advice: RetryAdvice::Later.name(), after_ms: Some(u64::from(seconds) * 1000) };
        Problem { retry, ..problem }.with(header::RETRY_AFTER, &seconds.to_string())
    }

    /// The outbox has no such entry.
    #[must_use]
    pub fn outbox_has_not() -> Problem {
        let status = StatusCode::NOT_FOUND;
        Problem::gateway("outbox", status, "The outbox has no such entry", "it may have been handed on")
    }

    /// An entry cannot be changed.
    #[must_use]
    pub fn outbox_holds(detail: &str) -> Problem {
        Problem::gateway("outbox", StatusCode::CONFLICT, "The entry cannot be changed", detail)
    }

    fn gateway(name: &str, status: StatusCode, title: &'static str, detail: &str) -> Problem {
        Problem {
            kind: format!("urn:penstock:gateway:{name}"),
            title,
            status,
            detail: detail.to_owned(),
            instance: None,
            operation: None,
            outcome: Outcome::NotSent.name(),
            retry: Retry { advice: RetryAdvice::Never.name(), after_ms: None },
            vendor_status: None,
            vendor_trace_id: None,
            fields: Vec::new(),
            attempts: Vec::new(),
            resume: None,
            headers: Vec::new(),
        }
    }

    fn with(mut self, name: HeaderName, value: &str) -> Problem {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The document as JSON.
    #[must_use]
    pub fn document(&self) -> String {
        json(self)
    }

    /// The response.
    #[must_use]
    pub fn response(&self) -> Response<String> {
        let mut response = answer::response(self.status, answer::PROBLEM, self.document());
        for (name, value) in &self.headers {
            answer::set(response.headers_mut(), name.clone(), value);
        }
        response
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Problem {
        // What names a field is in the request and not in the vendor's answer.
        let (status, title) = match failure.kind {
            FailureKind::TooLarge if !failure.fields.is_empty() => {
                (StatusCode::PAYLOAD_TOO_LARGE, "The request's body is too large")
            }
            kind => meaning(kind),
        };
        let after_ms = match failure.retry {
            RetryAdvice::After(after) => Some(after),
            RetryAdvice::Never | RetryAdvice::Now | RetryAdvice::Later => None,
        };
        let mut headers = Vec::new();
        if !failure.call_id.is_empty() {
            headers.push((answer::CALL_ID, failure.call_id.clone()));
        }
        if let Some(after) = after_ms {
            // Whole seconds (RFC 9110 section 10.2.3): early would be in vain.
            headers.push((header::RETRY_AFTER, after.div_ceil(1000).to_string()));
        }
        Problem {
            kind: format!("{FAILURE}{}", failure.kind.name()),
            title,
            status,
            detail: failure.message,
            instance: Some(failure.call_id)
                .filter(|id| !id.is_empty())
                .map(|id| format!("urn:penstock:call:{id}")),
            operation: failure.operation,
            outcome: failure.outcome.name(),
            retry: Retry { advice: failure.retry.name(), after_ms },
            vendor_status: failure.status,
            vendor_trace_id: failure.vendor_trace_id,
            fields: failure
                .fields
                .into_iter()
                .map(|FieldError { field, message }| Field { field: as_given(field), message })
                .collect(),
            attempts: failure.attempts.into_iter().map(Attempt::from).collect(),
            resume: failure.resume,
            headers,
        }
    }
}

/// What the core calls an option, as a request has it.
fn as_given(field: String) -> String {
    match field.as_str() {
        "deadline-ms" => "X-Deadline-Ms".to_owned(),
        "stop-after" => "stopAfter".to_owned(),
        _ => field,
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Problem {
        Problem::from(vec![error])
    }
}

impl From<Vec<FieldError>> for Problem {
    fn from(errors: Vec<FieldError>) -> Problem {
        Problem::from(bad_input(errors))
    }
}

impl From<penstock::contract::Attempt> for Attempt {
    fn from(attempt: penstock::contract::Attempt) -> Attempt {
        let Instant { seconds, nanoseconds } = attempt.started;
        Attempt {
            number: attempt.number,
            started: codec::Instant::new(seconds, nanoseconds).map(|instant| instant.to_string()),
            elapsed_ms: attempt.elapsed_ms,
            status: attempt.status,
            reason: attempt.reason,
        }
    }
}

/// Status and title of a kind; the table above says why.
fn meaning(kind: FailureKind) -> (StatusCode, &'static str) {
    use FailureKind as Kind;
    match kind {
        Kind::BadInput => (StatusCode::BAD_REQUEST, "The input does not fit"),
        Kind::Role => (StatusCode::FORBIDDEN, "The role does not allow this operation"),
        Kind::NotFound => (StatusCode::NOT_FOUND, "The vendor has no such thing"),
        Kind::Conflict => (StatusCode::CONFLICT, "The vendor's data contradicts the request"),
        Kind::Rejected => (StatusCode::UNPROCESSABLE_ENTITY, "The vendor refused the request"),
        Kind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "Too many requests to the vendor"),
        Kind::Host => (StatusCode::INTERNAL_SERVER_ERROR, "The host lacks something that is needed"),
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "A defect of Penstock"),
        Kind::Authentication => (StatusCode::BAD_GATEWAY, "The vendor does not accept the credentials"),
        Kind::Permission => (StatusCode::BAD_GATEWAY, "The credentials lack the permission at the vendor"),
        Kind::Vendor => (StatusCode::BAD_GATEWAY, "The vendor failed"),
        Kind::Transport => (StatusCode::BAD_GATEWAY, "The connection to the vendor failed"),
        Kind::Decode => (StatusCode::BAD_GATEWAY, "The vendor's answer is not what the contract says"),
        Kind::TooLarge => (StatusCode::BAD_GATEWAY, "The vendor's answer is too large"),
        Kind::Paging => (StatusCode::BAD_GATEWAY, "The vendor's pages do not end"),
        Kind::Configuration => (StatusCode::SERVICE_UNAVAILABLE, "The configuration is incomplete"),
        Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "The vendor is not asked for now"),
        Kind::Timeout => (StatusCode::GATEWAY_TIMEOUT, "The deadline passed"),
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

#[cfg(test)]
mod tests;
