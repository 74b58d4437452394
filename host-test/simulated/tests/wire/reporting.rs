//! Reports over the tenant's jobs: described, strict, once a minute, with columns that move.

use super::client::{Client, Reply};
use penstock_simulated::{
    Clock,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::{Value, json};
use std::time::Duration;

const ROOT: &str = "/reporting/v2/tenant/1000001";
const REPORT: &str = "/reporting/v2/tenant/1000001/report-category/operations/reports/101";

async fn start(config: Config) -> (SimulatedServiceTitan, Client) {
    let provider = SimulatedServiceTitan::start(config).await.unwrap();
    let client = Client::new(&provider).await;
    (provider, client)
}

fn asked(further: &[(&str, Value)]) -> Value {
    let days = [("From", json!("2000-01-01")), ("To", json!("2099-12-31"))];
    let all: Vec<_> =
        days.iter().chain(further).map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({ "parameters": all })
}

async fn data(client: &Client, page: u32, body: Value) -> Reply {
    client.call("POST", &format!("{REPORT}/data?page={page}&pageSize=40&includeTotal=true"), Some(body)).await
}

/// The names of a page's columns.
fn columns(reply: &Reply) -> Vec<&str> {
    reply.json["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn it_is_found_and_described() {
    let (_provider, client) = start(Config::small(10)).await;
    let categories = client.get(&format!("{ROOT}/report-categories?pageSize=100")).await;
    assert_eq!(categories.json["data"][0]["id"], "operations");
    let reports = client.get(&format!("{ROOT}/report-category/operations/reports")).await;
    assert_eq!(
        (&reports.json["data"][0]["id"], reports.json["data"].as_array().unwrap().len()),
        (&json!(101), 2)
    );
    let report = client.get(REPORT).await;
    let names: Vec<_> =
        report.json["parameters"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["From", "To", "DateType", "BusinessUnitIds", "IncludeCanceled"]);
    let units = client.get(&format!("{ROOT}/dynamic-value-sets/business-units")).await;
    assert_eq!(
        (&units.json["fields"][0]["name"], units.json["data"].as_array().unwrap().len()),
        (&json!("Value"), 5)
    );
    assert_eq!(client.get(&REPORT.replace("101", "999")).await.status, 404);
}

#[tokio::test]
async fn every_job_is_in_one_row_though_the_columns_move() {
    let (provider, client) = start(Config::small(90)).await;
    let first = data(&client, 1, asked(&[("IncludeCanceled", json!(true))])).await;
    let second = data(&client, 2, asked(&[("IncludeCanceled", json!(true))])).await;
    assert_ne!(columns(&first), columns(&second));
    assert_eq!(first.json["totalCount"], provider.truth(Resource::Jobs).len());
    assert_eq!((&first.json["hasMore"], &second.json["page"]), (&json!(true), &json!(2)));
    let at = columns(&second).iter().position(|name| *name == "JobNumber").unwrap();
    assert!(second.json["data"][0][at].as_str().unwrap().starts_with('1'), "{}", second.text);
    let of_one = data(&client, 1, asked(&[("BusinessUnitIds", json!([1001]))])).await;
    let at = columns(&of_one).iter().position(|name| *name == "BusinessUnitId").unwrap();
    assert!(of_one.json["data"].as_array().unwrap().iter().all(|row| row[at] == 1001));
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let (_provider, client) = start(Config::small(10)).await;
    let reply =
        data(&client, 1, json!({"parameters": [{"name": "From", "value": "soon"}, {"name": "Until"}]})).await;
    let mut named: Vec<_> = reply.json["errors"].as_object().unwrap().keys().map(String::as_str).collect();
    named.sort_unstable();
    assert_eq!((reply.status, named), (400, vec!["From", "To", "Until"]));
}

#[tokio::test]
async fn the_same_report_is_answered_once_a_minute() {
    let clock = Clock::manual();
    let config =
        Config { clock: clock.clone(), report_interval: Duration::from_secs(60), ..Config::small(10) };
    let (provider, client) = start(config).await;
    assert_eq!(data(&client, 1, asked(&[])).await.status, 200);
    clock.advance(Duration::from_secs(15));
    let refused = data(&client, 1, asked(&[])).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("45")));
    let other = format!("{}/data", REPORT.replace("101", "102"));
    assert_eq!(client.call("POST", &other, Some(json!({"parameters": []}))).await.status, 200);
    clock.advance(Duration::from_secs(45));
    assert_eq!(data(&client, 1, asked(&[])).await.status, 200);
    assert_eq!(provider.stats().rate_limited, 1);
}

#[tokio::test]
async fn a_report_that_is_started_is_ready_after_some_questions() {
    let (_provider, client) = start(Config::small(10)).await;
    let start =
        client.call("POST", &format!("{REPORT}/data/query?page=1&pageSize=5"), Some(asked(&[]))).await;
    assert_eq!((start.status, &start.json["status"]), (202, &json!("NotStarted")));
    let query = format!("{ROOT}/data-queries/{}", start.json["token"].as_str().unwrap());
    for _ in 0..2 {
        let pending = client.get(&query).await;
        assert_eq!((pending.status, &pending.json["status"]), (202, &json!("InProgress")));
        assert_eq!(pending.header("retry-after"), Some("1"));
    }
    assert_eq!(client.get(&query).await.json["data"].as_array().unwrap().len(), 5);
    assert_eq!(client.call("DELETE", &query, None).await.status, 204);
    assert_eq!(client.get(&query).await.status, 404);
}
