//! What is sent again, and what is not.

use super::rig::{Rig, options};
use crate::{
    contract::{CallOptions, Failure, FailureKind, Outcome, RetryAdvice},
    entry::dynamic::Answer,
    host::simulated::Reply,
};

/// A call of each method: its name, parameters and body.
type Case = (&'static str, &'static [(&'static str, &'static str)], Option<&'static str>);

const GET: Case = ("jpm.jobs-get", &[("id", "1")], None);
const POST: Case = ("jpm.jobs-create-note", &[("id", "1")], Some(r#"{"text":"hello"}"#));
const PATCH: Case = ("jpm.jobs-update", &[("id", "1")], Some(r#"{"summary":"new"}"#));
const PUT: Case = ("jpm.jobs-cancel", &[("id", "1")], Some(r#"{"reasonId":1,"memo":"no"}"#));
const DELETE: Case = ("jpm.appointments-delete", &[("id", "1")], None);

/// The result of a call whose first request meets this reply, and how many were sent.
fn first_meets(
    reply: fn() -> Reply,
    (name, parameters, body): Case,
    options: &CallOptions,
) -> (Result<Answer, Failure>, usize) {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_api(move |number, _| (number == 1).then(reply));
    let result = rig.run(rig.invoke(name, parameters, body, Some(options)));
    (result, rig.titan.api_requests())
}

fn sent_twice(reply: fn() -> Reply, case: Case) {
    let (result, sent) = first_meets(reply, case, &options());
    assert!(result.is_ok(), "{case:?}: {result:?}");
    assert_eq!(sent, 2, "{case:?}");
}

fn sent_once(reply: fn() -> Reply, case: Case) -> Failure {
    let (result, sent) = first_meets(reply, case, &options());
    assert_eq!(sent, 1, "{case:?}");
    result.unwrap_err()
}

fn unavailable() -> Reply {
    Reply::status(503, "<html>")
}

fn throttled() -> Reply {
    Reply::status(429, "")
}

#[test]
fn what_is_harmless_to_repeat_is_repeated() {
    for case in [GET, PUT, DELETE] {
        for reply in [Reply::dropped, Reply::refused, unavailable, throttled, || Reply::status(500, "")] {
            sent_twice(reply, case);
        }
    }
}

#[test]
fn a_write_that_may_have_taken_effect_is_not_sent_again() {
    let silence: fn() -> Reply = Reply::never;
    for case in [POST, PATCH] {
        for (reply, kind, status) in [
            (Reply::dropped as fn() -> Reply, FailureKind::Transport, None),
            (unavailable, FailureKind::Vendor, Some(503)),
            (|| Reply::status(500, ""), FailureKind::Vendor, Some(500)),
            (|| Reply::status(503, "").header("retry-after", "1"), FailureKind::Vendor, Some(503)),
            (|| Reply::cut_off(502), FailureKind::Vendor, Some(502)),
            (silence, FailureKind::Timeout, None),
        ] {
            let failure = sent_once(reply, case);
            assert_eq!((failure.kind, failure.status), (kind, status), "{failure:?}");
            assert_eq!(
                (failure.outcome, failure.retry),
                (Outcome::Unknown, RetryAdvice::Never),
                "{failure:?}"
            );
            assert!(
                failure.message.contains("may have taken effect and is not sent again"),
                "{}",
                failure.message
            );
            assert_eq!(failure.attempts.len(), 1);
        }
    }
}

#[test]
fn a_write_that_certainly_did_nothing_is_sent_again() {
    for case in [POST, PATCH] {
        for reply in [Reply::refused, throttled, || Reply::status(429, "").header("retry-after", "2")] {
            sent_twice(reply, case);
        }
    }
}

/// `PUT estimates/{id}/items` without the id of an item adds one each time.
#[test]
fn a_put_that_adds_is_no_put() {
    const ADDS: Case = ("sales.estimates-put-item", &[("id", "1")], Some("{}"));
    let failure = sent_once(Reply::dropped, ADDS);
    assert_eq!((failure.outcome, failure.retry), (Outcome::Unknown, RetryAdvice::Never));
    sent_twice(Reply::refused, ADDS);
    let allowed = CallOptions { allow_resend: true, ..options() };
    assert!(first_meets(Reply::dropped, ADDS, &allowed).0.is_ok());
}

#[test]
fn a_caller_may_allow_what_is_not_harmless_in_general() {
    let allowed = CallOptions { allow_resend: true, ..options() };
    for case in [POST, PATCH] {
        let (result, sent) = first_meets(Reply::dropped, case, &allowed);
        assert!(result.is_ok());
        assert_eq!(sent, 2);
    }
}

#[test]
fn what_would_fail_again_is_not_repeated() {
    for (status, kind) in [
        (400, FailureKind::Rejected),
        (403, FailureKind::Permission),
        (404, FailureKind::NotFound),
        (409, FailureKind::Conflict),
        (422, FailureKind::Rejected),
    ] {
        let rig = Rig::new();
        let body = r#"{"title":"Not like that","status":400,"traceId":"t-9","errors":{"text":["too long"]}}"#;
        rig.titan.on_api(move |_, _| Some(Reply::status(status, body)));
        let (name, parameters, body) = POST;
        let failure = rig.run(rig.invoke(name, parameters, body, None)).unwrap_err();
        assert_eq!((failure.kind, failure.status, failure.retry), (kind, Some(status), RetryAdvice::Never));
        assert_eq!((failure.outcome, failure.message.as_str()), (Outcome::NotApplied, "Not like that"));
        assert_eq!(failure.vendor_trace_id.as_deref(), Some("t-9"));
        assert_eq!(
            (failure.fields[0].field.as_str(), failure.fields[0].message.as_str()),
            ("text", "too long")
        );
        assert_eq!(rig.titan.api_requests(), 1);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let rig = Rig::new();
    let location = "https://user:pass@elsewhere.example/sign-in@1?signature=canary-app-key";
    rig.titan.on_api(move |_, _| Some(Reply::status(302, "").header("location", location)));
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Rejected, Some(302)));
    let said = "a redirect to https://elsewhere.example/sign-in@1, which is not followed";
    assert!(failure.message.ends_with(said), "{failure:?}");
    assert!(rig.host.requests().iter().all(|request| request.authority.ends_with(".servicetitan.io")));
    // A secret at the place where it is cut, and user information that ends where it must not.
    let long = format!("https://elsewhere.example/{}canary-app-key/x", "p".repeat(268));
    for (location, said) in [
        (long, format!("https://elsewhere.example/{}[redac, which", "p".repeat(268))),
        (
            "https://user:p?w@elsewhere.example/".to_owned(),
            "to an address that cannot be read, which".to_owned(),
        ),
        ("/sign-in?next=/jobs".to_owned(), "to /sign-in, which".to_owned()),
    ] {
        let rig = Rig::new();
        rig.titan.on_api(move |_, _| Some(Reply::status(302, "").header("location", location.clone())));
        let failure = rig.run(rig.get()).unwrap_err();
        assert!(failure.message.contains(&said), "{failure:?}");
    }
}

#[test]
fn attempts_are_counted_and_recorded() {
    let rig = Rig::new();
    rig.host.set("RETRY_ATTEMPTS", "3");
    rig.titan.on_api(|number, _| Some(if number == 2 { Reply::dropped() } else { unavailable() }));
    let failure = rig.run(rig.get()).unwrap_err();
    let attempts: Vec<_> = failure
        .attempts
        .iter()
        .map(|attempt| (attempt.number, attempt.status, attempt.reason.as_str()))
        .collect();
    assert_eq!(
        attempts,
        [(1, Some(503), "unavailable"), (2, None, "connection"), (3, Some(503), "unavailable")]
    );
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Vendor, Outcome::NotApplied));
    assert!(failure.message.ends_with("; no attempts are left"), "{}", failure.message);
    assert!(!failure.message.contains("html"), "{}", failure.message);
    assert!(failure.attempts[0].elapsed_ms == 20 && failure.attempts[0].started.seconds == 1_795_168_800);
    // The log has one line a call, with the id that the failure has.
    let calls: Vec<_> =
        rig.host.lines().into_iter().filter(|line| line.contains(r#""event":"call""#)).collect();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].contains(&failure.call_id) && calls[0].contains(r#""attempts":3"#), "{}", calls[0]);
}

#[test]
fn an_unsure_attempt_stays_unsure_whatever_comes_after_it() {
    let rig = Rig::new();
    rig.titan.on_api(|number, _| Some(if number == 1 { Reply::dropped() } else { Reply::status(404, "{}") }));
    let (name, parameters, body) = DELETE;
    let failure = rig.run(rig.invoke(name, parameters, body, None)).unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::NotFound, Outcome::Unknown));
}
