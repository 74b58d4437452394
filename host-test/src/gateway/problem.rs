//! Problem documents (RFC 9457) for what the component cannot answer itself, with the members
//! that its own have.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::json;
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
    response(
        StatusCode::OK,
        "application/health+json",
        json!({ "status": "pass", "releaseId": env!("CARGO_PKG_VERSION") }).to_string(),
    )
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

/// A whole response to what is no request: of these bytes, since there is nobody to write it.
pub(super) fn refusal(status: StatusCode) -> Bytes {
    let (name, title, detail) = match status {
        StatusCode::URI_TOO_LONG => {
            ("uri-too-long", "Path and query are too long", "path and query may have 8192 bytes together")
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (
            "head-too-large",
            "The request's head is too large",
            "the request line and the header fields may have 65536 bytes together",
        ),
        _ => ("bad-request", "The request is not valid", "it is no request of HTTP/1.1"),
    };
    let document = Problem { name, status, title, detail, outcome: "not-sent", retry: "never" }.json();
    let reason = status.canonical_reason().unwrap_or_default();
    Bytes::from(format!(
        "HTTP/1.1 {} {reason}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{document}",
        status.as_str(),
        document.len()
    ))
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

impl Problem {
    fn json(&self) -> String {
        let document = json!({
            "type": format!("urn:penstock:gateway:{}", self.name),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "outcome": self.outcome,
            "retry": { "advice": self.retry },
        });
        document.to_string()
    }
}

fn document(problem: Problem) -> Response<WasiBody> {
    response(problem.status, "application/problem+json", problem.json())
}

fn response(status: StatusCode, media_type: &'static str, document: String) -> Response<WasiBody> {
    let body = Full::new(Bytes::from(document));
    let mut response = Response::new(body.map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
