//! Feeds that move while they are read, and the bounds of a read.

use super::rig::{Read, Rig, options, pages_of};
use crate::{
    contract::{CallOptions, Failure, FailureKind},
    host::simulated::{Reply, SentRequest},
};
use serde_json::{Value, json};
use std::{cell::RefCell, rc::Rc, time::Duration};

const FEED: &str = "jpm.export-jobs-list";

/// A feed of one page, whose records the test changes. Behind it there is nothing yet.
fn feed(rig: &Rig, records: Value) -> Rc<RefCell<Value>> {
    let records = Rc::new(RefCell::new(records));
    let here = records.clone();
    rig.titan.on_api(move |_, request| {
        let data = if request.parameter("from").is_none() { here.borrow().clone() } else { json!([]) };
        Some(Reply::ok(json!({"hasMore": false, "continueFrom": "behind", "data": data}).to_string()))
    });
    records
}

fn going_on(resume: String) -> CallOptions {
    CallOptions { resume: Some(resume), ..options() }
}

/// Reads so many records, and then all others of what the feed is by then.
fn in_two_parts(rig: &Rig, taking: usize, records: &Rc<RefCell<Value>>, then: Value) -> (Vec<i64>, Vec<i64>) {
    let first = rig.run(rig.read_into(rig.consumer().taking(taking), FEED, &[], &options()));
    *records.borrow_mut() = then;
    let rest = rig.run(rig.read(FEED, &[], &going_on(first.end.unwrap().resume)));
    assert!(rest.end.unwrap().complete);
    (first.ids, rest.ids)
}

fn job(id: i64, modified: &str) -> Value {
    json!({"id": id, "jobNumber": format!("J{id}"), "modifiedOn": modified})
}

#[test]
fn a_record_that_changes_between_two_parts_of_a_page_hides_no_other() {
    let rig = Rig::new();
    let [one, two, three] = [1, 2, 3].map(|id| job(id, "2026-11-01T00:00:00Z"));
    let records = feed(&rig, json!([one, two, three]));
    let changed = json!([two, three, job(1, "2026-11-02T00:00:00Z")]);
    // What was changed is news.
    assert_eq!(in_two_parts(&rig, 2, &records, changed), (vec![1, 2], vec![3, 1]));
}

#[test]
fn recent_changes_that_are_no_longer_repeated_hide_no_record() {
    let rig = Rig::new();
    let [one, two, three, recent] = [1, 2, 3, 9].map(|id| job(id, "2026-11-01T00:00:00Z"));
    let records = feed(&rig, json!([recent, one, two, three]));
    assert_eq!(in_two_parts(&rig, 2, &records, json!([one, two, three])), (vec![9, 1], vec![2, 3]));
}

#[test]
fn a_feed_that_is_filtered_after_it_was_cut_into_pages_is_read_to_its_end() {
    let rig = Rig::new();
    rig.titan.on_api(|_, request| {
        let at: usize = request.parameter("from").map_or(0, |from| from.parse().unwrap());
        let data = if at == 40 { json!([job(7, "2026-11-01T00:00:00Z")]) } else { json!([]) };
        Some(Reply::ok(
            json!({"hasMore": at < 40, "continueFrom": (at + 1).to_string(), "data": data}).to_string(),
        ))
    });
    let Read { ids, end } = rig.run(rig.read(FEED, &[], &options()));
    assert_eq!((ids, end.unwrap().complete), (vec![7], true));
}

fn failure(read: Read) -> (Vec<i64>, Failure) {
    (read.ids, read.end.unwrap_err())
}

#[test]
fn the_bytes_of_a_read_are_bounded_and_it_goes_on_from_there() {
    for (name, whole) in [("jpm.jobs-list", pages_of(10)), (FEED, options())] {
        let rig = Rig::new();
        rig.titan.holds(100);
        rig.host.set("PENSTOCK_MAX_READ_BYTES", "1024");
        let (mut all, mut options, mut reads) = (Vec::new(), whole.clone(), 0);
        loop {
            reads += 1;
            let read = rig.run(rig.read(name, &[], &options));
            all.extend(read.ids);
            let Err(failure) = read.end else { break };
            assert_eq!(failure.kind, FailureKind::Paging);
            assert_eq!(failure.message, "the list has more bytes than one read may fetch");
            options = CallOptions { resume: failure.resume, ..whole.clone() };
        }
        assert_eq!(all, (1..=100).collect::<Vec<_>>(), "{name}");
        assert!((3..30).contains(&reads), "{name}: {reads}");
    }
}

#[test]
fn the_time_of_a_read_is_bounded_and_it_goes_on_from_there() {
    let rig = Rig::new();
    rig.titan.holds(100);
    rig.titan.latency(Duration::ZERO, Duration::from_secs(1));
    rig.host.set("PENSTOCK_MAX_READ_TIME", "5");
    let options = CallOptions { window: Some(1), ..pages_of(10) };
    let (ids, failure) = failure(rig.run(rig.read_jobs(&options)));
    assert_eq!((failure.kind, ids), (FailureKind::Timeout, (1..=40).collect::<Vec<_>>()));
    assert!(failure.message.contains("PENSTOCK_MAX_READ_TIME"), "{}", failure.message);
    let rest = CallOptions { resume: failure.resume, window: Some(8), ..options };
    assert_eq!(rig.run(rig.read_jobs(&rest)).ids, (41..=100).collect::<Vec<_>>());
}

const BARE: &str = "jpm.budget-codes-company-segments-list";

/// A list of so many records, of which a page holds `cap` at most, whatever is asked for.
fn capped(rig: &Rig, records: usize, cap: usize) {
    let number = |request: &SentRequest, name| request.parameter(name).unwrap().parse::<usize>().unwrap();
    rig.titan.on_api(move |_, request| {
        let (page, size) = (number(request, "page"), number(request, "pageSize").min(cap));
        let ids = (1..=records).skip((page - 1) * size).take(size);
        let data: Vec<Value> = ids.map(|id| json!({ "id": id })).collect();
        Some(Reply::ok(json!({ "data": data }).to_string()))
    });
}

#[test]
fn a_vendor_that_gives_fewer_records_than_asked_loses_none() {
    for records in [50, 120, 150] {
        let rig = Rig::new();
        capped(&rig, records, 50);
        let all: Vec<i64> = (1..=records as i64).collect();
        let Read { ids, end } = rig.run(rig.read(BARE, &[], &pages_of(500)));
        let end = end.unwrap();
        assert_eq!((&ids, end.complete, end.drifted, end.suppressed), (&all, true, false, 0));
        // Nor across a stop, wherever it is.
        for taking in [1, 49, 50, 51, 99, 100, 101] {
            let options = pages_of(500);
            let first = rig.run(rig.read_into(rig.consumer().taking(taking), BARE, &[], &options));
            let rest = CallOptions { resume: Some(first.end.unwrap().resume), ..options };
            let rest = rig.run(rig.read(BARE, &[], &rest));
            assert_eq!([first.ids, rest.ids].concat(), all, "{taking} of {records}");
            assert!(!rest.end.unwrap().drifted);
        }
    }
}
