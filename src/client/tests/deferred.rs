//! Reports that take their time: started, asked for until they are ready, given up.

use super::{
    reports::{PATH, asked, page, place, rows},
    rig::{Rig, options, pages_of},
};
use crate::{
    contract::{CallOptions, FailureKind, Outcome, RetryAdvice},
    host::simulated::Reply,
};
use serde_json::{Value, json};
use std::{cell::RefCell, rc::Rc, time::Duration};

const LIST: &str = "reporting.reports-query-list";

/// What the provider was asked: when, how, and what was left of the path.
type Asked = Rc<RefCell<Vec<(Duration, String)>>>;

/// A rig whose report of 25 rows is ready after so many questions. `pending` answers those
/// before.
fn rig(questions: usize, pending: impl Fn() -> Reply + 'static) -> (Rig, Asked) {
    let rig = Rig::new();
    let seen = Asked::default();
    let (note, started) = (seen.clone(), Rc::new(RefCell::new(((1, 1), 0_usize))));
    rig.titan.on_api(move |_, request| {
        let path = request.path().strip_prefix("/reporting/v2/tenant/1234").unwrap();
        note.borrow_mut().push((request.at, format!("{} {path}", request.method)));
        let (start, count) = &mut *started.borrow_mut();
        Some(match (request.method, path) {
            ("POST", "/report-category/operations/reports/7/data/query") => {
                (*start, *count) = (place(request), 0);
                if questions == 0 { page(*start, 25) } else { pending() }
            }
            ("GET", "/data-queries/a%20token") => {
                *count += 1;
                if *count < questions { pending() } else { page(*start, 25) }
            }
            ("DELETE", "/data-queries/a%20token") => Reply::status(204, ""),
            _ => Reply::status(404, "{}"),
        })
    });
    (rig, seen)
}

fn in_progress() -> Reply {
    Reply::status(202, r#"{"status":"InProgress","token":"a token"}"#)
}

fn of(seen: &Asked, method: &str) -> Vec<Duration> {
    seen.borrow().iter().filter(|(_, what)| what.starts_with(method)).map(|(at, _)| *at).collect()
}

#[test]
fn each_page_is_started_and_asked_for_with_growing_pauses() {
    let (rig, seen) = rig(4, in_progress);
    let (rows, end) = rig.run(rows(&rig, LIST, &asked(&[]), &pages_of(10)));
    let expected: Vec<Value> = (1..=25).map(|row| json!({ "Job": row })).collect();
    assert_eq!((rows, end.unwrap().pages), (expected, 3));
    let starts = of(&seen, "POST");
    assert_eq!(starts.len(), 3);
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(60)), "{starts:?}");
    let questions = of(&seen, "GET /data-queries");
    assert_eq!(questions.len(), 12);
    let pauses: Vec<_> = questions[..4].windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Twice as long each time, less the spread of a quarter.
    assert!(pauses.windows(2).all(|pair| pair[1] > pair[0].mul_f64(1.5)), "{pauses:?}");
    assert!(of(&seen, "DELETE").is_empty());
}

#[test]
fn the_vendor_says_how_long_to_wait() {
    let (rig, seen) = rig(3, || in_progress().header("retry-after", "20"));
    rig.run(rows(&rig, LIST, &asked(&[]), &pages_of(100))).1.unwrap();
    let all = [of(&seen, "POST"), of(&seen, "GET /data-queries")].concat();
    assert!(all.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(20)), "{all:?}");
}

#[test]
fn what_is_done_at_once_is_not_asked_for_again() {
    let (rig, seen) = rig(0, in_progress);
    assert_eq!(rig.run(rows(&rig, LIST, &asked(&[]), &pages_of(100))).0.len(), 25);
    assert!(of(&seen, "GET /data-queries").is_empty());
}

#[test]
fn what_is_not_ready_in_time_is_given_up_by_whoever_may_only_read() {
    let (rig, seen) = rig(usize::MAX, in_progress);
    rig.host.set("PENSTOCK_ROLE", "read-only");
    let soon = CallOptions { deadline_ms: Some(20_000), ..options() };
    let failure = rig.run(rows(&rig, LIST, &asked(&[]), &soon)).1.unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Timeout, Outcome::NotApplied));
    assert!(failure.resume.is_some());
    assert_eq!(of(&seen, "DELETE").len(), 1);
    assert!(of(&seen, "GET /data-queries").len() > 2);
    assert!(rig.host.elapsed() <= Duration::from_secs(20), "{:?}", rig.host.elapsed());
}

#[test]
fn a_wait_that_does_not_fit_ends_at_once_and_says_when_to_come_back() {
    // 59 seconds fit the minute, but leave no time to give up.
    for wait in [59, 300] {
        let (rig, seen) = rig(2, move || in_progress().header("retry-after", wait.to_string()));
        let soon = CallOptions { deadline_ms: Some(60_000), ..options() };
        let failure = rig.run(rows(&rig, LIST, &asked(&[]), &soon)).1.unwrap_err();
        assert_eq!((failure.kind, failure.retry), (FailureKind::Timeout, RetryAdvice::After(wait * 1000)));
        assert_eq!(of(&seen, "DELETE").len(), 1);
        assert!(rig.host.elapsed() < Duration::from_secs(5), "{:?}", rig.host.elapsed());
    }
}

#[test]
fn without_a_deadline_it_ends_after_ten_minutes() {
    let (rig, seen) = rig(usize::MAX, in_progress);
    let failure = rig.run(rows(&rig, LIST, &asked(&[]), &options())).1.unwrap_err();
    assert_eq!((failure.kind, of(&seen, "DELETE").len()), (FailureKind::Timeout, 1));
    let took = rig.host.elapsed();
    assert!(took > Duration::from_secs(500) && took <= Duration::from_secs(601), "{took:?}");
}

#[test]
fn a_failing_question_gives_up_and_a_query_that_is_gone_needs_no_farewell() {
    for (status, kind, farewells) in [(500, FailureKind::Vendor, 1), (404, FailureKind::NotFound, 0)] {
        let rig = Rig::new();
        let seen = Asked::default();
        let note = seen.clone();
        rig.titan.on_api(move |_, request| {
            note.borrow_mut().push((request.at, request.method.to_owned()));
            Some(match request.method {
                "POST" => in_progress(),
                "GET" => Reply::status(status, "{}"),
                _ => Reply::status(204, ""),
            })
        });
        let failure = rig.run(rows(&rig, LIST, &asked(&[]), &options())).1.unwrap_err();
        assert_eq!((failure.kind, of(&seen, "DELETE").len()), (kind, farewells));
    }
}

#[test]
fn the_plain_operations_say_what_the_vendor_says() {
    let (rig, seen) = rig(2, in_progress);
    let body = asked(&[]).to_string();
    let parameters = [&PATH[..], &[("page", "1"), ("pageSize", "100")]].concat();
    let token = [("token", "a token")];
    let told = |answer: crate::entry::dynamic::Answer| {
        (answer.info.status, serde_json::from_str::<Value>(&answer.body.unwrap()).unwrap())
    };
    rig.run(async {
        let pending = json!({"status": "InProgress", "token": "a token"});
        let start = rig.invoke("reporting.reports-start-query", &parameters, Some(&body), None).await;
        assert_eq!(told(start.unwrap()), (202, pending.clone()));
        let get = || rig.invoke("reporting.data-queries-get", &token, None, None);
        assert_eq!(told(get().await.unwrap()), (202, pending));
        let (status, rows) = told(get().await.unwrap());
        assert_eq!((status, &rows["fields"][0]["name"]), (200, &json!("Job")));
        rig.invoke("reporting.data-queries-cancel", &token, None, None).await.unwrap();
    });
    assert_eq!(of(&seen, "DELETE").len(), 1);
}
