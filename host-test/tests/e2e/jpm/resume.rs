//! A read that fails says where to go on, and goes on there.

use super::{Scene, pages_of, sorted};
use futures_util::StreamExt;
use penstock_host::bindings::types::{CallOptions, FailureKind};
use penstock_simulated::{FaultKind, Matcher, servicetitan::Config};

#[tokio::test]
async fn the_second_read_delivers_exactly_the_rest() {
    let scene = Scene::new(Config::small(500), &[]).await;
    let page = Matcher::operation("Jobs_GetList").with_query("page=6");
    scene.provider.fail_next(page, FaultKind::InternalServerError, 4);

    let mut first = Vec::new();
    let mut jobs = scene.stream(pages_of(40)).await;
    let failure = loop {
        match jobs.next().await.unwrap() {
            Ok(job) => first.push(job.id),
            Err(error) => break error.failure().unwrap().clone(),
        }
    };
    assert_eq!(failure.kind, FailureKind::Vendor, "{failure:?}");
    assert_eq!(first.len(), 200, "five whole pages");
    assert_eq!(failure.attempts.len(), 4);

    let resumed = CallOptions { resume: failure.resume, ..pages_of(40) };
    let (second, end) = scene.read(resumed).await;
    assert_eq!(second.len(), scene.provider.job_ids().len() - 200);
    assert!(end.complete);
    let all = [first, second].concat();
    assert_eq!(sorted(all), sorted(scene.provider.job_ids()));
}

#[tokio::test]
async fn a_consumer_that_stops_goes_on_in_another_process() {
    let scene = Scene::new(Config::small(333), &[]).await;
    let mut jobs = scene.stream(pages_of(50)).await;
    let mut seen = Vec::new();
    for _ in 0..123 {
        seen.push(jobs.next().await.unwrap().unwrap().id);
    }
    let stopped = jobs.stop().await;
    seen.extend(stopped.rest.iter().map(|job| job.id));
    let end = stopped.end.unwrap();
    assert!(!end.complete);
    assert_eq!(end.items, seen.len() as u64);

    // Another instance, as another process would have.
    let (environment, _) = super::environment(&scene.provider, &[]);
    let other = Scene { plugin: penstock_host::Plugin::start(environment).await.unwrap(), ..scene };
    let (rest, _) = other.read(CallOptions { resume: Some(end.resume), ..pages_of(50) }).await;
    seen.extend(rest);
    assert_eq!(sorted(seen), sorted(other.provider.job_ids()));
}

#[tokio::test]
async fn what_is_added_after_the_end_is_found() {
    let scene = Scene::new(Config::small(120), &[]).await;
    let (first, end) = scene.read(pages_of(50)).await;
    assert_eq!(first.len(), scene.provider.job_ids().len());
    let added: Vec<i64> = (0..75).map(|_| scene.provider.add_job()).collect();
    let (second, _) = scene.read(CallOptions { resume: Some(end.resume), ..pages_of(50) }).await;
    assert_eq!(sorted(second), sorted(added));
}

#[tokio::test]
async fn a_text_of_another_read_is_refused() {
    let scene = Scene::new(Config::small(60), &[]).await;
    let (_, end) = scene.read(pages_of(50)).await;
    for resume in [end.resume.clone() + "x", end.resume.split_at(9).1.to_owned(), "nonsense".to_owned()] {
        let mut jobs = scene.stream(CallOptions { resume: Some(resume), ..CallOptions::default() }).await;
        let error = jobs.next().await.unwrap().unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!(failure.kind, FailureKind::BadInput);
        assert_eq!(failure.fields[0].field, "resume");
    }
}
