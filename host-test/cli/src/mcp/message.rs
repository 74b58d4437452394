//! As much of a message as its passing on needs.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The revision of whoever says none in the message: it has had a handshake.
const WITH_HANDSHAKE: &str = "2025-11-25";

/// A message of a client.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Message<'a> {
    /// None of a response.
    #[serde(default, borrow)]
    pub(super) method: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    params: Option<Params<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Params<'a> {
    #[serde(default, borrow, rename = "_meta")]
    meta: Option<Meta<'a>>,
    #[serde(default, borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    uri: Option<Cow<'a, str>>,
}

#[derive(Debug, Default, Deserialize)]
struct Meta<'a> {
    #[serde(default, borrow, rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<Cow<'a, str>>,
}

/// What of a message tells whether somebody waits for its answer, whatever else is wrong with it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Outline<'a> {
    #[serde(default, borrow)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(default, borrow)]
    method: Option<&'a RawValue>,
    #[serde(default, borrow)]
    result: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

impl Outline<'_> {
    /// Whether it answers something. Nothing is asked of a client.
    pub(super) fn is_answer(&self) -> bool {
        self.method.is_none() && (self.result.is_some() || self.error.is_some())
    }

    /// Whether it is a notification, which nobody answers.
    pub(super) fn is_notification(&self) -> bool {
        self.id.is_none() && self.method.is_some_and(|method| method.get().starts_with("\"notifications/"))
    }
}

impl Message<'_> {
    /// What the message says in header fields over HTTP (2026-07-28, "Standard Headers").
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let method = self.method.as_deref().unwrap_or_default();
        let version = self.params.as_ref().and_then(|params| params.meta.as_ref()?.version.as_deref());
        let mut fields = Vec::new();
        if version.is_some() || method != "initialize" {
            fields.push(("mcp-protocol-version", version.unwrap_or(WITH_HANDSHAKE).to_owned()));
        }
        if version.is_some() {
            fields.push(("mcp-method", method.to_owned()));
            let name = self.params.as_ref().and_then(|params| params.name.as_ref().or(params.uri.as_ref()));
            fields.extend(name.map(|name| ("mcp-name", encoded(name))));
        }
        fields
    }
}

/// A value that a header field takes: as it is, or its Base64 with a mark (the same, "Value Encoding").
fn encoded(value: &str) -> String {
    let is_plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && value.trim() == value
        && !value.starts_with("=?base64?");
    if is_plain {
        return value.to_owned();
    }
    format!("=?base64?{}?=", STANDARD.encode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<String> {
        let message: Message = serde_json::from_str(text).unwrap();
        message.fields().into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    #[test]
    fn the_header_fields_say_what_the_message_says() {
        assert_eq!(
            fields(r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#),
            Vec::<String>::new()
        );
        assert_eq!(fields(r#"{"id":1,"method":"ping"}"#), ["mcp-protocol-version: 2025-11-25"]);
        let newest = r#"{"id":1,"method":"tools/call","params":{"name":"count","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        assert_eq!(
            fields(newest),
            ["mcp-protocol-version: 2026-07-28", "mcp-method: tools/call", "mcp-name: count"]
        );
    }

    #[test]
    fn what_is_no_header_field_is_encoded() {
        assert_eq!(encoded("count"), "count");
        assert_eq!(encoded(" padded "), "=?base64?IHBhZGRlZCA=?=");
        assert_eq!(encoded("a\r\nb"), "=?base64?YQ0KYg==?=");
        assert_eq!(encoded("=?base64?x"), "=?base64?PT9iYXNlNjQ/eA==?=");
    }
}
