//! All operations once more, by their paths at the gateway.

use super::{RECORDS, Scene, order};
use crate::support::{
    self,
    routes::{Routes, target},
};
use http::StatusCode;
use penstock::contract::catalogue::{Effect, Operation};
use penstock_gateway::paths;
use serde_json::Value;

/// What is wrong with an answer.
fn fault(operation: &Operation, status: StatusCode, body: &str) -> Option<String> {
    let wanted = if operation.answer.is_some() { StatusCode::OK } else { StatusCode::NO_CONTENT };
    if status != wanted {
        return Some(format!("{status}: {body}"));
    }
    if !operation.is_list() {
        return None;
    }
    let page: Value = serde_json::from_str(body).unwrap_or_default();
    let is_page =
        page["data"].is_array() && page["page"]["hasMore"].is_boolean() && page["resume"].is_string();
    (!is_page).then(|| format!("no page: {body}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_on_its_path_and_every_list_streams() {
    let scene = Scene::new().await;
    let served = Routes::serve(|settings| {
        let settings = [settings, &super::FAST].concat();
        support::simulated(&scene.provider, &settings)
    })
    .await;
    let mut all: Vec<_> = paths::of("servicetitan").unwrap().iter().collect();
    all.sort_by_key(|path| order(&path.operation));
    let (mut called, mut lists, mut problems) = (0, 0, Vec::new());
    for path in all {
        let operation = path.operation;
        if operation.file || operation.upload.is_some() {
            continue;
        }
        called += 1;
        scene.provider.reset_stats();
        let ask = scene.ask(operation, true);
        let (status, body) = served.send(operation, &target(path, &ask.parameters), ask.body).await;
        problems.extend(fault(operation, status, &body).map(|fault| format!("{}: {fault}", operation.name)));
        let writes = scene.provider.stats().writes.values().sum::<u64>();
        if operation.effect != Effect::Read && writes != 1 {
            problems.push(format!("{}: {writes} writes", operation.name));
        }
        if !operation.is_list() {
            continue;
        }
        lists += 1;
        let ask = scene.ask(operation, false);
        let all = target(path, &[ask.parameters, vec![("all".to_owned(), "true".to_owned())]].concat());
        let (status, body) = served.send(operation, &all, ask.body).await;
        let end: Value =
            body.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let count = end["penstock"]["end"]["items"].as_u64().unwrap_or_default();
        let own = operation.name.starts_with("jpm.");
        if status != StatusCode::OK
            || count + 1 != body.lines().count() as u64
            || (!own && count != RECORDS as u64)
        {
            problems.push(format!("{}: {status}, {count} records, {end}", operation.name));
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    assert_eq!((called, lists), (575, 221));
}
