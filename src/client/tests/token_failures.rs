//! Access tokens that cannot be had.

use super::rig::{APP_KEY, CLIENT_SECRET, Rig, options, within};
use crate::{
    contract::{Failure, FailureKind, Outcome, RetryAdvice},
    entry::dynamic::Answer,
    host::simulated::Reply,
    policy::classify::{Reason, Sent},
};
use futures_util::future::join;
use penstock_spellings::spellings;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn failures(results: Vec<Result<Answer, Failure>>) -> Vec<Failure> {
    results.into_iter().map(Result::unwrap_err).collect()
}

#[test]
fn an_endpoint_that_recovers_is_asked_again() {
    for reply in [|| Reply::status(500, "oops"), || Reply::status(503, ""), Reply::dropped, Reply::refused] {
        let rig = Rig::new();
        rig.titan.holds(1);
        rig.titan.on_token(move |number| (number <= 2).then(reply));
        assert!(rig.run(rig.get()).is_ok());
        assert_eq!(rig.titan.token_requests(), 3);
    }
}

#[test]
fn a_thousand_callers_in_an_outage_ask_as_often_as_one() {
    for latency in [1, 40, 400] {
        let rig = Rig::new();
        rig.titan.latency(Duration::from_millis(latency), Duration::ZERO);
        rig.titan.on_token(|_| Some(Reply::status(503, "")));
        let failures = failures(rig.run(rig.get_often(1000)));
        for failure in &failures {
            assert_eq!((failure.kind, failure.outcome), (FailureKind::Vendor, Outcome::NotSent));
            assert_eq!((failure.retry, failure.attempts.len()), (RetryAdvice::Later, 4));
        }
        let asked = rig.titan.token_requests();
        assert!((4..=8).contains(&asked), "{asked} requests at {latency} ms");
        assert_eq!(rig.titan.api_requests(), 0);
    }
}

#[test]
fn an_outage_of_a_minute_is_asked_at_a_slow_pace_and_its_end_is_noticed() {
    let rig = Rig::new();
    rig.titan.holds(1);
    let host = rig.host.clone();
    rig.titan.on_token(move |_| (host.elapsed() < 60 * SECOND).then(|| Reply::status(503, "")));
    rig.run(async {
        let mut recovered = None;
        while rig.host.elapsed() < 70 * SECOND {
            let results = rig.get_often(10).await;
            if results.iter().all(Result::is_ok) {
                recovered.get_or_insert(rig.host.elapsed());
            }
            rig.host.wait(SECOND / 10).await;
        }
        assert!(recovered.unwrap() < 65 * SECOND, "{recovered:?}");
    });
    let asked = rig.titan.token_requests();
    assert!((20..=60).contains(&asked), "{asked}");
}

#[test]
fn those_who_waited_get_what_the_leader_got() {
    let rig = Rig::new();
    rig.titan.on_token(|_| Some(Reply::status(400, r#"{"error":"invalid_client"}"#)));
    let failures = failures(rig.run(rig.get_often(100)));
    assert!(failures.iter().all(|failure| failure.kind == FailureKind::Authentication));
    assert!(failures.iter().all(|failure| failure.message.contains("invalid_client")));
    assert_eq!(rig.titan.token_requests(), 1);
}

#[test]
fn a_secret_that_went_away_is_looked_for_once_for_all_who_wait() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.run(rig.get()).unwrap();
    rig.host.unset("SERVICETITAN_CLIENT_SECRET");
    rig.host.slow_lookups(SECOND / 100);
    rig.client.forget_tokens();
    let before = rig.host.reads("SERVICETITAN_CLIENT_SECRET");
    for failure in failures(rig.run(rig.get_often(100))) {
        assert_eq!(failure.kind, FailureKind::Configuration);
        assert_eq!(failure.fields[0].field, "SERVICETITAN_CLIENT_SECRET");
    }
    assert_eq!(rig.host.reads("SERVICETITAN_CLIENT_SECRET"), before + 1);
}

#[test]
fn refused_credentials_are_not_hammered() {
    for status in [400, 401] {
        let rig = Rig::new();
        rig.titan.on_token(move |_| Some(Reply::status(status, r#"{"error":"invalid_client"}"#)));
        rig.run(async {
            let first = rig.get().await.unwrap_err();
            assert_eq!((first.kind, first.outcome), (FailureKind::Authentication, Outcome::NotSent));
            assert_eq!((first.status, first.retry), (Some(status), RetryAdvice::Never));
            let second = rig.get().await.unwrap_err();
            assert!(matches!(second.retry, RetryAdvice::After(4000..=5000)), "{:?}", second.retry);
            let began = rig.host.elapsed();
            while rig.host.elapsed() - began < 60 * SECOND {
                rig.get().await.unwrap_err();
                rig.host.wait(SECOND / 10).await;
            }
        });
        assert!(rig.titan.token_requests() <= 5, "{}", rig.titan.token_requests());
    }
}

#[test]
fn new_credentials_are_used_after_the_cool_down() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.change_client_secret("canary-rotated-secret");
    rig.run(async {
        rig.get().await.unwrap_err();
        rig.host.set_secret("SERVICETITAN_CLIENT_SECRET", "canary-rotated-secret");
        rig.host.wait(6 * SECOND).await;
        rig.get().await.unwrap();
    });
}

#[test]
fn a_throttled_endpoint_is_left_alone_as_long_as_it_asks() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_token(|number| (number == 1).then(|| Reply::status(429, "").header("retry-after", "7")));
    let (first, later) = rig.run(join(rig.get_often(20), async {
        rig.host.wait(SECOND).await;
        // It does not fit this deadline. The reason is the provider's, and when to come back.
        rig.get_with(&within(3 * SECOND)).await.unwrap_err()
    }));
    assert!(first.iter().all(Result::is_ok));
    assert_eq!(later.kind, FailureKind::RateLimited);
    assert!(matches!(later.retry, RetryAdvice::After(5900..=6100)), "{:?}", later.retry);
    assert_eq!(rig.titan.token_requests(), 2);
    let second = &rig.host.requests()[1];
    assert!(second.at > 7 * SECOND && second.at < 9 * SECOND, "{second:?}");
}

#[test]
fn a_host_that_denies_the_endpoint_is_named_as_the_cause() {
    let rig = Rig::new();
    rig.titan.on_token(|_| Some(Reply::failed(Reason::Denied, Sent::No)));
    let failures = failures(rig.run(rig.get_often(10)));
    assert!(failures.iter().all(|failure| failure.kind == FailureKind::Host), "{failures:?}");
    assert_eq!(rig.titan.token_requests(), 1);
}

#[test]
fn many_who_wait_for_a_hanging_endpoint_end_at_the_deadline_without_sending() {
    let rig = Rig::new();
    rig.titan.on_token(|_| Some(Reply::never()));
    let deadline = within(5 * SECOND);
    let calls = (0..1000).map(|_| rig.get_with(&deadline));
    let failures = failures(rig.run(futures_util::future::join_all(calls)));
    assert!(failures.iter().all(|failure| failure.kind == FailureKind::Timeout));
    assert_eq!(rig.host.elapsed(), 5 * SECOND);
    assert_eq!(rig.titan.token_requests(), 1);
}

#[test]
fn an_answer_without_a_token_is_retried_and_never_shown() {
    for body in ["<html>login</html>", r#"{"access_token":"canary canary"}"#, "{}"] {
        let rig = Rig::new();
        rig.titan.holds(1);
        rig.host.never_show("canary canary");
        rig.titan.on_token(move |number| (number == 1).then(|| Reply::ok(body)));
        rig.run(rig.get()).unwrap();
    }
}

#[test]
fn of_an_error_of_the_token_endpoint_only_the_status_and_a_registered_code_pass_on() {
    for (said, message) in [
        (
            r#"{"error":"invalid_client","error_description":"canary-client-id with it"}"#,
            "HTTP 400, invalid_client",
        ),
        (r#"{"error":"canary-app-key"}"#, "HTTP 400"),
        ("client_secret=canary%26client%3Dsecret%2B%25%C3%A9", "HTTP 400"),
    ] {
        let rig = Rig::new();
        rig.titan.on_token(move |_| Some(Reply::status(400, said)));
        let failure = rig.run(rig.get()).unwrap_err();
        assert_eq!(failure.message, format!("no access token: {message}"));
        assert_eq!(failure.fields, []);
    }
}

#[test]
fn a_vendor_that_repeats_secrets_in_any_spelling_does_not_get_them_into_a_failure() {
    for secret in [CLIENT_SECRET, APP_KEY, "canary-client-id", "canary-token-1"] {
        for spelling in spellings(secret) {
            let rig = Rig::new();
            let told = serde_json::json!({
                "title": format!("token {spelling} is refused"),
                "traceId": spelling,
                "errors": { &spelling: [&spelling] },
            });
            let raw = format!("{told} {spelling}");
            rig.titan.on_api(move |_, _| Some(Reply::status(403, told.to_string())));
            let failure = rig.run(rig.post(&options())).unwrap_err();
            assert!(failure.message.starts_with("token [redacted]"), "{spelling}: {}", failure.message);
            assert!(failure.message.ends_with(" is refused"), "{}", failure.message);

            let rig = Rig::new();
            rig.titan.on_api(move |_, _| Some(Reply::status(500, raw.clone())));
            rig.run(rig.get()).unwrap_err();
        }
    }
}
