//! Hosts whose clocks are put back or stand still, whose random numbers are always the same, whose store answers
//! nonsense: nothing traps, no record is lost or comes twice, and what goes wrong has a name.

use super::{
    bad::{Clocks, DAY, HOUR, Nonsense, provider},
    host::{Given, Says},
    penstock::{ADMIN, OPERATIONS, Outcome, Penstock, WEBHOOKS, pages_of, settings, sorted},
    webhooks::{self, delivery},
};
use penstock_host::{
    bindings::{
        admin::Readiness,
        types::{CallOptions, FailureKind, Outcome as Effect},
        webhooks::Received,
    },
    state::{MemoryState, State},
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

async fn quiet(jobs: usize) -> SimulatedServiceTitan {
    SimulatedServiceTitan::start(Config::small(jobs)).await.unwrap()
}

const PATIENT: [(&str, &str); 2] = [("RETRY_ATTEMPTS", "6"), ("SERVICETITAN_RATE_LIMIT", "10000")];

async fn on(provider: &SimulatedServiceTitan, given: Given) -> Penstock {
    Penstock::given(settings(provider, &PATIENT), BTreeMap::new(), given).await
}

fn with(clocks: &Clocks, state: Option<Arc<dyn State>>) -> Given {
    Given { clocks: Some(clocks.clone()), state, ..Given::default() }
}

async fn id_of_a_call(penstock: &mut Penstock, id: &str) -> String {
    penstock.invoke("jpm.jobs-get", &[("id", id)], None, None).await.unwrap().info.call_id
}

#[tokio::test]
async fn random_numbers_that_are_always_the_same_lose_no_record_and_tell_calls_apart() {
    for byte in [0, 0xff] {
        let provider = provider(2_000).await;
        let given = |state| Given { clocks: Some(Clocks::new()), random: Some(byte), state };
        let state: Arc<dyn State> = Arc::<MemoryState>::default();
        let mut penstock = on(&provider, given(Some(state.clone()))).await;
        let (ids, end) = penstock.read(pages_of(100), 60).await;
        assert!(end.unwrap().complete);
        assert_eq!(sorted(ids), sorted(provider.job_ids()));
        // Another instance of the same deployment reads what the first one left in the store.
        let mut other = on(&provider, given(Some(state))).await;
        let (ids, end) = other.read(pages_of(100), 60).await;
        assert!(end.unwrap().complete);
        assert_eq!(sorted(ids), sorted(provider.job_ids()));
        let id = provider.job_ids()[0].to_string();
        let mut names = BTreeSet::new();
        for _ in 0..5 {
            names.insert(id_of_a_call(&mut penstock, &id).await);
            names.insert(id_of_a_call(&mut other, &id).await);
        }
        assert_eq!(names.len(), 10, "{names:?}");
    }
}

#[tokio::test]
async fn an_event_is_handed_out_once_although_random_numbers_are_always_the_same() {
    let state: Arc<dyn State> = Arc::<MemoryState>::default();
    let given = || Given { clocks: Some(Clocks::new()), random: Some(0), state: Some(state.clone()) };
    let mut one = webhooks::penstock(given()).await;
    let mut other = webhooks::penstock(given()).await;
    let first: Outcome<Received> = one.call(WEBHOOKS, "receive", delivery()).await;
    assert!(matches!(first.unwrap(), Received::Fresh(_)));
    for penstock in [&mut one, &mut other] {
        let again: Outcome<Received> = penstock.call(WEBHOOKS, "receive", delivery()).await;
        assert!(matches!(again.unwrap(), Received::InHand(_)));
    }
}

#[tokio::test]
async fn a_calendar_that_is_put_back_and_on_in_mid_list_loses_no_record() {
    let (provider, clocks) = (provider(1_000).await, Clocks::new());
    let mut penstock = on(&provider, with(&clocks, Some(Arc::<MemoryState>::default()))).await;
    let jobs = penstock.jobs(pages_of(50)).await;
    let (mut ids, mut jumps) = (Vec::new(), [-HOUR, 0, -DAY, DAY, -30 * DAY].iter().cycle());
    while let Some(some) = penstock.next(jobs, 60).await.unwrap() {
        ids.extend(some.iter().map(|job| job.id));
        clocks.set_calendar(*jumps.next().unwrap());
    }
    assert!(penstock.end(jobs).await.unwrap().complete);
    assert_eq!(sorted(ids), sorted(provider.job_ids()));
}

#[tokio::test]
async fn a_token_lives_no_longer_although_the_calendar_was_put_back() {
    for back in [-HOUR, -DAY] {
        let (provider, clocks) = (quiet(3).await, Clocks::new());
        let id = provider.job_ids()[0].to_string();
        let state: Arc<dyn State> = Arc::<MemoryState>::default();
        let mut penstock = on(&provider, with(&clocks, Some(state.clone()))).await;
        id_of_a_call(&mut penstock, &id).await;
        // The one that this instance has ends when it would have ended.
        clocks.set_calendar(back);
        id_of_a_call(&mut penstock, &id).await;
        assert_eq!(provider.stats().tokens, 1, "{back}");
        clocks.jump(Duration::from_secs(901));
        id_of_a_call(&mut penstock, &id).await;
        assert_eq!(provider.stats().tokens, 2, "{back}");
        // One that comes from the future is of no known age to an instance that has none.
        clocks.set_calendar(2 * back);
        let mut other = on(&provider, with(&clocks, Some(state.clone()))).await;
        id_of_a_call(&mut other, &id).await;
        assert_eq!(provider.stats().tokens, 3, "{back}");
        // And one that is too old to an instance of the time that it is now is not used either.
        clocks.set_calendar(0);
        let mut third = on(&provider, with(&clocks, Some(state))).await;
        id_of_a_call(&mut third, &id).await;
        assert_eq!(provider.stats().tokens, 4, "{back}");
    }
}

#[tokio::test]
async fn a_clock_that_stands_still_holds_nothing_up_for_longer_than_it_does() {
    let (provider, clocks) = (provider(600).await, Clocks::new());
    let mut penstock = on(&provider, with(&clocks, None)).await;
    let jobs = penstock.jobs(pages_of(50)).await;
    let mut ids: Vec<i64> =
        penstock.next(jobs, 10).await.unwrap().unwrap().iter().map(|job| job.id).collect();
    clocks.stop();
    let later = clocks.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        later.go_on();
    });
    let began = Instant::now();
    while let Some(some) = penstock.next(jobs, 60).await.unwrap() {
        ids.extend(some.iter().map(|job| job.id));
    }
    assert!(penstock.end(jobs).await.unwrap().complete);
    assert_eq!(sorted(ids), sorted(provider.job_ids()));
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_deadline_passes_although_the_clock_stands_still() {
    let config = Config { latency: Duration::from_secs(20), ..Config::small(1) };
    let (provider, clocks) = (SimulatedServiceTitan::start(config).await.unwrap(), Clocks::new());
    let mut penstock = on(&provider, with(&clocks, None)).await;
    clocks.stop();
    let options = CallOptions { deadline_ms: Some(300), ..CallOptions::default() };
    let began = Instant::now();
    let id = provider.job_ids()[0].to_string();
    let failure = penstock.invoke("jpm.jobs-get", &[("id", &id)], None, Some(options)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout, "{failure:?}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_store_that_answers_nonsense_costs_no_call_and_no_record() {
    let (provider, state) = (provider(1_000).await, Arc::<Nonsense>::default());
    let mut penstock = on(&provider, with(&Clocks::new(), Some(state.clone()))).await;
    let (ids, end) = penstock.read(pages_of(50), 60).await;
    assert!(end.unwrap().complete);
    assert_eq!(sorted(ids), sorted(provider.job_ids()));
    let id = provider.job_ids()[0].to_string();
    for _ in 0..20 {
        id_of_a_call(&mut penstock, &id).await;
    }
    let vendor = || "servicetitan".to_owned();
    for _ in 0..8 {
        let _: Outcome<Vec<penstock_host::bindings::admin::Stored>> =
            penstock.call(ADMIN, "list-state", (vendor(), None::<String>)).await;
        let ready: Outcome<Readiness> = penstock.call(ADMIN, "ready", (vendor(), None::<String>)).await;
        assert!(ready.unwrap().ready);
    }
    assert!(state.asked() > 20, "{}", state.asked());
}

/// An event that cannot be claimed is not handed out as if it were.
#[tokio::test]
async fn events_and_a_store_that_answers_nonsense() {
    let state = Arc::<Nonsense>::default();
    let mut penstock = webhooks::penstock(with(&Clocks::new(), Some(state.clone()))).await;
    for _ in 0..30 {
        let said: Outcome<Received> = penstock.call(WEBHOOKS, "receive", delivery()).await;
        let Err(failure) = said else { continue };
        assert!(matches!(failure.kind, FailureKind::Host | FailureKind::Unavailable), "{failure:?}");
        assert!(failure.message.contains("nonsense"), "{failure:?}");
    }
    assert!(state.asked() >= 30, "{}", state.asked());
}

#[tokio::test]
async fn a_secret_that_is_none_is_named_and_nothing_is_sent() {
    let provider = quiet(1).await;
    let says = BTreeMap::from([("secrets", Says::Nonsense("\u{1}\r\nx-admin: yes"))]);
    let mut penstock = Penstock::given(settings(&provider, &[]), says, Given::default()).await;
    let failure = penstock.invoke("jpm.jobs-get", &[("id", "1")], None, None).await.unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Configuration, Effect::NotSent), "{failure:?}");
    let named = failure.fields.iter().any(|field| field.field.starts_with("SERVICETITAN_"));
    assert!(named && !format!("{failure:?}").contains("x-admin"), "{failure:?}");
    assert_eq!(provider.stats().requests, 0);
    // What needs no secret goes on.
    let found: Outcome<Vec<penstock_host::bindings::operations::Operation>> =
        penstock.call(OPERATIONS, "describe", ("servicetitan".to_owned(), Some("jobs-get".to_owned()))).await;
    assert!(!found.unwrap().is_empty());
}
