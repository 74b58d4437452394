//! What goes wrong in the Python client of the provider's guide, one test each, in the order
//! of docs/checklist.md.

use super::model::{KEY, Rig, body, found, header, options, refused, session};
use crate::{
    contract::{AnswerSource, FailureKind, Outcome},
    host::simulated::Reply,
    providers::registry,
    webhooks::{Delivery, Kind},
};
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;

const FIRST: &str = "20260100000001_abcde";

#[test]
fn w01_a_delete_without_a_body_succeeds() {
    let rig = Rig::new();
    for (name, parameters) in [
        ("sessions-delete", &[("session_id", FIRST), ("user_id", "ann")][..]),
        ("sessions-delete-all", &[("user_id", "ann")]),
        ("users-delete", &[("user_id", "ann")]),
    ] {
        let answer = rig.run(rig.call(name, parameters)).unwrap();
        assert_eq!((answer.info.status, answer.body), (204, None), "{name}");
    }
}

#[test]
fn w02_refusals_are_told_apart_and_keep_their_words() {
    for (status, detail, kind) in [
        (401, "invalid api key", FailureKind::Authentication),
        (403, "Plan is expired", FailureKind::Permission),
        (404, "user does not exist", FailureKind::NotFound),
        (409, "previous session is still open", FailureKind::Conflict),
        (422, "metadata is required", FailureKind::Rejected),
    ] {
        let rig = Rig::new();
        rig.script(move |_, _| Some(refused(status, detail)));
        let failure = rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
        assert_eq!((failure.kind, failure.status, failure.message.as_str()), (kind, Some(status), detail));
    }
    let rig = Rig::new();
    rig.script(|_, _| Some(Reply::status(403, "<html>Forbidden</html>")));
    let failure = rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Permission);
}

#[test]
fn w03_a_request_has_a_time_limit() {
    let rig = Rig::new();
    rig.host.set("REQUEST_TIMEOUT", "3");
    rig.host.set("RETRY_ATTEMPTS", "2");
    rig.script(|_, _| Some(Reply::never()));
    let failure = rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(rig.host.elapsed() < Duration::from_secs(10), "{:?}", rig.host.elapsed());
    assert_eq!(rig.host.requests()[0].timeouts.first_byte, Duration::from_secs(3));
}

#[test]
fn w04_a_rate_limit_is_repeated_and_a_lost_create_is_not() {
    let rig = Rig::new();
    rig.script(|number, _| (number == 1).then(|| refused(403, "RATE LIMIT exceeded")));
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
    assert_eq!(rig.sent().len(), 2);
    rig.script(|_, _| Some(Reply::dropped()));
    let failure = rig.run(rig.call_with("users-create", &[], Some(json!({})), &options())).unwrap_err();
    assert_eq!((rig.sent().len(), failure.outcome), (3, Outcome::Unknown));
}

#[test]
fn w05_repeats_spread_out() {
    let waits: Vec<Duration> = (0..2)
        .map(|_| {
            let rig = Rig::new();
            rig.host.set("PENSTOCK_MAX_THROTTLED", "3");
            rig.script(|_, _| Some(refused(403, "Rate limit exceeded")));
            _ = rig.run(rig.call("users-get", &[("user_id", "ann")]));
            let requests = rig.host.requests();
            assert_eq!(requests.len(), 4);
            let waits: Vec<_> = requests.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
            assert!(waits.windows(2).all(|pair| pair[0] != pair[1]), "no jitter: {waits:?}");
            waits[0]
        })
        .collect();
    // The same seed gives the same waits, so that a run can be replayed.
    assert_eq!(waits[0], waits[1]);
}

#[test]
fn w06_everything_of_the_api_is_there() {
    let rig = Rig::new();
    let change = json!({"metadata": {"height": 170.5, "gender": null}});
    rig.run(rig.call_with("users-update", &[("user_id", "ann")], Some(change), &options())).unwrap();
    let request = &rig.host.requests()[0];
    assert_eq!(
        (request.method, request.body.as_deref().unwrap()),
        ("PUT", r#"{"metadata":{"gender":null,"height":170.5}}"#)
    );
    rig.run(rig.call("sessions-delete-all", &[("user_id", "ann")])).unwrap();
    let list = [("user_id", "ann"), ("timezone", "Asia/Seoul")];
    rig.run(rig.call("sessions-page", &list)).unwrap();
    assert_eq!(header(&rig.host.requests()[2], "timezone"), Some("Asia/Seoul"));
}

#[test]
fn w07_only_what_is_final_is_kept_and_the_time_zone_counts() {
    let rig = Rig::new();
    rig.state.borrow_mut().sessions = vec![session(1, "OPEN")];
    let asked = [("session_id", FIRST), ("user_id", "ann")];
    rig.run(rig.value("sessions-get", &asked));
    rig.state.borrow_mut().sessions = vec![session(1, "COMPLETE")];
    assert_eq!(rig.run(rig.value("sessions-get", &asked))["session"]["state"], "COMPLETE");
    let seoul = [("session_id", FIRST), ("user_id", "ann"), ("timezone", "Asia/Seoul")];
    assert_eq!(rig.run(rig.call("sessions-get", &seoul)).unwrap().info.source, AnswerSource::Vendor);
}

#[test]
fn w08_a_list_is_kept_by_its_dates_and_goes_with_its_user() {
    let rig = Rig::new();
    let day = |date| [("user_id", "ann"), ("date_gte", date)];
    rig.run(rig.call("sessions-page", &day("2026-01-01"))).unwrap();
    let next = rig.run(rig.call("sessions-page", &day("2026-01-02"))).unwrap();
    assert_eq!(next.info.source, AnswerSource::Vendor);
    rig.run(rig.call("users-delete", &[("user_id", "ann")])).unwrap();
    let failure = rig.run(rig.call("sessions-page", &day("2026-01-01"))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    // A user's id is no pattern.
    rig.run(rig.call("sessions-page", &[("user_id", "bob")])).unwrap();
    rig.run(rig.client.forget_owner(registry::find("asleep").unwrap(), None, "*")).unwrap();
    let kept = rig.run(rig.call("sessions-page", &[("user_id", "bob")])).unwrap();
    assert_eq!(kept.info.source, AnswerSource::Cache);
}

#[test]
fn w09_never_more_than_the_limit_in_any_second() {
    let rig = Rig::new();
    rig.host.set("ASLEEP_RATE_LIMIT", "10");
    rig.script(|number, _| (number % 7 == 0).then(|| Reply::status(503, "")));
    let fresh = crate::contract::CallOptions { fresh: true, ..options() };
    rig.run(join_all((0..60).map(|_| rig.call_with("users-get", &[("user_id", "ann")], None, &fresh))));
    let times: Vec<Duration> = rig.host.requests().iter().map(|request| request.at).collect();
    assert!(times.len() > 60);
    for (index, first) in times.iter().enumerate() {
        let second = times[index..].iter().take_while(|at| **at < *first + Duration::from_secs(1)).count();
        assert!(second <= 10, "{second} requests in the second after {first:?}");
    }
}

#[test]
fn w10_the_breaker_counts_outages_and_no_refusals() {
    let rig = Rig::new();
    rig.script(|_, _| Some(refused(404, "user does not exist")));
    for _ in 0..200 {
        rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
    }
    assert_eq!(rig.sent().len(), 200);
    rig.host.run(rig.host.wait(Duration::from_secs(600)));
    rig.script(|_, _| Some(Reply::status(500, "")));
    let short = crate::contract::CallOptions { deadline_ms: Some(1_000), ..options() };
    let ask = || rig.run(rig.call_with("users-get", &[("user_id", "bob")], None, &short)).unwrap_err().kind;
    let failures: Vec<_> = (0..100).map(|_| ask()).collect();
    let asked = rig.sent().len() - 200;
    assert!(failures.contains(&FailureKind::Unavailable) && asked < 100, "{asked} {failures:?}");
    rig.script(|_, _| None);
    rig.host.run(rig.host.wait(Duration::from_secs(120)));
    rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap();
}

#[test]
fn w11_a_log_line_has_the_status_the_time_and_an_id_but_no_user() {
    let rig = Rig::new();
    rig.state.borrow_mut().users.insert("G-canary-user".to_owned());
    rig.run(rig.call("users-get", &[("user_id", "G-canary-user")])).unwrap();
    rig.run(rig.call("users-get", &[("user_id", "G-canary-gone")])).unwrap_err();
    let asked = [("session_id", FIRST), ("user_id", "G-canary-user")];
    rig.run(rig.call("sessions-get", &asked)).unwrap();
    let lines = rig.host.lines();
    let calls: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["event"] == "call" || line["message"] == "call")
        .collect();
    let status: Vec<_> = calls.iter().map(|line| &line["http.response.status_code"]).collect();
    assert_eq!(status, [200, 404, 200]);
    assert!(calls.iter().all(|line| line["duration_ms"] == 20 && line["call_id"].is_string()), "{calls:?}");
    assert!(lines.iter().all(|line| !line.contains("canary")), "{lines:?}");
    assert!(!rig.client.metrics().contains("canary"));
}

#[test]
fn w12_without_a_key_on_either_side_a_webhook_is_refused_and_an_unknown_event_is_no_error() {
    let deliver = |rig: &Rig, key: Option<&str>, event: &str| {
        let headers: Vec<_> = key.map(|key| ("x-api-key".to_owned(), key.to_owned())).into_iter().collect();
        let body = format!(r#"{{"event":"{event}","data":{{"session_id":"{FIRST}"}}}}"#);
        let delivery = Delivery { headers: &headers, body: body.as_bytes() };
        rig.run(crate::entry::webhooks::verify(&rig.client, "asleep", None, &delivery))
    };
    let unset = Rig::new();
    unset.host.set_secret("ASLEEP_API_KEY", "");
    for key in [None, Some(""), Some(KEY)] {
        let failure = deliver(&unset, key, "SESSION_COMPLETE").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Configuration, "{key:?}");
    }
    let rig = Rig::new();
    for key in [None, Some(""), Some("canary-asleep-kez")] {
        let failure = deliver(&rig, key, "SESSION_COMPLETE").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Authentication, "{key:?}");
    }
    let complete = deliver(&rig, Some(KEY), "SESSION_COMPLETE").unwrap();
    assert!(matches!(complete.event.kind, Kind::SessionComplete { .. }), "{complete:?}");
    let unknown = deliver(&rig, Some(KEY), "SESSION_DREAMT").unwrap();
    assert_eq!((unknown.event.kind, unknown.event.name.as_str()), (Kind::Unknown, "SESSION_DREAMT"));

    // A signature that is demanded and absent is refused, and so is one without a secret.
    rig.host.set("ASLEEP_WEBHOOK_SCHEME", "hmac");
    rig.client.forget_settings();
    let failure = deliver(&rig, Some(KEY), "SESSION_COMPLETE").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration);
    rig.host.set_secret("ASLEEP_WEBHOOK_SECRET", "canary-webhook-secret-0123456789");
    rig.client.forget_settings();
    let failure = deliver(&rig, Some(KEY), "SESSION_COMPLETE").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Authentication);
}

/// The signature is one of the body alone.
#[test]
fn under_a_signature_the_user_is_not_taken_from_a_header_field() {
    let rig = Rig::new();
    let body = format!(r#"{{"event":"SESSION_COMPLETE","data":{{"session_id":"{FIRST}"}}}}"#);
    let user = |signature: &str, value: String| {
        let headers = [(signature.to_owned(), value), ("x-user-id".to_owned(), "mallory".to_owned())];
        let delivery = Delivery { headers: &headers, body: body.as_bytes() };
        let verified =
            rig.run(crate::entry::webhooks::verify(&rig.client, "asleep", None, &delivery)).unwrap();
        match verified.event.kind {
            Kind::SessionComplete { user, .. } => user,
            other => panic!("{other:?}"),
        }
    };
    // The key says as much of the fields as of the body.
    assert_eq!(user("x-api-key", KEY.to_owned()).as_deref(), Some("mallory"));
    let secret = "canary-webhook-secret-0123456789";
    rig.host.set("ASLEEP_WEBHOOK_SCHEME", "hmac");
    rig.host.set_secret("ASLEEP_WEBHOOK_SECRET", secret);
    rig.client.forget_settings();
    let tag = crate::webhooks::sign(secret.as_bytes(), &[body.as_bytes()]);
    assert_eq!(user("x-signature", crate::webhooks::Encoding::Hex.encode(&tag)), None);
}

#[test]
fn w13_readiness_asks_no_undocumented_path_and_health_shows_failures() {
    let rig = Rig::new();
    assert!(rig.run(rig.client.ready(registry::find("asleep").unwrap(), None)).unwrap().missing.is_empty());
    assert!(rig.sent().is_empty());
    rig.script(|_, _| Some(Reply::status(500, "secret path /srv/app")));
    let failure = rig.run(rig.call("users-get", &[("user_id", "ann")])).unwrap_err();
    assert!(!failure.message.contains("/srv/app"));
    assert!(rig.client.metrics().contains("vendor"));
}

#[test]
fn w14_a_failure_in_a_batch_is_no_empty_list() {
    let rig = Rig::new();
    rig.state.borrow_mut().sessions = (1..=150).map(|number| session(number, "COMPLETE")).collect();
    let question = json!({"user_ids": ["ann", "gone"]});
    let answer = rig.run(rig.call_with("sessions-for-users", &[], Some(question), &options())).unwrap();
    let report = body(&answer);
    // All pages, and not only the first.
    assert_eq!(report["users"][0]["sessions"].as_array().unwrap().len(), 150);
    assert_eq!((&report["users"][1]["complete"], &report["failed"]), (&json!(false), &json!(1)));
}

#[test]
fn w15_whose_session_it_is_is_asked_for_and_not_read_from_the_answer() {
    let rig = Rig::new();
    let failure = rig.run(rig.call("sessions-get", &[("session_id", FIRST)])).unwrap_err();
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, "user_id"));
    rig.run(rig.call("sessions-get", &[("session_id", FIRST), ("user_id", "ann")])).unwrap();
    assert_eq!(header(&rig.host.requests()[0], "x-user-id"), Some("ann"));
}

#[test]
fn w16_null_statistics_are_an_answer_and_ratios_stay_ratios() {
    let rig = Rig::new();
    rig.state.borrow_mut().sessions = vec![session(1, "CLOSED"), session(2, "COMPLETE")];
    let closed = rig.run(rig.value("sessions-get", &[("session_id", FIRST), ("user_id", "ann")]));
    assert_eq!(closed.get("stat").filter(|stat| !stat.is_null()), None);
    let done = [("session_id", "20260100000002_abcde"), ("user_id", "ann")];
    assert_eq!(rig.run(rig.value("sessions-get", &done))["stat"]["sleep_efficiency"], 0.3);
    rig.script(|_, _| Some(found(json!({"average_stats": null, "slept_sessions": []}))));
    let days = [("user_id", "ann"), ("start_date", "2026-01-01"), ("end_date", "2026-01-31")];
    let average = rig.run(rig.value("users-average-stats", &days));
    assert_eq!(average.get("average_stats").filter(|stats| !stats.is_null()), None);
}

#[test]
fn w17_an_id_stays_one_segment_of_the_path_and_one_header() {
    let rig = Rig::new();
    _ = rig.run(rig.call("users-get", &[("user_id", "../../data/v1?x#y")]));
    assert_eq!(rig.sent(), ["GET /ai/v1/users/..%2F..%2Fdata%2Fv1%3Fx%23y"]);
    let smuggled = [("user_id", "ann\r\nx-api-key: other")];
    let failure = rig.run(rig.call("sessions-page", &smuggled)).unwrap_err();
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, "user_id"));
    assert_eq!(rig.sent().len(), 1);
}
