//! Operations are found by what people of the trade say, and those of each module can be called.

use crate::agent::{Agent, gateway};
use crate::example::example;
use crate::{fake::answer, schema::fits};
use penstock::contract::catalogue::{self, Operation};
use penstock_gateway::mcp::search::search;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PHRASES: &str = include_str!("phrases.txt");

/// The phrases, and the operations that answer them.
fn phrases() -> Vec<(&'static str, Vec<&'static str>)> {
    let lines = PHRASES.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let phrase = |line: &'static str| {
        let (phrase, names) = line.split_once(" | ").unwrap();
        (phrase, names.split(' ').collect())
    };
    lines.map(phrase).collect()
}

#[test]
fn phrases_of_the_trade_find_their_operation_among_the_first_three() {
    let phrases = phrases();
    assert_eq!(phrases.len(), 60);
    let missed: Vec<_> = phrases
        .iter()
        .filter_map(|(phrase, names)| {
            let found: Vec<_> = search(phrase, |_| true, 3).iter().map(|one| one.name).collect();
            (!found.iter().any(|name| names.contains(name))).then(|| format!("{phrase}: {found:?}"))
        })
        .collect();
    let first = phrases.iter().filter(|(phrase, names)| {
        search(phrase, |_| true, 1).first().is_some_and(|one| names.contains(&one.name))
    });
    println!("{} first", first.count());
    println!("{} of {} phrases", phrases.len() - missed.len(), phrases.len());
    assert!(missed.len() <= 5, "{missed:#?}");
    for name in phrases.iter().flat_map(|(_, names)| names) {
        let known = catalogue::providers().any(|provider| catalogue::find(provider, name).is_ok());
        assert!(known, "{name} is no operation");
    }
}

#[test]
fn what_is_found_is_for_what_was_asked_for() {
    let gateway = gateway(&[("reader", "")], |_| panic!("asked the vendor"));
    let agent = Agent::new(&gateway, "reader");
    let search = |arguments: Value| {
        let found = agent.good("search-operations", arguments)["operations"].take();
        found.as_array().unwrap().clone()
    };
    let writes = search(json!({"query": "jobs", "effect": "write", "limit": 50}));
    assert!(writes.len() > 3 && writes.iter().all(|one| one["effect"] != "read"));
    let sleep = search(json!({"query": "list sessions", "provider": "asleep"}));
    assert!(!sleep.is_empty() && sleep.iter().all(|one| one["provider"] == "asleep"));
    let module = search(json!({"query": "list", "module": "payroll", "limit": 3}));
    assert!(
        module.len() == 3
            && module.iter().all(|one| one["operation"].as_str().unwrap().starts_with("payroll."))
    );
    assert_eq!(search(json!({"query": "xyzzy"})), Vec::<Value>::new());
    for wrong in [
        json!({}),
        json!(["jobs", null, null, null, null]),
        json!(7),
        json!({"query": "x", "limit": 0}),
        json!({"query": "x", "limt": 3}),
    ] {
        assert_eq!(agent.failure("search-operations", wrong.clone())["status"], 400, "{wrong}");
    }
}

/// The first read of each module that answers with JSON, a list if it has one.
fn one_of_each_module() -> BTreeMap<&'static str, &'static Operation> {
    let all = catalogue::providers().filter_map(catalogue::operations).flatten();
    let reads = all.filter(|one| {
        one.effect == catalogue::Effect::Read
            && !one.file
            && one.variant_of.is_none()
            && one.name != "reporting.reports-data-list"
    });
    let mut found: BTreeMap<&str, &Operation> = BTreeMap::new();
    for one in reads {
        let module = one.name.split('.').next().unwrap();
        let known = found.entry(module).or_insert(one);
        if one.is_list() && !known.is_list() {
            *known = one;
        }
    }
    found
}

#[test]
fn an_operation_of_each_module_is_found_described_and_called() {
    let gateway = gateway(&[("reader", "")], |_| {
        answer(
            200,
            r#"{"page":1,"pageSize":50,"hasMore":false,"continueFrom":"x","totalCount":0,"data":[],"fields":[],"sleep_session_list":[],"result":{"sleep_session_list":[]}}"#,
        )
    });
    gateway.client().host().reset("ASLEEP_API_KEY", crate::fake::CANARY);
    let agent = Agent::new(&gateway, "reader");
    let all = one_of_each_module();
    assert!(all.len() > 20, "{}", all.len());
    for (module, operation) in all {
        let words = operation.name.replace(['.', '-'], " ");
        let found = agent.good("search-operations", json!({"query": words, "module": module, "limit": 3}));
        let found = found["operations"].as_array().unwrap();
        let one = found.iter().find(|one| one["operation"] == operation.name);
        let one = one.unwrap_or_else(|| panic!("{} is not among {found:?}", operation.name));
        let described = agent.good("describe-operation", json!({"operation": operation.name}));
        let schema = &described["parametersSchema"];
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let parameters: serde_json::Map<_, _> = required
            .iter()
            .map(|name| {
                let name = name.as_str().unwrap();
                (name.to_owned(), example(schema, &schema["properties"][name]))
            })
            .collect();
        let parameters = Value::Object(parameters);
        assert_eq!(fits(schema, schema, &parameters), Ok(()), "{}", operation.name);
        let mut arguments = json!({"operation": operation.name, "parameters": parameters});
        if described["takesBody"] == true {
            arguments["body"] = example(&described["bodySchema"], &described["bodySchema"]);
        }
        let before = crate::agent::asked(&gateway).len();
        let result = agent.tool(one["tool"].as_str().unwrap(), arguments.clone());
        // What a fake vendor answers need not fit each operation: the request has gone out in any case.
        let is_asked = crate::agent::asked(&gateway).len() > before;
        assert!(is_asked, "{} {arguments}: {result}", operation.name);
        if operation.is_list() {
            assert_eq!(result["isError"], false, "{}: {result}", operation.name);
        }
    }
}
