//! Who gets in.

use crate::agent::{Agent, asked, gateway, jobs, post};
use serde_json::json;

#[test]
fn nobody_gets_in_without_a_key() {
    let gateway = gateway(&[("reader", "")], |_| panic!("asked the vendor"));
    let agent = Agent::new(&gateway, "reader");
    let (message, mut fields) = agent.message("tools/list", json!({}));
    fields.retain(|(name, _)| *name != "authorization");
    let seen = post(&gateway, &fields, &message.to_string());
    assert_eq!((seen.status, seen.header("content-type")), (401, "application/problem+json"));
    assert!(seen.header("www-authenticate").starts_with("Bearer"));
}

#[test]
fn a_page_of_the_web_gets_in_only_where_a_setting_says_so() {
    let gateway = gateway(&[("reader", "")], jobs(1));
    let page = Agent::new(&gateway, "reader").with("origin", "https://evil.example");
    let (status, _, told) =
        page.error("tools/call", json!({"name": "count", "arguments": {"operation": "jpm.jobs-list"}}));
    assert!(status == 403 && told.contains("PENSTOCK_CORS_ORIGINS"), "{status} {told}");
    assert!(asked(&gateway).is_empty());
    let own = crate::agent::gateway(&[("reader", "")], jobs(1));
    own.client().host().reset("PENSTOCK_CORS_ORIGINS", "https://app.example.com");
    let page = |origin| Agent::new(&own, "reader").with("origin", origin).send("tools/list", json!({}));
    let seen = page("https://app.example.com");
    assert_eq!((seen.status, seen.header("access-control-allow-origin")), (200, "https://app.example.com"));
    assert!(seen.header("access-control-expose-headers").contains("mcp-session-id"));
    assert_eq!(page("https://app.example.com.evil.example").status, 403);
    assert_eq!(page("null").status, 403);
}

#[test]
fn a_key_finds_describes_and_calls_what_it_is_for_and_nothing_else() {
    let gateway = gateway(&[("crm", "modules=crm;accounts=north"), ("sleep", "providers=asleep")], jobs(1));
    gateway.client().host().reset("PENSTOCK_MCP_MODULES", "crm,jpm");
    let agent = Agent::new(&gateway, "crm");
    let found = agent.good("search-operations", json!({"query": "list jobs customers", "limit": 50}));
    let found = found["operations"].as_array().unwrap();
    assert!(
        found.len() > 3 && found.iter().all(|one| one["operation"].as_str().unwrap().starts_with("crm."))
    );
    let calls = [
        ("describe-operation", json!({"operation": "jpm.jobs-get"}), "modules"),
        ("read-list", json!({"operation": "jpm.jobs-list", "account": "north"}), "modules"),
        ("count", json!({"operation": "jpm.jobs-list", "account": "north"}), "modules"),
        ("read-list", json!({"operation": "crm.customers-list", "account": "south"}), "accounts"),
        (
            "call-operation",
            json!({"operation": "crm.customers-get", "account": "default", "parameters": {"id": 1}}),
            "accounts",
        ),
        (
            "fetch-file",
            json!({"operation": "telecom.calls-download-recording", "account": "north", "parameters": {"id": 1}}),
            "modules",
        ),
        ("read-report", json!({"category": "x", "report": 1}), "modules"),
        (
            "call-operation",
            json!({"operation": "jpm.jobs-get", "account": "north", "dryRun": true, "parameters": {"id": 1}}),
            "modules",
        ),
    ];
    for (tool, arguments, restriction) in calls {
        let failure = agent.failure(tool, arguments.clone());
        assert_eq!(failure["status"], 403, "{tool} {arguments} {failure}");
        assert_eq!(failure["fields"][0]["field"], restriction, "{tool} {arguments}");
    }
    let names: Vec<_> = tools(&agent);
    assert!(names.iter().any(|name| name == "crm_customers-list"));
    assert!(!names.iter().any(|name| name.starts_with("jpm_")), "{names:?}");
    assert_eq!(agent.error("tools/call", json!({"name": "jpm_jobs-list"})).2, "Unknown tool: jpm_jobs-list");
    // The only account of a key need not be named.
    let failure = agent.failure("read-list", json!({"operation": "crm.customers-list"}));
    assert!(failure["type"] == "urn:penstock:gateway:unknown-account", "{failure}");
    let sleep = Agent::new(&gateway, "sleep");
    assert_eq!(sleep.failure("describe-operation", json!({"operation": "jpm.jobs-get"}))["status"], 403);
    assert!(asked(&gateway).is_empty(), "{:?}", asked(&gateway));
}

/// The names of all tools.
fn tools(agent: &Agent<'_>) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let params = cursor.map_or(json!({}), |cursor| json!({"cursor": cursor}));
        let page = agent.ask("tools/list", params);
        let tools = page["tools"].as_array().unwrap();
        names.extend(tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return names,
        }
    }
}

#[test]
fn calls_count_in_the_rates_of_the_key() {
    let gateway = gateway(&[("slow", "rate=3/min"), ("jobs", "operations=jpm.jobs-list:1/h")], jobs(1));
    let slow = Agent::new(&gateway, "slow");
    let statuses: Vec<_> = (0..4).map(|_| slow.send("tools/list", json!({})).status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    // A rate of an operation holds under whatever tool it is called.
    let agent = Agent::new(&gateway, "jobs");
    agent.good("count", json!({"operation": "jpm.jobs-list"}));
    let failure = agent.failure("read-list", json!({"operation": "jpm.jobs-list"}));
    assert_eq!(failure["type"], "urn:penstock:gateway:rate-limited");
    assert!(failure["retry"]["afterMs"].as_u64().unwrap() > 0);
    agent.good("read-list", json!({"operation": "jpm.job-types-list"}));
}
