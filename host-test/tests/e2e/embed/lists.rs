//! Lists as streams.

use futures_util::{StreamExt, TryStreamExt};
use penstock_host::{
    Error, Plugin,
    bindings::types::{CallOptions, FailureKind},
};

use crate::support::{
    self, NONE,
    server::{self, Server},
};

fn options() -> CallOptions {
    CallOptions { page_size: Some(50), window: Some(1), ..CallOptions::default() }
}

fn id(record: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(record).unwrap()["id"].as_u64().unwrap()
}

async fn ids(plugin: &Plugin, options: CallOptions) -> Vec<u64> {
    let records = plugin.list("servicetitan", "jpm.jobs-list", NONE, Some(options)).await.unwrap();
    records.map_ok(|record| id(&record)).try_collect().await.unwrap()
}

#[tokio::test]
async fn a_list_is_whole_and_in_order() {
    let provider = Server::with_jobs(1234).await;
    let plugin = support::plugin(&provider).await;
    let mut records = plugin.list("servicetitan", "jpm.jobs-list", NONE, None).await.unwrap();
    let mut seen = Vec::new();
    while let Some(record) = records.next().await {
        assert!(records.end().is_none());
        seen.push(id(&record.unwrap()));
    }
    assert_eq!(seen, (1..=1234).collect::<Vec<_>>());
    let end = records.end().unwrap();
    assert!(end.complete && end.items == 1234);
    assert!(records.next().await.is_none(), "it stays at its end");
}

#[tokio::test]
async fn typed_lists_stream_too() {
    use penstock_host::bindings::jpm;

    let provider = Server::with_jobs(120).await;
    let plugin = support::plugin(&provider).await;
    let jobs = plugin.servicetitan().jpm().jobs_list(jpm::JobsQuery::default()).await.unwrap();
    let jobs: Vec<jpm::Job> = jobs.try_collect().await.unwrap();
    assert_eq!(jobs.len(), 120);
    assert_eq!(jobs[119].job_number.as_deref(), Some("J120"));
    assert_eq!(jobs[0].job_status, Some(jpm::JobStatus::Scheduled));
}

#[tokio::test]
async fn the_provider_is_asked_only_as_records_are_taken() {
    let provider = Server::with_jobs(100_000).await;
    let plugin = support::plugin(&provider).await;
    let mut records = plugin.list("servicetitan", "jpm.jobs-list", NONE, Some(options())).await.unwrap();
    for _ in 0..10 {
        records.next().await.unwrap().unwrap();
    }
    // Another call goes through meanwhile, and by its end the list has come to rest.
    for _ in 0..20 {
        plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.unwrap();
    }
    // A token, 20 single jobs, and pages: the one being read, one ahead.
    assert!(provider.requests() <= 1 + 20 + 3, "{} requests", provider.requests());
}

#[tokio::test]
async fn a_stopped_list_goes_on_where_it_stopped() {
    let provider = Server::with_jobs(500).await;
    let plugin = support::plugin(&provider).await;
    let mut records = plugin.list("servicetitan", "jpm.jobs-list", NONE, Some(options())).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..70 {
        seen.push(id(&records.next().await.unwrap().unwrap()));
    }
    let stopped = records.stop().await;
    seen.extend(stopped.rest.iter().map(|record| id(record)));
    let end = stopped.end.unwrap();
    assert!(!end.complete);
    assert_eq!(end.items, seen.len() as u64);

    seen.extend(ids(&plugin, CallOptions { resume: Some(end.resume), ..options() }).await);
    assert_eq!(seen, (1..=500).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_dropped_list_leaves_nothing_behind() {
    let provider = Server::with_jobs(10_000).await;
    let plugin = support::plugin(&provider).await;
    for _ in 0..50 {
        let mut records = plugin.list("servicetitan", "jpm.jobs-list", NONE, Some(options())).await.unwrap();
        records.next().await.unwrap().unwrap();
    }
    assert_eq!(ids(&plugin, options()).await.len(), 10_000);
    assert_eq!(plugin.instances_started(), 1);
}

#[tokio::test]
async fn a_list_that_fails_delivers_first_and_says_where_to_resume() {
    let provider = Server::start(|request| async move {
        if request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "page=3")) {
            return server::json(400, &serde_json::json!({"title": "no"}));
        }
        server::provider(&request, 500)
    })
    .await;
    let plugin = support::plugin(&provider).await;
    let mut records = plugin.list("servicetitan", "jpm.jobs-list", NONE, Some(options())).await.unwrap();
    let mut seen = Vec::new();
    let error = loop {
        match records.next().await.unwrap() {
            Ok(record) => seen.push(id(&record)),
            Err(error) => break error,
        }
    };
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    assert!(
        matches!(&error, Error::Failure(failure) if failure.kind == FailureKind::Rejected && failure.resume.is_some()),
        "{error:?}"
    );
    assert!(records.next().await.is_none() && records.end().is_none());
}

#[tokio::test]
async fn an_outstanding_list_keeps_the_instance() {
    let provider = Server::with_jobs(2000).await;
    let plugin = support::plugin(&provider).await;
    let records = plugin.list("servicetitan", "jpm.jobs-list", NONE, None).await.unwrap();
    drop(plugin);
    assert_eq!(records.try_collect::<Vec<_>>().await.unwrap().len(), 2000);
}
