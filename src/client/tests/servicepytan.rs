//! What ServicePytan 0.4.2 gets wrong, as tests: one for each row of the table in
//! `docs/from-servicepytan.md`, by its number there.

use super::{
    rig::{Rig, options, pages_of, within},
    shapes::BASE,
    titan::TENANT,
};
use crate::{
    contract::{
        CallOptions, FailureKind, Outcome,
        catalogue::{self, Effect, Method, Operation, Paging},
    },
    entry::dynamic,
    host::simulated::{Reply, SentRequest},
};
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

/// A rig whose tenant holds so many jobs.
fn with(jobs: i64) -> Rig {
    let rig = Rig::new();
    rig.titan.holds(jobs);
    rig
}

/// The requests that were not for tokens.
fn api(rig: &Rig) -> Vec<Rc<SentRequest>> {
    let requests = rig.host.requests().into_iter();
    requests.filter(|request| !request.authority.starts_with("auth")).collect()
}

#[test]
fn defect_01_a_delete_is_a_delete() {
    let rig = with(1);
    rig.run(rig.invoke("jpm.appointments-delete", &[("id", "5")], None, None)).unwrap();
    assert_eq!(api(&rig)[0].method, "DELETE");
}

#[test]
fn defect_02_an_update_is_json_and_keeps_what_is_nested() {
    let rig = with(1);
    let body = r#"{"customFields":[{"typeId":7,"value":"a & b"}]}"#;
    rig.run(rig.invoke("jpm.jobs-update", &[("id", "1")], Some(body), None)).unwrap();
    let sent = api(&rig);
    assert!(sent[0].headers.contains(&("content-type", "application/json".to_owned())));
    let body: Value = serde_json::from_str(sent[0].body.as_deref().unwrap()).unwrap();
    assert_eq!(body["customFields"][0], json!({"typeId": 7, "value": "a & b"}));
}

#[test]
fn defect_03_the_lists_of_a_day_work() {
    let days = [("OnOrAfter", "2026-11-01"), ("Before", "2026-11-02")];
    for (name, field) in [
        ("jpm.jobs-completed-between-list", "completed"),
        ("jpm.jobs-created-between-list", "created"),
        ("jpm.jobs-modified-between-list", "modified"),
    ] {
        let rig = with(5);
        let names = days.map(|(end, day)| (format!("{field}{end}"), day));
        let query: Vec<_> = names.iter().map(|(name, day)| (name.as_str(), *day)).collect();
        assert_eq!(rig.run(rig.read(name, &query, &options())).ids.len(), 5, "{name}");
    }
}

#[test]
fn defect_04_one_token_serves_all_pages() {
    let rig = with(30);
    assert_eq!(rig.run(rig.read_jobs(&pages_of(10))).ids.len(), 30);
    rig.run(rig.get()).unwrap();
    assert_eq!(rig.titan.token_requests(), 1);
}

#[test]
fn defect_05_a_429_is_waited_for_as_long_as_it_says_and_is_never_data() {
    let rig = with(30);
    rig.titan.on_api(|number, _| (number == 2).then(|| Reply::status(429, "{}").header("retry-after", "7")));
    let read = rig.run(rig.read_jobs(&pages_of(10)));
    assert_eq!((read.ids.len(), read.end.unwrap().complete), (30, true));
    assert!(rig.host.elapsed() >= Duration::from_secs(7));
    // Where the wait does not fit, the call fails, at once.
    let rig = with(1);
    rig.titan.on_api(|_, _| Some(Reply::status(429, "{}").header("retry-after", "60")));
    let failure = rig.run(rig.get_with(&within(Duration::from_secs(5)))).unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::RateLimited, Outcome::NotApplied));
    assert!(rig.host.elapsed() < Duration::from_secs(5));
}

#[test]
fn defect_06_an_empty_answer_and_any_2xx_are_successes() {
    for (status, body) in [(204, ""), (201, r#"{"id":1}"#), (202, ""), (200, "")] {
        let rig = with(1);
        rig.titan.on_api(move |_, _| Some(Reply::status(status, body)));
        let answer = rig.run(rig.invoke("jpm.appointments-delete", &[("id", "5")], None, None)).unwrap();
        assert_eq!(answer.info.status, status);
    }
}

#[test]
fn defect_07_no_log_line_and_no_error_shows_a_secret() {
    let rig = with(1);
    rig.titan.on_api(|_, request| {
        let token = request.secret_header("authorization").unwrap_or_default();
        let key = request.secret_header("st-app-key").unwrap_or_default();
        Some(Reply::status(403, format!(r#"{{"title":"{token} with {key} may not","status":403}}"#)))
    });
    rig.run(rig.get()).unwrap_err();
    rig.titan.change_client_secret("another");
    rig.client.forget_tokens();
    assert_eq!(rig.run(rig.get()).unwrap_err().kind, FailureKind::Authentication);
    assert!(!rig.host.lines().is_empty());
    rig.host.assert_secrets_kept();
}

#[test]
fn defect_08_a_get_has_no_body() {
    let rig = with(1);
    rig.run(rig.get()).unwrap();
    assert_eq!((api(&rig)[0].method, &api(&rig)[0].body), ("GET", &None));
}

#[test]
fn defect_09_what_the_caller_passed_is_the_same_afterwards() {
    let rig = with(25);
    let query = vec![("jobStatus".to_owned(), "Completed".to_owned())];
    let operation = catalogue::find("servicetitan", "jpm.jobs-list").unwrap();
    let ask = || async {
        dynamic::invoke(&rig.client, operation, &query, None, None).await.unwrap();
    };
    rig.run(ask());
    rig.run(ask());
    let sent = api(&rig);
    assert_eq!(sent[0].path_and_query, sent[1].path_and_query);
    assert_eq!(query.len(), 1);
}

#[test]
fn defect_10_one_page_size_holds_through_a_whole_read() {
    let rig = with(35);
    assert_eq!(rig.run(rig.read_jobs(&pages_of(10))).ids, (1..=35).collect::<Vec<i64>>());
    assert!(api(&rig).iter().all(|request| request.parameter("pageSize") == Some("10")));
}

#[test]
fn defect_11_a_time_with_an_offset_is_that_instant() {
    let rig = with(1);
    let from = [("createdOnOrAfter", "2026-11-20T10:30:00.25-05:00")];
    rig.run(rig.invoke("jpm.jobs-page", &from, None, None)).unwrap();
    assert_eq!(api(&rig)[0].parameter("createdOnOrAfter"), Some("2026-11-20T15%3A30%3A00.25Z"));
}

#[test]
fn defect_12_the_version_that_is_said_is_the_one_that_is_built() {
    let rig = with(1);
    rig.run(rig.get()).unwrap();
    let agent = format!("penstock/{}", env!("CARGO_PKG_VERSION"));
    assert!(api(&rig)[0].headers.contains(&("user-agent", agent)));
}

#[test]
fn defect_13_an_export_keeps_its_place_and_an_empty_page_does_not_end_it() {
    let rig = Rig::new();
    rig.titan.on_api(|_, request| {
        Some(Reply::ok(match request.parameter("from") {
            None => r#"{"data":[],"hasMore":true,"continueFrom":"a"}"#,
            Some("a") => r#"{"data":[{"id":1}],"hasMore":false,"continueFrom":"b"}"#,
            _ => r#"{"data":[{"id":2}],"hasMore":false,"continueFrom":"c"}"#,
        }))
    });
    let first = rig.run(rig.read("jpm.export-jobs-list", &[], &options()));
    assert_eq!(first.ids, [1]);
    let on = CallOptions { resume: Some(first.end.unwrap().resume), ..options() };
    assert_eq!(rig.run(rig.read("jpm.export-jobs-list", &[], &on)).ids, [2]);
    assert_eq!(api(&rig).last().unwrap().parameter("from"), Some("b"));
}

#[test]
fn defect_14_each_operation_has_the_version_of_its_own_path() {
    static CALLS: Operation = Operation {
        method: Method::Delete,
        effect: Effect::Delete,
        path: "/telecom/v3/tenant/{tenant}/calls",
        paging: Paging::None,
        answer: None,
        ..BASE
    };
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(204, "")));
    rig.run(dynamic::invoke(&rig.client, &CALLS, &[], None, None)).unwrap();
    assert_eq!(api(&rig)[0].path(), "/telecom/v3/tenant/1234/calls");
}

#[test]
fn defect_15_sub_resources_and_actions_can_be_called() {
    let rig = with(1);
    rig.run(rig.post(&options())).unwrap();
    let body = Some(r#"{"reasonId":1,"memo":"no"}"#);
    rig.run(rig.invoke("jpm.jobs-cancel", &[("id", "1")], body, None)).unwrap();
    let sent: Vec<_> = api(&rig).iter().map(|request| (request.method, request.path().to_owned())).collect();
    assert_eq!(
        sent,
        [("POST", format!("{TENANT}/jobs/1/notes")), ("PUT", format!("{TENANT}/jobs/1/cancel"))]
    );
}

#[test]
fn defect_16_every_wait_is_bounded_and_what_passes_is_tried_again() {
    let rig = with(1);
    rig.titan.on_api(|number, _| match number {
        1 => Some(Reply::dropped()),
        2 => Some(Reply::status(503, "<html>")),
        3 => Some(Reply::status(401, "")),
        _ => None,
    });
    rig.run(rig.get()).unwrap();
    assert_eq!((api(&rig).len(), rig.titan.token_requests()), (4, 2));
    for request in api(&rig) {
        let times = request.timeouts;
        assert!([times.connect, times.first_byte, times.between_bytes].iter().all(|time| !time.is_zero()));
        assert!(times.first_byte <= Duration::from_secs(30), "{times:?}");
    }
    let rig = with(1);
    rig.titan.on_api(|_, _| Some(Reply::never()));
    let failure = rig.run(rig.get_with(&within(Duration::from_secs(20)))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(rig.host.elapsed() <= Duration::from_secs(21));
}

#[test]
fn defect_17_the_environment_chooses_the_hosts_and_what_is_missing_is_named() {
    let rig = with(1);
    rig.host.set("SERVICETITAN_API_ENVIRONMENT", "integration");
    rig.run(rig.get()).unwrap();
    let hosts: Vec<_> = rig.host.requests().iter().map(|request| request.authority.clone()).collect();
    assert_eq!(hosts, ["auth-integration.servicetitan.io", "api-integration.servicetitan.io"]);
    let rig = Rig::bare(1);
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!((failure.kind, failure.fields.len()), (FailureKind::Configuration, 4));
    assert!(rig.host.requests().is_empty());
}

#[test]
fn defect_18_money_keeps_its_digits() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::ok(r#"{"id":1,"total":1234567890123456.10}"#)));
    let answer = rig.run(rig.get()).unwrap();
    let job: Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
    assert_eq!(job["total"], "1234567890123456.10");
}

#[test]
fn the_documents_name_operations_that_there_are() {
    let documents = [
        include_str!("../../../docs/from-servicepytan.md"),
        include_str!("../../../docs/guide-servicetitan.md"),
    ];
    let modules: Vec<&str> = catalogue::operations("servicetitan")
        .unwrap()
        .iter()
        .filter_map(|operation| operation.name.split('.').next())
        .collect();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
    let words = documents.iter().flat_map(|text| text.split(|letter| !is_name(letter)));
    let names: Vec<&str> = words
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| {
            word.split_once('.').is_some_and(|(module, name)| {
                // Not `jpm.jobs-...`, which stands for many.
                modules.contains(&module) && !name.contains('.') && !name.ends_with('-')
            })
        })
        .collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        assert!(catalogue::find("servicetitan", name).is_ok(), "{name}");
    }
}
