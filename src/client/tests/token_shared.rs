//! Access tokens that instances share through the store.

use super::rig::{CLIENT_SECRET, Rig, within};
use crate::contract::FailureKind;
use crate::host::{
    State,
    simulated::{Conduct, Reply, Store},
};
use futures_util::future::{abortable, join};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn rig() -> (Rig, Store) {
    let (rig, store) = (Rig::new(), Store::default());
    rig.titan.holds(1);
    rig.host.share(store.clone());
    (rig, store)
}

/// The name of the token in the store.
fn name(store: &Store) -> String {
    let contents = store.contents();
    let mut names = contents.iter().filter_map(|line| line.split_once('=').map(|(name, _)| name));
    names
        .find(|name| name.starts_with("penstock/token/{servicetitan/") && !name.ends_with("/fetching"))
        .unwrap()
        .to_owned()
}

#[test]
fn instances_that_come_and_go_need_one_token_and_nobody_else_can_read_it() {
    let (mut rig, store) = rig();
    for _ in 0..100 {
        rig.run(async {
            rig.get().await.unwrap();
            rig.host.wait(SECOND * 3 / 2).await;
        });
        rig.restart();
    }
    assert_eq!((rig.titan.token_requests(), rig.titan.api_requests()), (1, 100));
    for line in store.contents() {
        for secret in ["token-", CLIENT_SECRET, "canary"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[test]
fn instances_that_start_at_once_ask_once() {
    let (mut rig, _store) = rig();
    rig.titan.latency(SECOND, Duration::from_millis(20));
    let first = rig.instance();
    let others = std::mem::replace(&mut rig.client, first);
    let second = Rig { host: rig.host.clone(), titan: rig.titan.clone(), client: others };
    let (one, other) = rig.run(join(rig.get_often(20), second.get_often(20)));
    assert!(one.iter().chain(&other).all(Result::is_ok));
    assert_eq!(rig.titan.token_requests(), 1);
}

#[test]
fn a_new_token_is_fetched_by_one_before_the_old_one_ends() {
    let (mut rig, _store) = rig();
    rig.titan.token_life(900 * SECOND);
    for _ in 0..40 {
        rig.run(async {
            rig.get().await.unwrap();
            rig.host.wait(60 * SECOND).await;
        });
        rig.restart();
    }
    assert!((3..=4).contains(&rig.titan.token_requests()), "{} in 40 minutes", rig.titan.token_requests());
}

#[test]
fn a_token_that_was_taken_back_costs_one_new_one_and_no_call() {
    let (mut rig, _store) = rig();
    rig.run(rig.get()).unwrap();
    rig.restart();
    rig.titan.revoke_tokens();
    rig.run(rig.get()).unwrap();
    assert_eq!(rig.titan.token_requests(), 2);
    // The next one has the new one.
    rig.restart();
    rig.run(rig.get()).unwrap();
    assert_eq!(rig.titan.token_requests(), 2);
    // This one too, although it still has the old one.
    let late = rig.instance();
    rig.restart();
    rig.run(rig.get()).unwrap();
    rig.titan.revoke_tokens();
    rig.run(rig.get()).unwrap();
    rig.client = late;
    rig.run(rig.get()).unwrap();
    assert_eq!(rig.titan.token_requests(), 3);
}

#[test]
fn other_credentials_read_nothing_of_it() {
    let (mut rig, _store) = rig();
    rig.run(rig.get()).unwrap();
    rig.titan.issue_client_secret("canary-new-secret");
    rig.host.set_secret("SERVICETITAN_CLIENT_SECRET", "canary-new-secret");
    rig.restart();
    rig.run(rig.get()).unwrap();
    assert_eq!(rig.titan.token_requests(), 2);
    // And so does nobody when the store has lost or changed it.
    let (mut rig, store) = self::rig();
    rig.run(rig.get()).unwrap();
    for value in [None, Some(b"forged".to_vec()), Some(vec![1; 200])] {
        rig.run(async {
            match value {
                None => rig.host.state_delete(&name(&store)).await.unwrap(),
                Some(value) => rig.host.state_set(&name(&store), value, None).await.unwrap(),
            }
        });
        rig.restart();
        rig.run(rig.get()).unwrap();
    }
    assert_eq!(rig.titan.token_requests(), 4);
}

#[test]
fn an_instance_that_dies_while_it_fetches_holds_the_others_up_for_a_moment() {
    let (mut rig, _store) = rig();
    rig.titan.latency(SECOND, Duration::from_millis(20));
    rig.run(async {
        let (dead, handle) = abortable(rig.get());
        join(dead, async {
            rig.host.wait(SECOND / 2).await;
            handle.abort();
        })
        .await
    })
    .0
    .unwrap_err();
    rig.restart();
    let began = rig.host.elapsed();
    rig.run(rig.get()).unwrap();
    let took = rig.host.elapsed() - began;
    assert!(took < 5 * SECOND, "{took:?}");
    assert_eq!(rig.titan.token_requests(), 2);
}

#[test]
fn a_call_that_has_no_time_for_a_token_does_not_hold_up_the_next() {
    let (rig, _store) = rig();
    rig.titan.latency(SECOND, Duration::from_millis(20));
    let hasty = within(SECOND / 5);
    assert_eq!(rig.run(rig.get_with(&hasty)).unwrap_err().kind, FailureKind::Timeout);
    let began = rig.host.elapsed();
    rig.run(rig.get_with(&within(3 * SECOND / 2))).unwrap();
    let took = rig.host.elapsed() - began;
    assert!(took < 3 * SECOND / 2, "{took:?}");
    assert_eq!(rig.titan.token_requests(), 2);
}

#[test]
fn a_store_that_is_away_is_no_reason_to_wait() {
    for conduct in [
        Conduct { down: true, ..Conduct::default() },
        Conduct { refused_writes: 1.0, ..Conduct::default() },
        Conduct { latency: 3_600 * SECOND, ..Conduct::default() },
    ] {
        let (rig, store) = rig();
        rig.host.set("PENSTOCK_SHARE_LIMITS", "false");
        store.behave(conduct);
        rig.titan.latency(Duration::from_millis(20), Duration::from_millis(20));
        let began = rig.host.elapsed();
        rig.run(rig.get()).unwrap();
        let took = rig.host.elapsed() - began;
        assert!(took <= Duration::from_millis(350), "{took:?}");
    }
}

#[test]
fn a_refused_fetch_lets_the_next_one_try() {
    let (rig, _store) = rig();
    rig.titan.latency(Duration::from_millis(20), Duration::from_millis(20));
    rig.titan.on_token(|number| (number == 1).then(|| Reply::status(503, "")));
    let began = rig.host.elapsed();
    rig.run(rig.get()).unwrap();
    assert!(rig.host.elapsed() - began < 3 * SECOND, "nobody waits for the one that failed");
    assert_eq!(rig.titan.token_requests(), 2);
}

#[test]
fn a_token_from_the_future_is_of_no_known_age_and_is_not_used() {
    for (skew, asked) in [(-45_000, 1), (-3_600_000, 2), (-86_400_000, 2)] {
        let (mut rig, _store) = rig();
        rig.run(rig.get()).unwrap();
        rig.host.skew(skew);
        rig.restart();
        rig.run(rig.get()).unwrap();
        assert_eq!(rig.titan.token_requests(), asked, "{skew}");
        // What was fetched at the time that it is now serves those who come.
        rig.restart();
        rig.run(rig.get()).unwrap();
        assert_eq!(rig.titan.token_requests(), asked, "{skew}");
    }
}
