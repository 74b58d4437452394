//! Which revision of the protocol a request speaks, and whether its header fields say the same.

use super::rpc::{Error, HEADER_MISMATCH, INVALID_PARAMS, Request, UNSUPPORTED_PROTOCOL_VERSION};
use crate::{answer::json, request::Head};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The revisions that are spoken, the newest first.
pub const SUPPORTED: [&str; 2] = ["2026-07-28", "2025-11-25"];

/// The header field with the revision.
pub const PROTOCOL_VERSION: &str = "mcp-protocol-version";
/// The header field with the method.
pub const METHOD: &str = "mcp-method";
/// The header field with the name of a tool, or the URI of a resource.
pub const NAME: &str = "mcp-name";

/// The member of `_meta` with the revision.
const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision {
    /// 2026-07-28: each request stands by itself.
    Stateless,
    /// 2025-11-25: an `initialize` comes first.
    Handshake,
}

/// What of a request's parameters says how it is to be taken.
#[derive(Deserialize)]
struct Params<'a> {
    #[serde(default, borrow, rename = "_meta")]
    meta: Option<Meta<'a>>,
    #[serde(default, borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    uri: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(default, borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<Cow<'a, str>>,
    #[serde(default, borrow, rename = "io.modelcontextprotocol/clientCapabilities")]
    capabilities: Option<&'a RawValue>,
}

/// The revision of a request.
///
/// # Errors
/// One that is not spoken, header fields that are missing or say something else, and parameters that
/// do not fit.
pub fn of(head: &Head, request: &Request<'_>) -> Result<Revision, Error> {
    let params = request.params.map_or("{}", RawValue::get);
    let params: Params = serde_json::from_str(params).map_err(|error| {
        Error::new(StatusCode::BAD_REQUEST, INVALID_PARAMS, format!("`params` does not fit: {error}"))
    })?;
    let said = field(head, PROTOCOL_VERSION)?;
    let meant = params.meta.as_ref().and_then(|meta| meta.version.as_deref());
    match (said, meant) {
        // What it asks for is in it, and is agreed on by its answer.
        (_, None) if request.method == "initialize" => Ok(Revision::Handshake),
        // The revision before the last has it in the field alone.
        (Some(said), None) => match known(said)? {
            Revision::Handshake => Ok(Revision::Handshake),
            Revision::Stateless => Err(missing(META_VERSION)),
        },
        (None, None) => Err(mismatch("the header field MCP-Protocol-Version is missing".to_owned())),
        (said, Some(meant)) => {
            // First which revision it is: what else is wrong with it may be right in that one.
            known(meant)?;
            match said {
                Some(said) if said == meant => {}
                Some(_) => return Err(differs("MCP-Protocol-Version", META_VERSION)),
                None => return Err(mismatch("the header field MCP-Protocol-Version is missing".to_owned())),
            }
            if known(meant)? == Revision::Handshake {
                return Ok(Revision::Handshake);
            }
            stateless(head, request, &params)
        }
    }
}

/// What 2026-07-28 asks of each request besides.
fn stateless(head: &Head, request: &Request<'_>, params: &Params<'_>) -> Result<Revision, Error> {
    let capabilities = params.meta.as_ref().and_then(|meta| meta.capabilities);
    if capabilities.is_none_or(|capabilities| !capabilities.get().starts_with('{')) {
        return Err(missing("io.modelcontextprotocol/clientCapabilities"));
    }
    match field(head, METHOD)? {
        Some(said) if said == request.method => {}
        Some(_) => return Err(differs("Mcp-Method", "method")),
        None => return Err(mismatch("the header field Mcp-Method is missing".to_owned())),
    }
    let (place, meant) = match &*request.method {
        "tools/call" => ("params.name", params.name.as_deref()),
        "resources/read" => ("params.uri", params.uri.as_deref()),
        _ => return Ok(Revision::Stateless),
    };
    let Some(meant) = meant else { return Ok(Revision::Stateless) };
    match field(head, NAME)?.map(decoded) {
        Some(Some(said)) if said == meant => Ok(Revision::Stateless),
        Some(Some(_)) => Err(differs("Mcp-Name", place)),
        Some(None) => Err(mismatch("the header field Mcp-Name is no Base64 of UTF-8".to_owned())),
        None => Err(mismatch("the header field Mcp-Name is missing".to_owned())),
    }
}

/// The revision of this name.
///
/// # Errors
/// It is not spoken.
fn known(version: &str) -> Result<Revision, Error> {
    match version {
        "2026-07-28" => Ok(Revision::Stateless),
        "2025-11-25" => Ok(Revision::Handshake),
        _ => {
            let message = "Unsupported protocol version".to_owned();
            let data = format!(r#"{{"supported":{},"requested":{}}}"#, json(&SUPPORTED), json(&version));
            let error = Error::new(StatusCode::BAD_REQUEST, UNSUPPORTED_PROTOCOL_VERSION, message);
            Err(Error { data: Some(data), ..error })
        }
    }
}

/// The one value of a header field.
fn field<'h>(head: &'h Head, name: &str) -> Result<Option<&'h str>, Error> {
    let mut values = head.headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(value), None) => Ok(Some(value.trim())),
        (Err(_), _) => Err(mismatch(format!("the header field {name} is no text of ASCII"))),
        (_, Some(_)) => Err(mismatch(format!("the header field {name} is given more than once"))),
    }
}

/// A value as it is, or out of the form that texts have which are no value of a header field
/// (2026-07-28, "Value Encoding").
fn decoded(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}

fn missing(member: &str) -> Error {
    let message = format!("`params._meta` lacks `{member}`");
    Error::new(StatusCode::BAD_REQUEST, INVALID_PARAMS, message)
}

fn differs(name: &str, place: &str) -> Error {
    mismatch(format!("the header field {name} does not say what `{place}` says"))
}

fn mismatch(message: String) -> Error {
    Error::new(StatusCode::BAD_REQUEST, HEADER_MISMATCH, format!("Header mismatch: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_come_encoded() {
        assert_eq!(decoded("read-list").as_deref(), Some("read-list"));
        assert_eq!(decoded("=?base64?IHBhZGRlZCA=?=").as_deref(), Some(" padded "));
        assert_eq!(decoded("=?base64?####?="), None);
    }
}
