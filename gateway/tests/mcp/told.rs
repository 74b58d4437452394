//! What the audit, the log and the counters say of what agents do.

use crate::agent::{Agent, gateway, jobs, lines};
use crate::fake::answer;
use serde_json::{Value, json};

const NOTE: &str = "crm.customers-create-note";

fn brief(line: &Value) -> String {
    let of = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
    format!(
        "{} {} {} {} {}",
        of("key"),
        of("operation"),
        of("account"),
        of("outcome"),
        line["http.response.status_code"]
    )
}

#[test]
fn every_call_is_in_the_audit_with_the_keys_name() {
    let gateway = gateway(&[("billing", "role=admin"), ("reader", "")], |target| match target {
        target if target.contains("/notes") => answer(
            200,
            r#"{"id":6,"text":"canary","isPinned":false,"createdById":1,"createdOn":"2026-01-02T03:04:05Z"}"#,
        ),
        target if target.contains("/jobs/") => answer(404, "{}"),
        target if target.contains("/recording") => answer(200, "abc"),
        target => jobs(3)(target),
    });
    gateway.client().host().reset("LOG_LEVEL", "error");
    let agent = Agent::new(&gateway, "billing").with("x-correlation-id", "chat 7");
    let note =
        json!({"operation": NOTE, "parameters": {"id": 5}, "body": {"text": "canary"}, "confirm": NOTE});
    agent.good("call-operation", note);
    agent.good("read-list", json!({"operation": "jpm.jobs-list"}));
    agent.failure("call-operation", json!({"operation": "jpm.jobs-get", "parameters": {"id": 9}}));
    agent.good("count", json!({"operation": "jpm.jobs-list"}));
    agent.good(
        "fetch-file",
        json!({"operation": "telecom.calls-download-recording", "parameters": {"id": 9}}),
    );
    agent.failure(
        "call-operation",
        json!({"operation": NOTE, "parameters": {"id": 5}, "body": {"txt": "canary"}, "confirm": NOTE}),
    );
    // A read that tells how far it is ends after the request.
    let streamed = json!({"name": "read-list", "arguments": {"operation": "jpm.jobs-list"}, "_meta": {"progressToken": "a"}});
    assert_eq!(
        agent.send("tools/call", streamed).events().last().unwrap()["result"]["structuredContent"]["count"],
        3
    );
    // Nothing is called by these, and no call comes of the last.
    agent.good("search-operations", json!({"query": "jobs"}));
    agent.good("describe-operation", json!({"operation": NOTE}));
    Agent::new(&gateway, "reader")
        .failure("call-operation", json!({"operation": NOTE, "parameters": {"id": 5}}));
    let audit = lines(&gateway, "audit");
    let told: Vec<_> = audit.iter().map(brief).collect();
    assert_eq!(
        told,
        [
            "billing crm.customers-create-note default applied 200",
            "billing jpm.jobs-list default applied 200",
            "billing jpm.jobs-get default not-applied 404",
            "billing jpm.jobs-list default applied 200",
            "billing telecom.calls-download-recording default applied 200",
            "billing crm.customers-create-note default not-sent 400",
            "billing jpm.jobs-list default applied 200",
        ]
    );
    for line in &audit {
        assert_eq!((&line["provider"], &line["correlation_id"]), (&json!("servicetitan"), &json!("chat 7")));
        assert_eq!(line["trace_id"].as_str().map(str::len), Some(32));
    }
    assert_eq!(audit[0]["call_id"].as_str().map(str::len), Some(16));
    assert!(!gateway.client().host().log.borrow().contains("canary"));
}

#[test]
fn what_fails_within_a_message_has_failed_in_the_log_and_the_counters() {
    let gateway = gateway(&[("all", ""), ("crm", "modules=crm")], |_| answer(404, "{}"));
    let agent = Agent::new(&gateway, "all");
    let get = json!({"operation": "jpm.jobs-get", "parameters": {"id": 9}});
    agent.failure("call-operation", get.clone());
    agent.good("search-operations", json!({"query": "jobs"}));
    Agent::new(&gateway, "crm").failure("call-operation", get);
    let request = lines(&gateway, "request");
    for (name, expected) in [
        ("http.route", json!("/mcp")),
        ("operation", json!("jpm.jobs-get")),
        ("key", json!("all")),
        ("http.response.status_code", json!(200)),
        ("call_status", json!(404)),
    ] {
        assert_eq!(request[0][name], expected, "{name}");
    }
    assert_eq!(request[0]["call_id"].as_str().map(str::len), Some(16), "{}", request[0]);
    assert_eq!(request[1]["call_status"], 200);
    let refused = lines(&gateway, "refused");
    assert_eq!((&refused[0]["refusal"], &refused[0]["key"]), (&json!("forbidden"), &json!("crm")));
    let mut metrics = crate::agent::head(http::Method::GET, &agent.message("x", json!({})).1);
    metrics.target = "/metrics".to_owned();
    let answer = futures_util::FutureExt::now_or_never(penstock_gateway::serve(&gateway, &metrics, None));
    let Some(penstock_gateway::Answer::Whole(response)) = answer else { panic!("no answer") };
    for line in [
        r#"requests_total{key="all",route="mcp",status="4xx"} 1"#,
        r#"requests_total{key="all",route="mcp",status="2xx"} 1"#,
        r#"requests_total{key="crm",route="mcp",status="4xx"} 1"#,
        r#"refusals_total{key="crm",reason="forbidden"} 1"#,
    ] {
        let text = response.body();
        let line = format!("penstock_gateway_{line}");
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
}
