//! Writes: whose role allows them, who means them, and what they would send.

use crate::agent::{Agent, asked, gateway};
use crate::fake::answer;
use penstock_gateway::Gateway;
use serde_json::{Value, json};

const NOTE: &str = "crm.customers-create-note";
const MADE: &str =
    r#"{"id":6,"text":"hello","isPinned":false,"createdById":1,"createdOn":"2026-01-02T03:04:05Z"}"#;

fn notes() -> Gateway<crate::fake::FakeHost> {
    gateway(&[("reader", ""), ("operator", "role=operator"), ("admin", "role=admin")], |_| answer(200, MADE))
}

fn note(more: &Value) -> Value {
    let mut arguments = json!({"operation": NOTE, "parameters": {"id": 5}, "body": {"text": "hello"}});
    for (name, value) in more.as_object().unwrap() {
        arguments[name] = value.clone();
    }
    arguments
}

#[test]
fn a_write_is_refused_without_the_role_and_done_with_it() {
    let gateway = notes();
    let reader = Agent::new(&gateway, "reader");
    let failure = reader.failure("call-operation", note(&json!({"confirm": NOTE})));
    assert_eq!((&failure["status"], &failure["outcome"]), (&json!(403), &json!("not-sent")));
    assert_eq!(failure["fields"][0]["field"], "role");
    assert!(asked(&gateway).is_empty());
    let agent = Agent::new(&gateway, "operator");
    let result = agent.tool("call-operation", note(&json!({"confirm": NOTE})));
    assert_eq!(result["isError"], false, "{result}");
    let made = &result["structuredContent"];
    assert_eq!((&made["outcome"], &made["answer"]["id"]), (&json!("applied"), &json!(6)));
    assert!(result["content"][0]["text"].as_str().unwrap().contains("It took effect: do not repeat it."));
    assert_eq!(asked(&gateway), ["/crm/v2/tenant/77/customers/5/notes"]);
    // What the gateway as a whole may not do, no key may.
    gateway.client().host().reset("PENSTOCK_ROLE", "read-only");
    gateway.client().host().pass(std::time::Duration::from_mins(10));
    for confirm in [json!({"confirm": NOTE}), json!({})] {
        let failure = agent.failure("call-operation", note(&confirm));
        assert_eq!(failure["type"], "urn:penstock:failure:role", "{failure}");
    }
    assert_eq!(asked(&gateway).len(), 1);
}

#[test]
fn a_write_is_made_only_by_who_says_that_it_is_meant() {
    let gateway = notes();
    let agent = Agent::new(&gateway, "admin");
    for confirm in [
        json!({}),
        json!({"confirm": ""}),
        json!({"confirm": "yes"}),
        json!({"confirm": "jpm.jobs-create-note"}),
    ] {
        let failure = agent.failure("call-operation", note(&confirm));
        assert_eq!(
            (&failure["outcome"], &failure["fields"][0]["field"]),
            (&json!("not-sent"), &json!("confirm"))
        );
        assert!(failure["detail"].as_str().unwrap().contains(NOTE), "{failure}");
    }
    assert_eq!(agent.failure("call-operation", note(&json!({"confirm": true})))["status"], 400);
    // Nor by way of the tool of the operation, or a malformed setting.
    gateway.client().host().reset("PENSTOCK_MCP_MODULES", "crm");
    gateway.client().host().pass(std::time::Duration::from_secs(2));
    let own = json!({"parameters": {"id": 5}, "body": {"text": "hello"}});
    assert_eq!(agent.failure("crm_customers-create-note", own.clone())["fields"][0]["field"], "confirm");
    gateway.client().host().reset("PENSTOCK_MCP_MODULES", "nothing");
    gateway.client().host().pass(std::time::Duration::from_secs(2));
    assert_eq!(agent.failure("call-operation", note(&json!({})))["fields"][0]["field"], "confirm");
    assert!(asked(&gateway).is_empty());
    gateway.client().host().reset("PENSTOCK_MCP_MODULES", "crm");
    gateway.client().host().pass(std::time::Duration::from_secs(2));
    let mut meant = own;
    meant["confirm"] = json!(NOTE);
    assert_eq!(agent.good("crm_customers-create-note", meant)["outcome"], "applied");
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let gateway = notes();
    for name in ["reader", "admin"] {
        let agent = Agent::new(&gateway, name);
        let result = agent.tool("call-operation", note(&json!({"dryRun": true})));
        let shown = &result["structuredContent"];
        if name == "reader" {
            assert_eq!(shown["failure"]["fields"][0]["field"], "role", "{result}");
            continue;
        }
        assert_eq!((&shown["outcome"], &shown["needsRole"]), (&json!("not-sent"), &json!("operator")));
        let request = &shown["request"];
        assert_eq!(
            (&request["method"], &request["path"]),
            (&json!("POST"), &json!("/crm/v2/tenant/tenant/customers/5/notes"))
        );
        assert_eq!(request["body"], json!({"text": "hello"}));
        assert!(result["content"][0]["text"].as_str().unwrap().contains(&format!("confirm = \"{NOTE}\"")));
        // However long the body is, the answer is bounded.
        let long = json!({"dryRun": true, "maxBytes": 1024, "body": {"text": "x".repeat(100_000)}});
        let result = agent.tool("call-operation", note(&long));
        assert!(result.to_string().len() < 4096 && asked(&gateway).is_empty());
        assert!(result["structuredContent"]["leftOut"].as_str().unwrap().contains("body"), "{result}");
        let failure =
            agent.failure("call-operation", json!({"operation": NOTE, "dryRun": true, "body": {"txt": 1}}));
        let fields: Vec<_> =
            failure["fields"].as_array().unwrap().iter().map(|one| one["field"].as_str().unwrap()).collect();
        assert!(fields.contains(&"id") && fields.iter().any(|field| field.contains("txt")), "{failure}");
    }
    let read = Agent::new(&gateway, "reader").good(
        "call-operation",
        json!({"operation": "crm.customers-get", "parameters": {"id": 5}, "dryRun": true}),
    );
    assert_eq!(read["request"]["path"], "/crm/v2/tenant/tenant/customers/5");
    assert!(asked(&gateway).is_empty());
    // It stands in no audit: nothing was done.
    assert!(crate::agent::lines(&gateway, "audit").is_empty());
}

#[test]
fn a_write_whose_fate_is_unknown_says_so() {
    let gateway = gateway(&[("admin", "role=admin")], |_| answer(500, r#"{"title":"oh"}"#));
    let agent = Agent::new(&gateway, "admin");
    let result = agent.tool("call-operation", note(&json!({"confirm": NOTE})));
    assert_eq!(result["structuredContent"]["failure"]["outcome"], "unknown", "{result}");
    assert!(
        result["content"][0]["text"].as_str().unwrap().contains("look before it is repeated"),
        "{result}"
    );
    assert_eq!(asked(&gateway).len(), 1);
}

#[test]
fn a_key_for_idempotency_is_checked_and_passed_on() {
    let gateway = notes();
    let agent = Agent::new(&gateway, "admin");
    for wrong in ["", "a\"b", "\u{e9}", &"x".repeat(256)] {
        let failure =
            agent.failure("call-operation", note(&json!({"confirm": NOTE, "idempotencyKey": wrong})));
        assert_eq!(
            (&failure["status"], &failure["fields"][0]["field"]),
            (&json!(400), &json!("idempotencyKey")),
            "{failure}"
        );
    }
    assert!(asked(&gateway).is_empty());
    // Let in, and not sent.
    let audit = crate::agent::lines(&gateway, "audit");
    assert!(audit.len() == 4 && audit.iter().all(|line| line["outcome"] == "not-sent"), "{audit:?}");
}
