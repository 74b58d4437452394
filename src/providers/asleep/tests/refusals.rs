//! What is repeated and what is not; keys that change.

use super::model::{KEY, Rig, options, refused};
use crate::{
    contract::{CallOptions, FailureKind, Outcome, RetryAdvice},
    host::simulated::Reply,
    providers::registry,
};
use serde_json::json;

#[test]
fn only_a_rate_limit_among_the_403_is_repeated() {
    for (detail, requests, kind, field) in [
        ("Rate limit exceeded", 4, FailureKind::RateLimited, None),
        ("Quota exceeded", 1, FailureKind::Permission, Some("quota")),
        ("Plan is expired", 1, FailureKind::Permission, Some("plan")),
        ("Forbidden", 1, FailureKind::Permission, None),
    ] {
        let rig = Rig::new();
        rig.host.set("PENSTOCK_MAX_THROTTLED", "3");
        rig.script(move |_, _| Some(refused(403, detail)));
        let failure = rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
        assert_eq!((rig.sent().len(), failure.kind), (requests, kind), "{detail}");
        assert!(failure.message.starts_with(detail), "{}", failure.message);
        assert_eq!(failure.fields.first().map(|error| error.field.as_str()), field, "{detail}");
        assert_eq!(failure.retry == RetryAdvice::Never, field.is_some() || detail == "Forbidden");
    }
}

#[test]
fn a_rate_limit_passes_also_for_a_write() {
    let rig = Rig::new();
    rig.script(|number, _| (number <= 2).then(|| refused(403, "rate limit exceeded")));
    let made = rig.run(rig.call_with("users-create", &[], Some(json!({})), &options()));
    assert_eq!(super::model::body(&made.unwrap())["user_id"], "new");
    assert_eq!(rig.state.borrow().made, 1);
}

/// Nobody has seen one from Asleep, but a gateway before it may send it.
#[test]
fn a_429_is_a_rate_limit_and_its_hint_is_kept() {
    let rig = Rig::new();
    rig.script(|number, _| (number == 1).then(|| refused(429, "slow down").header("retry-after", "3")));
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
    let requests = rig.host.requests();
    assert!((requests[1].at - requests[0].at).as_secs_f64() >= 3.0);
}

#[test]
fn a_user_is_never_made_twice() {
    for reply in [
        || Reply::dropped(),
        || Reply::status(502, "<html>"),
        || Reply::cut_off(201),
        || Reply::status(201, "<html>"),
        || Reply::never(),
    ] {
        let rig = Rig::new();
        let state = rig.state.clone();
        rig.script(move |_, _| {
            // The provider has made the user; its answer is lost.
            let _ = &state;
            Some(reply())
        });
        let failure = rig.run(rig.call_with("users-create", &[], Some(json!({})), &options())).unwrap_err();
        assert_eq!(rig.sent().len(), 1, "{failure:?}");
        assert!(matches!(failure.outcome, Outcome::Unknown | Outcome::Applied), "{failure:?}");
    }
}

#[test]
fn an_invalid_user_does_not_cost_the_key() {
    let rig = Rig::new();
    rig.script(|number, _| (number == 1).then(|| refused(401, "user_id is invalid")));
    let failure = rig.run(rig.call("users-delete", &[("user_id", "zed")])).unwrap_err();
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::Rejected, "user_id"));
    assert_eq!(rig.sent().len(), 1);
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
}

#[test]
fn the_second_key_is_used_when_the_first_is_refused() {
    let rig = Rig::new();
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
    rig.host.set_secret("ASLEEP_API_KEY_SECONDARY", "canary-new-key");
    rig.state.borrow_mut().keys = ["canary-new-key".to_owned()].into();
    // Also a write: it was refused before anything was done.
    rig.run(rig.call_with("users-create", &[], Some(json!({})), &options())).unwrap();
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
    let keys: Vec<_> = rig
        .host
        .requests()
        .iter()
        .map(|request| request.secret_header("x-api-key").unwrap() == KEY)
        .collect();
    assert_eq!(keys, [true, true, false, false]);
    assert!(rig.host.lines().iter().any(|line| line.contains("rotation")));
}

#[test]
fn a_key_that_was_replaced_is_read_again_without_a_restart() {
    let rig = Rig::new();
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
    rig.host.set_secret("ASLEEP_API_KEY", "canary-other-key");
    rig.state.borrow_mut().keys = ["canary-other-key".to_owned()].into();
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
}

#[test]
fn a_wrong_key_is_not_tried_for_ever() {
    let rig = Rig::new();
    rig.state.borrow_mut().keys.clear();
    let failure = rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
    assert_eq!((failure.kind, rig.sent().len()), (FailureKind::Authentication, 1));
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
    assert_eq!(rig.sent().len(), 1);
    // It may be accepted after all some time later.
    rig.state.borrow_mut().keys.insert(KEY.to_owned());
    rig.host.run(rig.host.wait(std::time::Duration::from_secs(10)));
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
}

#[test]
fn everything_that_is_missing_is_named() {
    let rig = Rig::new();
    rig.host.unset("ASLEEP_API_KEY");
    rig.host.set("ASLEEP_BASE_URL", "asleep");
    rig.host.set("ASLEEP_RATE_LIMIT", "many");
    let readiness = rig.run(rig.client.ready(registry::find("asleep").unwrap(), None)).unwrap();
    let mut named: Vec<_> = readiness.missing.iter().map(|error| error.field.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, ["ASLEEP_API_KEY", "ASLEEP_BASE_URL", "ASLEEP_RATE_LIMIT"]);
}

#[test]
fn an_answer_that_is_no_envelope_is_named() {
    let rig = Rig::new();
    rig.script(|_, _| Some(Reply::ok(r#"{"detail":"OK"}"#)));
    let failure = rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::Decode, "$.result"));
    assert_eq!(rig.sent().len(), 1);
}

#[test]
fn one_account_is_one_key() {
    let rig = Rig::new();
    rig.host.set_secret("PENSTOCK_ACCOUNT_NORTH_API_KEY", "canary-north-key");
    rig.state.borrow_mut().keys.insert("canary-north-key".to_owned());
    let north = CallOptions { account: Some("north".to_owned()), ..options() };
    rig.run(rig.call_with("users-get", &[("user_id", "ann")], None, &north)).unwrap();
    assert_eq!(rig.host.requests()[0].secret_header("x-api-key"), Some("canary-north-key"));
}
