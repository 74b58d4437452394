//! A 403 that nobody explains: credentials that were withdrawn, or what the caller may not do.

use super::{
    rig::{APP_KEY, CLIENT_SECRET, Rig, options},
    rotation::changes,
};
use crate::{contract::FailureKind, host::simulated::Reply};
use futures_util::future::{join, join_all};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const NEW: &str = "canary-new-key";
const PRIMARY: &str = "SERVICETITAN_APP_KEY";
const SECONDARY: &str = "SERVICETITAN_APP_KEY_SECONDARY";

/// A rig with one job, whose vendor answers 403 to an app key that it does not know.
fn rig() -> Rig {
    let rig = Rig::seeded(1);
    rig.titan.holds(1);
    rig.titan.forbids_keys();
    rig
}

/// How many requests were sent that are none for tokens.
fn sent(rig: &Rig) -> usize {
    rig.host.requests().iter().filter(|request| !request.authority.starts_with("auth")).count()
}

#[test]
fn a_withdrawn_app_key_that_is_told_with_403_fails_no_call() {
    let rig = rig();
    rig.run(async {
        rig.get().await.unwrap();
        rig.titan.issue_app_key(NEW);
        rig.host.set_secret(SECONDARY, NEW);
        rig.titan.revoke_app_key(APP_KEY);
        let options = options();
        let posts = join_all((0..50).map(|_| rig.post(&options)));
        let (gets, posts) = join(rig.get_often(50), posts).await;
        gets.into_iter().for_each(|result| drop(result.unwrap()));
        posts.into_iter().for_each(|result| drop(result.unwrap()));
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (2, 1));
        assert_eq!(rig.titan.writes().len(), 50, "each once");
        // It stays with those that work, and the next change goes as well.
        rig.get().await.unwrap();
        rig.host.wait(61 * SECOND).await;
        rig.titan.issue_app_key(APP_KEY);
        rig.titan.revoke_app_key(NEW);
        rig.post(&options).await.unwrap();
        assert_eq!((rig.titan.token_requests(), changes(&rig)), (3, 2));
    });
}

#[test]
fn an_app_key_that_was_changed_in_its_place_is_read_again() {
    let rig = rig();
    rig.run(async {
        rig.get().await.unwrap();
        rig.titan.issue_app_key(NEW);
        rig.titan.revoke_app_key(APP_KEY);
        // Nothing else is there yet.
        assert_eq!(rig.get().await.unwrap_err().kind, FailureKind::Permission);
        rig.host.set_secret(PRIMARY, NEW);
        rig.host.wait(5 * SECOND).await;
        rig.get().await.unwrap();
    });
    assert_eq!((rig.titan.token_requests(), changes(&rig)), (2, 0));
}

/// Each 403 would cost a token, and the good key its place.
#[test]
fn what_the_caller_may_not_do_is_no_reason_to_go_on_changing() {
    for second in [APP_KEY, NEW, "canary-key-of-nobody"] {
        let rig = rig();
        rig.titan.issue_app_key(NEW);
        rig.host.set_secret(SECONDARY, second);
        rig.titan.on_api(|_, request| (request.method == "POST").then(|| Reply::status(403, "{}")));
        rig.run(async {
            let began = rig.host.elapsed();
            let (mut gets, mut posts) = (0, 0);
            while rig.host.elapsed() - began < 118 * SECOND {
                let options = options();
                let (get, post) = join(rig.get(), rig.post(&options)).await;
                get.unwrap();
                let failure = post.unwrap_err();
                assert_eq!((failure.kind, failure.status), (FailureKind::Permission, Some(403)));
                (gets, posts) = (gets + 1, posts + 1);
                rig.host.wait(SECOND).await;
            }
            let more = sent(&rig) - gets - posts;
            assert!(more <= 6, "{second}: {more} requests more than calls");
            let tokens = rig.titan.token_requests();
            assert!(tokens <= 5, "{second}: {tokens} tokens");
            // With the first token alone there was nothing to be tried.
            assert_eq!(tokens > 1, second != APP_KEY, "{second}: {tokens} tokens");
        });
    }
}

#[test]
fn a_call_turns_to_other_credentials_once() {
    let rig = rig();
    rig.host.set_secret(SECONDARY, NEW);
    rig.titan.revoke_app_key(APP_KEY);
    rig.run(async {
        for requests in [2, 3, 4] {
            let failure = rig.post(&options()).await.unwrap_err();
            assert_eq!((failure.kind, failure.status), (FailureKind::Permission, Some(403)));
            assert_eq!(sent(&rig), requests);
        }
        assert!(rig.titan.writes().is_empty());
    });
}

#[test]
fn with_one_slot_a_403_is_one_request() {
    let rig = rig();
    rig.titan.revoke_app_key(APP_KEY);
    rig.run(async {
        rig.get().await.unwrap_err();
        let looked = rig.host.reads(SECONDARY);
        for _ in 0..9 {
            rig.get().await.unwrap_err();
        }
        assert_eq!((sent(&rig), rig.titan.token_requests()), (10, 1));
        assert_eq!(rig.host.reads(SECONDARY), looked, "secrets are not looked for at each");
    });
}

/// What is tried may be worse than what there was, in every way.
#[test]
fn credentials_that_are_refused_when_they_are_tried_are_left_again() {
    let rig = rig();
    rig.host.set_secret(SECONDARY, NEW);
    rig.titan.on_api(|_, request| {
        let other = request.secret_header("st-app-key") == Some(NEW);
        let refused = other || request.method == "POST";
        refused.then(|| Reply::status(if other { 401 } else { 403 }, "{}"))
    });
    rig.run(async {
        rig.get().await.unwrap();
        let failure = rig.post(&options()).await.unwrap_err();
        assert_eq!((failure.kind, failure.status), (FailureKind::Permission, Some(403)));
        for result in rig.get_often(20).await {
            result.unwrap();
        }
    });
    // The token endpoint may refuse them too.
    let rig = self::rig();
    rig.host.set_secret("SERVICETITAN_CLIENT_SECRET_SECONDARY", &format!("{CLIENT_SECRET}-of-nobody"));
    rig.titan.on_api(|_, request| (request.method == "POST").then(|| Reply::status(403, "{}")));
    rig.run(async {
        for _ in 0..10 {
            assert_eq!(rig.post(&options()).await.unwrap_err().kind, FailureKind::Permission);
            rig.get().await.unwrap();
        }
        assert!(rig.titan.token_requests() <= 3, "{}", rig.titan.token_requests());
    });
}
