//! Files, as resources.

use crate::agent::{Agent, asked, gateway};
use crate::fake::answer;
use penstock::host::Response;
use serde_json::json;

const RECORDING: &str = "telecom.calls-download-recording";

fn file(media: &'static str, body: &str, length: Option<usize>) -> Response {
    let mut response = answer(200, body);
    response.headers.push(("content-type".to_owned(), media.to_owned()));
    let length = length.unwrap_or(body.len());
    response.headers.push(("content-length".to_owned(), length.to_string()));
    response
}

#[test]
fn a_file_is_a_resource_that_can_be_read_again() {
    let gateway = gateway(&[("reader", "")], |_| file("audio/mpeg", "abc", None));
    let agent = Agent::new(&gateway, "reader");
    let result = agent.tool("fetch-file", json!({"operation": RECORDING, "parameters": {"id": 7}}));
    let of = &result["structuredContent"];
    assert_eq!((&of["bytes"], &of["contentType"]), (&json!(3), &json!("audio/mpeg")));
    let resource = &result["content"][1];
    assert_eq!((&resource["type"], &resource["resource"]["blob"]), (&json!("resource"), &json!("YWJj")));
    let uri = resource["resource"]["uri"].as_str().unwrap();
    assert_eq!(uri, format!("penstock://servicetitan/default/{RECORDING}?id=7"));
    for agent in [Agent::new(&gateway, "reader"), Agent::new(&gateway, "reader").older()] {
        let read = agent.ask("resources/read", json!({"uri": uri}));
        assert_eq!(read["contents"][0]["blob"], "YWJj");
    }
    assert_eq!(asked(&gateway), vec!["/telecom/v2/tenant/77/calls/7/recording"; 3]);
    let templates = agent.ask("resources/templates/list", json!({}));
    assert!(templates["resourceTemplates"][0]["uriTemplate"].as_str().unwrap().starts_with("penstock://"));
    assert_eq!(agent.ask("resources/list", json!({}))["resources"], json!([]));
}

#[test]
fn text_stays_text() {
    let gateway = gateway(&[("reader", "")], |_| file("text/plain; charset=utf-8", "caf\u{e9}", None));
    let result = Agent::new(&gateway, "reader")
        .tool("fetch-file", json!({"operation": RECORDING, "parameters": {"id": 7}}));
    assert_eq!(result["content"][1]["resource"]["text"], "caf\u{e9}");
}

#[test]
fn a_file_that_is_too_large_is_named_and_linked() {
    for length in [Some(5_000_000), None] {
        let body = "x".repeat(300_000);
        let gateway = gateway(&[("reader", "")], move |_| {
            let mut response = file("audio/mpeg", &body, length);
            response.headers.retain(|(name, _)| length.is_some() || name != "content-length");
            response
        });
        let agent = Agent::new(&gateway, "reader");
        let result = agent.tool("fetch-file", json!({"operation": RECORDING, "parameters": {"id": 7}}));
        let failure = &result["structuredContent"]["failure"];
        assert_eq!((&result["isError"], &failure["fields"][0]["field"]), (&json!(true), &json!("maxBytes")));
        assert!(failure["detail"].as_str().unwrap().contains("GET /v1/servicetitan/"), "{failure}");
        // The vendor was asked, and nothing was changed by it.
        assert_eq!(failure["outcome"], "not-applied", "{failure}");
        assert_eq!(result["content"][1]["type"], "resource_link");
    }
}

#[test]
fn a_uri_that_leads_nowhere_is_an_error_and_so_is_a_file_that_is_not_there() {
    let gateway = gateway(&[("reader", ""), ("crm", "modules=crm")], |_| answer(404, r#"{"title":"no"}"#));
    let agent = Agent::new(&gateway, "reader");
    for uri in [
        "file:///etc/passwd",
        "penstock://",
        "penstock://servicetitan/default",
        "penstock://nobody/default/telecom.calls-download-recording",
        "penstock://servicetitan/default/jpm.jobs-list",
        "penstock://servicetitan/default/telecom.calls-download-recording/x",
        "penstock://servicetitan/%zz/telecom.calls-download-recording",
    ] {
        let (_, code, _) = agent.error("resources/read", json!({"uri": uri}));
        assert_eq!(code, -32602, "{uri}");
    }
    assert!(asked(&gateway).is_empty());
    let uri = format!("penstock://servicetitan/default/{RECORDING}?id=7");
    let seen = agent.send("resources/read", json!({"uri": uri}));
    let error = seen.json()["error"].take();
    assert_eq!(error["data"]["failure"]["status"], 404, "{error}");
    let forbidden = Agent::new(&gateway, "crm").send("resources/read", json!({"uri": uri}));
    assert_eq!(forbidden.json()["error"]["data"]["failure"]["status"], 403);
}
