//! Answers are bounded, say what was left out and how to get it; nothing of a long list is lost.

use crate::agent::{Agent, asked, gateway, jobs};
use crate::fake::answer;
use serde_json::{Value, json};

const JOBS: &str = "jpm.jobs-list";

fn ids(page: &Value) -> Vec<u64> {
    page["records"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect()
}

/// All records, in pieces.
fn all(agent: &Agent<'_>, arguments: &Value) -> (Vec<u64>, usize) {
    let (mut found, mut arguments, mut pieces) = (Vec::new(), arguments.clone(), 0);
    loop {
        let page = agent.good("read-list", arguments.clone());
        let piece = ids(&page);
        assert_eq!(page["count"], piece.len());
        found.extend(piece);
        pieces += 1;
        assert!(pieces <= 2000, "it does not end");
        if page["complete"] == true {
            return (found, pieces);
        }
        arguments["resume"] = page["resume"].clone();
    }
}

#[test]
fn a_thousand_records_come_in_pieces_without_loss() {
    let gateway = gateway(&[("reader", "")], jobs(1000));
    let expected: Vec<u64> = (1..=1000).collect();
    for (revision, arguments, most) in [
        ("new", json!({"operation": JOBS}), 20),
        ("old", json!({"operation": JOBS, "limit": 333}), 4),
        ("new", json!({"operation": JOBS, "limit": 1000, "maxBytes": 262_144}), 2),
        // As few as fit into the bytes; the pieces end in the middle of pages.
        ("new", json!({"operation": JOBS, "limit": 1000, "maxBytes": 1024}), 143),
        ("new", json!({"operation": JOBS, "limit": 7, "parameters": {"pageSize": 50}}), 143),
    ] {
        let agent = Agent::new(&gateway, "reader");
        let agent = if revision == "old" { agent.older() } else { agent };
        let (found, pieces) = all(&agent, &arguments);
        assert_eq!(found, expected, "{arguments}");
        assert!(pieces <= most, "{arguments}: {pieces}");
    }
    assert_eq!(Agent::new(&gateway, "reader").good("count", json!({"operation": JOBS}))["count"], 1000);
}

#[test]
fn the_end_is_known_without_a_further_page() {
    let gateway = gateway(&[("reader", "")], jobs(50));
    let agent = Agent::new(&gateway, "reader");
    let result = agent.tool("read-list", json!({"operation": JOBS}));
    let page = &result["structuredContent"];
    assert_eq!((&page["count"], &page["complete"]), (&json!(50), &json!(true)));
    assert!(result["content"][0]["text"].as_str().unwrap().contains("there are no more"), "{result}");
    assert_eq!(asked(&gateway).len(), 1);
}

#[test]
fn a_list_of_a_million_fills_no_answer() {
    let gateway = gateway(&[("reader", "")], jobs(1_000_000));
    let agent = Agent::new(&gateway, "reader");
    let seen = agent.send("tools/call", json!({"name": "read-list", "arguments": {"operation": JOBS}}));
    assert!(seen.body.len() < 16 << 10, "{}", seen.body.len());
    let result = &seen.json()["result"];
    let page = &result["structuredContent"];
    assert_eq!((ids(page).len(), &page["complete"], &page["total"]), (50, &json!(false), &json!(1_000_000)));
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("50 records") && text.contains("1000000 in all") && text.contains("`resume`"),
        "{text}"
    );
    // One that showed that it is long, and the page that was given.
    assert_eq!(asked(&gateway).len(), 2);
    let most = agent.send(
        "tools/call",
        json!({"name": "read-list", "arguments": {"operation": JOBS, "limit": 1000, "maxBytes": 262_144}}),
    );
    assert!(most.body.len() < 300 << 10, "{}", most.body.len());
    let counted = agent.good("count", json!({"operation": JOBS}));
    assert_eq!((&counted["count"], &counted["complete"]), (&json!(1_000_000), &json!(true)));
    for wrong in
        [json!({"limit": 0}), json!({"limit": 1001}), json!({"maxBytes": 10}), json!({"maxBytes": 1_000_000})]
    {
        let mut arguments = json!({"operation": JOBS});
        arguments.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let failure = agent.failure("read-list", arguments);
        assert!(wrong.get(failure["fields"][0]["field"].as_str().unwrap()).is_some(), "{failure}");
    }
}

#[test]
fn what_a_list_does_not_count_is_counted_as_far_as_asked_for() {
    let gateway = gateway(&[("reader", "")], |target| {
        let more = !target.contains("from=9");
        let from = target
            .split("from=")
            .nth(1)
            .and_then(|rest| rest.chars().next())
            .map_or(1, |one| one.to_digit(10).unwrap() + 1);
        let data: Vec<_> = (0..100).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
        answer(200, &format!(r#"{{"hasMore":{more},"continueFrom":"{from}","data":[{}]}}"#, data.join(",")))
    });
    let agent = Agent::new(&gateway, "reader");
    let name = "jpm.export-jobs-list";
    let counted = agent.good("count", json!({"operation": name}));
    assert_eq!((&counted["count"], &counted["complete"]), (&json!(1000), &json!(true)));
    let part = agent.good("count", json!({"operation": name, "atMost": 250}));
    assert_eq!((&part["count"], &part["complete"]), (&json!(250), &json!(false)));
    let rest = agent.tool("count", json!({"operation": name, "resume": part["resume"]}));
    let text = rest["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("has 750 records after those before `resume`"), "{text}");
    let rest = agent.good("count", json!({"operation": name, "resume": part["resume"]}));
    assert_eq!((&rest["count"], &rest["complete"]), (&json!(750), &json!(true)));
}

#[test]
fn fields_may_be_chosen_and_a_record_that_is_too_large_is_named() {
    let long = "x".repeat(5000);
    let gateway = gateway(&[("reader", "")], move |_| {
        answer(
            200,
            &format!(
                r#"{{"page":1,"pageSize":50,"hasMore":false,"data":[{{"id":1,"summary":"{long}"}},{{"id":2}}]}}"#
            ),
        )
    });
    let agent = Agent::new(&gateway, "reader");
    let result = agent.tool("read-list", json!({"operation": JOBS, "maxBytes": 1024}));
    let page = &result["structuredContent"];
    assert_eq!((&page["count"], &page["leftOut"], &page["complete"]), (&json!(2), &json!(1), &json!(true)));
    assert!(page["records"][0]["$leftOut"].is_string(), "{page}");
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("`fields`") && text.contains("maxBytes"), "{text}");
    let page = agent.good("read-list", json!({"operation": JOBS, "maxBytes": 1024, "fields": ["id"]}));
    assert_eq!(page["records"], json!([{"id": 1}, {"id": 2}]));
}

#[test]
fn a_large_answer_is_cut_and_the_rest_can_be_had() {
    let long = "x".repeat(100_000);
    let gateway = gateway(&[("reader", "")], move |_| {
        answer(200, &format!(r#"{{"id":5,"summary":"{long}","jobNumber":"J5"}}"#))
    });
    let agent = Agent::new(&gateway, "reader");
    let job = |more: Value| {
        let mut arguments = json!({"operation": "jpm.jobs-get", "parameters": {"id": 5}});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        agent.good("call-operation", arguments)
    };
    let cut = job(json!({}));
    assert_eq!((&cut["answer"]["id"], cut["answer"].get("summary")), (&json!(5), None));
    let left_out = cut["leftOut"].as_str().unwrap();
    assert!(left_out.contains("/summary (100002 bytes)") && left_out.contains("`select`"), "{left_out}");
    assert_eq!(
        job(json!({"select": "/summary", "maxBytes": 262_144}))["answer"].as_str().unwrap().len(),
        100_000
    );
    assert_eq!(job(json!({"maxBytes": 262_144}))["answer"]["jobNumber"], "J5");
    assert_eq!(job(json!({"select": "/nothing"}))["answer"], Value::Null);
    let text = agent.tool(
        "call-operation",
        json!({"operation": "jpm.jobs-get", "parameters": {"id": 5}, "select": "/jobNumber", "asText": true}),
    );
    assert!(text["content"][0]["text"].as_str().unwrap().contains("\"answer\":\"J5\""), "{text}");
}

#[test]
fn a_failure_in_the_middle_gives_what_came_and_where_to_go_on() {
    let gateway = gateway(&[("reader", "")], |target| match target.contains("page=2") {
        true => answer(400, r#"{"title":"no such page"}"#),
        false => jobs(100)(target),
    });
    let agent = Agent::new(&gateway, "reader");
    let result =
        agent.tool("read-list", json!({"operation": JOBS, "limit": 100, "parameters": {"pageSize": 50}}));
    let page = &result["structuredContent"];
    assert_eq!(
        (&result["isError"], &page["count"], &page["complete"]),
        (&json!(true), &json!(50), &json!(false))
    );
    assert!(page["failure"]["resume"].is_string(), "{page}");
    assert!(result["content"][0]["text"].as_str().unwrap().contains("failure.resume"), "{result}");
}

#[test]
fn a_tool_that_is_not_for_an_operation_names_the_one_that_is() {
    let gateway = gateway(&[("admin", "role=admin")], |_| panic!("asked the vendor"));
    let agent = Agent::new(&gateway, "admin");
    for (tool, name, instead) in [
        ("call-operation", JOBS, "read-list"),
        ("call-operation", "telecom.calls-download-recording", "fetch-file"),
        ("call-operation", "pricebook.images-upload", "under /v1"),
        ("read-list", "jpm.jobs-get", "call-operation"),
        ("count", "jpm.jobs-get", "call-operation"),
        ("fetch-file", JOBS, "read-list"),
    ] {
        let parameters = if name == JOBS { json!({}) } else { json!({"id": 1}) };
        let failure = agent.failure(tool, json!({"operation": name, "parameters": parameters}));
        assert!(failure["detail"].as_str().unwrap().contains(instead), "{tool} {name}: {failure}");
    }
}
