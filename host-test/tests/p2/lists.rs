//! Lists that are read bit by bit.

use super::penstock::{OPERATIONS, Outcome, owned, pages_of, scene, sorted};
use penstock_host::bindings::{
    operations::ListItem,
    types::{CallOptions, FailureKind, ListEnd},
};
use penstock_simulated::{FaultKind, Faults, Matcher, VariantArray, servicetitan::Config};
use std::time::Duration;
use wasmtime::component::ResourceAny;

#[tokio::test]
async fn twenty_thousand_records_under_faults_none_lost_none_twice() {
    let faults = Faults {
        max_in_a_row: 2,
        retry_after: Duration::from_millis(10),
        delay: Duration::from_millis(20),
        ..Faults::mixed(0.15)
    };
    let config = Config { faults, seed: 7, ..Config::small(20_000) };
    let (provider, mut penstock) = scene(config, &[("RETRY_ATTEMPTS", "6")]).await;
    let (ids, end) = penstock.read(pages_of(500), 100).await;
    let end = end.unwrap();
    assert!(end.complete && end.items == ids.len() as u64, "{end:?}");
    assert_eq!(sorted(ids), sorted(provider.job_ids()));
    assert!(provider.stats().all_faults() > 3, "{:?}", provider.stats());
}

#[tokio::test]
async fn every_kind_of_fault() {
    for kind in FaultKind::VARIANTS.iter().copied() {
        let faults = Faults {
            retry_after: Duration::from_millis(10),
            delay: Duration::from_millis(50),
            ..Faults::only(kind)
        };
        let (provider, mut penstock) = scene(Config { faults, ..Config::small(230) }, &[]).await;
        let window = (kind == FaultKind::TokenRevoked).then_some(1);
        let (ids, end) = penstock.read(CallOptions { window, ..pages_of(50) }, 1_000).await;
        assert!(end.unwrap().complete, "{kind:?}");
        assert_eq!(sorted(ids), sorted(provider.job_ids()), "{kind:?}");
        let met = provider.stats().faults.get(&kind).copied().unwrap_or_default();
        assert!(met >= 3, "{kind:?} was never met: {:?}", provider.stats());
    }
}

#[tokio::test]
async fn the_pages_of_a_list_are_fetched_at_once() {
    let config = Config { latency: Duration::from_millis(150), ..Config::small(1_000) };
    let (provider, mut penstock) = scene(config, &[]).await;
    let began = std::time::Instant::now();
    let (ids, _) = penstock.read(CallOptions { window: Some(8), ..pages_of(50) }, 1_000).await;
    assert_eq!(ids.len(), provider.job_ids().len());
    // One after the other the twenty pages take three seconds.
    assert!(began.elapsed() < Duration::from_millis(1_800), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_failure_says_where_to_go_on() {
    let (provider, mut penstock) = scene(Config::small(500), &[]).await;
    let page = Matcher::operation("Jobs_GetList").with_query("page=6");
    provider.fail_next(page, FaultKind::InternalServerError, 4);
    let (first, end) = penstock.read(pages_of(40), 1_000).await;
    let failure = end.unwrap_err();
    assert_eq!(
        (failure.kind, first.len(), failure.attempts.len()),
        (FailureKind::Vendor, 200, 4),
        "{failure:?}"
    );
    let (second, end) = penstock.read(CallOptions { resume: failure.resume, ..pages_of(40) }, 1_000).await;
    assert!(end.unwrap().complete);
    assert_eq!(sorted([first, second].concat()), sorted(provider.job_ids()));
}

#[tokio::test]
async fn who_stops_goes_on_behind_what_was_taken() {
    let (provider, mut penstock) = scene(Config::small(333), &[]).await;
    let jobs = penstock.jobs(pages_of(50)).await;
    let mut seen = Vec::new();
    for most in [1, 7, 60, 3, 11] {
        let some = penstock.next(jobs, most).await.unwrap().unwrap();
        assert!(some.len() <= most as usize);
        seen.extend(some.iter().map(|job| job.id));
    }
    let end = penstock.end(jobs).await.unwrap();
    assert_eq!((end.complete, end.items), (false, seen.len() as u64), "{end:?}");
    assert!(penstock.next(jobs, 10).await.unwrap().is_none(), "it has ended");
    assert_eq!(penstock.end(jobs).await.unwrap().resume, end.resume);
    let (rest, end) = penstock.read(CallOptions { resume: Some(end.resume), ..pages_of(50) }, 100).await;
    assert!(end.unwrap().complete);
    assert_eq!(sorted([seen, rest].concat()), sorted(provider.job_ids()));
}

#[tokio::test]
async fn lists_that_are_open_at_once_and_calls_between_them() {
    let config = Config { token_lifetime: Duration::from_secs(1), ..Config::small(400) };
    let (provider, mut penstock) = scene(config, &[]).await;
    let (one, two) = (penstock.jobs(pages_of(20)).await, penstock.jobs(pages_of(30)).await);
    let id = provider.job_ids()[0].to_string();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut over = 0;
    while over < 2 {
        over = 0;
        for (jobs, ids) in [(one, &mut first), (two, &mut second)] {
            match penstock.next(jobs, 25).await.unwrap() {
                Some(some) => ids.extend(some.iter().map(|job| job.id)),
                None => over += 1,
            }
        }
        penstock.invoke("jpm.jobs-get", &[("id", &id)], None, None).await.unwrap();
    }
    assert_eq!(sorted(first), sorted(provider.job_ids()));
    assert_eq!(sorted(second), sorted(provider.job_ids()));
}

#[tokio::test]
async fn a_list_that_is_dropped_in_the_middle_ends_its_requests() {
    let (provider, mut penstock) = scene(Config::small(2_000), &[]).await;
    for _ in 0..20 {
        let jobs = penstock.jobs(CallOptions { window: Some(8), ..pages_of(50) }).await;
        penstock.next(jobs, 10).await.unwrap().unwrap();
        penstock.drop(jobs).await;
    }
    // Each asked for no more than its window, and the places at the limiter came free.
    let asked = provider.stats().operation("Jobs_GetList");
    assert!(asked <= 20 * 10, "{asked}");
    let (ids, _) = penstock.read(pages_of(200), 1_000).await;
    assert_eq!(ids.len(), provider.job_ids().len());
}

#[tokio::test]
async fn who_takes_his_time_between_two_functions_costs_no_request() {
    let config = Config { latency: Duration::from_millis(50), ..Config::small(400) };
    let (provider, mut penstock) = scene(config, &[("REQUEST_TIMEOUT", "1")]).await;
    let jobs = penstock.jobs(CallOptions { window: Some(4), ..pages_of(50) }).await;
    let mut ids = Vec::new();
    let mut waited = false;
    while let Some(some) = penstock.next(jobs, 60).await.unwrap() {
        ids.extend(some.iter().map(|job| job.id));
        if !waited {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            waited = true;
        }
    }
    assert_eq!(sorted(ids), sorted(provider.job_ids()));
    assert_eq!(provider.stats().operation("Jobs_GetList"), 8, "one for each page");
}

#[tokio::test]
async fn by_name_and_with_positions() {
    let (provider, mut penstock) = scene(Config::small(230), &[]).await;
    let asked = |size: &str| {
        let parameters = owned(&[("sort", "+Id"), ("pageSize", size)]);
        (
            "servicetitan".to_owned(),
            "jpm.jobs-list".to_owned(),
            parameters,
            None::<String>,
            None::<CallOptions>,
        )
    };
    let list: ResourceAny = penstock.call(OPERATIONS, "list", asked("50")).await;
    let mut records = 0;
    loop {
        let next: Outcome<Option<Vec<String>>> =
            penstock.call(OPERATIONS, "[method]json-reader.next", (list, 40u32)).await;
        let Some(some) = next.unwrap() else { break };
        records += some.len();
    }
    let end: Outcome<ListEnd> = penstock.call(OPERATIONS, "[method]json-reader.end", (list,)).await;
    assert_eq!((records, end.unwrap().complete), (provider.job_ids().len(), true));
    let list: ResourceAny = penstock.call(OPERATIONS, "list-with-positions", asked("50")).await;
    let (mut records, mut positions) = (0, 0);
    loop {
        let next: Outcome<Option<Vec<ListItem>>> =
            penstock.call(OPERATIONS, "[method]list-item-reader.next", (list, 40u32)).await;
        let Some(some) = next.unwrap() else { break };
        for item in some {
            match item {
                ListItem::Record(_) => records += 1,
                ListItem::Position(_) => positions += 1,
            }
        }
    }
    assert_eq!((records, positions), (provider.job_ids().len(), 5));
    let bad: ResourceAny = penstock
        .call(OPERATIONS, "list", {
            let (vendor, _, parameters, body, options) = asked("50");
            (vendor, "jpm.jobs-get".to_owned(), parameters, body, options)
        })
        .await;
    let next: Outcome<Option<Vec<String>>> =
        penstock.call(OPERATIONS, "[method]json-reader.next", (bad, 40u32)).await;
    assert_eq!(next.unwrap_err().kind, FailureKind::BadInput);
}
