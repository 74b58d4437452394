//! Credentials that change: two slots.

use super::rig::{APP_KEY, CLIENT_SECRET, Rig, options};
use crate::{
    contract::{CallOptions, FailureKind},
    host::{Host, HostError, simulated::Reply},
};
use futures_util::future::{join, join_all};
use std::{cell::Cell, time::Duration};

const SECOND: Duration = Duration::from_secs(1);
const NEW: &str = "canary-new-secret";
const PRIMARY: &str = "SERVICETITAN_CLIENT_SECRET";
const SECONDARY: &str = "SERVICETITAN_CLIENT_SECRET_SECONDARY";

/// A rig with one job.
fn rig(seed: u64) -> Rig {
    let rig = Rig::seeded(seed);
    rig.titan.holds(1);
    rig
}

/// How often other credentials came into use.
pub fn changes(rig: &Rig) -> u64 {
    let metrics = rig.client.metrics();
    let count = metrics.lines().find_map(|line| line.strip_prefix("penstock_credential_slot_changes_total "));
    count.unwrap().parse().unwrap()
}

/// The log lines `rotation`: where to.
fn rotations(rig: &Rig) -> Vec<String> {
    let lines = rig.host.lines();
    let lines = lines.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let rotations = lines.filter(|line| line["event"] == "rotation");
    rotations
        .map(|line| format!("{} {}", line["level"].as_str().unwrap(), line["to"].as_str().unwrap()))
        .collect()
}

/// A wait of up to so many milliseconds.
async fn pause(rig: &Rig, least: u64, most: u64) {
    rig.host.wait(Duration::from_millis(least + rig.host.random() % (most - least))).await;
}

/// The secret changes again and again, in the order that the documents name, while calls
/// go on. `lookup` is how long the host takes for a secret: long ones are read while they
/// change.
fn rotate_under_load(seed: u64, rotations: usize, lookup: Duration) {
    let rig = rig(seed);
    rig.host.set("LOG_LEVEL", "error");
    rig.host.slow_lookups(lookup);
    let (done, calls, posts) = (Cell::new(false), Cell::new(0), Cell::new(0));
    let operator = async {
        let mut old = CLIENT_SECRET.to_owned();
        for number in 0..rotations {
            // Two within the time of one fetch would look like credentials that never work.
            pause(&rig, 1_000, 3_000).await;
            let new = format!("canary-secret-{seed}-{number}");
            rig.titan.issue_client_secret(&new);
            rig.host.set_secret(SECONDARY, &new);
            pause(&rig, 0, 300).await;
            rig.titan.revoke_client_secret(&old);
            pause(&rig, 0, 300).await;
            rig.host.set_secret(PRIMARY, &new);
            pause(&rig, 0, 100).await;
            rig.host.unset(SECONDARY);
            old = new;
        }
        done.set(true);
    };
    let load = join_all((0..5).map(|caller| {
        let (rig, done, calls, posts) = (&rig, &done, &calls, &posts);
        async move {
            while !done.get() {
                let result = if caller == 0 { rig.post(&options()).await } else { rig.get().await };
                assert!(result.is_ok(), "{result:?} at {:?}", rig.host.elapsed());
                calls.set(calls.get() + 1);
                posts.set(posts.get() + usize::from(caller == 0));
                pause(rig, 1, 400).await;
            }
        }
    }));
    rig.run(join(operator, load));
    // Each revocation had to be noticed, and none of it by more than a few fetches.
    let fetches = rig.titan.token_requests();
    assert!((rotations..=3 * rotations + 2).contains(&fetches), "{fetches} requests for tokens");
    assert!(calls.get() > rotations * 10, "{} calls", calls.get());
    assert_eq!(rig.titan.writes().len(), posts.get());
}

#[test]
fn a_thousand_rotations_under_load_fail_no_call() {
    for seed in 0..100 {
        rotate_under_load(seed, 10, Duration::from_millis(seed % 4 * 7));
    }
}

#[test]
fn a_revoked_secret_is_replaced_by_the_one_in_the_other_slot_at_once() {
    let rig = rig(1);
    rig.run(async {
        rig.get().await.unwrap();
        rig.titan.issue_client_secret(NEW);
        rig.host.set_secret(SECONDARY, NEW);
        rig.titan.revoke_client_secret(CLIENT_SECRET);
        let began = rig.host.elapsed();
        rig.get().await.unwrap();
        // Refused, two requests for a token, sent again: no wait in between.
        assert_eq!(rig.host.elapsed() - began, Duration::from_millis(20 + 40 + 40 + 20));
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (3, 1));
        assert_eq!(rotations(&rig), ["warn secondary"]);

        // It stays with the slot that works.
        rig.titan.revoke_tokens();
        rig.get().await.unwrap();
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (4, 1));

        // Once the slots hold the same there is one, and the primary name is its own.
        rig.host.set_secret(PRIMARY, NEW);
        rig.titan.revoke_tokens();
        rig.get().await.unwrap();
        rig.host.unset(SECONDARY);
        rig.titan.revoke_tokens();
        rig.get().await.unwrap();
    });
    assert_eq!((rig.titan.token_requests(), changes(&rig)), (6, 2));
    assert_eq!(rotations(&rig), ["warn secondary", "info primary"]);
    assert!(rig.client.snapshot().contains("\"credentialSlotChanges\":2"));
}

#[test]
fn an_early_refresh_takes_the_other_slot_too() {
    let rig = rig(1);
    rig.run(async {
        rig.get().await.unwrap();
        // The provider refuses the secret but not yet its token.
        rig.titan.change_client_secret(NEW);
        rig.host.set_secret(SECONDARY, NEW);
        rig.host.wait(800 * SECOND).await;
        rig.get().await.unwrap();
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (3, 1));
        rig.host.wait(200 * SECOND).await;
        rig.get().await.unwrap();
    });
    assert_eq!(rig.titan.token_requests(), 3);
}

#[test]
fn both_slots_refused_is_a_failure_that_is_not_hammered() {
    let rig = rig(1);
    rig.titan.change_client_secret("canary-known-to-nobody");
    rig.host.set_secret(SECONDARY, NEW);
    rig.run(async {
        for result in rig.get_often(100).await {
            let failure = result.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Authentication);
            assert!(failure.message.contains("other credentials"), "{}", failure.message);
        }
        assert_eq!(rig.titan.token_requests(), 2);
        while rig.host.elapsed() < 60 * SECOND {
            rig.get().await.unwrap_err();
            rig.host.wait(SECOND / 10).await;
        }
        assert!(rig.titan.token_requests() <= 10, "{}", rig.titan.token_requests());
        assert_eq!(changes(&rig), 0);
        // Either of them may be put right.
        rig.host.set_secret(SECONDARY, "canary-known-to-nobody");
        rig.host.wait(60 * SECOND).await;
        rig.get().await.unwrap();
    });
}

#[test]
fn equal_slots_are_one() {
    let rig = rig(1);
    rig.titan.change_client_secret("canary-known-to-nobody");
    rig.host.set_secret(SECONDARY, &format!("{CLIENT_SECRET}\n"));
    rig.host.set_secret("SERVICETITAN_APP_KEY_SECONDARY", APP_KEY);
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!(rig.titan.token_requests(), 1);
    assert!(!failure.message.contains("other credentials"), "{}", failure.message);
}

#[test]
fn trouble_of_the_token_endpoint_is_no_reason_to_change() {
    for reply in
        [|| Reply::status(503, ""), || Reply::status(429, ""), || Reply::status(404, ""), Reply::dropped]
    {
        let rig = rig(1);
        rig.host.set_secret(SECONDARY, NEW);
        rig.titan.on_token(move |number| (number == 1).then(reply));
        rig.run(async {
            _ = rig.get().await;
            rig.host.wait(10 * SECOND).await;
            rig.get().await.unwrap();
        });
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (2, 0));
    }
}

#[test]
fn trouble_with_the_second_slot_is_no_verdict_on_the_credentials() {
    let rig = rig(1);
    rig.titan.change_client_secret(NEW);
    rig.host.set_secret(SECONDARY, NEW);
    rig.titan.on_token(|number| (number == 2).then(|| Reply::status(503, "")));
    rig.run(async {
        rig.get().await.unwrap();
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (3, 1));
    });
}

#[test]
fn a_secret_that_changes_while_it_is_refused_is_read_again() {
    let rig = rig(1);
    rig.titan.change_client_secret(NEW);
    rig.run(async {
        let operator = async {
            rig.host.wait(Duration::from_millis(10)).await;
            rig.host.set_secret(PRIMARY, NEW);
        };
        let (result, ()) = join(rig.get(), operator).await;
        result.unwrap();
    });
    assert_eq!((rig.titan.token_requests(), changes(&rig)), (2, 0));
}

#[test]
fn secrets_that_cannot_be_read_again_leave_the_vendors_word() {
    let rig = rig(1);
    rig.titan.change_client_secret(NEW);
    let failure = rig.run(async {
        let trouble = async {
            rig.host.wait(Duration::from_millis(10)).await;
            rig.host.fail_lookups(Some(HostError::Unavailable("gone".to_owned())));
        };
        join(rig.get(), trouble).await.0.unwrap_err()
    });
    assert_eq!((failure.kind, failure.status), (FailureKind::Authentication, Some(400)));
}

#[test]
fn an_app_key_can_be_changed_too() {
    let rig = rig(1);
    rig.run(async {
        rig.get().await.unwrap();
        rig.titan.issue_app_key("canary-new-key");
        rig.host.set_secret("SERVICETITAN_APP_KEY_SECONDARY", "canary-new-key");
        rig.titan.revoke_app_key(APP_KEY);
        // The token endpoint knows nothing of app keys: it takes two refusals of the API.
        for result in rig.get_often(100).await {
            result.unwrap();
        }
        rig.post(&options()).await.unwrap();
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (3, 1));
        // The client's secret of the primary slot went with it.
        rig.titan.revoke_tokens();
        rig.get().await.unwrap();
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (4, 1));
    });
}

#[test]
fn a_changed_app_key_fails_no_call_that_has_one_attempt() {
    let rig = rig(1);
    rig.host.set("RETRY_ATTEMPTS", "1");
    rig.run(async {
        rig.get().await.unwrap();
        rig.titan.issue_app_key("canary-new-key");
        rig.host.set_secret("SERVICETITAN_APP_KEY_SECONDARY", "canary-new-key");
        rig.titan.revoke_app_key(APP_KEY);
        let options = options();
        let posts = join_all((0..50).map(|_| rig.post(&options)));
        let (gets, posts) = join(rig.get_often(50), posts).await;
        gets.into_iter().for_each(|result| drop(result.unwrap()));
        posts.into_iter().for_each(|result| drop(result.unwrap()));
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (3, 1));
    });
}

#[test]
fn slots_whose_tokens_the_api_refuses_take_turns_between_cool_downs() {
    let rig = rig(1);
    rig.host.set_secret("SERVICETITAN_APP_KEY_SECONDARY", "canary-new-key");
    rig.run(async {
        // The API refuses everything for a minute, and then takes the old key alone.
        let host = rig.host.clone();
        rig.titan.on_api(move |_, _| (host.elapsed() < 60 * SECOND).then(|| Reply::status(401, "{}")));
        while rig.host.elapsed() < 60 * SECOND {
            rig.get().await.unwrap_err();
            rig.host.wait(SECOND / 10).await;
        }
        assert!(rig.titan.token_requests() <= 9, "{}", rig.titan.token_requests());
        rig.host.wait(61 * SECOND).await;
        _ = rig.get().await;
        rig.host.wait(61 * SECOND).await;
        rig.get().await.unwrap();
    });
}

#[test]
fn a_secondary_secret_counts_only_next_to_its_primary_one() {
    let rig = rig(1);
    let north = CallOptions { account: Some("north".to_owned()), ..options() };
    for (setting, value) in
        [("CLIENT_ID", "canary-north-id"), ("CLIENT_SECRET", CLIENT_SECRET), ("APP_KEY", "canary-north-key")]
    {
        rig.host.set_secret(&format!("PENSTOCK_ACCOUNT_NORTH_{setting}"), value);
    }
    rig.host.set("PENSTOCK_ACCOUNT_NORTH_TENANT_ID", "1234");
    // The default account's second app key would do, but is not this account's.
    rig.host.set_secret("SERVICETITAN_APP_KEY_SECONDARY", APP_KEY);
    rig.run(async {
        rig.get_with(&north).await.unwrap_err();
        assert_eq!(rig.titan.token_requests(), 2);
        rig.host.set_secret("PENSTOCK_ACCOUNT_NORTH_APP_KEY_SECONDARY", APP_KEY);
        rig.host.wait(10 * SECOND).await;
        _ = rig.get_with(&north).await;
        rig.host.wait(10 * SECOND).await;
        rig.get_with(&north).await.unwrap();
    });
}

#[test]
fn a_host_that_denies_unexpected_names_has_no_second_slot() {
    let rig = rig(1);
    for setting in ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY"] {
        rig.host.deny(&format!("SERVICETITAN_{setting}_SECONDARY"));
    }
    rig.run(rig.get()).unwrap();
    rig.host.deny(PRIMARY);
    rig.client.forget_settings();
    assert_eq!(rig.run(rig.get()).unwrap_err().kind, FailureKind::Host);
}

#[test]
fn a_secondary_secret_that_is_malformed_is_named() {
    let rig = rig(1);
    rig.host.set_secret(SECONDARY, "canary\u{7}secret");
    rig.host.set("SERVICETITAN_CREDENTIALS_ISSUED_AT", "last week");
    let failure = rig.run(rig.get()).unwrap_err();
    let mut named: Vec<_> = failure.fields.iter().map(|error| error.field.as_str()).collect();
    named.sort_unstable();
    assert_eq!(
        (failure.kind, named.as_slice()),
        (FailureKind::Configuration, &[SECONDARY, "SERVICETITAN_CREDENTIALS_ISSUED_AT"][..])
    );
    assert!(
        failure.message.contains("SERVICETITAN_CREDENTIALS_ISSUED_AT must be a date"),
        "{}",
        failure.message
    );
}

#[test]
fn the_age_of_the_credentials_is_logged_with_each_token() {
    // The simulated host's clock begins on 20 November 2026, 10:00 UTC.
    for (issued, age) in [
        ("2026-11-20T09:59:00Z", Some(60)),
        ("2026-11-20", Some(36_000)),
        ("2027-01-01", Some(0)),
        ("", None),
    ] {
        let rig = rig(1);
        rig.host.set("SERVICETITAN_CREDENTIALS_ISSUED_AT", issued);
        rig.run(rig.get()).unwrap();
        let lines = rig.host.lines();
        let token = lines.iter().find(|line| line.contains("\"event\":\"token\"")).unwrap();
        let token: serde_json::Value = serde_json::from_str(token).unwrap();
        assert_eq!(token["credentials_age_seconds"].as_u64(), age, "{issued}");
    }
}
