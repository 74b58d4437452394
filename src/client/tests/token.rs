//! Access tokens: one for any number of calls.

use super::rig::{Rig, options, within};
use crate::{contract::FailureKind, host::simulated::Reply};
use futures_util::future::{abortable, join};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_thousand_calls_at_start_share_one_token_and_read_each_setting_once() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.slow_lookups(Duration::from_millis(3));
    let results = rig.run(rig.get_often(1000));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((rig.titan.token_requests(), rig.titan.api_requests()), (1, 1000));
    for name in ["PENSTOCK_ROLE", "RETRY_ATTEMPTS", "SERVICETITAN_TENANT_ID", "SERVICETITAN_API_ENVIRONMENT"]
    {
        assert_eq!(rig.host.reads(name), 1, "{name}");
    }
}

#[test]
fn a_leader_that_is_dropped_does_not_block_the_others() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.latency(SECOND, Duration::ZERO);
    let (leader, handle) = abortable(rig.get());
    let others = async {
        rig.host.wait(SECOND / 2).await;
        let (results, ()) = join(rig.get_often(50), async {
            rig.host.wait(SECOND / 4).await;
            handle.abort();
        })
        .await;
        results
    };
    let (leader, others) = rig.run(join(leader, others));
    assert!(leader.is_err());
    assert!(others.iter().all(Result::is_ok));
    assert_eq!((rig.titan.token_requests(), rig.host.aborted()), (2, 1));
}

#[test]
fn a_leader_whose_deadline_passes_does_not_fail_the_others() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.latency(2 * SECOND, Duration::ZERO);
    let (hasty, deadline) = (within(SECOND), within(10 * SECOND));
    let (hasty, patient) = rig.run(join(rig.get_with(&hasty), rig.get_with(&deadline)));
    assert_eq!(hasty.unwrap_err().kind, FailureKind::Timeout);
    assert!(patient.is_ok());
}

#[test]
fn a_token_is_refreshed_early_while_the_old_one_serves() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.latency(2 * SECOND, Duration::from_millis(20));
    rig.run(async {
        rig.get().await.unwrap();
        rig.host.wait(800 * SECOND).await;
        let began = rig.host.elapsed();
        let (first, others) = join(rig.get(), async {
            let others = rig.get_often(100).await;
            (others, rig.host.elapsed() - began)
        })
        .await;
        assert!(first.is_ok() && others.0.iter().all(Result::is_ok));
        // Nobody but the one who refreshes waits for the new token.
        assert!(others.1 < Duration::from_millis(100), "{:?}", others.1);
    });
    assert_eq!(rig.titan.token_requests(), 2);
    let tokens: Vec<_> = rig
        .host
        .requests()
        .iter()
        .filter_map(|request| request.secret_header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(tokens.iter().filter(|token| token.ends_with("-2")).count(), 1);
}

#[test]
fn a_token_is_never_sent_after_its_end() {
    for life in [10, 60, 900, 7200] {
        let rig = Rig::new();
        let life = life * SECOND;
        rig.titan.holds(1);
        rig.titan.token_life(life);
        // The way there takes time too.
        rig.titan.on_token(|number| (number % 5 == 3).then(|| Reply::status(500, "").after(SECOND)));
        rig.run(async {
            while rig.host.elapsed() < 20 * life {
                rig.get().await.unwrap();
                rig.host.wait(life / 13).await;
            }
        });
        let refused = rig.client.metrics().contains("status=\"401\"");
        assert!(!refused, "a token of {life:?} was refused");
        let fetches = rig.titan.token_requests();
        assert!((20..=50).contains(&fetches), "{fetches} of {life:?}");
    }
}

#[test]
fn the_old_token_serves_when_a_refresh_fails_and_the_endpoint_is_left_alone_for_a_while() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_token(|number| (number > 1).then(|| Reply::status(503, "")));
    rig.run(async {
        rig.get().await.unwrap();
        rig.host.wait(800 * SECOND).await;
        for _ in 0..50 {
            assert!(rig.get().await.is_ok());
        }
    });
    assert_eq!(rig.titan.token_requests(), 2);
}

#[test]
fn a_refresh_that_hangs_costs_no_call_its_deadline() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_token(|number| (number > 1).then(Reply::never));
    rig.run(async {
        rig.get().await.unwrap();
        rig.host.wait(800 * SECOND).await;
        for _ in 0..20 {
            rig.get_with(&within(3 * SECOND)).await.unwrap();
        }
    });
    assert!(rig.titan.token_requests() <= 3, "{}", rig.titan.token_requests());
}

#[test]
fn a_401_leads_to_one_new_token_and_one_resend() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.run(async {
        rig.get().await.unwrap();
        rig.titan.revoke_tokens();
        rig.get().await.unwrap();
        // Also a write: a 401 means that it was refused before anything was done.
        rig.titan.revoke_tokens();
        rig.post(&options()).await.unwrap();
    });
    assert_eq!((rig.titan.token_requests(), rig.titan.api_requests()), (3, 5));
    assert_eq!(rig.titan.writes().len(), 1);
}

#[test]
fn a_thousand_calls_with_a_revoked_token_fetch_one_new_token() {
    let rig = Rig::new();
    rig.titan.holds(1);
    // All of them are under way before the first is refused.
    rig.titan.latency(Duration::from_millis(40), Duration::from_millis(500));
    rig.run(async {
        rig.get().await.unwrap();
        rig.titan.revoke_tokens();
        // One of them is late: it is about a token that was replaced since.
        let mut late = Some(Reply::status(401, "{}").after(5 * SECOND));
        rig.titan.on_api(move |_, _| late.take());
        let results = rig.get_often(1000).await;
        assert!(results.iter().all(Result::is_ok));
    });
    assert_eq!(rig.titan.token_requests(), 2);
    assert_eq!(rig.titan.api_requests(), 1 + 1000 + 1000);
}

#[test]
fn a_second_401_is_the_callers_to_know() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(401, r#"{"title":"Unauthorized"}"#)));
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Authentication, Some(401)));
    assert!(failure.message.contains("a new access token was refused as well"), "{}", failure.message);
    assert_eq!((rig.titan.token_requests(), rig.titan.api_requests()), (2, 2));
    assert_eq!(failure.attempts.len(), 2);
}

#[test]
fn a_token_that_worked_is_forgiven_its_end_whatever_its_calls_came_to() {
    let rig = Rig::new();
    rig.run(async {
        for _ in 0..5 {
            assert_eq!(rig.get().await.unwrap_err().kind, FailureKind::NotFound);
            rig.titan.revoke_tokens();
        }
    });
    assert_eq!(rig.titan.token_requests(), 5);
}

#[test]
fn tokens_that_are_always_refused_are_not_fetched_over_and_over() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(401, "{}")));
    rig.run(async {
        for _ in 0..100 {
            let failure = rig.get().await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Authentication);
        }
    });
    assert!(rig.titan.token_requests() <= 4, "{}", rig.titan.token_requests());
}
