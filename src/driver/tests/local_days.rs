//! Lists of local days: the tenant's time zone says when they begin.

use super::rig::{Rig, options, pages_of};
use crate::{contract::FailureKind, host::simulated::Reply};
use std::{cell::RefCell, rc::Rc};

const DAY: [(&str, &str); 2] = [("completedOnOrAfter", "2026-11-01"), ("completedBefore", "2026-11-02")];

/// From and to.
type Spans = Vec<(String, String)>;

/// A rig in a zone, and the spans that the vendor was asked for.
fn rig(zone: &str) -> (Rig, Rc<RefCell<Spans>>) {
    let rig = Rig::new();
    rig.host.set("SERVICETITAN_TIMEZONE", zone);
    rig.titan.holds(30);
    let asked: Rc<RefCell<Spans>> = Rc::default();
    let note = asked.clone();
    rig.titan.on_api(move |_, request| {
        let of = |name| request.parameter(name).unwrap_or_default().replace("%3A", ":");
        note.borrow_mut().push((of("completedOnOrAfter"), of("completedBefore")));
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
    let readiness = rig.run(rig.connector.ready("servicetitan", None)).unwrap();
    assert_eq!(readiness.missing.len(), 1);
    assert_eq!(readiness.missing[0].field, "SERVICETITAN_TIMEZONE");
}
