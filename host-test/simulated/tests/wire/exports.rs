//! The export feeds.

use super::{JPM, client::Client};
use penstock_simulated::{
    Clock,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::{Value, json};
use std::{collections::HashSet, time::Duration};

const FEEDS: [(&str, Resource); 7] = [
    ("jobs", Resource::Jobs),
    ("projects", Resource::Projects),
    ("appointments", Resource::Appointments),
    ("job-canceled-logs", Resource::CanceledLogs),
    ("job-notes", Resource::JobNotes),
    ("project-notes", Resource::ProjectNotes),
    ("job-history", Resource::JobHistory),
];

async fn started(config: Config) -> (SimulatedServiceTitan, Client) {
    let provider = SimulatedServiceTitan::start(config).await.unwrap();
    let client = Client::new(&provider).await;
    (provider, client)
}

/// Reads a feed to its end: the rows, and where it goes on.
async fn drain(client: &Client, feed: &str, mut from: String, more: &str) -> (Vec<Value>, String) {
    let mut rows = Vec::new();
    loop {
        let reply = client.get(&format!("{JPM}/export/{feed}?from={from}{more}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        rows.extend(reply.json["data"].as_array().unwrap().iter().cloned());
        from = reply.json["continueFrom"].as_str().unwrap().to_owned();
        if reply.json["hasMore"] == false {
            return (rows, from);
        }
    }
}

fn id(row: &Value) -> i64 {
    row.get("id").unwrap_or(&row["jobId"]).as_i64().unwrap()
}

#[tokio::test]
async fn every_feed_holds_everything_deleted_rows_too() {
    let (provider, client) = started(Config { export_page: 37, ..Config::small(400) }).await;
    for (feed, resource) in FEEDS {
        let (rows, _) = drain(&client, feed, String::new(), "").await;
        let mut ids: Vec<i64> = rows.iter().map(id).collect();
        ids.sort_unstable();
        assert_eq!(ids, provider.truth_exported(resource), "{feed}");
    }
    let (jobs, _) = drain(&client, "jobs", String::new(), "").await;
    let inactive: HashSet<i64> = jobs.iter().filter(|job| job["active"] == false).map(id).collect();
    let listed: HashSet<i64> = provider.job_ids().into_iter().collect();
    assert!(!inactive.is_empty() && inactive.is_disjoint(&listed));
    assert_eq!(inactive.len() + listed.len(), jobs.len());
}

#[tokio::test]
async fn a_feed_resumes_where_it_ended() {
    let clock = Clock::manual();
    let (provider, client) =
        started(Config { clock: clock.clone(), export_page: 50, ..Config::small(120) }).await;
    let (rows, end) = drain(&client, "jobs", String::new(), "").await;
    assert_eq!(rows.len(), 120);
    assert_eq!(drain(&client, "jobs", end.clone(), "").await, (vec![], end.clone()));

    let changed = provider.job_ids()[5];
    let removed = provider.job_ids()[6];
    provider.modify(Resource::Jobs, changed, &json!({ "priority": "Urgent" }));
    provider.remove(Resource::Jobs, removed);
    let added = provider.add_job();
    let (rows, end) = drain(&client, "jobs", end, "").await;
    assert_eq!(rows.iter().map(id).collect::<Vec<_>>(), [changed, removed, added]);
    assert_eq!([&rows[0]["priority"], &rows[1]["active"]], [&json!("Urgent"), &json!(false)]);

    // Recent rows may come again; those that are older do not.
    let (again, same) = drain(&client, "jobs", end.clone(), "&includeRecentChanges=true").await;
    assert_eq!((again.len(), &same), (3, &end));
    clock.advance(Duration::from_secs(601));
    assert!(drain(&client, "jobs", end, "&includeRecentChanges=true").await.0.is_empty());
}

#[tokio::test]
async fn a_feed_starts_at_a_date_and_refuses_what_is_neither() {
    let (_provider, client) = started(Config::small(300)).await;
    let (all, _) = drain(&client, "jobs", String::new(), "").await;
    let (some, end) = drain(&client, "jobs", "2025-06-01T00:00:00Z".to_owned(), "").await;
    let wanted = all.iter().filter(|job| job["modifiedOn"].as_str().unwrap() >= "2025-06-01").count();
    assert!(some.len() == wanted && wanted < all.len(), "{} of {}", some.len(), all.len());
    for from in ["tomorrow", end.get(..10).unwrap()] {
        let reply = client.get(&format!("{JPM}/export/jobs?from={from}")).await;
        assert_eq!((reply.status, reply.json["errors"]["from"].is_array()), (400, true), "{from}");
    }
    let foreign = client.get(&format!("{JPM}/export/projects?from={end}")).await;
    assert_eq!(foreign.status, 400, "a token of another feed");
}

#[tokio::test]
async fn fresh_changes_wait_unless_they_are_asked_for() {
    let clock = Clock::manual();
    let lag = Duration::from_secs(300);
    let (provider, client) =
        started(Config { clock: clock.clone(), export_lag: lag, ..Config::small(20) }).await;
    let (_, end) = drain(&client, "jobs", String::new(), "").await;
    let added = provider.add_job();
    assert!(drain(&client, "jobs", end.clone(), "").await.0.is_empty());
    let (fresh, _) = drain(&client, "jobs", end.clone(), "&includeRecentChanges=true").await;
    assert_eq!(fresh.iter().map(id).collect::<Vec<_>>(), [added]);
    clock.advance(lag);
    assert_eq!(drain(&client, "jobs", end, "").await.0.len(), 1);
}
