//! What many calls leave behind: nothing.

use super::penstock::{Penstock, pages_of, scene};
use penstock_host::bindings::types::CallOptions;
use penstock_simulated::{FaultKind, Matcher, servicetitan::Config};
use std::time::Duration;

/// Calls that are not held up by the provider's limit.
const FAST: [(&str, &str); 3] =
    [("SERVICETITAN_RATE_LIMIT", "10000"), ("PENSTOCK_ROLE", "operator"), ("RETRY_ATTEMPTS", "2")];

async fn get(penstock: &mut Penstock, id: &str, times: usize) {
    for _ in 0..times {
        penstock.invoke("jpm.jobs-get", &[("id", id)], None, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_thousand_calls_take_no_more_memory_than_five_hundred() {
    let (provider, mut penstock) = scene(Config::small(40), &FAST).await;
    let id = provider.job_ids()[0].to_string();
    get(&mut penstock, &id, 500).await;
    let (memory, resources) = (penstock.store.data().memory, penstock.store.data_mut().resources());
    get(&mut penstock, &id, 500).await;
    assert!(memory > 0);
    assert_eq!(penstock.store.data().memory, memory);
    assert_eq!(penstock.store.data_mut().resources(), resources);
}

#[tokio::test]
async fn every_resource_of_the_host_is_dropped() {
    let (provider, mut penstock) = scene(Config::small(400), &FAST).await;
    let id = provider.job_ids()[0].to_string();
    get(&mut penstock, &id, 1).await;
    let before = penstock.store.data_mut().resources();
    // A list that is read, one that is dropped in the middle, and one that nobody began to read.
    let (ids, _) = penstock.read(pages_of(50), 60).await;
    assert_eq!(ids.len(), provider.job_ids().len());
    let jobs = penstock.jobs(CallOptions { window: Some(4), ..pages_of(50) }).await;
    penstock.next(jobs, 10).await.unwrap();
    penstock.drop(jobs).await;
    let jobs = penstock.jobs(pages_of(50)).await;
    penstock.drop(jobs).await;
    // Calls that fail, are repeated, or end at their deadline.
    for kind in [FaultKind::ResetAfterApply, FaultKind::TruncatedJson, FaultKind::TooManyRequestsBare] {
        provider.fail_next(Matcher::operation("Jobs_Get"), kind, 1);
        get(&mut penstock, &id, 1).await;
    }
    provider.fail_next(Matcher::operation("Jobs_Get"), FaultKind::Slow, 1);
    let options = CallOptions { deadline_ms: Some(100), ..CallOptions::default() };
    let failure = penstock.invoke("jpm.jobs-get", &[("id", &id)], None, Some(options)).await;
    assert!(failure.is_err());
    // What is under way when a call ends is dropped when the next one runs.
    tokio::time::sleep(Duration::from_millis(20)).await;
    get(&mut penstock, &id, 1).await;
    assert_eq!(penstock.store.data_mut().resources(), before);
}
