//! The shapes of pages that only some operations have.

use super::rig::{Rig, options, pages_of};
use crate::{
    codec,
    contract::{
        CallOptions, Failure, FailureKind, ListEnd,
        abi::Layout,
        catalogue::{Effect, Field, Join, Method, Operation, Paging, Placeholder, RecordType, Type},
    },
    entry::{
        dynamic,
        stream_records::{Sink, stream_records},
        typed::record_type,
    },
    host::simulated::{Reply, SentRequest},
};
use std::{cell::RefCell, rc::Rc, time::Duration};

const fn filter(
    place: u32,
    name: &'static str,
    wire: &'static str,
    list_default: Option<&'static str>,
) -> Field {
    let ty = Type::Option(&Type::Text);
    let offset = 12 * place;
    let (required, join, local_day) = (false, Join::Repeat, false);
    Field { name, wire, ty, required, join, local_day, list_default, offset, doc: "" }
}

static QUERY: RecordType = RecordType {
    name: "query",
    fields: &[
        filter(0, "modified-before", "modifiedBefore", None),
        filter(1, "modified-on-or-after", "modifiedOnOrAfter", None),
        filter(2, "active", "active", Some("Any")),
        filter(3, "fields", "customField.Fields", None),
    ],
    extra: false,
    layout: Layout { size: 48, align: 4 },
};

static BILL: RecordType = RecordType {
    name: "bill",
    fields: &[Field {
        name: "id",
        wire: "id",
        ty: Type::S64,
        required: true,
        join: Join::Repeat,
        local_day: false,
        list_default: None,
        offset: 0,
        doc: "",
    }],
    extra: true,
    layout: Layout { size: 24, align: 8 },
};

/// A list of bills, to make others of.
pub(crate) const BASE: Operation = Operation {
    provider: "servicetitan",
    name: "test.bills-list",
    alias: Some("test.bills-page"),
    variant_of: None,
    method: Method::Get,
    path: "/test/v2/tenant/{tenant}/bills",
    effect: Effect::Read,
    paging: Paging::Numbered,
    cache: None,
    owner: None,
    composed: false,
    file: false,
    upload: None,
    max_page_size: None,
    counted: true,
    any_of: &[],
    non_idempotent: false,
    path_parameters: &[],
    query: Some(&QUERY),
    body: None,
    answer: Some(Type::Record(&BILL)),
    doc: "",
};

static BARE: Operation = Operation { paging: Paging::Bare, ..BASE };
static CAPPED: Operation = Operation { max_page_size: Some(500), ..BASE };
static UNCOUNTED: Operation = Operation { counted: false, ..BASE };
static NEEDS: Operation = Operation { any_of: &["modifiedBefore", "modifiedOnOrAfter"], ..BASE };
static REPORT: Operation = Operation {
    name: "test.report-data-list",
    method: Method::Post,
    path: "/reporting/v2/tenant/{tenant}/report-category/{category}/reports/{id}/data",
    paging: Paging::Report,
    max_page_size: Some(25_000),
    path_parameters: &[
        Placeholder { wire: "category", ty: Type::Text },
        Placeholder { wire: "id", ty: Type::S64 },
    ],
    query: None,
    body: Some(Type::Json),
    answer: Some(Type::Json),
    ..BASE
};

#[derive(Default)]
struct Texts(Vec<String>);

impl Sink<String> for Texts {
    async fn write(&mut self, items: Vec<String>) -> Vec<String> {
        self.0.extend(items);
        Vec::new()
    }
}

/// Reads a whole list by its table.
async fn read(
    rig: &Rig,
    operation: &'static Operation,
    parameters: &[(&str, &str)],
    body: Option<&str>,
    options: &CallOptions,
) -> (Vec<String>, Result<ListEnd, Failure>) {
    let parameters: Vec<_> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut records = Texts::default();
    let end = async {
        let reader = dynamic::list(&rig.client, operation, &parameters, body, Some(options)).await?;
        let ty = record_type(operation);
        stream_records(reader, &mut records, |item: &[u8]| codec::transcode(ty, item)).await
    };
    let end = end.await;
    (records.0, end)
}

/// Keeps the requests that the provider got, and answers them.
fn recording(
    rig: &Rig,
    mut answer: impl FnMut(&SentRequest) -> Reply + 'static,
) -> Rc<RefCell<Vec<(Duration, String)>>> {
    let asked: Rc<RefCell<Vec<_>>> = Rc::default();
    let note = asked.clone();
    rig.titan.on_api(move |_, request| {
        note.borrow_mut().push((request.at, request.path_and_query.clone()));
        Some(answer(request))
    });
    asked
}

fn number(request: &SentRequest, name: &str) -> i64 {
    request.parameter(name).unwrap().parse().unwrap()
}

/// A page of the ids from 1 to `last`, in either envelope.
fn ids(request: &SentRequest, last: i64) -> Vec<serde_json::Value> {
    let (page, size) = (number(request, "page"), number(request, "pageSize"));
    ((page - 1) * size + 1..=(page * size).min(last)).map(|id| serde_json::json!({ "id": id })).collect()
}

fn enveloped(request: &SentRequest, last: i64) -> Reply {
    let (page, size) = (number(request, "page"), number(request, "pageSize"));
    let more = page * size < last;
    Reply::ok(serde_json::json!({"page": page, "hasMore": more, "data": ids(request, last)}).to_string())
}

#[test]
fn plain_arrays_are_read_to_the_page_that_is_not_full() {
    let rig = Rig::new();
    let asked = recording(&rig, |request| Reply::ok(serde_json::to_string(&ids(request, 25)).unwrap()));
    let (records, end) = rig.run(read(&rig, &BARE, &[], None, &pages_of(10)));
    let end = end.unwrap();
    assert_eq!((records.len(), end.items, end.complete), (25, 25, true));
    assert!(asked.borrow().iter().all(|(_, url)| !url.contains("includeTotal")), "{asked:?}");
}

#[test]
fn a_plain_array_that_ends_with_a_full_page_takes_one_more() {
    let rig = Rig::new();
    recording(&rig, |request| Reply::ok(serde_json::to_string(&ids(request, 20)).unwrap()));
    let (records, end) = rig.run(read(&rig, &BARE, &[], None, &pages_of(10)));
    assert_eq!((records.len(), end.unwrap().items), (20, 20));
}

#[test]
fn a_page_larger_than_the_vendor_gives_is_refused_and_the_usual_size_is_lowered() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_PAGE_SIZE", "1000");
    let asked = recording(&rig, |request| enveloped(request, 3));
    let (_, end) = rig.run(read(&rig, &CAPPED, &[], None, &pages_of(501)));
    let failure = end.unwrap_err();
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, "pageSize"));
    assert!(failure.fields[0].message.contains("500"), "{failure:?}");
    assert_eq!(asked.borrow().len(), 0);
    rig.run(read(&rig, &CAPPED, &[], None, &options())).1.unwrap();
    assert!(asked.borrow().iter().all(|(_, url)| url.contains("pageSize=500")), "{asked:?}");
}

#[test]
fn a_list_that_the_vendor_does_not_count_is_never_asked_for_its_total() {
    let rig = Rig::new();
    let asked = recording(&rig, |request| enveloped(request, 25));
    assert_eq!(rig.run(read(&rig, &UNCOUNTED, &[], None, &pages_of(10))).0.len(), 25);
    assert!(asked.borrow().iter().all(|(_, url)| !url.contains("includeTotal")), "{asked:?}");
    let requests = rig.titan.api_requests();
    let total = [("includeTotal".to_owned(), "true".to_owned())];
    let refused = rig.run(dynamic::invoke(&rig.client, &UNCOUNTED, &total, None, None)).unwrap_err();
    assert_eq!((refused.kind, refused.fields[0].field.as_str()), (FailureKind::BadInput, "includeTotal"));
    assert_eq!(rig.titan.api_requests(), requests);
}

#[test]
fn a_list_that_needs_a_filter_says_so_before_anything_is_sent() {
    let rig = Rig::new();
    recording(&rig, |request| enveloped(request, 3));
    let refused = rig.run(read(&rig, &NEEDS, &[], None, &options())).1.unwrap_err();
    assert_eq!(refused.kind, FailureKind::BadInput);
    assert!(refused.message.contains("`modifiedBefore`, `modifiedOnOrAfter`"), "{refused:?}");
    let page = rig.run(dynamic::invoke(&rig.client, &NEEDS, &[], None, None)).unwrap_err();
    assert_eq!((page.kind, rig.titan.api_requests()), (FailureKind::BadInput, 0));
    let given = [("modifiedBefore", "2026-11-20T00:00:00Z")];
    assert_eq!(rig.run(read(&rig, &NEEDS, &given, None, &options())).0.len(), 3);
}

#[test]
fn a_list_states_that_it_wants_inactive_records_too() {
    let rig = Rig::new();
    let asked = recording(&rig, |request| enveloped(request, 3));
    rig.run(read(&rig, &CAPPED, &[], None, &options())).1.unwrap();
    assert!(asked.borrow().iter().all(|(_, url)| url.contains("active=Any")), "{asked:?}");
    asked.borrow_mut().clear();
    rig.run(read(&rig, &CAPPED, &[("active", "True")], None, &options())).1.unwrap();
    let asked = asked.borrow();
    assert!(asked.iter().all(|(_, url)| url.contains("active=True") && !url.contains("Any")), "{asked:?}");
}

#[test]
fn a_dotted_parameter_keeps_its_name() {
    let rig = Rig::new();
    let asked = recording(&rig, |request| enveloped(request, 3));
    rig.run(read(&rig, &CAPPED, &[("customField.Fields", "a=b")], None, &options())).1.unwrap();
    assert!(asked.borrow()[0].1.contains("customField.Fields=a%3Db"), "{asked:?}");
}

const REPORT_PATH: [(&str, &str); 2] = [("category", "operations"), ("id", "7")];
const NO_PARAMETERS: &str = r#"{"parameters":[]}"#;

/// A report of `last` rows whose columns change places from page to page. `id` is no id
/// here: all rows share it.
fn moving(request: &SentRequest, last: i64) -> Reply {
    let page = number(request, "page");
    let row = |id: &serde_json::Value| {
        let (job, shared) = (id["id"].clone(), serde_json::json!(1));
        if page % 2 == 0 { serde_json::json!([shared, job]) } else { serde_json::json!([job, shared]) }
    };
    let fields = match page % 2 {
        0 => serde_json::json!([{"name": "id"}, {"name": "Job"}]),
        _ => serde_json::json!([{"name": "Job"}, {"name": "id"}]),
    };
    let data: Vec<_> = ids(request, last).iter().map(row).collect();
    let more = page * number(request, "pageSize") < last;
    Reply::ok(
        serde_json::json!({"page": page, "hasMore": more, "totalCount": last, "fields": fields, "data": data})
            .to_string(),
    )
}

#[test]
fn the_rows_of_a_report_are_bound_by_name_though_columns_move() {
    let rig = Rig::new();
    let asked = recording(&rig, |request| moving(request, 25));
    let (rows, end) = rig.run(read(&rig, &REPORT, &REPORT_PATH, Some(NO_PARAMETERS), &pages_of(10)));
    let end = end.unwrap();
    assert_eq!((end.items, end.pages, end.suppressed, end.drifted), (25, 3, 0, false));
    for (index, row) in rows.iter().enumerate() {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        assert_eq!(row, serde_json::json!({"Job": index + 1, "id": 1}));
    }
    let asked = asked.borrow();
    // One size through the whole read, and a minute between two requests.
    assert!(asked.iter().all(|(_, url)| url.contains("pageSize=10")), "{asked:?}");
    assert_eq!(asked.len(), 3);
    for pair in asked.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= Duration::from_secs(60), "{asked:?}");
    }
}

#[test]
fn a_report_waits_for_its_minute_alone_and_not_with_others() {
    let rig = Rig::new();
    let asked = recording(&rig, |request| match request.path().contains("/reporting/") {
        true => moving(request, 1),
        false => enveloped(request, 1),
    });
    rig.run(async {
        let report = |id: &'static str| {
            let (rig, path) = (&rig, [REPORT_PATH[0], ("id", id)]);
            async move { read(rig, &REPORT, &path, Some(NO_PARAMETERS), &options()).await.1.unwrap() }
        };
        report("7").await;
        report("8").await;
        read(&rig, &CAPPED, &[], None, &options()).await.1.unwrap();
        assert!(rig.host.elapsed() < Duration::from_secs(5), "{:?}", rig.host.elapsed());
        report("7").await;
        assert!(rig.host.elapsed() >= Duration::from_secs(60), "{:?}", rig.host.elapsed());
    });
    assert_eq!(asked.borrow().len(), 4);
}

#[test]
fn a_deadline_too_short_for_the_reports_turn_fails_at_once() {
    let rig = Rig::new();
    recording(&rig, |request| moving(request, 1));
    let soon = CallOptions { deadline_ms: Some(5_000), ..options() };
    rig.run(async {
        read(&rig, &REPORT, &REPORT_PATH, Some(NO_PARAMETERS), &soon).await.1.unwrap();
        let began = rig.host.elapsed();
        let late = read(&rig, &REPORT, &REPORT_PATH, Some(NO_PARAMETERS), &soon).await.1.unwrap_err();
        assert_eq!(late.kind, FailureKind::RateLimited, "{late:?}");
        assert!(rig.host.elapsed() - began < Duration::from_secs(1));
    });
}

#[test]
fn the_interval_of_reports_is_a_setting() {
    let rig = Rig::new();
    rig.host.set("SERVICETITAN_REPORT_INTERVAL", "5");
    let asked = recording(&rig, |request| moving(request, 25));
    rig.run(read(&rig, &REPORT, &REPORT_PATH, Some(NO_PARAMETERS), &pages_of(10))).1.unwrap();
    let asked = asked.borrow();
    let took = asked[2].0 - asked[0].0;
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(12), "{asked:?}");
}

#[test]
fn a_429_for_a_report_holds_up_nothing_else() {
    let rig = Rig::new();
    let asked = recording(&rig, |request| match request.path().contains("/reporting/") {
        true => Reply::status(429, "{}").header("retry-after", "50"),
        false => enveloped(request, 1),
    });
    rig.run(async {
        let soon = CallOptions { deadline_ms: Some(5_000), ..options() };
        let limited = read(&rig, &REPORT, &REPORT_PATH, Some(NO_PARAMETERS), &soon).await.1.unwrap_err();
        assert_eq!(limited.kind, FailureKind::RateLimited);
        let began = rig.host.elapsed();
        read(&rig, &CAPPED, &[], None, &options()).await.1.unwrap();
        assert!(rig.host.elapsed() - began < Duration::from_secs(1));
    });
    assert!(asked.borrow().len() >= 2);
}

#[test]
fn a_report_goes_on_after_the_last_row_that_was_delivered() {
    let rig = Rig::new();
    recording(&rig, |request| moving(request, 25));
    let first = rig.run(async {
        let path: Vec<_> = REPORT_PATH.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let options = pages_of(10);
        let mut reader =
            dynamic::list(&rig.client, &REPORT, &path, Some(NO_PARAMETERS), Some(&options)).await.unwrap();
        assert_eq!(reader.next().await.unwrap().unwrap().len(), 10);
        reader.delivered(4);
        reader.end(false).resume
    });
    let on = CallOptions { resume: Some(first), ..options() };
    let (rows, end) = rig.run(read(&rig, &REPORT, &REPORT_PATH, Some(NO_PARAMETERS), &on));
    assert_eq!((rows.len(), end.unwrap().items), (21, 21));
    assert!(rows[0].contains(r#""Job":5"#), "{}", rows[0]);
}
