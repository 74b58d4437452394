//! Agents find the issuer by themselves (RFC 9728), and come in with its tokens.

use super::*;

const MCP: &str = "https://gateway.example.com/mcp";
const DOCUMENT: &str = "/.well-known/oauth-protected-resource/mcp";

fn post(gateway: &Gateway<FakeHost>, fields: &[(&'static str, &str)]) -> Seen {
    let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
    send(gateway, Method::POST, "/mcp", &[&[JSON, PEER], fields].concat(), initialize)
}

#[test]
fn an_agent_without_a_token_is_led_to_the_issuer() {
    let (gateway, _) = world(&[("PENSTOCK_OIDC_AUDIENCE", MCP)]);
    let place = format!(r#"resource_metadata="https://gateway.example.com{DOCUMENT}""#);
    for fields in [&[][..], &[("authorization", "Bearer a.b.c")]] {
        let refused = post(&gateway, fields);
        assert_eq!(refused.status, 401);
        assert!(
            refused.header("www-authenticate").ends_with(&place),
            "{}",
            refused.header("www-authenticate")
        );
    }
    let found = send(&gateway, Method::GET, DOCUMENT, &[PEER], "");
    assert_eq!((found.status, found.header("content-type")), (200, "application/json"));
    let document = found.json();
    assert_eq!((&document["resource"], &document["authorization_servers"]), (&json!(MCP), &json!([ISSUER])));
    let token = format!("Bearer {}", Pair::es256(1).good("one", json!({"aud": MCP})));
    assert_eq!(post(&gateway, &[("authorization", &token)]).status, 200);
    let other = format!("Bearer {}", Pair::es256(1).good("one", json!({"aud": "https://other.example"})));
    assert_eq!(post(&gateway, &[("authorization", &other)]).status, 401);
    // Of other paths it says nothing.
    assert!(!send(&gateway, Method::GET, JOB, &[PEER], "").header("www-authenticate").contains("resource"));
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp/x"] {
        assert_eq!(send(&gateway, Method::GET, path, &[PEER], "").status, 404, "{path}");
    }
}

#[test]
fn an_audience_that_is_no_url_leads_nowhere() {
    for audience in ["penstock", "https://gateway.example.com/mcp?x=\"", "https://", "urn:penstock"] {
        let (gateway, _) = world(&[("PENSTOCK_OIDC_AUDIENCE", audience)]);
        let refused = post(&gateway, &[]);
        assert_eq!(refused.header("www-authenticate"), r#"Bearer realm="penstock""#, "{audience}");
        assert_eq!(send(&gateway, Method::GET, DOCUMENT, &[PEER], "").status, 404);
    }
}
