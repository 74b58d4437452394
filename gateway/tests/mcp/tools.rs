//! What tools there are, and what is said of them.

use crate::agent::{Agent, gateway, jobs};
use penstock::contract::catalogue::{self, Effect};
use serde_json::{Value, json};

const OWN: [&str; 7] = [
    "search-operations",
    "describe-operation",
    "call-operation",
    "read-list",
    "count",
    "read-report",
    "fetch-file",
];

fn all(agent: &Agent<'_>) -> Vec<Value> {
    let (mut all, mut params) = (Vec::new(), json!({}));
    loop {
        let mut page = agent.ask("tools/list", params);
        let Value::Array(tools) = page["tools"].take() else { panic!("no tools") };
        assert!(tools.len() <= 50);
        all.extend(tools);
        match page.get("nextCursor") {
            Some(next) => params = json!({"cursor": next}),
            None => return all,
        }
    }
}

fn names(tools: &[Value]) -> Vec<&str> {
    tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect()
}

#[test]
fn a_handful_of_tools_is_for_all_operations() {
    let gateway = gateway(&[("reader", ""), ("admin", "role=admin")], |_| panic!("asked the vendor"));
    let tools = all(&Agent::new(&gateway, "reader"));
    assert_eq!(names(&tools), OWN);
    for tool in &tools {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
        assert!(tool["description"].as_str().unwrap().len() > 20);
    }
    // They have room beside all else that an agent has to read.
    assert!(json!(tools).to_string().len() < 16_000, "{}", json!(tools).to_string().len());
    let writer = all(&Agent::new(&gateway, "admin"));
    let call = writer.iter().find(|tool| tool["name"] == "call-operation").unwrap();
    let hints = &call["annotations"];
    assert_eq!((&hints["readOnlyHint"], &hints["destructiveHint"]), (&json!(false), &json!(true)));
    gateway.client().host().reset("PENSTOCK_ROLE", "read-only");
    gateway.client().host().pass(std::time::Duration::from_secs(2));
    let capped = all(&Agent::new(&gateway, "admin"));
    assert!(capped.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true));
}

#[test]
fn a_setting_adds_a_tool_for_each_operation_of_modules() {
    let gateway = gateway(&[("reader", ""), ("admin", "role=admin")], jobs(3));
    gateway.client().host().reset("PENSTOCK_MCP_MODULES", "jpm, telecom");
    let tools = all(&Agent::new(&gateway, "admin"));
    let own: Vec<_> = tools.iter().skip(OWN.len()).collect();
    let module = |name: &str| name.starts_with("jpm.") || name.starts_with("telecom.");
    let expected = catalogue::operations("servicetitan").unwrap().iter();
    let expected: Vec<_> =
        expected.filter(|one| module(one.name) && one.variant_of.is_none() && one.upload.is_none()).collect();
    assert_eq!(own.len(), expected.len());
    for (tool, operation) in own.iter().zip(&expected) {
        let name = tool["name"].as_str().unwrap();
        assert_eq!(name, operation.name.replace('.', "_"));
        // What the protocol and the usual clients take for a name.
        assert!(
            name.len() <= 64
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)),
            "{name}"
        );
        let hints = &tool["annotations"];
        let is_read = operation.effect == Effect::Read;
        assert_eq!(hints["readOnlyHint"], is_read, "{name}");
        let is_destructive = !matches!(operation.effect, Effect::Read | Effect::Create);
        assert_eq!(hints["destructiveHint"], is_destructive, "{name}");
        let confirms = tool["inputSchema"]["properties"].get("confirm").is_some();
        let described = tool["description"].as_str().unwrap();
        assert_eq!(described.contains("`confirm` must be"), !is_read, "{name}");
        assert!(confirms || is_read, "{name}");
    }
    let reader = all(&Agent::new(&gateway, "reader"));
    assert!(reader.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true));
    let agent = Agent::new(&gateway, "reader");
    let page = agent.good("jpm_jobs-list", json!({"limit": 2, "parameters": {"jobStatus": "completed"}}));
    assert_eq!((&page["count"], &page["complete"]), (&json!(2), &json!(false)));
    let failure = agent.failure("jpm_jobs-list", json!({"operation": "crm.customers-list"}));
    assert_eq!(failure["fields"][0]["field"], "operation");
    // What the key may not call has no tool.
    let (_, _, told) = agent.error("tools/call", json!({"name": "jpm_jobs-create-note"}));
    assert_eq!(told, "Unknown tool: jpm_jobs-create-note");
}

#[test]
fn a_module_that_is_none_is_named_and_the_gateway_is_not_ready() {
    let gateway = gateway(&[("reader", "")], |_| panic!("asked the vendor"));
    gateway.client().host().reset("PENSTOCK_MCP_MODULES", "dispach");
    let agent = Agent::new(&gateway, "reader");
    let (_, code, told) = agent.error("tools/list", json!({}));
    assert!(
        code == -32603 && told.contains("PENSTOCK_MCP_MODULES") && told.contains("did you mean dispatch?"),
        "{told}"
    );
    let mut ready = crate::agent::head(http::Method::GET, &agent.message("x", json!({})).1);
    ready.target = "/ready".to_owned();
    let answer = futures_util::FutureExt::now_or_never(penstock_gateway::serve(&gateway, &ready, None));
    let Some(penstock_gateway::Answer::Whole(response)) = answer else { panic!("no answer") };
    assert!(
        response.status() == 503 && response.body().contains("PENSTOCK_MCP_MODULES"),
        "{}",
        response.body()
    );
}

#[test]
fn an_operation_is_described_with_schemas_that_stand_by_themselves() {
    let gateway = gateway(&[("reader", "")], |_| panic!("asked the vendor"));
    let agent = Agent::new(&gateway, "reader");
    let all = catalogue::providers().filter_map(catalogue::operations).flatten();
    for operation in all {
        let described = agent.good(
            "describe-operation",
            json!({"provider": operation.provider, "operation": operation.name, "answer": true}),
        );
        assert_eq!(described["operation"], operation.name);
        for schema in ["parametersSchema", "bodySchema", "answerSchema"] {
            if let Some(schema) = described.get(schema) {
                references(schema, schema);
            }
        }
        assert_eq!(described.get("bodySchema").is_some(), operation.body.is_some(), "{}", operation.name);
        for parameter in operation.parameters() {
            let known = described["parametersSchema"]["properties"].get(parameter.wire());
            assert!(known.is_some(), "{} {}", operation.name, parameter.wire());
        }
    }
    let failure = agent.failure("describe-operation", json!({"operation": "jpm.job-list"}));
    assert!(failure["detail"].as_str().unwrap().contains("did you mean `jpm.jobs-list`"), "{failure}");
    let refused = |tool: &str, arguments: Value, field: &str| {
        let failure = agent.failure(tool, arguments);
        assert_eq!(failure["fields"][0]["field"], field, "{failure}");
    };
    refused("search-operations", json!({"query": "jobs", "module": "jmp"}), "module");
    refused("search-operations", json!({"query": "jobs", "provider": "nobody"}), "provider");
    for select in ["jobStatus", "/~5", "/a~"] {
        let arguments = json!({"operation": "jpm.jobs-get", "parameters": {"id": 1}, "select": select});
        refused("call-operation", arguments, "select");
    }
    refused("read-list", json!({"operation": "jpm.jobs-list", "parameters": {"ids": []}}), "parameters.ids");
}

/// Nothing that the key is not for is suggested.
#[test]
fn a_name_that_is_none_is_compared_with_what_the_key_is_for() {
    let gateway = gateway(&[("crm", "modules=crm")], jobs(1));
    let agent = Agent::new(&gateway, "crm");
    let told = |name: &str| {
        let failure = agent.failure("describe-operation", json!({"operation": name}));
        failure["detail"].as_str().unwrap().to_owned()
    };
    assert!(!told("jpm.jobs-lis").contains("jpm.jobs-list"), "{}", told("jpm.jobs-lis"));
    assert!(told("crm.customers-lis").contains("did you mean `crm.customers-list`"));
}

/// Each reference leads somewhere within the schema.
fn references(root: &Value, schema: &Value) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                if let Some(reference) = value.as_str().filter(|_| name == "$ref") {
                    let target = root.pointer(reference.strip_prefix('#').unwrap());
                    assert!(target.is_some(), "{reference} leads nowhere");
                }
                references(root, value);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|one| references(root, one)),
        _ => {}
    }
}
