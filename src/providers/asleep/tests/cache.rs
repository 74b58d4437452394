//! What is kept, and until when.

use super::model::{Rig, options, session};
use crate::contract::{AnswerSource, CallOptions};
use std::time::Duration;

const FIRST: &str = "20260100000001_abcde";

fn source(rig: &Rig, name: &str, parameters: &[(&str, &str)]) -> AnswerSource {
    rig.run(rig.call(name, parameters)).unwrap().info.source
}

fn wait(rig: &Rig, seconds: u64) {
    rig.host.run(rig.host.wait(Duration::from_secs(seconds)));
}

#[test]
fn a_complete_session_is_kept_by_user_session_and_time_zone() {
    let rig = Rig::new();
    let asked = [("session_id", FIRST), ("user_id", "ann")];
    assert_eq!(source(&rig, "sessions-get", &asked), AnswerSource::Vendor);
    wait(&rig, 24 * 3600);
    assert_eq!(source(&rig, "sessions-get", &asked), AnswerSource::Cache);
    assert_eq!(rig.sent().len(), 1);
    for other in [
        [("session_id", FIRST), ("user_id", "bob"), ("timezone", "UTC")],
        [("session_id", FIRST), ("user_id", "ann"), ("timezone", "UTC")],
        [("session_id", FIRST), ("user_id", "ann"), ("timezone", "Asia/Seoul")],
        [("session_id", "20260100000002_abcde"), ("user_id", "ann"), ("timezone", "UTC")],
    ] {
        assert_eq!(source(&rig, "sessions-get", &other), AnswerSource::Vendor, "{other:?}");
        assert_eq!(source(&rig, "sessions-get", &other), AnswerSource::Cache, "{other:?}");
    }
    let fresh = CallOptions { fresh: true, ..options() };
    let answer = rig.run(rig.call_with("sessions-get", &asked, None, &fresh)).unwrap();
    assert_eq!(answer.info.source, AnswerSource::Vendor);
}

#[test]
fn a_session_that_is_not_complete_is_not_kept() {
    for state in ["OPEN", "CLOSED", "SOMETHING_NEW"] {
        let rig = Rig::new();
        rig.state.borrow_mut().sessions = vec![session(1, state)];
        let asked = [("session_id", FIRST), ("user_id", "ann")];
        assert_eq!(source(&rig, "sessions-get", &asked), AnswerSource::Vendor);
        assert_eq!(source(&rig, "sessions-get", &asked), AnswerSource::Vendor, "{state}");
        rig.state.borrow_mut().sessions = vec![session(1, "COMPLETE")];
        assert_eq!(rig.run(rig.value("sessions-get", &asked))["session"]["state"], "COMPLETE");
        assert_eq!(source(&rig, "sessions-get", &asked), AnswerSource::Cache);
    }
}

#[test]
fn pages_are_kept_for_five_minutes_by_their_dates() {
    let rig = Rig::new();
    let day = |date| [("user_id", "ann"), ("date_gte", date), ("date_lte", date)];
    assert_eq!(source(&rig, "sessions-page", &day("2026-01-01")), AnswerSource::Vendor);
    assert_eq!(source(&rig, "sessions-page", &day("2026-01-01")), AnswerSource::Cache);
    assert_eq!(source(&rig, "sessions-page", &day("2026-01-02")), AnswerSource::Vendor);
    wait(&rig, 331);
    assert_eq!(source(&rig, "sessions-page", &day("2026-01-01")), AnswerSource::Vendor);
}

#[test]
fn a_write_drops_everything_of_its_user_and_nothing_else() {
    let session = |user| [("session_id", FIRST), ("user_id", user)];
    let page = |user| [("user_id", user)];
    let average = |user| [("user_id", user), ("start_date", "2026-01-01"), ("end_date", "2026-01-02")];
    let writes: [(&str, &[(&str, &str)]); 3] = [
        ("sessions-delete", &[("session_id", "20260100000002_abcde"), ("user_id", "ann")]),
        ("sessions-delete-all", &[("user_id", "ann")]),
        ("users-delete", &[("user_id", "ann")]),
    ];
    for (write, parameters) in writes {
        let rig = Rig::new();
        let ask = |user| {
            [
                rig.run(rig.call("sessions-get", &session(user))).map(|answer| answer.info.source),
                rig.run(rig.call("sessions-page", &page(user))).map(|answer| answer.info.source),
                rig.run(rig.call("users-average-stats", &average(user))).map(|answer| answer.info.source),
            ]
        };
        let kept = |user| ask(user).iter().filter(|source| matches!(source, Ok(AnswerSource::Cache))).count();
        for user in ["ann", "bob"] {
            assert_eq!(kept(user), 0);
            assert_eq!(kept(user), 3);
        }
        rig.run(rig.call(write, parameters)).unwrap();
        assert_eq!((kept("ann"), kept("bob")), (0, 3), "{write}");
    }
}

#[test]
fn a_users_answers_are_dropped_on_request() {
    let rig = Rig::new();
    let asked = |user| [("session_id", FIRST), ("user_id", user)];
    for user in ["ann", "bob"] {
        source(&rig, "sessions-get", &asked(user));
    }
    rig.run(rig.client.forget_owner(crate::providers::registry::find("asleep").unwrap(), None, "ann"))
        .unwrap();
    assert_eq!(source(&rig, "sessions-get", &asked("bob")), AnswerSource::Cache);
    assert_eq!(source(&rig, "sessions-get", &asked("ann")), AnswerSource::Vendor);
}

/// The owner is the same whether the id stands in the path, encoded, or in a header.
#[test]
fn an_id_that_is_encoded_in_a_path_is_the_same_owner() {
    let rig = Rig::new();
    rig.state.borrow_mut().users = ["a/b".to_owned(), "a%2Fb".to_owned()].into();
    let asked = [("session_id", FIRST), ("user_id", "a/b")];
    source(&rig, "sessions-get", &asked);
    rig.run(rig.call("users-delete", &[("user_id", "a/b")])).unwrap();
    assert_eq!(source(&rig, "sessions-get", &asked), AnswerSource::Vendor);
}

/// What is forgotten is gone from memory, and not only hard to find.
#[test]
fn nothing_of_a_deleted_user_stays_in_memory() {
    let rig = Rig::new();
    let entries = || {
        let snapshot: serde_json::Value = serde_json::from_str(&rig.client.snapshot()).unwrap();
        snapshot["cache"]["entries"].as_u64().unwrap()
    };
    for user in ["ann", "bob"] {
        source(&rig, "sessions-get", &[("session_id", FIRST), ("user_id", user)]);
        source(&rig, "sessions-page", &[("user_id", user)]);
    }
    assert_eq!(entries(), 4);
    rig.run(rig.call("users-delete", &[("user_id", "ann")])).unwrap();
    assert_eq!(entries(), 2);
}
