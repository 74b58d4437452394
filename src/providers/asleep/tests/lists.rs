//! The list of sessions.

use super::model::{Rig, header, options, session};
use crate::{
    client::Reader,
    contract::{CallOptions, FailureKind, ListEnd, OnMisfit},
    entry::dynamic,
    host::simulated::{Reply, Simulated},
};
use serde_json::Value;

async fn open(rig: &Rig, parameters: &[(&str, &str)], options: &CallOptions) -> Reader<Simulated> {
    let operation = dynamic::operation("asleep", "sleep.sessions-list").unwrap();
    let parameters: Vec<_> = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    dynamic::list(&rig.client, operation, &parameters, None, Some(options)).await.unwrap()
}

async fn read(rig: &Rig, parameters: &[(&str, &str)], options: &CallOptions) -> (Vec<String>, ListEnd) {
    let mut reader = open(rig, parameters, options).await;
    let mut ids = Vec::new();
    while let Some(page) = reader.next().await.unwrap() {
        for row in page.items() {
            let row: Value = serde_json::from_slice(row).unwrap();
            ids.push(row["session_id"].as_str().unwrap()[6..14].trim_start_matches('0').to_owned());
        }
        reader.delivered(page.len());
    }
    (ids, reader.end(true))
}

fn numbers(range: impl Iterator<Item = usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn with(rig: &Rig, sessions: usize) {
    rig.state.borrow_mut().sessions = (1..=sessions).map(|number| session(number, "COMPLETE")).collect();
}

#[test]
fn it_ends_with_an_empty_page_whatever_the_size() {
    for sessions in [0, 1, 99, 100, 101, 200, 250] {
        let rig = Rig::new();
        with(&rig, sessions);
        let (ids, end) = rig.run(read(&rig, &[("user_id", "ann")], &options()));
        assert_eq!(ids, numbers(1..=sessions), "{sessions}");
        assert!(end.complete && !end.drifted, "{sessions}");
        assert!(rig.sent().iter().all(|line| line.contains("limit=100")), "{:?}", rig.sent());
    }
}

/// The largest page was 20 sessions once (version 1.0 of the provider's page).
#[test]
fn a_vendor_that_gives_fewer_sessions_than_asked_loses_none() {
    for sessions in [20, 45, 140] {
        let rig = Rig::new();
        with(&rig, sessions);
        rig.state.borrow_mut().largest_page = 20;
        let (ids, end) = rig.run(read(&rig, &[("user_id", "ann")], &options()));
        assert_eq!(ids, numbers(1..=sessions), "{sessions}");
        assert!(end.complete && !end.drifted && end.suppressed == 0, "{sessions}");
        // Page by page, each text is a new reader.
        let (mut walked, mut resume) = (0, None);
        loop {
            let parameters = [("user_id", "ann"), ("order_by", "ASC")];
            let options = CallOptions { resume, page_size: Some(100), ..options() };
            let answer = rig.run(rig.call_with("sessions-page", &parameters, None, &options)).unwrap();
            let page = answer.page.unwrap();
            walked += serde_json::from_str::<Vec<Value>>(&answer.body.unwrap()).unwrap().len();
            if !page.has_more {
                break;
            }
            resume = Some(page.resume);
        }
        assert_eq!(walked, sessions);
    }
}

#[test]
fn it_comes_in_either_order() {
    let rig = Rig::new();
    with(&rig, 25);
    let pages = CallOptions { page_size: Some(10), ..options() };
    let (ids, _) = rig.run(read(&rig, &[("user_id", "ann"), ("order_by", "DESC")], &pages));
    assert_eq!(ids, numbers((1..=25).rev()));
    let (ids, _) = rig.run(read(&rig, &[("user_id", "ann"), ("order_by", "ASC")], &pages));
    assert_eq!(ids, numbers(1..=25));
}

/// Newest first, a session that is added meanwhile pushes one from a page to the next.
#[test]
fn what_comes_twice_is_delivered_once() {
    let rig = Rig::new();
    with(&rig, 30);
    let pages = CallOptions { page_size: Some(10), window: Some(1), ..options() };
    let parameters = [("user_id", "ann"), ("order_by", "DESC")];
    let (ids, end) = rig.run(async {
        let mut reader = open(&rig, &parameters, &pages).await;
        let mut ids = Vec::new();
        while let Some(page) = reader.next().await.unwrap() {
            for row in page.items() {
                let row: Value = serde_json::from_slice(row).unwrap();
                ids.push(row["session_id"].as_str().unwrap().to_owned());
            }
            reader.delivered(page.len());
            if ids.len() == 10 {
                rig.state.borrow_mut().sessions.push(session(31, "OPEN"));
            }
        }
        (ids, reader.end(true))
    });
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (30, 30));
    assert!(end.suppressed > 0);
}

#[test]
fn a_page_says_whether_more_may_follow() {
    let rig = Rig::new();
    with(&rig, 25);
    let page = |number: &'static str| {
        let parameters = [("user_id", "ann"), ("page", number), ("pageSize", "10")];
        rig.run(rig.call("sessions-page", &parameters)).unwrap().page.unwrap()
    };
    // The third is short, which may be the provider's doing.
    assert!(page("1").has_more && page("2").has_more && page("3").has_more && !page("4").has_more);
    assert_eq!(rig.sent()[1], "GET /data/v1/sessions?offset=10&limit=10");
}

#[test]
fn the_limit_of_the_vendor_holds() {
    let rig = Rig::new();
    let failure = rig.run(rig.call("sessions-page", &[("user_id", "ann"), ("pageSize", "101")])).unwrap_err();
    assert_eq!(failure.fields[0].field, "pageSize");
    assert!(rig.sent().is_empty());
}

#[test]
fn user_and_time_zone_are_header_fields() {
    let rig = Rig::new();
    let parameters = [("user_id", "ann"), ("timezone", "Asia/Seoul"), ("date_gte", "2026-01-01")];
    rig.run(rig.call("sessions-page", &parameters)).unwrap();
    let request = &rig.host.requests()[0];
    assert_eq!(header(request, "x-user-id"), Some("ann"));
    assert_eq!(header(request, "timezone"), Some("Asia/Seoul"));
    assert_eq!(request.path_and_query, "/data/v1/sessions?date_gte=2026-01-01&offset=0&limit=50");
}

/// Its id stands where it can be read, or not.
#[test]
fn a_session_that_cannot_be_read_spoils_no_page() {
    let deep = format!("{{\"session_id\":\"b\",\"new\":{}{}}}", "[".repeat(300), "]".repeat(300));
    for (odd, told, id) in [
        (&b"NaN"[..], "expected value", None),
        (br#"{"session_id":"b","time_in_bed":Infinity}"#, "expected value", Some("b")),
        (b"{\"session_id\":\"b\",\"state\":\"\xff\"}", "not UTF-8", Some("b")),
        (deep.as_bytes(), "nested deeper than the 128 levels", Some("b")),
    ] {
        let rig = Rig::new();
        let list = [br#"{"session_id":"a"},"#, odd, br#",{"session_id":"c"}"#].concat();
        rig.script(move |_, request| {
            let list = if request.parameter("offset") == Some("0") { &list[..] } else { b"" };
            let body = [br#"{"detail":"OK","result":{"timezone":"UTC","sleep_session_list":["#, list, b"]}}"];
            Some(Reply::bytes(200, body.concat()))
        });
        let parameters = [("user_id", "ann")];
        let page = |on_misfit| {
            let options = CallOptions { on_misfit: Some(on_misfit), ..options() };
            rig.run(rig.call_with("sessions-page", &parameters, None, &options))
        };
        let ids = |body: Option<String>| -> Vec<Value> {
            let records: Vec<Value> = serde_json::from_str(&body.unwrap()).unwrap();
            records.iter().map(|record| record["session_id"].clone()).collect()
        };
        let skipped = page(OnMisfit::Skip).unwrap();
        let misfit = &skipped.info.first_misfits[0];
        assert!(skipped.info.misfits == 1 && misfit.path.starts_with("$.data[1]"), "{misfit:?}");
        assert!(misfit.reason.contains(told), "{misfit:?}");
        assert!(misfit.id.is_none() || misfit.id.as_deref() == id, "{misfit:?}");
        assert_eq!(ids(skipped.body), ["a", "c"]);
        let raw: Vec<Value> = serde_json::from_str(&page(OnMisfit::Raw).unwrap().body.unwrap()).unwrap();
        assert_eq!(raw[1]["$misfit"]["value"].as_str(), Some(&*String::from_utf8_lossy(odd)));
        let failure = page(OnMisfit::Fail).unwrap_err();
        assert!(failure.kind == FailureKind::Decode && failure.message.contains(told), "{failure:?}");
        // A whole read goes on behind it.
        let (rows, end) = rig.run(async {
            let mut reader = open(&rig, &parameters, &options()).await;
            let mut rows = 0;
            while let Some(page) = reader.next().await.unwrap() {
                rows += page.len();
                reader.delivered(page.len());
            }
            (rows, reader.end(true))
        });
        assert_eq!((rows, end.complete), (3, true));
    }
}

/// The same of an answer that is one value.
#[test]
fn a_session_that_is_no_json_can_be_given_as_it_came() {
    let rig = Rig::new();
    rig.script(|_, _| Some(Reply::ok(r#"{"detail":"OK","result":{"timezone":"UTC","stat":NaN}}"#)));
    let get = |on_misfit| {
        let options = CallOptions { on_misfit: Some(on_misfit), ..options() };
        rig.run(rig.call_with("sessions-get", &[("session_id", "s"), ("user_id", "ann")], None, &options))
    };
    let raw: Value = serde_json::from_str(&get(OnMisfit::Raw).unwrap().body.unwrap()).unwrap();
    assert_eq!(raw["$misfit"]["value"], r#"{"timezone":"UTC","stat":NaN}"#);
    assert_eq!(get(OnMisfit::Skip).unwrap_err().kind, FailureKind::Decode);
}
