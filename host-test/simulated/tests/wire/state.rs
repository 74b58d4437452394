//! What writes leave behind in the modules beside `jpm`, and reports that take their time.

use super::client::Client;
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use serde_json::json;

#[tokio::test]
async fn an_item_is_made_changed_listed_exported_and_deleted() {
    let provider =
        SimulatedServiceTitan::start(Config { export_page: 100, ..Config::small(1) }).await.unwrap();
    let client = Client::new(&provider).await;
    let base = "/pricebook/v2/tenant/1000001";
    let categories = format!("{base}/categories");
    let body = json!({ "name": "Boilers", "categoryType": "Services", "position": 7 });
    let made = client.call("POST", &categories, Some(body)).await;
    assert_eq!(
        (made.status, &made.json["name"], &made.json["position"]),
        (200, &json!("Boilers"), &json!(7))
    );
    let id = made.json["id"].as_i64().unwrap();
    let list = format!("{categories}?pageSize=100&active=Any");
    let before = client.get(&list).await.ids();
    assert!(before.contains(&id));

    let own = format!("{categories}/{id}");
    let changed = client.call("PATCH", &own, Some(json!({ "name": "Heat pumps" }))).await;
    assert_eq!((&changed.json["name"], &changed.json["position"]), (&json!("Heat pumps"), &json!(7)));
    assert_eq!(client.get(&own).await.json["name"], "Heat pumps");
    let latest = client.get(&format!("{base}/export/categories")).await.json["data"]
        .as_array()
        .unwrap()
        .last()
        .cloned();
    assert_eq!(latest.unwrap()["name"], "Heat pumps", "the feed ends with the latest change");

    assert_eq!(client.call("DELETE", &own, None).await.status, 200);
    assert_eq!(client.get(&own).await.status, 404);
    assert_eq!(client.call("PATCH", &own, Some(json!({}))).await.status, 404);
    assert_eq!(client.get(&list).await.ids(), before[..before.len() - 1]);
    let feed = client.get(&format!("{base}/export/categories")).await;
    let gone = feed.json["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&gone["id"], &gone["active"]), (&json!(id), &json!(false)));
    for write in ["Categories_Create", "Categories_Update", "Categories_Delete"] {
        assert_eq!(provider.stats().written(&format!("pricebook.{write}")), 1, "{write}");
    }
}

#[tokio::test]
async fn lists_select_by_id_time_and_activity() {
    let provider = SimulatedServiceTitan::start(Config::small(1)).await.unwrap();
    let client = Client::new(&provider).await;
    let ids =
        async |query: &str| client.get(&format!("/crm/v2/tenant/1000001/customers?{query}")).await.ids();
    let all = ids("active=Any").await;
    assert_eq!(all, (100_001..100_026).collect::<Vec<i64>>());
    let active = ids("").await;
    assert!(active.len() < all.len(), "inactive ones are left out");
    assert_eq!(ids("active=False").await.len(), all.len() - active.len());
    assert_eq!(ids("active=Any&ids=100003,100005").await, [100_003, 100_005]);
    assert_eq!(ids("active=Any&sort=-Id&pageSize=2").await, [100_025, 100_024]);
    // One an hour.
    assert_eq!(ids("active=Any&modifiedBefore=2024-01-01T02:00:00Z").await, [100_001, 100_002]);
    assert_eq!(ids("active=Any&createdOnOrAfter=2024-01-01T23:00:00Z").await, [100_024, 100_025]);
}

#[tokio::test]
async fn a_report_comes_at_once_or_later() {
    let provider = SimulatedServiceTitan::start(Config::small(1)).await.unwrap();
    let client = Client::new(&provider).await;
    let base = "/reporting/v2/tenant/1000001";
    let data = format!("{base}/report-category/operations/reports/100001/data");
    let ask = async |path: String| client.call("POST", &path, Some(json!({ "parameters": [] }))).await;
    let page = ask(format!("{data}?page=3&pageSize=10&includeTotal=true")).await;
    assert_eq!((&page.json["hasMore"], &page.json["totalCount"]), (&json!(false), &json!(25)));
    let width = page.json["fields"].as_array().unwrap().len();
    let rows = page.json["data"].as_array().unwrap();
    assert!(rows.len() == 5 && rows.iter().all(|row| row.as_array().unwrap().len() == width), "{page:?}");
    assert_eq!(ask(format!("{data}?pageSize=25000")).await.status, 200);
    assert_eq!(ask(format!("{data}?pageSize=25001")).await.status, 400);

    let start = async || {
        let started = ask(format!("{data}/query?page=1&pageSize=10")).await;
        assert_eq!((started.status, &started.json["status"]), (202, &json!("NotStarted")));
        format!("{base}/data-queries/{}", started.json["token"].as_str().unwrap())
    };
    let query = start().await;
    assert_eq!(client.get(&query).await.status, 202);
    let done = client.get(&query).await;
    assert_eq!((done.status, done.json["data"].as_array().unwrap().len()), (200, 10));
    assert_eq!(client.get(&format!("{base}/data-queries/unknown")).await.status, 404);
    let given_up = start().await;
    assert_eq!(client.call("DELETE", &given_up, None).await.status, 200);
    assert_eq!(client.get(&given_up).await.status, 404);
}
