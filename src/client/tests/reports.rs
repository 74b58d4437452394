//! Reports: their parameters are held against their description before their data is asked
//! for.

use super::rig::{Rig, options, pages_of};
use crate::{
    codec,
    contract::{CallOptions, Failure, FailureKind, ListEnd, OnMisfit, Outcome},
    entry::{
        dynamic,
        stream_records::{Sink, stream_records},
        typed::record_type,
    },
    host::simulated::{Reply, SentRequest, Store},
};
use serde_json::{Value, json};
use std::{cell::RefCell, rc::Rc, time::Duration};

pub(crate) const PATH: [(&str, &str); 2] = [("report_category", "operations"), ("reportId", "7")];

/// Rows of a report, as JSON objects.
#[derive(Default)]
struct Rows(Vec<Value>);

impl Sink<String> for Rows {
    async fn write(&mut self, items: Vec<String>) -> Vec<String> {
        self.0.extend(items.iter().map(|row| serde_json::from_str::<Value>(row).unwrap()));
        Vec::new()
    }
}

/// Reads all rows of the report 7 by an operation.
pub(crate) async fn rows(
    rig: &Rig,
    operation: &str,
    body: &Value,
    options: &CallOptions,
) -> (Vec<Value>, Result<ListEnd, Failure>) {
    let operation = dynamic::operation("servicetitan", operation).unwrap();
    let path: Vec<_> = PATH.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut rows = Rows::default();
    let body = body.to_string();
    let end = async {
        let reader = dynamic::list(&rig.client, operation, &path, Some(&body), Some(options)).await?;
        let ty = record_type(operation);
        stream_records(reader, &mut rows, |item: &[u8]| codec::transcode(ty, item)).await
    };
    let end = rig.noted(end.await);
    (rows.0, end)
}

async fn data(rig: &Rig, body: &Value) -> (Vec<Value>, Result<ListEnd, Failure>) {
    rows(rig, "reporting.reports-data-list", body, &pages_of(10)).await
}

pub(crate) fn asked(parameters: &[(&str, Value)]) -> Value {
    let all: Vec<_> = parameters.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({ "parameters": all })
}

/// What the report 7 asks for.
pub(crate) fn description() -> Value {
    let parameter = |name: &str, kind: &str, array: bool, required: bool, accepts: Value| {
        json!({"name": name, "label": name, "dataType": kind, "isArray": array, "isRequired": required,
            "acceptValues": accepts})
    };
    let fields = json!([{"name": "Value", "label": "Value"}, {"name": "Name", "label": "Name"}]);
    let dates = json!({"fields": fields, "values": [[1, "Completion date"], [2, "Invoice date"]]});
    let units = json!({"fields": fields, "dynamicSetId": "business-units", "values": null});
    json!({"id": 7, "name": "Jobs", "modifiedOn": "2026-11-01T00:00:00Z", "fields": [], "parameters": [
        parameter("From", "Date", false, true, Value::Null),
        parameter("To", "Date", false, true, Value::Null),
        parameter("DateType", "Number", false, false, dates),
        parameter("BusinessUnitIds", "Number", true, false, units),
        parameter("IncludeInactive", "Boolean", false, false, Value::Null),
        parameter("StartsAt", "Time", false, false, Value::Null),
        parameter("Customer", "String", false, false, Value::Null),
    ]})
}

/// Which page a request is for, and its size.
pub(crate) fn place(request: &SentRequest) -> (u32, u32) {
    let number = |name| request.parameter(name).unwrap().parse().unwrap();
    (number("page"), number("pageSize"))
}

/// A page of a report of `last` rows.
pub(crate) fn page((page, size): (u32, u32), last: u32) -> Reply {
    let data: Vec<_> = ((page - 1) * size + 1..=(page * size).min(last)).map(|row| [row]).collect();
    let fields = json!([{"name": "Job", "label": "Job"}]);
    Reply::ok(
        json!({"page": page, "hasMore": page * size < last, "fields": fields, "data": data}).to_string(),
    )
}

/// A rig with a report of 25 rows that is described in this way, and its requests.
fn rig(described: impl Fn() -> Reply + 'static) -> (Rig, Rc<RefCell<Vec<&'static str>>>) {
    let rig = Rig::new();
    let seen: Rc<RefCell<Vec<_>>> = Rc::default();
    let note = seen.clone();
    rig.titan.on_api(move |_, request| {
        let is_data = request.path().ends_with("/reports/7/data");
        note.borrow_mut().push(if is_data { "data" } else { "description" });
        Some(if is_data { page(place(request), 25) } else { described() })
    });
    (rig, seen)
}

fn well_described() -> (Rig, Rc<RefCell<Vec<&'static str>>>) {
    rig(|| Reply::ok(description().to_string()))
}

fn days() -> Vec<(&'static str, Value)> {
    vec![("From", json!("2026-11-01")), ("To", json!("2026-11-02"))]
}

/// The days, and further parameters.
fn with(further: &[(&'static str, Value)]) -> Value {
    asked(&[days(), further.to_vec()].concat())
}

#[test]
fn everything_that_does_not_fit_is_named_before_the_data_is_asked_for() {
    let (rig, seen) = well_described();
    let wrong = asked(&[
        ("Frm", json!("2026-11-01")),
        ("To", json!("yesterday")),
        ("DateType", json!(3)),
        ("BusinessUnitIds", json!(12)),
        ("IncludeInactive", json!("true")),
        ("StartsAt", json!("25:00")),
        ("Customer", json!(["Ann"])),
    ]);
    let (_, end) = rig.run(data(&rig, &wrong));
    let failure = end.unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::BadInput, Outcome::NotSent));
    let told: Vec<_> =
        failure.fields.iter().map(|error| (error.field.as_str(), error.message.as_str())).collect();
    assert_eq!(
        told,
        [
            ("Frm", "is no parameter of this report; did you mean `From`?"),
            ("To", "must be a date such as \"2026-11-20\""),
            ("DateType", "must be one of 1 (Completion date), 2 (Invoice date)"),
            ("BusinessUnitIds", "must be a list of numbers"),
            ("IncludeInactive", "must be true or false"),
            ("StartsAt", "must be a time such as \"14:30\""),
            ("Customer", "must be one value: a text"),
            ("From", "is missing: a date such as \"2026-11-20\""),
        ]
    );
    assert_eq!(*seen.borrow(), ["description"]);
    // The next one costs no question.
    let (_, end) = rig.run(data(&rig, &with(&[("To", json!("2026-11-03"))])));
    assert_eq!(end.unwrap_err().fields[0].message, "is given more than once");
    assert_eq!(seen.borrow().len(), 1);
}

#[test]
fn what_fits_is_asked_for_and_the_description_once() {
    let (rig, seen) = well_described();
    let right = with(&[
        ("DateType", json!(2)),
        ("BusinessUnitIds", json!([12, 99])),
        ("IncludeInactive", json!(false)),
        ("StartsAt", json!("08:30")),
        ("Customer", json!("Ann")),
    ]);
    rig.run(async {
        let (rows, end) = data(&rig, &right).await;
        assert_eq!((rows.len(), end.unwrap().pages), (25, 3));
        assert_eq!(data(&rig, &right).await.0.len(), 25);
    });
    let seen = seen.borrow();
    assert_eq!((seen[0], seen.len()), ("description", 7), "{seen:?}");
}

#[test]
fn without_a_cache_one_description_serves_a_whole_read() {
    let (rig, seen) = well_described();
    rig.host.set("ENABLE_CACHING", "false");
    rig.run(data(&rig, &with(&[]))).1.unwrap();
    assert_eq!(*seen.borrow(), ["description", "data", "data", "data"]);
}

#[test]
fn a_page_and_a_started_query_are_checked_as_well() {
    let (rig, seen) = well_described();
    let body = asked(&days()[..1]).to_string();
    for name in ["reporting.reports-data-page", "reporting.reports-start-query"] {
        let failure = rig.run(rig.invoke(name, &PATH, Some(&body), None)).unwrap_err();
        assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, "To"), "{name}");
    }
    assert_eq!(*seen.borrow(), ["description"]);
}

#[test]
fn without_a_description_the_vendors_own_answer_decides() {
    for (status, body, reason) in [
        (404, r#"{"title":"No such report","status":404}"#, "not-found"),
        (500, "broken", "vendor"),
        (200, r#"{"id":7}"#, "unreadable"),
    ] {
        let (rig, seen) = rig(move || Reply::status(status, body));
        let (rows, end) = rig.run(data(&rig, &asked(&[("Frm", json!(1))])));
        assert_eq!((rows.len(), end.unwrap().complete), (25, true));
        assert_eq!(seen.borrow().iter().filter(|what| **what == "data").count(), 3);
        let lines = rig.host.lines();
        let told = |line: &&String| line.contains(r#""event":"unchecked""#) && line.contains(reason);
        assert_eq!(lines.iter().filter(told).count(), 1, "{lines:?}");
    }
}

#[test]
fn a_description_that_grew_old_is_read_again_before_it_refuses() {
    let (again, count) = (Rc::new(RefCell::new(description())), Rc::new(RefCell::new(0)));
    let (now, asked_for) = (again.clone(), count.clone());
    let (rig, _) = rig(move || {
        *asked_for.borrow_mut() += 1;
        Reply::ok(now.borrow().to_string())
    });
    rig.run(async {
        data(&rig, &with(&[])).await.1.unwrap();
        again.borrow_mut()["parameters"][6]["name"] = json!("Client");
        data(&rig, &with(&[("Client", json!("Ann"))])).await.1.unwrap();
        assert_eq!(*count.borrow(), 2);
        let (_, end) = data(&rig, &with(&[("Customer", json!("Ann"))])).await;
        assert!(end.unwrap_err().message.contains("Customer is no parameter"));
    });
}

#[test]
fn a_description_takes_no_more_than_its_share_of_the_deadline() {
    let rig = Rig::new();
    rig.titan.on_api(|_, request| match request.path().ends_with("/data") {
        true => Some(page(place(request), 5)),
        false => Some(Reply::never()),
    });
    let soon = CallOptions { deadline_ms: Some(8_000), ..options() };
    let (rows, end) = rig.run(self::rows(&rig, "reporting.reports-data-list", &with(&[]), &soon));
    assert_eq!((rows.len(), end.unwrap().complete), (5, true));
    assert!(rig.host.elapsed() < Duration::from_secs(6), "{:?}", rig.host.elapsed());
}

/// Whoever waits behind a report that was throttled waits with it; nothing else does.
#[test]
fn a_429_holds_the_report_that_it_is_about() {
    let rig = Rig::new();
    let at: Rc<RefCell<Vec<u64>>> = Rc::default();
    let (note, host) = (at.clone(), rig.host.clone());
    rig.titan.on_api(move |_, request| {
        if !request.path().ends_with("/reports/7/data") {
            return Some(Reply::ok(description().to_string()));
        }
        note.borrow_mut().push(host.elapsed().as_secs());
        Some(match note.borrow().len() {
            1 => Reply::status(429, "").header("retry-after", "300"),
            _ => page(place(request), 5),
        })
    });
    rig.run(async {
        let (body, options) = (with(&[]), CallOptions { deadline_ms: Some(3_000_000), ..pages_of(100) });
        let read = || self::rows(&rig, "reporting.reports-data-list", &body, &options);
        let (one, other) = futures_util::future::join(read(), read()).await;
        assert_eq!((one.0.len(), other.0.len()), (5, 5));
    });
    let at = at.borrow();
    assert!(at.len() == 3 && at[1] >= 300 && at[2] >= at[1] + 60, "{at:?}");
}

/// A report may fail or take long: that is no reason to refuse the tenant's other calls.
#[test]
fn reports_that_fail_open_no_breaker_but_their_own() {
    let rig = Rig::new();
    rig.host.set("SERVICETITAN_REPORT_INTERVAL", "1");
    rig.titan.on_api(|_, request| {
        let is_data = request.path().ends_with("/reports/7/data");
        Some(if is_data { Reply::status(503, "") } else { Reply::ok(description().to_string()) })
    });
    rig.run(async {
        let (body, options) = (with(&[]), CallOptions { deadline_ms: Some(60_000), ..pages_of(100) });
        for _ in 0..4 {
            self::rows(&rig, "reporting.reports-data-list", &body, &options).await.1.unwrap_err();
        }
    });
    let snapshot: Value = serde_json::from_str(&rig.client.snapshot()).unwrap();
    let states: Vec<_> = snapshot["breakers"].as_array().unwrap().iter().collect();
    let of = |own: bool| {
        let group = |state: &&&Value| state["group"].as_str().unwrap().ends_with("/1234") != own;
        states.iter().find(group).map(|state| state["state"].as_str().unwrap().to_owned())
    };
    assert_eq!(of(false).as_deref(), Some("closed"), "{states:?}");
    assert_ne!(of(true).as_deref(), Some("closed"), "{states:?}");
}

/// Whatever the interval: the provider may know another one.
#[test]
fn a_429_of_a_report_without_an_interval_holds_nothing_else() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set("SERVICETITAN_REPORT_INTERVAL", "0");
    rig.titan.on_api(|_, request| match request.path() {
        path if path.ends_with("/reports/7/data") => {
            Some(Reply::status(429, "").header("retry-after", "300"))
        }
        path if path.contains("/reports/") => Some(Reply::ok(description().to_string())),
        _ => None,
    });
    rig.run(async {
        let (body, options) = (with(&[]), CallOptions { deadline_ms: Some(60_000), ..pages_of(100) });
        self::rows(&rig, "reporting.reports-data-list", &body, &options).await.1.unwrap_err();
        let began = rig.host.elapsed();
        rig.get().await.unwrap();
        assert!(rig.host.elapsed() - began < Duration::from_secs(1), "{:?}", rig.host.elapsed() - began);
    });
}

#[test]
fn a_store_makes_no_report_wait_for_turns_that_nobody_took() {
    let (rig, _) = well_described();
    rig.host.share(Store::default());
    rig.run(async {
        let (body, options) = (with(&[]), pages_of(100));
        self::rows(&rig, "reporting.reports-data-list", &body, &options).await.1.unwrap();
        assert!(rig.host.elapsed() < Duration::from_secs(10), "{:?}", rig.host.elapsed());
    });
}

#[test]
fn instances_share_the_interval_of_a_report() {
    let (mut rig, seen) = well_described();
    rig.host.share(crate::host::simulated::Store::default());
    let began = rig.host.elapsed();
    rig.run(data(&rig, &with(&[]))).1.unwrap();
    rig.restart();
    rig.run(data(&rig, &with(&[]))).1.unwrap();
    let (took, asked) =
        (rig.host.elapsed() - began, seen.borrow().iter().filter(|what| **what == "data").count());
    assert!(asked == 6 && (300..306).contains(&took.as_secs()), "{asked} requests in {took:?}");
}

/// A row that is no JSON, in the middle of a page, and with the names of its values.
#[test]
fn a_row_that_cannot_be_read_spoils_no_page() {
    let deep = format!("[1,{}{}]", "[".repeat(300), "]".repeat(300));
    for (odd, given, told) in [
        (&b"[2,NaN]"[..], &br#"{"Job":2,"Total":NaN}"#[..], "expected value"),
        (b"[True,\"\xff\"]", b"{\"Job\":True,\"Total\":\"\xff\"}", "not UTF-8"),
        (b"-Infinity", b"-Infinity", "invalid number"),
        (deep.as_bytes(), b"", "nested deeper than the 128 levels"),
    ] {
        let rig = Rig::new();
        let head = br#"{"page":1,"hasMore":false,"fields":[{"name":"Job"},{"name":"Total"}],"data":[[1,"#;
        let body = [&head[..], b"10.25],", odd, b",[3,null]]}"].concat();
        rig.titan.on_api(move |_, request| {
            let is_data = request.path().ends_with("/reports/7/data");
            Some(if is_data { Reply::bytes(200, body.clone()) } else { Reply::ok(description().to_string()) })
        });
        rig.host.set("SERVICETITAN_REPORT_INTERVAL", "0");
        let read = |on_misfit| {
            let options = CallOptions { on_misfit: Some(on_misfit), ..pages_of(10) };
            let body = with(&[]);
            rig.run(async { rows(&rig, "reporting.reports-data-list", &body, &options).await })
        };
        let (skipped, end) = read(OnMisfit::Skip);
        let end = end.unwrap();
        assert_eq!((skipped.len(), end.misfits, end.complete), (2, 1, true), "{told}");
        assert_eq!((&skipped[0]["Total"], &skipped[1]["Job"]), (&json!(10.25), &json!(3)));
        let misfit = &end.first_misfits[0];
        assert!(misfit.path.starts_with("$.data[1]") && misfit.reason.contains(told), "{misfit:?}");
        assert!(misfit.reason.ends_with("(page 1)"), "{misfit:?}");
        let (failed, end) = read(OnMisfit::Fail);
        let failure = end.unwrap_err();
        assert!(failed.len() == 1 && failure.message.contains(told), "{failure:?}");
        // As it came, with the names.
        let page = rig.run(rig.invoke(
            "reporting.reports-data-page",
            &PATH,
            Some(&with(&[]).to_string()),
            Some(&CallOptions { on_misfit: Some(OnMisfit::Raw), ..pages_of(10) }),
        ));
        let raw: Vec<Value> = serde_json::from_str(&page.unwrap().body.unwrap()).unwrap();
        let value = raw[1]["$misfit"]["value"].as_str().unwrap();
        assert!(raw.len() == 3 && (given.is_empty() || value == String::from_utf8_lossy(given)), "{value}");
    }
}
