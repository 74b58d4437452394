//! How clients of both revisions open, and what is wrong with what they send.

use crate::agent::{Agent, HANDSHAKE, STATELESS, gateway, jobs, key, post, request};
use http::Method;
use penstock_gateway::mcp::rpc::{
    HEADER_MISMATCH, INVALID_PARAMS, METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION,
};
use serde_json::{Value, json};

const CLIENT: &str = r#"{"name":"test","version":"1"}"#;

fn initialize(version: &str) -> Value {
    let client: Value = serde_json::from_str(CLIENT).unwrap();
    json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client})
}

#[test]
fn the_revision_before_begins_with_a_handshake() {
    let gateway = gateway(&[("reader", "")], jobs(3));
    let agent = Agent::new(&gateway, "reader").older();
    // The first message has no revision yet.
    let (message, mut fields) = agent.message("initialize", initialize(HANDSHAKE));
    fields.retain(|(name, _)| *name != "mcp-protocol-version");
    let seen = post(&gateway, &fields, &message.to_string());
    let result = &seen.json()["result"];
    assert_eq!((seen.status, &result["protocolVersion"]), (200, &json!(HANDSHAKE)));
    assert_eq!(result["serverInfo"]["name"], "penstock");
    assert!(result["capabilities"]["tools"].is_object() && result["instructions"].is_string());
    assert!(result.get("resultType").is_none());
    let session = seen.header("mcp-session-id").to_owned();
    assert!(session.len() == 32 && session.bytes().all(|byte| byte.is_ascii_hexdigit()), "{session}");
    // Whatever a client asks for, it gets the newest with a handshake.
    for asked in ["2024-11-05", STATELESS, "1.0"] {
        assert_eq!(agent.ask("initialize", initialize(asked))["protocolVersion"], HANDSHAKE);
    }
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    let noted = post(&gateway, &fields, &notification);
    assert_eq!((noted.status, noted.body.as_str(), noted.header("content-type")), (202, "", ""));
    let agent = agent.with("mcp-session-id", &session);
    assert_eq!(agent.ask("ping", json!({})), json!({}));
    assert_eq!(agent.good("count", json!({"operation": "jpm.jobs-list"}))["count"], 3);
    assert_eq!(agent.error("server/discover", json!({})).1, i64::from(METHOD_NOT_FOUND));
}

#[test]
fn the_newest_revision_needs_no_handshake() {
    let gateway = gateway(&[("reader", "")], jobs(3));
    let agent = Agent::new(&gateway, "reader");
    let found = agent.ask("server/discover", json!({}));
    assert_eq!(found["supportedVersions"], json!([STATELESS, HANDSHAKE]));
    assert!(found["capabilities"]["tools"].is_object() && found["ttlMs"].is_u64());
    assert_eq!(found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "penstock");
    assert_eq!(agent.good("count", json!({"operation": "jpm.jobs-list"}))["count"], 3);
    assert_eq!(agent.ask("tools/list", json!({}))["cacheScope"], "private");
    // What has gone with it is not there.
    for method in ["ping", "initialize"] {
        let (status, code, _) = agent.error(method, json!({}));
        assert_eq!((status, code), (404, i64::from(METHOD_NOT_FOUND)), "{method}");
    }
}

#[test]
fn header_fields_that_say_something_else_are_refused() {
    let gateway = gateway(&[("reader", "")], |_| panic!("asked the vendor"));
    let agent = Agent::new(&gateway, "reader");
    let call = json!({"name": "count", "arguments": {"operation": "jpm.jobs-list"}});
    for (name, value) in [
        ("mcp-method", Some("tools/list")),
        ("mcp-method", None),
        ("mcp-name", Some("read-list")),
        ("mcp-name", Some("=?base64?####?=")),
        ("mcp-name", None),
        ("mcp-protocol-version", Some(HANDSHAKE)),
        ("mcp-protocol-version", None),
    ] {
        let (message, mut fields) = agent.message("tools/call", call.clone());
        fields.retain(|(field, _)| *field != name);
        fields.extend(value.map(|value| (name, value.to_owned())));
        let seen = post(&gateway, &fields, &message.to_string());
        let error = &seen.json()["error"];
        assert_eq!((seen.status, &error["code"]), (400, &json!(HEADER_MISMATCH)), "{name} {value:?}");
        let told = error["message"].as_str().unwrap().to_lowercase();
        assert!(told.contains(name), "{name}: {told}");
    }
    // A name that is no value of a header field comes encoded.
    let (message, mut fields) =
        agent.message("tools/call", json!({"name": "search-operations", "arguments": {"query": "jobs"}}));
    fields.retain(|(field, _)| *field != "mcp-name");
    fields.push(("mcp-name", "=?base64?c2VhcmNoLW9wZXJhdGlvbnM=?=".to_owned()));
    assert_eq!(post(&gateway, &fields, &message.to_string()).status, 200);
}

#[test]
fn a_revision_that_is_not_spoken_is_answered_with_those_that_are() {
    let gateway = gateway(&[("reader", "")], |_| panic!("asked the vendor"));
    let agent = Agent { revision: "2099-01-01", ..Agent::new(&gateway, "reader") };
    let seen = agent.send("tools/list", json!({}));
    let error = &seen.json()["error"];
    assert_eq!((seen.status, &error["code"]), (400, &json!(UNSUPPORTED_PROTOCOL_VERSION)));
    assert_eq!(error["data"]["supported"], json!([STATELESS, HANDSHAKE]));
    assert_eq!(error["data"]["requested"], "2099-01-01");
    // One that is in the field alone lacks what it wants in each message.
    let bare = Agent::new(&gateway, "reader").older().with("mcp-protocol-version", STATELESS);
    let (message, fields) = bare.message("tools/list", json!({}));
    let fields: Vec<_> = fields.into_iter().filter(|(_, value)| value != HANDSHAKE).collect();
    let seen = post(&gateway, &fields, &message.to_string());
    assert_eq!((seen.status, &seen.json()["error"]["code"]), (400, &json!(INVALID_PARAMS)));
}

#[test]
fn what_is_no_message_is_named_and_nothing_is_called() {
    let gateway = gateway(&[("reader", "")], |_| panic!("asked the vendor"));
    let agent = Agent::new(&gateway, "reader").older();
    let (_, fields) = agent.message("tools/list", json!({}));
    for (body, code) in [("{", -32700), ("", -32700), ("[]", -32600), (r#"{"jsonrpc":"2.0","id":1}"#, -32600)]
    {
        let seen = post(&gateway, &fields, body);
        assert_eq!((seen.status, &seen.json()["error"]["code"]), (400, &json!(code)), "{body}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(post(&gateway, &fields, &deep).status, 400);
    for params in [json!({"name": 7}), json!({})] {
        let (_, code, _) = agent.error("tools/call", params.clone());
        assert_eq!(code, i64::from(INVALID_PARAMS), "{params}");
    }
    let (_, code, told) = agent.error("tools/call", json!({"name": "drop-all"}));
    assert_eq!((code, told.as_str()), (i64::from(INVALID_PARAMS), "Unknown tool: drop-all"));
    let text = post(&gateway, &[("content-type", "text/plain".to_owned())], "{}");
    assert_eq!(text.status, 401);
}

#[test]
fn there_is_nothing_to_listen_to_and_nothing_to_end() {
    let gateway = gateway(&[("reader", "")], |_| panic!("asked the vendor"));
    let fields = [("authorization", format!("Bearer {}", key("reader")))];
    for method in [Method::GET, Method::DELETE] {
        let seen = request(&gateway, method, &fields, "");
        assert_eq!((seen.status, seen.header("allow")), (405, "POST, OPTIONS"));
    }
    let mut target = crate::agent::head(Method::POST, &fields);
    target.target = "/mcp?key=x".to_owned();
    let answer = futures_util::FutureExt::now_or_never(penstock_gateway::serve(&gateway, &target, None));
    let Some(penstock_gateway::Answer::Whole(response)) = answer else { panic!() };
    assert_eq!(response.status(), 400);
}
