//! What is put together from several calls.

use super::model::{Rig, body, found, header, options, refused, session};
use crate::{contract::FailureKind, host::simulated::Reply};
use serde_json::{Value, json};

#[test]
fn a_summary_reads_both_at_once() {
    let rig = Rig::new();
    let summary = rig.run(rig.value("user-summary", &[("user_id", "ann")]));
    assert_eq!(summary["partial"], false);
    assert_eq!(summary["user"]["metadata"]["gender"], "non_binary");
    assert_eq!(summary["last_session"]["session_id"], "s");
    assert_eq!(summary["session_count"], 30);
    let requests = rig.host.requests();
    assert_eq!((requests.len(), requests[0].at), (2, requests[1].at));
    // It is 20 November 2026; the last of the thirty days is today.
    assert_eq!(
        rig.sent()[1],
        "GET /data/v1/users/ann/average-stats?start_date=2026-10-22&end_date=2026-11-20"
    );
}

#[test]
fn a_summary_without_one_part_is_partial() {
    let rig = Rig::new();
    rig.script(|_, request| request.path().contains("average").then(|| refused(403, "Quota exceeded")));
    let summary = rig.run(rig.value("user-summary", &[("user_id", "ann")]));
    assert_eq!((&summary["partial"], &summary["user"]["user_id"]), (&json!(true), &json!("ann")));
    assert_eq!(summary["average_failure"]["kind"], "permission");
    assert_eq!(summary.get("session_count"), None);

    rig.script(|_, request| request.path().starts_with("/ai").then(|| refused(500, "broken")));
    let summary = rig.run(rig.value("user-summary", &[("user_id", "ann"), ("end_date", "2026-11-19")]));
    assert_eq!((&summary["user_failure"]["kind"], &summary["session_count"]), (&json!("vendor"), &json!(30)));
}

#[test]
fn a_summary_of_nobody_is_a_failure() {
    let rig = Rig::new();
    let failure = rig.run(rig.call("user-summary", &[("user_id", "zed")])).unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::NotFound, Some(404)));
    let wrong = [("user_id", "ann"), ("days", "101")];
    let failure = rig.run(rig.call("user-summary", &wrong)).unwrap_err();
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, "days"));
}

#[test]
fn a_user_without_nights_has_a_summary() {
    let rig = Rig::new();
    rig.script(|_, request| {
        request.path().contains("average").then(|| {
            found(json!({"period": {}, "average_stats": null, "slept_sessions": [], "never_slept_sessions": null}))
        })
    });
    let summary = rig.run(rig.value("user-summary", &[("user_id", "ann")]));
    assert_eq!((&summary["partial"], &summary["session_count"]), (&json!(false), &json!(0)));
    assert_eq!(summary["average"].get("average_stats").filter(|stats| !stats.is_null()), None);
}

fn many(rig: &Rig, question: Value) -> Result<Value, crate::contract::Failure> {
    rig.run(rig.call_with("sessions-for-users", &[], Some(question), &options())).map(|answer| body(&answer))
}

#[test]
fn the_sessions_of_many_users_come_in_order_and_whole() {
    let rig = Rig::new();
    rig.state.borrow_mut().sessions = (1..=250).map(|number| session(number, "COMPLETE")).collect();
    let report = many(&rig, json!({"user_ids": ["bob", "zed", "ann"]})).unwrap();
    let users = report["users"].as_array().unwrap();
    let seen: Vec<_> = users
        .iter()
        .map(|user| (user["user_id"].as_str().unwrap(), user["sessions"].as_array().unwrap().len()))
        .collect();
    assert_eq!(seen, [("bob", 250), ("zed", 0), ("ann", 250)]);
    assert_eq!((&users[1]["complete"], &users[0]["complete"]), (&json!(false), &json!(true)));
    assert_eq!(users[1]["failure"]["kind"], "not-found");
    assert_eq!(report["failed"], 1);
}

/// A night that is no JSON is the matter of its user alone.
#[test]
fn a_session_that_cannot_be_read_fails_its_user_and_no_other() {
    let rig = Rig::new();
    rig.script(|_, request| {
        let page =
            r#"{"detail":"OK","result":{"sleep_session_list":[{"session_id":"a"},{"session_id":NaN}]}}"#;
        (header(request, "x-user-id") == Some("ann")).then(|| Reply::ok(page))
    });
    let report = many(&rig, json!({"user_ids": ["ann", "bob"]})).unwrap();
    let failure = &report["users"][0]["failure"];
    assert_eq!((&failure["kind"], &report["failed"]), (&json!("decode"), &json!(1)));
    assert!(failure["message"].as_str().unwrap().contains("$.data[1]: "), "{failure}");
    assert_eq!(report["users"][1]["sessions"].as_array().unwrap().len(), 3);
}

#[test]
fn so_many_users_at_once_and_no_more() {
    let rig = Rig::new();
    let users: Vec<String> = (0..40).map(|number| format!("u{number}")).collect();
    rig.state.borrow_mut().users = users.iter().cloned().collect();
    many(&rig, json!({"user_ids": users, "concurrency": 5})).unwrap();
    assert_eq!(rig.host.most_in_flight(), 5);
}

#[test]
fn a_wrong_question_is_answered_at_once() {
    let rig = Rig::new();
    let failure = many(&rig, json!({"user_ids": ["ann", "ann", "x y"], "concurrency": 65})).unwrap_err();
    let fields: Vec<_> = failure.fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["user_ids[1]", "user_ids[2]", "concurrency"]);
    assert_eq!(many(&rig, json!({"user_ids": []})).unwrap_err().kind, FailureKind::BadInput);
    assert!(rig.sent().is_empty());
}

fn over(rig: &Rig, first: &str, last: &str) -> Result<Value, crate::contract::Failure> {
    let asked = [("user_id", "ann"), ("start_date", first), ("end_date", last)];
    rig.run(rig.call("average-stats-over", &asked)).map(|answer| body(&answer))
}

#[test]
fn a_long_average_is_the_mean_of_its_nights() {
    let rig = Rig::new();
    // 100 days from 1 January, 100 from 11 April, 50 from 20 July.
    let report = over(&rig, "2026-01-01", "2026-09-07").unwrap();
    assert_eq!((&report["parts"], &report["session_count"]), (&json!(3), &json!(250)));
    let mean = (100.0 * 1.0 + 100.0 * 11.0 + 50.0 * 20.0) / 250.0;
    assert!((report["average_stats"]["time_in_sleep"].as_f64().unwrap() - mean).abs() < 1e-9);
    assert_eq!(report["average_stats"].get("sleep_time"), None);
    assert_eq!(report["not_combined"], json!(["sleep_time"]));
    assert_eq!(report["period"]["start_date"], "2026-01-01");
    assert_eq!(report["period"]["end_date"], "2026-09-07");
    let days: Vec<String> =
        rig.sent().iter().map(|line| line.split('?').nth(1).unwrap().to_owned()).collect();
    assert_eq!(
        days,
        [
            "start_date=2026-01-01&end_date=2026-04-10",
            "start_date=2026-04-11&end_date=2026-07-19",
            "start_date=2026-07-20&end_date=2026-09-07"
        ]
    );
}

#[test]
fn an_average_that_lacks_days_is_none() {
    let rig = Rig::new();
    rig.script(|_, request| {
        (request.parameter("start_date") == Some("2026-04-11")).then(|| refused(403, "Plan is expired"))
    });
    assert_eq!(over(&rig, "2026-01-01", "2026-09-07").unwrap_err().kind, FailureKind::Permission);
}

#[test]
fn a_period_must_be_one() {
    let rig = Rig::new();
    for (first, last, field) in [
        ("2026-02-01", "2026-01-01", "end_date"),
        ("2010-01-01", "2026-01-01", "end_date"),
        ("2026-02-30", "2026-03-01", "start_date"),
    ] {
        let failure = over(&rig, first, last).unwrap_err();
        assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, field));
    }
    assert!(rig.sent().is_empty());
}
