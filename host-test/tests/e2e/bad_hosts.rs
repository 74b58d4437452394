//! Hosts whose clocks are put back or stand still, whose random numbers are always the same, whose store answers
//! nonsense, whose functions fail: nothing traps, no record is lost or comes twice, and what goes wrong has a name.
//! `tests/p2` has the same for WASI 0.2.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt};
use penstock_host::{
    Environment, Error, Plugin,
    bindings::{
        types::{CallOptions, Failure, FailureKind, Outcome},
        webhooks::Received,
    },
    sources::{HostError, Secret, Source},
    state::{MemoryState, State},
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};

use crate::{
    bad::{Clocks, DAY, HOUR, Nonsense, provider},
    support,
    webhooks::{cloud_event, hex_signed, values},
};

const VENDOR: &str = "servicetitan";

/// Points an instance at the provider, on a host with these clocks.
fn environment(provider: &SimulatedServiceTitan, clocks: &Clocks, random: Option<u8>) -> Environment {
    let patient = [("RETRY_ATTEMPTS", "6"), ("SERVICETITAN_RATE_LIMIT", "10000")];
    bad(support::simulated(provider, &patient), clocks, random)
}

fn bad(environment: Environment, clocks: &Clocks, random: Option<u8>) -> Environment {
    let clocks = clocks.clone();
    environment.wasi(move |wasi| clocks.give(wasi, random))
}

async fn call(plugin: &Plugin, id: i64) -> Result<String, Error> {
    let answer = plugin.invoke(VENDOR, "jpm.jobs-get", [("id", id.to_string())], None, None).await?;
    Ok(answer.info.call_id)
}

fn failure<T: std::fmt::Debug>(result: Result<T, Error>) -> Failure {
    match result {
        Err(Error::Failure(failure)) => *failure,
        other => panic!("{other:?}"),
    }
}

/// Reads all jobs; `between` is done after each 50.
async fn read(plugin: &Plugin, mut between: impl FnMut()) -> Vec<i64> {
    let asked = [("sort", "+Id"), ("pageSize", "50")];
    let mut records = plugin.list(VENDOR, "jpm.jobs-list", asked, None).await.unwrap();
    let mut ids = Vec::new();
    while let Some(record) = records.next().await {
        let record: serde_json::Value = serde_json::from_str(&record.unwrap()).unwrap();
        ids.push(record["id"].as_i64().unwrap());
        if ids.len() % 50 == 0 {
            between();
        }
    }
    let end = records.end().unwrap();
    assert!(end.complete && end.items == ids.len() as u64, "{end:?}");
    ids
}

fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn random_numbers_that_are_always_the_same_lose_no_record_and_tell_calls_apart() {
    let (provider, state) = (provider(2_000).await, Arc::<MemoryState>::default());
    let mut names = BTreeSet::new();
    for byte in [0, 0, 0xff] {
        let environment = environment(&provider, &Clocks::new(), Some(byte)).state(state.clone());
        let plugin = Plugin::start(environment).await.unwrap();
        assert_eq!(sorted(read(&plugin, || {}).await), sorted(provider.job_ids()));
        for _ in 0..5 {
            names.insert(call(&plugin, provider.job_ids()[0]).await.unwrap());
        }
        assert_eq!(plugin.instances_started(), 1, "nothing trapped");
    }
    assert_eq!(names.len(), 15, "{names:?}");
}

#[tokio::test]
async fn an_event_is_handed_out_once_although_random_numbers_are_always_the_same() {
    let (state, body) = (Arc::<MemoryState>::default(), cloud_event(1, 1));
    let (mut fresh, mut in_hand) = (0, 0);
    for _ in 0..2 {
        let environment = Environment::empty().secrets(values(&[])).config(values(&[])).state(state.clone());
        let plugin = Plugin::start(bad(environment, &Clocks::new(), Some(0))).await.unwrap();
        for _ in 0..3 {
            match plugin.receive_webhook(VENDOR, None, hex_signed(&body), body.clone()).await.unwrap() {
                Received::Fresh(_) => fresh += 1,
                Received::InHand(_) => in_hand += 1,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!((fresh, in_hand), (1, 5));
}

#[tokio::test]
async fn a_calendar_that_is_put_back_and_on_in_mid_list_loses_no_record() {
    let (provider, clocks) = (provider(1_000).await, Clocks::new());
    let environment = environment(&provider, &clocks, None).state(Arc::<MemoryState>::default());
    let plugin = Plugin::start(environment).await.unwrap();
    let mut jumps = [-HOUR, 0, -DAY, DAY, -30 * DAY].iter().cycle();
    let ids = read(&plugin, || clocks.set_calendar(*jumps.next().unwrap())).await;
    assert_eq!(sorted(ids), sorted(provider.job_ids()));
    assert_eq!(plugin.instances_started(), 1, "nothing trapped");
}

#[tokio::test]
async fn a_token_lives_no_longer_although_the_calendar_was_put_back() {
    for back in [-HOUR, -DAY] {
        let provider = SimulatedServiceTitan::start(Config::small(3)).await.unwrap();
        let (id, clocks, state) = (provider.job_ids()[0], Clocks::new(), Arc::<MemoryState>::default());
        let start = async || {
            let environment = environment(&provider, &clocks, None).state(state.clone());
            Plugin::start(environment).await.unwrap()
        };
        let one = start().await;
        call(&one, id).await.unwrap();
        // The one that this instance has ends when it would have ended.
        clocks.set_calendar(back);
        call(&one, id).await.unwrap();
        assert_eq!(provider.stats().tokens, 1, "{back}");
        clocks.jump(Duration::from_secs(901));
        call(&one, id).await.unwrap();
        assert_eq!(provider.stats().tokens, 2, "{back}");
        // One that comes from the future is of no known age to an instance that has none.
        clocks.set_calendar(2 * back);
        call(&start().await, id).await.unwrap();
        assert_eq!(provider.stats().tokens, 3, "{back}");
        // And one that is too old to an instance of the time that it is now is not used either.
        clocks.set_calendar(0);
        call(&start().await, id).await.unwrap();
        assert_eq!(provider.stats().tokens, 4, "{back}");
    }
}

#[tokio::test]
async fn a_clock_that_stands_still_holds_nothing_up_for_longer_than_it_does() {
    let (provider, clocks) = (provider(600).await, Clocks::new());
    let plugin = Plugin::start(environment(&provider, &clocks, None)).await.unwrap();
    call(&plugin, provider.job_ids()[0]).await.unwrap();
    clocks.stop();
    let later = clocks.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        later.go_on();
    });
    let began = Instant::now();
    assert_eq!(sorted(read(&plugin, || {}).await), sorted(provider.job_ids()));
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_deadline_passes_although_the_clock_stands_still() {
    let config = Config { latency: Duration::from_secs(20), ..Config::small(1) };
    let (provider, clocks) = (SimulatedServiceTitan::start(config).await.unwrap(), Clocks::new());
    let plugin = Plugin::start(environment(&provider, &clocks, None)).await.unwrap();
    clocks.stop();
    let options = CallOptions { deadline_ms: Some(300), ..CallOptions::default() };
    let began = Instant::now();
    let result = plugin.invoke(VENDOR, "jpm.jobs-get", [("id", "1")], None, Some(options)).await;
    assert_eq!(failure(result).kind, FailureKind::Timeout);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_store_that_answers_nonsense_costs_no_call_and_no_record() {
    let (provider, state) = (provider(1_000).await, Arc::<Nonsense>::default());
    let environment = environment(&provider, &Clocks::new(), None).state(state.clone() as Arc<dyn State>);
    let plugin = Plugin::start(environment).await.unwrap();
    assert_eq!(sorted(read(&plugin, || {}).await), sorted(provider.job_ids()));
    for id in provider.job_ids().into_iter().take(20) {
        call(&plugin, id).await.unwrap();
    }
    for _ in 0..8 {
        // It may fail, and must not trap.
        drop(plugin.list_state(VENDOR, None).await);
        assert!(plugin.ready(VENDOR, None).await.unwrap().ready);
    }
    assert_eq!(plugin.instances_started(), 1, "nothing trapped");
    assert!(state.asked() > 20, "{}", state.asked());
}

/// Fails for a while, or answers what is no setting.
struct Broken {
    says: Result<&'static str, &'static str>,
}

impl Source for Broken {
    fn get<'a>(
        &'a self,
        _: &'a str,
    ) -> futures_util::future::BoxFuture<'a, Result<Option<Secret>, HostError>> {
        let says = self.says.map(|text| Some(Secret::new(text.to_owned())));
        Box::pin(async move { says.map_err(|why| HostError::Failed(why.to_owned())) })
    }
}

#[tokio::test]
async fn a_function_that_fails_or_talks_nonsense_is_named_and_others_go_on() {
    let provider = SimulatedServiceTitan::start(Config::small(1)).await.unwrap();
    let given = || support::simulated(&provider, &[]);
    let (fails, nonsense) = (Err("the vault is shut"), Ok("\u{1}\r\nx-admin: yes"));
    for (environment, kind, named) in [
        (given().secrets(Broken { says: fails }), FailureKind::Host, "the vault is shut"),
        (given().config(Broken { says: fails }), FailureKind::Host, "the vault is shut"),
        (given().secrets(Broken { says: nonsense }), FailureKind::Configuration, "SERVICETITAN_"),
        (given().config(Broken { says: nonsense }), FailureKind::Configuration, "REQUEST_TIMEOUT"),
    ] {
        let plugin = Plugin::start(environment).await.unwrap();
        let failure = failure(call(&plugin, 1).await);
        assert_eq!((failure.kind, failure.outcome), (kind, Outcome::NotSent), "{failure:?}");
        let told = format!("{failure:?}");
        assert!(told.contains(named) && !told.contains("x-admin"), "{failure:?}");
        assert!(!plugin.describe(VENDOR, Some("jobs-get")).await.unwrap().is_empty());
        assert_eq!(plugin.instances_started(), 1, "nothing trapped");
    }
    assert_eq!(provider.stats().requests, 0);
}

#[tokio::test]
async fn a_list_that_is_dropped_in_the_middle_leaves_the_next_one_whole() {
    let provider = SimulatedServiceTitan::start(Config::small(2_000)).await.unwrap();
    let plugin = Plugin::start(environment(&provider, &Clocks::new(), Some(0))).await.unwrap();
    for _ in 0..20 {
        let asked = [("sort", "+Id"), ("pageSize", "50")];
        let records = plugin.list(VENDOR, "jpm.jobs-list", asked, None).await.unwrap();
        let some: Vec<String> = records.take(10).try_collect().await.unwrap();
        assert_eq!(some.len(), 10);
    }
    assert_eq!(sorted(read(&plugin, || {}).await), sorted(provider.job_ids()));
    assert_eq!(plugin.instances_started(), 1, "nothing trapped");
}
