//! Every operation that the provider declares is there, and checks what it is sent.

use super::client::Client;
use penstock_simulated::servicetitan::{Config, Resource, SimulatedServiceTitan};
use serde_json::{Value, json};

pub(crate) fn fixture() -> Value {
    serde_json::from_str(include_str!("../../src/servicetitan/fixture/jpm.json")).unwrap()
}

pub(crate) fn operations(fixture: &Value) -> &Vec<Value> {
    fixture["operations"].as_array().unwrap()
}

/// A path with ids that exist.
fn path(provider: &SimulatedServiceTitan, operation: &Value) -> String {
    let path = operation["path"].as_str().unwrap().replace("{tenant}", "1000001");
    let of = |resource| provider.truth(resource)[0].to_string();
    let resource = match path.split('/').nth(5).unwrap() {
        "appointments" => Resource::Appointments,
        "projects" => Resource::Projects,
        "job-types" => Resource::JobTypes,
        "project-statuses" => Resource::ProjectStatuses,
        "project-substatuses" => Resource::ProjectSubStatuses,
        "project-types" => Resource::ProjectTypes,
        _ => Resource::Jobs,
    };
    path.replace("{id}", &of(resource))
        .replace("{jobId}", &of(Resource::Jobs))
        .replace("{projectId}", &of(Resource::Projects))
        .replace("{segmentId}", &of(Resource::Segments))
        .replace("{segmentItemId}", &of(Resource::SegmentItems))
        .replace("{equipmentId}", "1")
}

#[tokio::test]
async fn all_75_reads_and_writes_have_an_answer() {
    let fixture = fixture();
    assert_eq!(operations(&fixture).len(), 75);
    let provider = SimulatedServiceTitan::start(Config::small(100)).await.unwrap();
    let client = Client::new(&provider).await;
    for operation in operations(&fixture).iter().filter(|operation| operation["method"] == "GET") {
        let mut path = path(&provider, operation);
        for name in operation["query"].as_object().into_iter().flat_map(|query| query.keys()) {
            if !name.ends_with('?') {
                path += &format!("?{name}=1");
            }
        }
        if operation["id"] == "Jobs_GetHoldReasons" {
            path += "?ids=1";
        }
        let reply = client.get(&path).await;
        assert_eq!(reply.status, 200, "{} {path} {reply:?}", operation["id"]);
        let (kind, _) = operation["answer"].as_object().unwrap().iter().next().unwrap();
        let wanted: &[&str] = match kind.as_str() {
            "page" => &["page", "pageSize", "hasMore", "totalCount", "data"],
            "data" => &["data"],
            "export" => &["hasMore", "continueFrom", "data"],
            _ => &[],
        };
        for member in wanted {
            assert!(reply.json.get(member).is_some(), "{member} in {reply:?}");
        }
    }
    // Nothing is sent to the writes that take a body: each of them says what is missing.
    for operation in operations(&fixture).iter().filter(|operation| operation["method"] != "GET") {
        let method = operation["method"].as_str().unwrap();
        let reply = client.call(method, &path(&provider, operation), None).await;
        let takes = operation["body"].is_string() || reply.json["errors"]["$"].is_array();
        let fine: &[u16] = if takes { &[400] } else { &[200, 204, 400, 404, 409] };
        assert!(fine.contains(&reply.status), "{} {reply:?}", operation["id"]);
        assert_ne!(reply.json["title"], "There is no such resource.", "{}", operation["id"]);
    }
}

#[tokio::test]
async fn every_operation_names_what_it_does_not_know() {
    let fixture = fixture();
    let provider = SimulatedServiceTitan::start(Config::small(30)).await.unwrap();
    let client = Client::new(&provider).await;
    for operation in operations(&fixture) {
        let (method, path) = (operation["method"].as_str().unwrap(), path(&provider, operation));
        let reply = client.call(method, &format!("{path}?bogus=1"), None).await;
        assert_eq!(
            (reply.status, reply.json["errors"]["bogus"].is_array()),
            (400, true),
            "{} {reply:?}",
            operation["id"]
        );
        if let Some(body) = operation["body"].as_str().filter(|body| *body != "any") {
            let reply = client.call(method, &path, Some(json!({ "bogus": 1 }))).await;
            assert_eq!(reply.status, 400, "{}", operation["id"]);
            let mut wanted: Vec<&str> =
                fixture["schemas"][body]["fields"].as_object().unwrap().keys().map(String::as_str).collect();
            wanted.retain(|name| !name.ends_with('?'));
            wanted.push("bogus");
            wanted.sort_unstable();
            let mut named: Vec<&str> =
                reply.json["errors"].as_object().unwrap().keys().map(String::as_str).collect();
            named.sort_unstable();
            assert_eq!(named, wanted, "{}", operation["id"]);
        }
    }
    assert!(provider.stats().writes.is_empty());
}

#[tokio::test]
async fn the_work_breakdown_structure() {
    let provider = SimulatedServiceTitan::start(Config::small(1)).await.unwrap();
    let client = Client::new(&provider).await;
    let base = format!("{}/work-breakdown-structure", super::JPM);
    let ids = async |path: &str| client.get(&format!("{base}/{path}")).await.ids();
    let top = ids("segments/601/items").await;
    assert_eq!(top, [60_101, 60_102, 60_103, 60_104, 60_105, 60_106]);
    assert_eq!(ids("segments/601/items?includeChildren=true").await.len(), 12);
    assert_eq!(ids("segments/601/items/60101/children").await, [601_011, 601_012, 601_013]);
    let call =
        async |path: &str, body: Value| client.call("POST", &format!("{base}/{path}"), Some(body)).await;
    let made = call("budget-codes", json!({ "segmentItemIds": [60_101, 60_201] })).await;
    assert_eq!(made.json["code"]["code"], "01-01", "{made:?}");
    let unknown = call("budget-codes", json!({ "segmentItemIds": [1] })).await;
    assert_eq!((unknown.status, unknown.json["errors"]["segmentItemIds"].is_array()), (400, true));
    let open = json!({ "segments": [{ "segmentId": 601, "segmentItemId": 60_102 }, { "segmentId": 602 }] });
    assert_eq!(call("budget-codes/partial", open.clone()).await.json["code"]["code"], "02");
    assert_eq!(
        call("budget-codes/partial/batch", json!([open])).await.json["codes"].as_array().unwrap().len(),
        1
    );
    let batch = json!([{ "segmentItemIds": [60_101] }, { "segmentItemIds": [1] }]);
    let before = provider.truth(Resource::BudgetCodes).len();
    assert_eq!(call("budget-codes/batch", batch).await.status, 400);
    assert_eq!(provider.truth(Resource::BudgetCodes).len(), before, "all or none");
    let found = client.get(&format!("{base}/budget-codes/match?codes=01-01&codes=99")).await;
    assert_eq!(
        [&found.json["matches"][0]["isValid"], &found.json["matches"][1]["isValid"]],
        [&json!(true), &json!(false)]
    );
}
