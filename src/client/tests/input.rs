//! What callers give: names, parameters, bodies, ids.

use super::{
    caller::{Function, Returned},
    rig::{Rig, options, pages_of},
};
use crate::{
    codec,
    contract::{
        CallOptions, Failure, FailureKind, Outcome, PageRequest,
        abi::{Arena, Layout},
    },
    entry::{
        dynamic,
        stream_records::{Sink, stream_records},
        typed::record_type,
    },
    host::simulated::Reply,
};

/// What is wrong, as `field: message`.
fn wrong(result: Result<dynamic::Answer, Failure>) -> Vec<String> {
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::BadInput, Outcome::NotSent), "{failure:?}");
    let errors: Vec<_> =
        failure.fields.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
    for error in &failure.fields {
        assert!(failure.message.contains(&error.message), "{}", failure.message);
    }
    errors
}

#[test]
fn a_name_that_is_not_known_brings_up_the_nearest() {
    let rig = Rig::new();
    rig.run(async {
        let told = wrong(rig.invoke("jpm.job-get", &[], None, None).await);
        assert!(
            told[0].starts_with("operation: `jpm.job-get` is not known; did you mean `jpm.jobs-get`?"),
            "{told:?}"
        );
        let provider = dynamic::operation("servicetitian", "jpm.jobs-get").unwrap_err();
        assert!(provider.message.contains("did you mean `servicetitan`?"), "{}", provider.message);
        let told = wrong(rig.invoke("jpm.jobs-page", &[("jobStatsu", "Completed")], None, None).await);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("jobStatsu: ") && told[0].contains("`jobStatus`"), "{told:?}");
        let told = wrong(rig.invoke("jpm.jobs-page", &[("jobStatus", "Complete")], None, None).await);
        assert!(told[0].starts_with("jobStatus: ") && told[0].contains("Completed"), "{told:?}");
        // Text of a caller's is not repeated with control characters or at any length.
        let told = wrong(rig.invoke(&format!("a\n{}", "x".repeat(500)), &[], None, None).await);
        assert!(told[0].len() < 150 && !told[0].contains('\n'), "{told:?}");
    });
    assert!(rig.host.requests().is_empty());
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_nothing_is_sent() {
    let rig = Rig::new();
    rig.run(async {
        let parameters = [
            ("page", "0"),
            ("pageSize", "many"),
            ("includeTotal", "perhaps"),
            ("ids", "1,x"),
            ("colour", "red"),
        ];
        let told = wrong(rig.invoke("jpm.jobs-page", &parameters, None, None).await);
        for name in ["page: ", "pageSize: ", "includeTotal: ", "ids", "colour: "] {
            assert!(told.iter().any(|error| error.starts_with(name)), "{name} {told:?}");
        }
        let told = wrong(rig.invoke("jpm.jobs-create-note", &[("x", "1")], Some(r#"{"txt":5}"#), None).await);
        for name in ["id: is missing", "x: ", "txt: ", "text: "] {
            assert!(told.iter().any(|error| error.starts_with(name)), "{name} {told:?}");
        }
        let told = wrong(rig.invoke("jpm.jobs-create-note", &[("id", "1"), ("id", "2")], None, None).await);
        assert_eq!(told, ["id: is given more than once", "body: is missing"]);
        let told = wrong(rig.invoke("jpm.jobs-get", &[("id", "1")], Some("{}"), None).await);
        assert_eq!(told, ["body: is not taken by this operation"]);
        let bad = CallOptions {
            account: Some("a b".to_owned()),
            deadline_ms: Some(0),
            correlation_id: Some("é".to_owned()),
            window: Some(33),
            page_size: Some(0),
            ..options()
        };
        let told = wrong(rig.get_with(&bad).await);
        for name in ["account: ", "deadline-ms: ", "correlation-id: ", "window: ", "page-size: "] {
            assert!(told.iter().any(|error| error.starts_with(name)), "{name} {told:?}");
        }
    });
    assert!(rig.host.requests().is_empty() && rig.host.all_reads() == 0);
}

#[test]
fn a_page_size_out_of_range_is_refused_before_anything_is_sent() {
    let rig = Rig::new();
    rig.titan.holds(5);
    rig.run(async {
        for size in ["0", "5001", "4294967296", "-1"] {
            let told = wrong(rig.invoke("jpm.jobs-page", &[("pageSize", size)], None, None).await);
            assert!(told[0].starts_with("pageSize: must be"), "{told:?}");
            let read = rig.read("jpm.jobs-list", &[("pageSize", size)], &options()).await.end.unwrap_err();
            assert_eq!(read.fields[0].field, "pageSize");
        }
        let read = rig.read_jobs(&pages_of(5001)).await.end.unwrap_err();
        assert_eq!(read.fields[0].field, "pageSize");
        let read = rig.read("jpm.jobs-list", &[("page", "2")], &options()).await.end.unwrap_err();
        assert_eq!(read.fields[0].field, "page");
        let read = rig.read("jpm.jobs-get", &[("id", "2")], &options()).await.end.unwrap_err();
        assert_eq!(read.fields[0].field, "operation");
        assert!(rig.host.requests().is_empty());
        rig.invoke("jpm.jobs-page", &[("pageSize", "5000")], None, None).await.unwrap();
    });
}

#[test]
fn an_id_never_changes_the_path() {
    let rig = Rig::new();
    rig.run(async {
        for id in ["../../../x", "1?a=b", "1/notes", "1#x", "%2e%2e", "", " 1", "1\r\nx: y", "٣", "1e3"] {
            let told = wrong(rig.invoke("jpm.jobs-get", &[("id", id)], None, None).await);
            assert_eq!(told, ["id: must be a whole number"], "{id:?}");
        }
    });
    assert!(rig.host.requests().is_empty());
    // Nor does a parameter of the query add another.
    let name = "x&pageSize=1#?/../é";
    rig.run(rig.invoke("jpm.jobs-page", &[("number", name)], None, None)).unwrap();
    let requests = rig.host.requests();
    let sent = requests.last().unwrap();
    assert_eq!(sent.path(), "/jpm/v2/tenant/1234/jobs");
    assert_eq!(sent.parameter("number"), Some("x%26pageSize%3D1%23%3F%2F..%2F%C3%A9"));
    assert_eq!(sent.parameter("pageSize"), Some("50"));
}

#[test]
fn a_tenant_that_is_no_number_never_gets_into_a_path() {
    let rig = Rig::new();
    rig.host.set("SERVICETITAN_TENANT_ID", "1/../2");
    assert_eq!(rig.run(rig.get()).unwrap_err().kind, FailureKind::Configuration);
    assert!(rig.host.requests().is_empty());
}

async fn reasons(rig: &Rig, page: PageRequest) -> Result<Returned, Failure> {
    let query = r#"{"active":"Any","createdOnOrAfter":"2026-11-20T10:00:00Z"}"#;
    Function::new("jpm.job-cancel-reasons-page").query(query).page(page).call(rig).await
}

#[test]
fn typed_pages_have_typed_records() {
    let rig = Rig::new();
    let body = r#"{"hasMore":true,"totalCount":9,"data":[{"id":3,"name":"Rain","colour":"red"}]}"#;
    rig.titan.on_api(move |_, _| Some(Reply::ok(body)));
    rig.run(async {
        let page = PageRequest { page: Some(2), page_size: Some(1), include_total: true, resume: None };
        let answer = reasons(&rig, page.clone()).await.unwrap();
        assert_eq!(answer.value, serde_json::json!([{"id": 3, "name": "Rain", "colour": "red"}]));
        let info = answer.page.unwrap();
        assert_eq!((info.page, info.page_size, info.has_more, info.total_count), (2, 1, true, Some(9)));
        let sent = rig.host.requests()[1].path_and_query.clone();
        let query =
            "active=Any&createdOnOrAfter=2026-11-20T10%3A00%3A00Z&page=2&pageSize=1&includeTotal=true";
        assert_eq!(sent, format!("/jpm/v2/tenant/1234/job-cancel-reasons?{query}"));

        let zero = PageRequest { page: Some(0), ..page.clone() };
        let both = PageRequest { resume: Some(info.resume), ..page };
        for page in [zero, both] {
            let failure = reasons(&rig, page).await.unwrap_err();
            assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, "page"));
            assert_eq!(failure.operation.as_deref(), Some("jpm.job-cancel-reasons-list"));
        }
    });
}

#[test]
fn typed_input_that_does_not_fit_is_told_at_once_and_nothing_is_sent() {
    let rig = Rig::new();
    rig.run(async {
        let query = r#"{"ids":[1,2,3],"startsBefore":"2026-11-20"}"#;
        let many: &'static str =
            Box::leak(query.replace("3]", &"3,".repeat(60)).replace(",,", ",3],").into());
        let failure = Function::new("jpm.appointments-page").query(many).call(&rig).await.unwrap_err();
        assert_eq!((failure.kind, failure.outcome), (FailureKind::BadInput, Outcome::NotSent));
        assert_eq!(failure.fields[0].field, "ids");
    });
    assert!(rig.host.requests().is_empty());
}

struct All(Vec<Arena>);

impl Sink<Arena> for All {
    async fn write(&mut self, items: Vec<Arena>) -> Vec<Arena> {
        self.0.extend(items);
        Vec::new()
    }
}

#[test]
fn typed_reads_have_typed_records() {
    let rig = Rig::new();
    rig.titan.on_api(|number, _| {
        Some(Reply::ok(match number {
            1 => r#"{"hasMore":true,"data":[{"id":1,"name":"A"},{"id":2}]}"#,
            _ => r#"{"hasMore":false,"data":[{"id":3,"name":null}]}"#,
        }))
    });
    let mut all = All(Vec::new());
    let ty = record_type(dynamic::operation("servicetitan", "jpm.project-types-list").unwrap());
    rig.run(async {
        let arguments = Function::new("jpm.project-types-list").arguments();
        let reader = arguments.reader(&rig.client).await.unwrap();
        let end = stream_records(reader, &mut all, |item: &[u8]| codec::decode(ty, item)).await.unwrap();
        assert_eq!((end.items, end.pages, end.complete), (3, 2, true));
    });
    let records = all.0.iter().map(|record| codec::lift_normal(ty, record, 0)).collect::<Vec<_>>();
    assert_eq!(records, [r#"{"id":1,"name":"A"}"#, r#"{"id":2}"#, r#"{"id":3}"#]);
    assert!(
        all.0
            .iter()
            .all(|record| crate::contract::abi::Memory::read(record, 0, Layout::of(ty).size).is_some())
    );
}

#[test]
fn the_level_says_which_lines_are_written() {
    for (level, written) in [("debug", 2), ("info", 2), ("warn", 1), ("error", 0)] {
        let rig = Rig::new();
        rig.titan.holds(1);
        rig.host.set("LOG_LEVEL", level);
        rig.run(rig.get()).unwrap();
        rig.run(rig.invoke("jpm.jobs-get", &[("id", "999")], None, None)).unwrap_err();
        let calls = rig.host.lines().iter().filter(|line| line.contains(r#""event":"call""#)).count();
        assert_eq!(calls, written, "{level}");
    }
}

#[test]
fn the_callers_own_id_is_in_the_log() {
    let rig = Rig::new();
    rig.titan.holds(1);
    let options = CallOptions { correlation_id: Some("order \"17\"".to_owned()), ..options() };
    rig.run(rig.get_with(&options)).unwrap();
    let lines = rig.host.lines();
    let call: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(call["correlation_id"], r#"order "17""#);
    assert_eq!((call["operation"].as_str(), call["duration_ms"].as_u64()), (Some("jpm.jobs-get"), Some(60)));
    assert_eq!(call["ts"], "2026-11-20T10:00:00.060Z");
    assert!(lines.iter().all(|line| !line.contains('\n')));
}
