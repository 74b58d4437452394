//! JSON-RPC 2.0, as far as the protocol uses it: one request or notification at a time.

use crate::{answer::json, openapi::Json};
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What is no JSON (JSON-RPC 2.0 section 5.1).
pub const PARSE_ERROR: i32 = -32700;
/// What is no request.
pub const INVALID_REQUEST: i32 = -32600;
/// What there is no method for.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// Parameters that do not fit.
pub const INVALID_PARAMS: i32 = -32602;
/// What went wrong here.
pub const INTERNAL_ERROR: i32 = -32603;
/// What its client cancelled; as the Language Server Protocol has it, since this one says none.
pub const CANCELLED: i32 = -32800;
/// Header fields that do not say what the message says (MCP 2026-07-28, "Error codes").
pub const HEADER_MISMATCH: i32 = -32020;
/// A revision that is not spoken (the same).
pub const UNSUPPORTED_PROTOCOL_VERSION: i32 = -32022;

/// The longest id that is given back, in bytes of JSON.
const LONGEST_ID: usize = 1024;

/// What a message is.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// It is to be answered.
    Request(Request<'a>),
    /// It is to be taken note of.
    Notification(Notification<'a>),
}

/// A notification.
#[derive(Debug)]
pub struct Notification<'a> {
    /// What it is of.
    pub method: Cow<'a, str>,
    /// JSON that is an object.
    pub params: Option<&'a RawValue>,
}

/// A request.
#[derive(Debug)]
pub struct Request<'a> {
    /// Its id, JSON.
    pub id: String,
    /// What is to be done.
    pub method: Cow<'a, str>,
    /// With what; JSON that is an object.
    pub params: Option<&'a RawValue>,
}

/// What a request is answered with instead of a result.
#[derive(Debug)]
pub struct Error {
    /// The response's status.
    pub status: StatusCode,
    /// What kind of error it is.
    pub code: i32,
    /// One sentence.
    pub message: String,
    /// What else there is to say, JSON.
    pub data: Option<String>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
}

/// What is there, `null` too.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads a message.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Incoming<'_>, Error> {
    let json: &RawValue = serde_json::from_str(text).map_err(|error| {
        Error::new(StatusCode::BAD_REQUEST, PARSE_ERROR, format!("the body is not JSON: {error}"))
    })?;
    if json.get().starts_with('[') {
        return Err(invalid("a batch is not taken: the protocol has had none since 2025-06-18"));
    }
    let message: Message = serde_json::from_str(json.get())
        .map_err(|error| invalid(&format!("the message is none of JSON-RPC 2.0: {error}")))?;
    if message.jsonrpc.as_deref() != Some("2.0") {
        return Err(invalid("`jsonrpc` must be \"2.0\""));
    }
    let Some(method) = message.method else {
        return Err(invalid(
            "`method` is missing; responses are not taken, since nothing is asked of clients",
        ));
    };
    if message.params.is_some_and(|params| !params.get().starts_with('{')) {
        return Err(invalid("`params` must be an object"));
    }
    let Some(id) = message.id.map(RawValue::get) else {
        return Ok(Incoming::Notification(Notification { method, params: message.params }));
    };
    if !is_id(id) {
        return Err(invalid("`id` must be a string or a whole number, and short"));
    }
    Ok(Incoming::Request(Request { id: id.to_owned(), method, params: message.params }))
}

/// Whether JSON is a string or a whole number.
pub(super) fn is_id(json: &str) -> bool {
    let digits = json.strip_prefix('-').unwrap_or(json);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    json.len() <= LONGEST_ID && (json.starts_with('"') || is_whole)
}

fn invalid(message: &str) -> Error {
    Error::new(StatusCode::BAD_REQUEST, INVALID_REQUEST, message.to_owned())
}

impl Error {
    pub(super) fn new(status: StatusCode, code: i32, message: String) -> Error {
        Error { status, code, message, data: None }
    }

    /// Parameters that do not fit, of a request that is one.
    pub(super) fn params(message: String) -> Error {
        Error::new(StatusCode::OK, INVALID_PARAMS, message)
    }

    /// It was cancelled: whoever did that does not look at it.
    pub(super) fn cancelled() -> Error {
        Error::new(StatusCode::OK, CANCELLED, "the request was cancelled".to_owned())
    }

    /// The page that a request comes from may not call.
    pub(super) fn forbidden_origin() -> Error {
        let message = "pages of this Origin may not call; PENSTOCK_CORS_ORIGINS names those that may";
        Error::new(StatusCode::FORBIDDEN, INVALID_REQUEST, message.to_owned())
    }

    /// The message that says so.
    #[must_use]
    pub fn reply(&self, id: Option<&str>) -> String {
        let mut out = Json::default();
        out.object(|out| {
            out.value("jsonrpc", "2.0");
            if let Some(id) = id {
                out.raw("id", id);
            }
            out.member("error", |out| {
                out.value("code", self.code);
                out.value("message", &self.message);
                if let Some(data) = &self.data {
                    out.raw("data", data);
                }
            });
        });
        text(out)
    }
}

/// The message that answers a request with a result, JSON.
pub(super) fn result(id: &str, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

/// A notification with parameters, JSON.
pub(super) fn notification(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":{},"params":{params}}}"#, json(&method))
}

/// What was written: it is made of texts, and is one.
pub(super) fn text(json: Json) -> String {
    String::from_utf8(json.into_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_refused_and_named() {
        for (text, code, word) in [
            ("", PARSE_ERROR, "not JSON"),
            ("{", PARSE_ERROR, "not JSON"),
            ("[1", PARSE_ERROR, "not JSON"),
            ("7", INVALID_REQUEST, "none of JSON-RPC"),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, INVALID_REQUEST, "batch"),
            (r#"{"id":1,"method":"ping"}"#, INVALID_REQUEST, "jsonrpc"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, INVALID_REQUEST, "jsonrpc"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, INVALID_REQUEST, "`id`"),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, INVALID_REQUEST, "`id`"),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, INVALID_REQUEST, "`id`"),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, INVALID_REQUEST, "expected a string"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, INVALID_REQUEST, "params"),
            (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, INVALID_REQUEST, "responses"),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!((error.code, error.status.as_u16()), (code, 400), "{text}");
            assert!(error.message.contains(word), "{text}: {}", error.message);
        }
    }

    #[test]
    fn an_id_comes_back_as_it_was() {
        for id in ["1", "-7", "\"a\\u00e9\"", "98765432109876543210"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let Ok(Incoming::Request(request)) = read(&text) else { panic!("{id}") };
            assert_eq!(result(&request.id, "{}"), format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
        }
        assert!(matches!(read(r#"{"jsonrpc":"2.0","method":"x"}"#), Ok(Incoming::Notification(_))));
    }
}
