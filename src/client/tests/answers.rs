//! Answers that are not what the contract says.

use super::{
    caller::{Function, Returned},
    rig::{Rig, options},
};
use crate::{
    contract::{CallOptions, Failure, FailureKind, Outcome, RetryAdvice},
    host::simulated::Reply,
};

/// A typed read of the job 1.
async fn job(rig: &Rig) -> Result<Returned, Failure> {
    Function::new("jpm.jobs-get").path(&["1"]).call(rig).await
}

/// A typed write.
async fn note(rig: &Rig) -> Result<Returned, Failure> {
    Function::new("jpm.jobs-create-note").path(&["1"]).body(r#"{"text":"hello"}"#).call(rig).await
}

#[test]
fn typed_and_dynamic_calls_send_the_same_and_understand_the_same() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.run(async {
        let typed = job(&rig).await.unwrap();
        let dynamic = rig.get().await.unwrap();
        assert_eq!((&typed.value["id"], &typed.value["total"]), (&1.into(), &"12.5".into()));
        let normal: serde_json::Value = serde_json::from_str(&dynamic.body.unwrap()).unwrap();
        assert_eq!(typed.value, normal);
        let (typed, dynamic) = (typed.info.unwrap(), dynamic.info);
        assert_eq!((typed.status, typed.source, typed.age_ms), (200, dynamic.source, dynamic.age_ms));
        note(&rig).await.unwrap();
        rig.post(&options()).await.unwrap();
    });
    let sent = rig.host.requests();
    assert_eq!(sent[1].path_and_query, sent[2].path_and_query);
    assert_eq!(sent[3].body, sent[4].body);
    assert_eq!(rig.titan.writes()[0], r#"POST /jobs/1/notes {"text":"hello"}"#);
}

#[test]
fn an_answer_that_does_not_fit_names_the_operation_and_the_path() {
    let rig = Rig::new();
    rig.titan.on_api(|_, request| {
        let read = r#"{"id":1,"customFields":[{"typeId":1},{"typeId":"x"}]}"#;
        Some(Reply::ok(if request.method == "GET" { read } else { r#"{"text":5}"# }))
    });
    rig.run(async {
        let expected = [
            (job(&rig).await.unwrap_err(), "jpm.jobs-get", "$.customFields[1].typeId", Outcome::NotApplied),
            (rig.get().await.unwrap_err(), "jpm.jobs-get", "$.customFields[1].typeId", Outcome::NotApplied),
            (note(&rig).await.unwrap_err(), "jpm.jobs-create-note", "$.text", Outcome::Applied),
            (rig.post(&options()).await.unwrap_err(), "jpm.jobs-create-note", "$.text", Outcome::Applied),
        ];
        for (failure, operation, path, outcome) in expected {
            assert_eq!((failure.kind, failure.outcome), (FailureKind::Decode, outcome), "{failure:?}");
            assert_eq!((failure.operation.as_deref(), failure.status), (Some(operation), Some(200)));
            assert_eq!((failure.fields[0].field.as_str(), failure.retry), (path, RetryAdvice::Never));
            assert!(failure.message.contains(path) && !failure.call_id.is_empty());
        }
    });
    assert_eq!(rig.titan.api_requests(), 4);
}

#[test]
fn a_page_of_html_is_asked_for_again_by_a_read_but_not_by_a_write() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_api(|number, _| (number == 1).then(|| Reply::ok("<html>hello</html>")));
    rig.run(rig.get()).unwrap();
    assert_eq!(rig.titan.api_requests(), 2);

    // A page of a proxy's says nothing of what became of a write.
    let replies: [(fn() -> Reply, _); 3] = [
        (|| Reply::ok("<html>hello</html>"), Outcome::Unknown),
        (|| Reply::cut_off(200), Outcome::Applied),
        (|| Reply::cut_off(201), Outcome::Applied),
    ];
    for (reply, outcome) in replies {
        let rig = Rig::new();
        rig.titan.on_api(move |_, _| Some(reply()));
        let failure = rig.run(rig.post(&options())).unwrap_err();
        assert_eq!((failure.outcome, failure.retry), (outcome, RetryAdvice::Never));
        assert!(matches!(failure.kind, FailureKind::Decode | FailureKind::Transport));
        assert!(!failure.message.contains("html"), "{}", failure.message);
        assert_eq!(rig.titan.api_requests(), 1);
    }
}

#[test]
fn a_read_whose_body_always_breaks_off_ends() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::cut_off(200)));
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Transport, Outcome::NotApplied));
    assert_eq!(rig.titan.api_requests(), 4);
}

#[test]
fn an_answer_that_is_too_large_or_too_deep_is_refused() {
    let long = || Reply::ok(format!(r#"{{"id":1,"summary":"{}"}}"#, "x".repeat(3000)));
    let deep = || Reply::ok(format!(r#"{{"id":1,"x":{}{}}}"#, "[".repeat(40), "]".repeat(40)));
    for reply in [long as fn() -> Reply, deep] {
        let rig = Rig::new();
        rig.host.set("PENSTOCK_MAX_BODY_BYTES", "2048");
        rig.host.set("PENSTOCK_MAX_JSON_DEPTH", "32");
        rig.titan.on_api(move |_, _| Some(reply()));
        rig.run(async {
            let read = rig.get().await.unwrap_err();
            assert_eq!((read.kind, read.outcome), (FailureKind::TooLarge, Outcome::NotApplied));
            let write = rig.post(&options()).await.unwrap_err();
            assert_eq!((write.kind, write.outcome), (FailureKind::TooLarge, Outcome::Applied));
        });
        assert_eq!(rig.titan.api_requests(), 2);
        assert_eq!(rig.host.requests().last().unwrap().max_body, 2048);
    }
    // An error is the same error however large its body is.
    let rig = Rig::new();
    rig.host.set("PENSTOCK_MAX_BODY_BYTES", "2048");
    rig.titan.on_api(|_, _| Some(Reply::status(404, "[".repeat(5000))));
    assert_eq!(rig.run(rig.get()).unwrap_err().kind, FailureKind::NotFound);
}

#[test]
fn an_error_body_that_is_nested_very_deep_does_no_harm() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(400, format!(r#"{{"title":{}"#, "[".repeat(100_000)))));
    assert_eq!(rig.run(rig.get()).unwrap_err().message, "HTTP 400 without a readable explanation");
}

#[test]
fn an_empty_answer_is_none_where_none_is_needed() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(204, "")));
    rig.run(async {
        let cancelled = rig.invoke("jpm.appointments-delete", &[("id", "1")], None, None).await.unwrap();
        assert_eq!((cancelled.info.status, cancelled.body), (204, None));
        let missing = job(&rig).await.unwrap_err();
        assert_eq!((missing.kind, missing.fields[0].field.as_str()), (FailureKind::Decode, "$"));
        assert_eq!(note(&rig).await.unwrap_err().outcome, Outcome::Applied);
    });
}

#[test]
fn an_envelope_must_hold_everything() {
    let rig = Rig::new();
    let name = "jpm.jobs-get-hold-reasons";
    rig.titan.on_api(|number, _| {
        Some(Reply::ok(match number {
            1 => r#"{"hasMore":false,"data":[{"jobId":1},{"jobId":2}]}"#,
            2 => r#"{"hasMore":true,"data":[{"jobId":1}]}"#,
            _ => r#"{"hasMore":false,"data":[{"jobId":1},{"jobId":[]}]}"#,
        }))
    });
    rig.run(async {
        let whole = rig.invoke(name, &[("ids", "1,2")], None, None).await.unwrap();
        assert!(whole.body.unwrap().contains(r#""jobId":2"#) && whole.page.is_none());
        for path in ["$.hasMore", "$.data[1].jobId"] {
            let failure = rig.invoke(name, &[("ids", "1,2")], None, None).await.unwrap_err();
            assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::Decode, path));
        }
    });
}

#[test]
fn a_typed_envelope_must_hold_everything_too() {
    let rig = Rig::new();
    rig.titan.on_api(|number, _| {
        Some(Reply::ok(match number {
            1 => r#"{"hasMore":false,"data":[{"jobId":1},{"jobId":2}]}"#,
            2 => r#"{"hasMore":true,"data":[{"jobId":1}]}"#,
            _ => r#"{"hasMore":false,"data":[{"jobId":1},{"jobId":[]}]}"#,
        }))
    });
    let reasons = || Function::new("jpm.jobs-get-hold-reasons").query(r#"{"ids":[1,2]}"#).call(&rig);
    rig.run(async {
        let whole = reasons().await.unwrap();
        assert_eq!((&whole.value[1]["jobId"], whole.info.unwrap().status), (&2.into(), 200));
        for path in ["$.hasMore", "$.data[1].jobId"] {
            let failure = reasons().await.unwrap_err();
            assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::Decode, path));
        }
    });
}

#[test]
fn a_page_that_is_none_names_the_field() {
    for (body, path) in [
        (r#"{"hasMore":"yes","data":[]}"#, "$.hasMore"),
        (r#"{"hasMore":true,"data":"secret words"}"#, "$.data"),
        (r#"{"hasMore":true}"#, "$.data"),
        (r#"[1,2]"#, "$"),
    ] {
        let rig = Rig::new();
        rig.titan.on_api(move |_, _| Some(Reply::ok(body)));
        let failure = rig.run(rig.read_jobs(&options())).end.unwrap_err();
        assert_eq!(
            (failure.kind, failure.fields[0].field.as_str()),
            (FailureKind::Decode, path),
            "{failure:?}"
        );
        assert!(!failure.message.contains("secret words"), "{}", failure.message);
        assert_eq!(rig.titan.api_requests(), 1);
    }
}

#[test]
fn a_total_that_is_none_is_no_matter() {
    for total in ["-1", "\"many\"", "null", "1e3"] {
        let rig = Rig::new();
        let body = format!(r#"{{"page":1,"hasMore":false,"totalCount":{total},"data":[{{"id":9}}]}}"#);
        rig.titan.on_api(move |_, _| Some(Reply::ok(body.clone())));
        let page = rig.run(rig.invoke("jpm.jobs-page", &[], None, None)).unwrap().page.unwrap();
        assert_eq!((page.total_count, page.has_more), (None, false), "{total}");
    }
}

/// Typed and by name.
#[test]
fn a_page_with_a_record_that_does_not_fit_says_where_to_go_on() {
    let rig = Rig::new();
    rig.titan.holds(30);
    rig.run(async {
        let first = rig.invoke("jpm.jobs-page", &[("pageSize", "10")], None, None).await.unwrap();
        let odd = r#"{"page":2,"hasMore":true,"data":[{"id":11},{"id":"twelve"}]}"#;
        rig.titan.on_api(move |_, _| Some(Reply::ok(odd)));
        let on = CallOptions { resume: Some(first.page.unwrap().resume), ..options() };
        let by_name = rig.invoke("jpm.jobs-page", &[("pageSize", "10")], None, Some(&on)).await.unwrap_err();
        assert_eq!((by_name.kind, by_name.fields[0].field.as_str()), (FailureKind::Decode, "$.data[1].id"));
        // When the provider has mended it, nothing is missing.
        rig.titan.on_api(|_, _| None);
        let on = CallOptions { resume: by_name.resume, ..options() };
        let page = rig.invoke("jpm.jobs-page", &[("pageSize", "10")], None, Some(&on)).await.unwrap();
        let ids: Vec<serde_json::Value> = serde_json::from_str(&page.body.unwrap()).unwrap();
        assert_eq!((ids.len(), &ids[0]["id"]), (10, &11.into()));
    });
}

#[test]
fn a_page_with_another_number_is_asked_for_again() {
    let rig = Rig::new();
    rig.titan.holds(5);
    let page =
        |number: u32| format!(r#"{{"page":{number},"pageSize":2,"hasMore":false,"data":[{{"id":9}}]}}"#);
    rig.titan.on_api(move |number, _| Some(Reply::ok(page(if number == 1 { 7 } else { 1 }))));
    let answer = rig.run(rig.invoke("jpm.jobs-page", &[], None, None)).unwrap();
    assert_eq!((answer.page.unwrap().page, rig.titan.api_requests()), (1, 2));
}
