//! Lists of local days: the tenant's time zone says when they begin.

use super::rig::{Rig, options, pages_of};
use crate::{
    contract::FailureKind,
    host::simulated::{Reply, SentRequest},
    providers::registry,
};
use std::{cell::RefCell, rc::Rc};

const DAY: [(&str, &str); 2] = [("completedOnOrAfter", "2026-11-01"), ("completedBefore", "2026-11-02")];

type Spans = Vec<(String, String)>;

/// A rig in a zone, and the spans that the provider was asked for.
fn rig(zone: &str) -> (Rig, Rc<RefCell<Spans>>) {
    let rig = Rig::new();
    rig.host.set("SERVICETITAN_TIMEZONE", zone);
    rig.titan.holds(30);
    let asked: Rc<RefCell<Spans>> = Rc::default();
    let note = asked.clone();
    rig.titan.on_api(move |_, request| {
        let of = |name| request.parameter(name).unwrap_or_default().replace("%3A", ":");
        note.borrow_mut().push((of("completedOnOrAfter"), of("completedBefore")));
        assert!(request.parameter("sort").is_some(), "in an order, so that a change is noticed");
        None::<Reply>
    });
    (rig, asked)
}

#[test]
fn a_day_is_the_tenants_own_on_every_page() {
    // 25 hours: New York's clocks went back that night.
    let (rig, asked) = rig("America/New_York");
    let read = rig.run(rig.read("jpm.jobs-completed-between-list", &DAY, &pages_of(10)));
    assert_eq!(read.ids.len(), 30);
    assert!(read.end.unwrap().complete);
    let asked = asked.borrow();
    assert!(asked.len() >= 3, "{asked:?}");
    for span in asked.iter() {
        assert_eq!(*span, ("2026-11-01T04:00:00Z".to_owned(), "2026-11-02T05:00:00Z".to_owned()));
    }
}

#[test]
fn without_a_zone_days_are_those_of_utc() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_api(|_, request| {
        assert_eq!(request.parameter("completedOnOrAfter"), Some("2026-11-01T00%3A00%3A00Z"));
        None::<Reply>
    });
    let answer = rig.run(rig.invoke("jpm.jobs-completed-between-page", &DAY, None, Some(&options())));
    assert!(answer.unwrap().body.is_some());
}

#[test]
fn what_is_no_day_is_refused_before_anything_is_sent() {
    let (rig, _) = rig("America/New_York");
    for (wrong, field) in [
        ([DAY[0], ("completedBefore", "2026-02-30")], "completedBefore"),
        ([DAY[0], ("completedBefore", "2026-11-02T10:00:00Z")], "completedBefore"),
        ([("completedOnOrAfter", "9999-12-31"), DAY[1]], "completedOnOrAfter"),
    ] {
        let end = rig.run(rig.read("jpm.jobs-completed-between-list", &wrong, &options())).end;
        let failure = end.unwrap_err();
        assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, field));
    }
    let missing = rig.run(rig.read("jpm.jobs-completed-between-list", &DAY[..1], &options())).end;
    assert_eq!(missing.unwrap_err().fields[0].field, "completedBefore");
    assert_eq!(rig.titan.api_requests(), 0);
}

#[test]
fn a_zone_that_nobody_knows_is_found_at_the_start() {
    let rig = Rig::new();
    rig.host.set("SERVICETITAN_TIMEZONE", "America/Gotham");
    let readiness = rig.run(rig.client.ready(registry::find("servicetitan").unwrap(), None)).unwrap();
    assert_eq!(readiness.missing.len(), 1);
    assert_eq!(readiness.missing[0].field, "SERVICETITAN_TIMEZONE");
}

/// Estimates of a cent each but one, which costs more digits than a float has; in pages.
fn estimates(request: &SentRequest) -> Reply {
    estimates_of(request, (1..=30).collect())
}

fn estimates_of(request: &SentRequest, mut ids: Vec<usize>) -> Reply {
    let number = |name| request.parameter(name).unwrap().parse::<usize>().unwrap();
    let (page, size) = (number("page"), number("pageSize"));
    let count = ids.len();
    if request.parameter("sort") == Some("-Id") {
        ids.reverse();
    }
    let estimate = |id: &usize| {
        match id {
        7 => r#"{"id":7,"subtotal":1234567890123456.10,"tax":0,"items":[{"id":1,"total":1234567890123456.00},{"id":2,"total":0.10}]}"#
            .to_owned(),
        _ => format!(r#"{{"id":{id},"subtotal":0.01,"tax":0.005,"items":[{{"id":3,"total":0.01}}]}}"#),
    }
    };
    let data: Vec<String> = ids.iter().skip((page - 1) * size).take(size).map(estimate).collect();
    let more = page * size < ids.len();
    Reply::ok(format!(
        r#"{{"page":{page},"hasMore":{more},"totalCount":{count},"data":[{}]}}"#,
        data.join(",")
    ))
}

const SOLD: [(&str, &str); 2] = [("soldAfter", "2026-11-01"), ("soldBefore", "2026-11-02")];

#[test]
fn the_sales_of_a_day_are_summed_to_the_last_digit() {
    let rig = Rig::new();
    rig.host.set("SERVICETITAN_TIMEZONE", "America/New_York");
    rig.host.set("PENSTOCK_PAGE_SIZE", "10");
    let asked: Rc<RefCell<Vec<String>>> = Rc::default();
    let note = asked.clone();
    rig.titan.on_api(move |_, request| {
        note.borrow_mut().push(request.path_and_query.clone());
        Some(estimates(request))
    });
    let answer = rig.run(rig.invoke("sales.total-sales-between", &SOLD, None, None)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
    let sum = "1234567890123456.39";
    let expected = serde_json::json!({"estimates": 30, "total": sum, "subtotal": sum, "tax": "0.145"});
    assert_eq!((report, answer.info.degraded), (expected, false));
    let asked = asked.borrow();
    assert!(asked.len() >= 3, "{asked:?}");
    for url in asked.iter() {
        for part in [
            "/sales/v2/tenant/1234/estimates?",
            "soldAfter=2026-11-01T04%3A00%3A00Z",
            "soldBefore=2026-11-02T05%3A00%3A00Z",
            "active=True",
        ] {
            assert!(url.contains(part), "{url} lacks {part}");
        }
    }
}

#[test]
fn a_sum_of_a_list_that_changed_meanwhile_says_so() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_PAGE_SIZE", "10");
    // After the first look and the first page, one of the first page is gone: the others
    // move up, and one of them slips between two pages.
    rig.titan.on_api(|number, request| {
        let gone = if number > 2 { 5 } else { 0 };
        Some(estimates_of(request, (1..=30).filter(|id| *id != gone).collect()))
    });
    let answer = rig.run(rig.invoke("sales.total-sales-between", &SOLD, None, None)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
    assert_eq!((&report["estimates"], answer.info.degraded), (&serde_json::json!(29), true));
}

#[test]
fn a_sum_without_one_estimate_is_none() {
    for wrong in [r#"{"id":5,"subtotal":1,"tax":0,"items":[{"total":null}]}"#, r#"{"id":5,"items":[]}"#] {
        let rig = Rig::new();
        rig.titan
            .on_api(move |_, _| Some(Reply::ok(format!(r#"{{"page":1,"hasMore":false,"data":[{wrong}]}}"#))));
        let failure = rig.run(rig.invoke("sales.total-sales-between", &SOLD, None, None)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Decode);
        assert!(failure.message.starts_with("estimate 5: "), "{failure:?}");
    }
}

#[test]
fn a_sum_over_no_day_is_refused() {
    let rig = Rig::new();
    for (query, field) in [
        ([("soldAfter", "2026-11-02"), ("soldBefore", "2026-11-02")], "soldBefore"),
        ([("soldAfter", "2026-11-31"), ("soldBefore", "2026-12-02")], "soldAfter"),
    ] {
        let failure = rig.run(rig.invoke("sales.total-sales-between", &query, None, None)).unwrap_err();
        assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, field));
    }
    assert_eq!(rig.titan.api_requests(), 0);
}

#[test]
fn sold_estimates_and_purchase_orders_are_read_by_local_days() {
    for (name, first, last) in [
        ("sales.estimates-sold-between-list", "soldAfter", "soldBefore"),
        ("inventory.purchase-orders-created-between-list", "createdOnOrAfter", "createdBefore"),
    ] {
        let rig = Rig::new();
        rig.host.set("SERVICETITAN_TIMEZONE", "America/New_York");
        rig.titan.on_api(move |_, request| {
            assert_eq!(request.parameter(first), Some("2026-11-01T04%3A00%3A00Z"));
            assert_eq!(request.parameter(last), Some("2026-11-02T05%3A00%3A00Z"));
            Some(estimates(request))
        });
        let day = [(first, "2026-11-01"), (last, "2026-11-02")];
        let read = rig.run(rig.read(name, &day, &pages_of(10)));
        assert_eq!(read.end.unwrap().items, 30, "{name}");
    }
}
