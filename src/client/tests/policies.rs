//! Breaker, limiter and budget as a caller meets them.

use super::rig::{Rig, options, pages_of, within};
use crate::{
    contract::{FailureKind, Outcome, RetryAdvice},
    host::simulated::{Reply, Store},
};
use futures_util::future::join_all;
use serde_json::Value;
use std::{cell::Cell, rc::Rc, time::Duration};

const SECOND: Duration = Duration::from_secs(1);

/// A provider that answers 503 until it is told to stop.
fn broken(rig: &Rig) -> Rc<Cell<bool>> {
    let down = Rc::new(Cell::new(true));
    let still = down.clone();
    rig.titan.on_api(move |_, _| still.get().then(|| Reply::status(503, "")));
    down
}

fn lines(rig: &Rig, event: &str) -> Vec<Value> {
    let lines = rig.host.lines();
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == event).collect()
}

#[test]
fn a_vendor_that_is_down_is_left_alone_and_who_cannot_wait_is_told_at_once() {
    let rig = Rig::new();
    rig.titan.holds(1);
    let down = broken(&rig);
    let hasty = within(Duration::from_millis(200));
    rig.run(async {
        while rig.get_with(&hasty).await.unwrap_err().kind != FailureKind::Unavailable {}
        let (sent, began) = (rig.titan.api_requests(), rig.host.elapsed());
        let failure = rig.get_with(&hasty).await.unwrap_err();
        assert_eq!((failure.kind, failure.outcome), (FailureKind::Unavailable, Outcome::NotSent));
        assert!(matches!(failure.retry, RetryAdvice::After(1..=1000)), "{:?}", failure.retry);
        assert_eq!((rig.titan.api_requests(), rig.host.elapsed()), (sent, began));
        assert!(rig.client.metrics().contains("penstock_breakers{state=\"open\"} 1"));

        down.set(false);
        rig.host.wait(5 * SECOND).await;
        for _ in 0..10 {
            rig.get().await.unwrap();
        }
        assert!(rig.client.metrics().contains("penstock_breakers{state=\"closed\"} 1"));
    });
    let states: Vec<_> = lines(&rig, "breaker").iter().map(|line| line["state"].to_string()).collect();
    assert_eq!(states, ["\"open\"", "\"closed\""]);
}

#[test]
fn the_breaker_and_the_waits_go_by_the_settings() {
    let rig = Rig::new();
    rig.titan.holds(1);
    for (name, value) in [
        ("RETRY_ATTEMPTS", "1"),
        ("PENSTOCK_BREAKER_MIN_CALLS", "3"),
        ("PENSTOCK_BREAKER_OPEN_MS", "30000"),
        ("PENSTOCK_BREAKER_MAX_OPEN_MS", "40000"),
    ] {
        rig.host.set(name, value);
    }
    broken(&rig);
    let kinds = rig.run(async {
        let mut kinds = Vec::new();
        for _ in 0..4 {
            kinds.push(rig.get_with(&within(SECOND)).await.unwrap_err());
        }
        kinds
    });
    let found: Vec<_> = kinds.iter().map(|failure| failure.kind).collect();
    let vendor = FailureKind::Vendor;
    assert_eq!(found, [vendor, vendor, vendor, FailureKind::Unavailable]);
    assert!(matches!(kinds[3].retry, RetryAdvice::After(10_000..=30_000)), "{:?}", kinds[3].retry);

    let waited = |backoff: &str| {
        let rig = Rig::new();
        for (name, value) in
            [("RETRY_ATTEMPTS", "4"), ("PENSTOCK_BACKOFF_MS", backoff), ("PENSTOCK_MAX_BACKOFF_MS", backoff)]
        {
            rig.host.set(name, value);
        }
        broken(&rig);
        rig.run(rig.get()).unwrap_err();
        rig.host.elapsed()
    };
    let (short, long) = (waited("1"), waited("60000"));
    assert!(short < SECOND / 4 && long > 2 * SECOND, "{short:?}, {long:?}");
}

#[test]
fn a_whole_read_waits_for_a_vendor_that_comes_back() {
    let rig = Rig::new();
    rig.titan.holds(200);
    rig.host.set("RETRY_ATTEMPTS", "10");
    let down = broken(&rig);
    let read = rig.run(async {
        let others = async {
            join_all((0..20).map(|_| rig.get())).await;
            rig.host.wait(3 * SECOND).await;
            down.set(false);
        };
        futures_util::future::join(rig.read_jobs(&pages_of(10)), others).await.0
    });
    assert!(read.end.is_ok(), "{:?}", read.end);
    assert_eq!(read.ids.len(), 200);
    assert!(!lines(&rig, "breaker").is_empty(), "the breaker opened meanwhile");
}

#[test]
fn a_single_call_waits_for_the_breaker_as_often_as_it_may_try() {
    let rig = Rig::new();
    rig.titan.holds(1);
    let down = broken(&rig);
    rig.run(async {
        let hasty = within(Duration::from_millis(200));
        while rig.get_with(&hasty).await.unwrap_err().kind != FailureKind::Unavailable {}
        down.set(false);
        let (sent, began) = (rig.titan.api_requests(), rig.host.elapsed());
        rig.get().await.unwrap();
        assert_eq!(rig.titan.api_requests(), sent + 1);
        assert!(rig.host.elapsed() - began < 2 * SECOND);

        down.set(true);
        while rig.get_with(&hasty).await.unwrap_err().kind != FailureKind::Unavailable {}
        let failure = rig.get().await.unwrap_err();
        assert!(failure.attempts.iter().any(|attempt| attempt.reason == "breaker-open"), "{failure:?}");
    });
}

#[test]
fn the_breaker_can_be_switched_off() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_BREAKER", "false");
    let _down = broken(&rig);
    for _ in 0..30 {
        assert_eq!(rig.run(rig.get()).unwrap_err().kind, FailureKind::Vendor);
    }
}

#[test]
fn what_the_vendor_refuses_does_not_open_the_breaker() {
    for status in [400, 403, 404, 409, 422] {
        let rig = Rig::new();
        rig.titan.on_api(move |_, _| Some(Reply::status(status, "{}")));
        for _ in 0..30 {
            assert_ne!(rig.run(rig.get()).unwrap_err().kind, FailureKind::Unavailable, "{status}");
        }
    }
}

#[test]
fn the_limit_of_the_tenant_holds_in_every_second() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set("SERVICETITAN_RATE_LIMIT", "60");
    rig.run(async {
        assert!(rig.get_often(300).await.iter().all(Result::is_ok));
    });
    let times: Vec<Duration> = rig
        .host
        .requests()
        .iter()
        .filter(|request| request.path().contains("/jobs/"))
        .map(|request| request.at)
        .collect();
    assert_eq!(times.len(), 300);
    for window in times.windows(61) {
        assert!(window[60] - window[0] >= SECOND, "{window:?}");
    }
    // And most of it is used.
    assert!(times[299] - times[0] < Duration::from_millis(5400), "{:?}", times[299] - times[0]);
}

#[test]
fn a_429_holds_every_call_of_the_tenant_for_as_long_as_it_says() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_api(|number, _| (number == 1).then(|| Reply::status(429, "").header("retry-after", "7")));
    rig.run(async {
        let first = rig.get();
        let later = async {
            rig.host.wait(SECOND).await;
            rig.get_often(50).await
        };
        let (first, later) = futures_util::future::join(first, later).await;
        assert!(first.is_ok() && later.iter().all(Result::is_ok));
    });
    let early = rig
        .host
        .requests()
        .iter()
        .filter(|request| request.path().contains("/jobs/") && request.at < 7 * SECOND)
        .count();
    assert_eq!(early, 1);
}

#[test]
fn after_a_429_it_goes_slower_for_a_while_if_it_is_told_to() {
    let in_a_second = |adaptive: &str| {
        let rig = Rig::new();
        rig.titan.holds(1);
        rig.host.set("PENSTOCK_ADAPTIVE_RATE", adaptive);
        rig.host.set("SERVICETITAN_RATE_LIMIT", "60");
        rig.titan.on_api(|number, _| (number == 1).then(|| Reply::status(429, "")));
        rig.run(rig.get_often(200));
        let requests = rig.host.requests();
        let times: Vec<_> =
            requests.iter().filter(|sent| sent.path().contains("/jobs/")).map(|sent| sent.at).collect();
        // The gate was closed for a second.
        let reopened = times.iter().find(|at| **at >= SECOND).copied().unwrap();
        times.iter().filter(|at| (reopened..reopened + SECOND).contains(at)).count()
    };
    let (without, with) = (in_a_second("false"), in_a_second("true"));
    assert!(without >= 55 && with <= 50, "{without} and {with}");
}

#[test]
fn a_wait_that_does_not_fit_the_deadline_fails_at_once_with_the_hint() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_api(|number, _| (number == 1).then(|| Reply::status(429, "").header("retry-after", "7")));
    rig.run(async {
        let first = rig.get();
        let later = async {
            rig.host.wait(SECOND).await;
            let began = rig.host.elapsed();
            let failure = rig.get_with(&within(3 * SECOND)).await.unwrap_err();
            assert_eq!(rig.host.elapsed(), began);
            assert_eq!((failure.kind, failure.outcome), (FailureKind::RateLimited, Outcome::NotSent));
            assert!(matches!(failure.retry, RetryAdvice::After(5000..=7000)), "{:?}", failure.retry);
        };
        futures_util::future::join(first, later).await.0.unwrap();
    });
}

#[test]
fn a_storm_of_failures_is_not_doubled_by_retries() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_BREAKER", "false");
    let _down = broken(&rig);
    let failures = rig.run(async {
        let mut failures = Vec::new();
        for _ in 0..1000 {
            failures.push(rig.get_with(&options()).await.unwrap_err());
        }
        failures
    });
    assert!(rig.titan.api_requests() <= 1100, "{} requests for 1000 calls", rig.titan.api_requests());
    let refused =
        failures.iter().filter(|failure| failure.message.contains("too many calls are being repeated"));
    assert!(refused.count() > 900);
    assert!(!rig.client.metrics().contains("penstock_retries_refused_total 0\n"));
}

#[test]
fn no_more_requests_are_under_way_than_are_allowed() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set("MAX_CONNECTIONS", "5");
    rig.run(async { assert!(rig.get_often(100).await.iter().all(Result::is_ok)) });
    assert_eq!(rig.host.most_in_flight(), 5);
}

#[test]
fn a_batch_that_waits_delays_another_caller_by_a_turn_only() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set("SERVICETITAN_RATE_LIMIT", "10");
    let call = crate::entry::batch::BatchCall {
        operation: "jpm.jobs-get".to_owned(),
        parameters: vec![("id".to_owned(), "1".to_owned())],
        body: None,
    };
    let batch = crate::entry::batch::BatchOptions { concurrency: Some(64), stop_after: None };
    rig.run(async {
        rig.get().await.unwrap();
        let crowd = crate::entry::batch::run(&rig.client, "servicetitan", vec![call; 100], batch, None);
        let other = async {
            rig.host.wait(SECOND).await;
            let began = rig.host.elapsed();
            rig.get().await.unwrap();
            rig.host.elapsed() - began
        };
        let (crowd, took) = futures_util::future::join(crowd, other).await;
        assert_eq!(crowd.unwrap().len(), 100);
        assert!(took < SECOND / 2, "{took:?}");
    });
}

#[test]
fn the_snapshot_names_groups_and_states() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set("SERVICETITAN_CREDENTIALS_ISSUED_AT", "2026-11-19T10:00:00Z");
    rig.run(rig.get()).unwrap();
    let snapshot: Value = serde_json::from_str(&rig.client.snapshot()).unwrap();
    assert_eq!(snapshot["limits"][0]["group"], "servicetitan/production/1234");
    assert_eq!(snapshot["breakers"][0]["state"], "closed");
    assert_eq!(snapshot["credentials"][0]["ageSeconds"], 86400);
    let token = &snapshot["tokens"][0];
    assert_eq!((&token["account"], &token["state"]), (&"servicetitan/default".into(), &"valid".into()));
    assert_eq!((&token["source"], &token["retryAfterMs"]), (&"vendor".into(), &Value::Null));
    let (age, serves) = (token["ageSeconds"].as_u64().unwrap(), token["expiresInSeconds"].as_u64().unwrap());
    assert!(age < 5 && (800..900).contains(&serves), "{token}");
    assert!(rig.client.metrics().contains("penstock_credentials_age_seconds 86400\n"));
    assert!(!rig.client.metrics().contains("1234"), "a tenant is no label");
    // This host has no store, which is left alone for a second at first.
    assert!(
        (1..=1_000).contains(&snapshot["store"]["retryAfterMs"].as_u64().unwrap()),
        "{}",
        snapshot["store"]
    );
    rig.host.share(Store::default());
    rig.run(async {
        rig.host.wait(SECOND).await;
        assert!(rig.client.shares_state().await);
    });
    let snapshot: Value = serde_json::from_str(&rig.client.snapshot()).unwrap();
    assert_eq!(snapshot["store"]["retryAfterMs"], Value::Null);
}
