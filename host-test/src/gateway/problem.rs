//! Problem documents (RFC 9457) for what the component cannot answer itself, with the members
//! that its own have.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use wasmtime_wasi_http::{WasiBody, handler::InstantiationError};

use super::fate::Assigned;

/// The process is there (draft-inadarei-api-health-check-06).
pub(super) fn live(method: &Method) -> Response<WasiBody> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut response = document(Problem {
            name: "method-not-allowed",
            status: StatusCode::METHOD_NOT_ALLOWED,
            title: "The path has no such method",
            detail: "this path has GET, HEAD",
            outcome: "not-sent",
            retry: "never",
        });
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    response(StatusCode::OK, "application/health+json", &json!({ "status": "pass" }))
}

/// Others hold all that the instances can take.
pub(super) fn busy() -> Response<WasiBody> {
    let mut response = document(Problem {
        name: "busy",
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: "The gateway is busy",
        detail: "other requests hold all of the gateway's instances; the request was not begun",
        outcome: "not-sent",
        retry: "later",
    });
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The request has no host, two, or one that is none.
pub(super) fn bad_request() -> Response<WasiBody> {
    document(Problem {
        name: "bad-request",
        status: StatusCode::BAD_REQUEST,
        title: "The request is not valid",
        detail: "Host must say, once, which host is asked",
        outcome: "not-sent",
        retry: "never",
    })
}

/// The gateway is about to stop.
pub(super) fn leaving() -> Response<WasiBody> {
    document(Problem {
        name: "leaving",
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: "The gateway is about to stop",
        detail: "the gateway is about to stop; ask another one",
        outcome: "not-sent",
        retry: "later",
    })
}

/// No response came of the request. Where it had an instance, only the method says whether it
/// may be repeated.
pub(super) fn unanswered(method: &Method, error: &wasmtime::Error) -> Response<WasiBody> {
    let problem = Problem {
        name: "instance",
        status: StatusCode::INTERNAL_SERVER_ERROR,
        title: "The gateway's instance ended",
        detail: "the instance ended before it answered; a read can be repeated",
        outcome: "not-applied",
        retry: "now",
    };
    if error.is::<InstantiationError<Assigned>>() {
        return document(Problem {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "The gateway has no instance",
            detail: "no instance could be started for the request",
            outcome: "not-sent",
            retry: "later",
            ..problem
        });
    }
    if method.is_safe() {
        return document(problem);
    }
    document(Problem {
        detail: "the instance ended before it answered, and the request may have taken effect; \
                 look before you repeat it",
        outcome: "unknown",
        retry: "never",
        ..problem
    })
}

struct Problem {
    name: &'static str,
    status: StatusCode,
    title: &'static str,
    detail: &'static str,
    outcome: &'static str,
    retry: &'static str,
}

fn document(problem: Problem) -> Response<WasiBody> {
    let Problem { name, status, title, detail, outcome, retry } = problem;
    let document = json!({
        "type": format!("urn:penstock:gateway:{name}"),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "outcome": outcome,
        "retry": { "advice": retry },
    });
    response(status, "application/problem+json", &document)
}

fn response(status: StatusCode, media_type: &'static str, document: &Value) -> Response<WasiBody> {
    let body = Full::new(Bytes::from(document.to_string()));
    let mut response = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
