//! Calls, typed and by name, many at once, and what comes of writes.

use super::penstock::{ADMIN, JPM, OPERATIONS, Outcome, Penstock, owned, scene, settings};
use penstock_host::bindings::{
    admin::{Readiness, Scope, Stored},
    jpm::{Job, JobsGetQuery},
    operations::{BatchCall, BatchOptions, BatchResult, Operation},
    types::{AnswerInfo, CallOptions, FailureKind, Outcome as Effect},
};
use penstock_simulated::{FaultKind, Faults, Matcher, servicetitan::Config};
use std::time::{Duration, Instant};

const OPERATOR: [(&str, &str); 2] = [("PENSTOCK_ROLE", "operator"), ("REQUEST_TIMEOUT", "1")];
const NOTE: &str = r#"{"text":"once"}"#;

async fn note(penstock: &mut Penstock, id: &str) -> Outcome<penstock_host::bindings::operations::Answer> {
    penstock.invoke("jpm.jobs-create-note", &[("id", id)], Some(NOTE), None).await
}

#[tokio::test]
async fn a_typed_get_and_one_by_name() {
    let (provider, mut penstock) = scene(Config::small(40), &[]).await;
    let id = provider.job_ids()[7];
    let job: Outcome<(Job, AnswerInfo)> =
        penstock.call(JPM, "jobs-get", (id, JobsGetQuery::default(), None::<CallOptions>)).await;
    let (job, info) = job.unwrap();
    assert_eq!((job.id, info.status), (id, 200));
    let answer = penstock.invoke("jpm.jobs-get", &[("id", &id.to_string())], None, None).await.unwrap();
    let job: serde_json::Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
    assert_eq!(job["id"], id);
    let missing = penstock.invoke("jpm.jobs-get", &[("id", "5")], None, None).await.unwrap_err();
    assert_eq!((missing.kind, missing.status), (FailureKind::NotFound, Some(404)), "{missing:?}");
    let unknown = penstock.invoke("jpm.job-get", &[], None, None).await.unwrap_err();
    assert!(unknown.message.contains("jpm.jobs-get"), "{unknown:?}");
}

#[tokio::test]
async fn what_it_offers() {
    let (_provider, mut penstock) = scene(Config::small(1), &[]).await;
    let vendors: Vec<String> = penstock.call(OPERATIONS, "vendors", ()).await;
    assert_eq!(vendors, ["servicetitan", "asleep"]);
    let found: Outcome<Vec<Operation>> = penstock
        .call(OPERATIONS, "describe", ("servicetitan".to_owned(), Some("jobs-list".to_owned())))
        .await;
    assert!(found.unwrap().iter().any(|operation| operation.name == "jpm.jobs-list"));
}

#[tokio::test]
async fn the_calls_of_a_batch_are_under_way_at_once() {
    let config = Config { latency: Duration::from_millis(200), ..Config::small(40) };
    let (provider, mut penstock) = scene(config, &[]).await;
    let call = |id: String| BatchCall {
        operation: "jpm.jobs-get".to_owned(),
        parameters: owned(&[("id", &id)]),
        body: None,
    };
    let mut calls: Vec<_> = provider.job_ids().iter().take(16).map(|id| call(id.to_string())).collect();
    calls.push(call("x".to_owned()));
    let began = Instant::now();
    let options = BatchOptions { concurrency: Some(16), stop_after: None };
    let results: Outcome<Vec<BatchResult>> = penstock
        .call(OPERATIONS, "batch", ("servicetitan".to_owned(), calls, options, None::<CallOptions>))
        .await;
    let results = results.unwrap();
    assert!(results[..16].iter().all(|result| matches!(result, BatchResult::Ok(_))), "{results:?}");
    assert!(matches!(results[16], BatchResult::Failed(_)));
    // One after the other they take 3.2 seconds.
    assert!(began.elapsed() < Duration::from_millis(1_600), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_post_that_nobody_answers_is_sent_once_and_unknown() {
    let faults = Faults { delay: Duration::from_secs(20), ..Faults::none() };
    let (provider, mut penstock) = scene(Config { faults, ..Config::small(40) }, &OPERATOR).await;
    let id = provider.job_ids()[0].to_string();
    provider.fail_next(Matcher::operation("Jobs_CreateNote"), FaultKind::Slow, 9);
    let failure = note(&mut penstock, &id).await.unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Timeout, Effect::Unknown), "{failure:?}");
    assert_eq!(provider.stats().operation("Jobs_CreateNote"), 1);
}

#[tokio::test]
async fn a_write_is_repeated_only_if_it_had_no_effect() {
    for (kind, sent, outcome) in [
        (FaultKind::ResetAfterApply, 1, Some(Effect::Unknown)),
        (FaultKind::ResetBeforeApply, 1, Some(Effect::Unknown)),
        (FaultKind::TruncatedJson, 1, Some(Effect::Applied)),
        (FaultKind::TooManyRequestsBare, 2, None),
        (FaultKind::TokenRevoked, 2, None),
    ] {
        let (provider, mut penstock) = scene(Config::small(40), &OPERATOR).await;
        let id = provider.job_ids()[0].to_string();
        provider.fail_next(Matcher::operation("Jobs_CreateNote"), kind, 1);
        let result = note(&mut penstock, &id).await;
        assert_eq!(result.err().map(|failure| failure.outcome), outcome, "{kind:?}");
        assert_eq!(provider.stats().operation("Jobs_CreateNote"), sent, "{kind:?}");
    }
}

#[tokio::test]
async fn a_write_that_finds_no_open_port_was_not_sent() {
    let (provider, _) = scene(Config::small(1), &[]).await;
    let mut values = settings(&provider, &OPERATOR);
    values.insert("SERVICETITAN_API_URL".to_owned(), "http://127.0.0.1:1".to_owned());
    values.insert("RETRY_ATTEMPTS".to_owned(), "1".to_owned());
    let failure = note(&mut Penstock::new(values).await, "7").await.unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Transport, Effect::NotSent), "{failure:?}");
}

#[tokio::test]
async fn a_deadline_ends_a_call_that_waits() {
    let config = Config { latency: Duration::from_secs(20), ..Config::small(1) };
    let (provider, mut penstock) = scene(config, &[]).await;
    let options = CallOptions { deadline_ms: Some(300), ..CallOptions::default() };
    let began = Instant::now();
    let id = provider.job_ids()[0].to_string();
    let failure = penstock.invoke("jpm.jobs-get", &[("id", &id)], None, Some(options)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout, "{failure:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn who_runs_it_is_told() {
    let (provider, mut penstock) = scene(Config::small(3), &[]).await;
    assert!(penstock.call::<_, bool>(ADMIN, "health", ()).await);
    let vendor = || "servicetitan".to_owned();
    let ready: Outcome<Readiness> = penstock.call(ADMIN, "ready", (vendor(), None::<String>)).await;
    let ready = ready.unwrap();
    assert!(ready.ready && !ready.shared_state, "{ready:?}");
    let id = provider.job_ids()[0].to_string();
    penstock.invoke("jpm.jobs-get", &[("id", &id)], None, None).await.unwrap();
    let metrics: String = penstock.call(ADMIN, "metrics", ()).await;
    assert!(metrics.contains("penstock_"), "{metrics}");
    let _snapshot: String = penstock.call(ADMIN, "snapshot", ()).await;
    penstock.call_unit(ADMIN, "invalidate", (Scope::Tokens,)).await;
    penstock.invoke("jpm.jobs-get", &[("id", &id)], None, None).await.unwrap();
    let stored: Outcome<Vec<Stored>> = penstock.call(ADMIN, "list-state", (vendor(), None::<String>)).await;
    assert!(stored.is_err(), "there is no store");
}
