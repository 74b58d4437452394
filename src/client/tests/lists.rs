//! Whole reads of numbered lists.

use super::rig::{Read, Rig, options, pages_of};
use crate::{
    contract::{CallOptions, FailureKind, RetryAdvice},
    host::simulated::Reply,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn up_to(last: i64) -> Vec<i64> {
    (1..=last).collect()
}

/// The page that a request asks for.
fn page(request: &crate::host::simulated::SentRequest) -> u32 {
    request.parameter("page").unwrap().parse().unwrap()
}

#[test]
fn every_record_comes_once_and_in_order_although_pages_do_not() {
    for window in [1, 2, 5, 32] {
        let rig = Rig::new();
        rig.titan.holds(1050);
        // Later pages come sooner.
        rig.titan.on_api(|number, _| (number % 3 == 0).then(|| Reply::status(503, "").after(SECOND)));
        let options = CallOptions { window: Some(window), ..pages_of(50) };
        let Read { ids, end } = rig.run(rig.read_jobs(&options));
        let end = end.unwrap();
        assert_eq!(ids, up_to(1050));
        assert_eq!((end.items, end.pages, end.complete), (1050, 21, true));
        assert!(rig.host.most_in_flight() <= window as usize, "{}", rig.host.most_in_flight());
    }
}

#[test]
fn pages_are_fetched_ahead_only_when_there_are_more() {
    let rig = Rig::new();
    rig.titan.holds(7);
    assert_eq!(rig.run(rig.read_jobs(&options())).ids, up_to(7));
    assert_eq!(rig.titan.api_requests(), 1);
    let empty = Rig::new();
    let end = empty.run(empty.read_jobs(&options())).end.unwrap();
    assert_eq!((end.items, end.complete, empty.titan.api_requests()), (0, true, 1));
}

#[test]
fn a_slow_consumer_does_not_stop_the_fetching_and_does_not_unbind_it() {
    let rig = Rig::new();
    rig.titan.holds(100);
    rig.titan.latency(Duration::ZERO, SECOND);
    let options = CallOptions { window: Some(3), ..pages_of(10) };
    let consumer = rig.consumer().pausing(SECOND);
    let read = rig.run(rig.read_into(consumer, "jpm.jobs-list", &[], &options));
    assert_eq!(read.ids, up_to(100));
    // One after another it would take 20 s.
    assert!(rig.host.elapsed() < 13 * SECOND, "{:?}", rig.host.elapsed());

    let rig = Rig::new();
    rig.titan.holds(1000);
    let consumer = rig.consumer().pausing(3600 * SECOND);
    let host = rig.host.clone();
    rig.run(async {
        let reading = std::pin::pin!(rig.read_into(consumer, "jpm.jobs-list", &[], &options));
        let waiting = std::pin::pin!(host.wait(60 * SECOND));
        futures_util::future::select(reading, waiting).await;
    });
    // The look at the list, and the window.
    assert_eq!(rig.titan.api_requests(), 1 + 3);
}

#[test]
fn what_is_held_is_bounded_in_bytes() {
    // A page of 20 takes almost 1 KB.
    for (bound, most) in [("3000", 3), ("1024", 1), ("1000000", 8)] {
        let rig = Rig::new();
        rig.titan.holds(400);
        rig.host.set("PENSTOCK_MAX_HELD_BYTES", bound);
        let options = CallOptions { window: Some(8), ..pages_of(20) };
        let consumer = rig.consumer().pausing(SECOND);
        let read = rig.run(rig.read_into(consumer, "jpm.jobs-list", &[], &options));
        assert_eq!(read.ids, up_to(400));
        assert!(
            (most - 1..=most).contains(&rig.host.most_in_flight()),
            "{bound}: {}",
            rig.host.most_in_flight()
        );
    }
}

#[test]
fn failures_of_pages_beyond_the_end_do_not_matter() {
    let rig = Rig::new();
    rig.titan.holds(25);
    rig.titan.on_api(|_, request| (page(request) > 3).then(|| Reply::status(500, "")));
    rig.host.set("RETRY_ATTEMPTS", "1");
    let slow = |rig: &Rig| rig.consumer().pausing(SECOND);
    let read = rig.run(rig.read_into(slow(&rig), "jpm.jobs-list", &[], &pages_of(10)));
    assert_eq!((read.ids, read.end.unwrap().complete), (up_to(25), true));
    assert!(rig.titan.api_requests() > 3);
}

#[test]
fn a_vendor_that_never_ends_is_stopped() {
    let circle = |_: u32| r#"{"hasMore":true,"data":[{"id":1},{"id":2}]}"#.to_owned();
    let nothing = |_: u32| r#"{"hasMore":true,"data":[]}"#.to_owned();
    let endless = |page: u32| format!(r#"{{"hasMore":true,"data":[{{"id":{page}}}]}}"#);
    for (body, delivered) in [(circle as fn(u32) -> String, 2), (nothing, 0), (endless, 40)] {
        let rig = Rig::new();
        rig.host.set("PENSTOCK_MAX_PAGES", "40");
        rig.titan.on_api(move |_, request| Some(Reply::ok(body(page(request)))));
        let read = rig.run(rig.read_jobs(&options()));
        let failure = read.end.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Paging, "{failure:?}");
        assert_eq!(read.ids.len(), delivered);
        assert!(failure.resume.is_some() && rig.titan.api_requests() <= 44);
    }
}

#[test]
fn a_whole_read_may_have_a_deadline() {
    let rig = Rig::new();
    rig.titan.holds(1000);
    rig.titan.latency(Duration::ZERO, SECOND);
    let options = CallOptions { deadline_ms: Some(5500), window: Some(1), ..pages_of(10) };
    let read = rig.run(rig.read_jobs(&options));
    let failure = read.end.unwrap_err();
    assert_eq!((failure.kind, failure.retry), (FailureKind::Timeout, RetryAdvice::Later));
    // The look took the first second.
    assert_eq!(read.ids, up_to(40));
    assert!(rig.host.elapsed() <= Duration::from_millis(5500));
    let rest = CallOptions { resume: failure.resume, ..pages_of(10) };
    assert_eq!(rig.run(rig.read_jobs(&rest)).ids, (41..=1000).collect::<Vec<_>>());
    // Without one, each page has the time that a call has.
    let rig = Rig::new();
    rig.titan.holds(1000);
    rig.host.set("PENSTOCK_DEADLINE", "3");
    rig.titan.latency(Duration::ZERO, SECOND);
    let options = CallOptions { window: Some(1), ..pages_of(10) };
    assert!(rig.run(rig.read_jobs(&options)).end.is_ok());
}

#[test]
fn requests_under_way_are_aborted_when_the_reader_is_dropped() {
    let rig = Rig::new();
    rig.titan.holds(1000);
    rig.titan.on_api(|_, request| (page(request) > 2).then(Reply::never));
    rig.run(async {
        let options = CallOptions { window: Some(4), ..pages_of(10) };
        let reading = std::pin::pin!(rig.read_jobs(&options));
        futures_util::future::select(reading, std::pin::pin!(rig.host.wait(SECOND))).await;
        assert_eq!(rig.host.aborted(), 0);
    });
    assert_eq!(rig.host.aborted(), 4);
}

#[test]
fn a_bare_list_ends_with_an_empty_page() {
    let name = "jpm.budget-codes-company-segments-list";
    for (held, requests) in [(0, 1), (7, 2), (25, 4), (30, 4)] {
        let rig = Rig::new();
        rig.titan.holds(held);
        let options = CallOptions { window: Some(1), ..pages_of(10) };
        let read = rig.run(rig.read(name, &[], &options));
        assert_eq!((read.ids, rig.titan.api_requests()), (up_to(held), requests));
        assert!(read.end.unwrap().complete);
    }
    // A provider that ignores the page number sends the same page again and again.
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::ok(r#"{"data":[{"id":1},{"id":2}]}"#)));
    let read = rig.run(rig.read(name, &[], &pages_of(2)));
    assert_eq!((read.ids, read.end.unwrap().complete), (vec![1, 2], true));
}

/// A vendor that counts its pages from 0 in its answers.
#[test]
fn pages_that_are_counted_from_0_are_read_and_told_once() {
    let rig = Rig::new();
    rig.titan.on_api(|_, request| {
        let page: i64 = request.parameter("page").unwrap().parse().unwrap();
        let data: Vec<_> = [page * 2 - 1, page * 2].map(|id| serde_json::json!({ "id": id })).into();
        let more = page < 4;
        let body = serde_json::json!({"page": page - 1, "pageSize": 2, "hasMore": more, "data": data});
        Some(Reply::ok(body.to_string()))
    });
    for _ in 0..2 {
        let read = rig.run(rig.read("jpm.job-types-list", &[], &pages_of(2)));
        assert_eq!((read.ids, read.end.unwrap().pages), ((1..=8).collect(), 4));
    }
    let told: Vec<_> =
        rig.host.lines().into_iter().filter(|line| line.contains("pages-counted-from-0")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("jpm.job-types-list") && told[0].contains("warn"), "{told:?}");
}

/// An instance that begins with a later page has not seen the first one.
#[test]
fn a_list_that_counts_from_0_goes_on_elsewhere() {
    let counted_from_0 = |rig: &Rig, pages: i64| {
        rig.titan.on_api(move |_, request| {
            let page: i64 = request.parameter("page").unwrap().parse().unwrap();
            if page > pages {
                return Some(Reply::status(400, "{}"));
            }
            let data: Vec<_> = [page * 2 - 1, page * 2].map(|id| serde_json::json!({ "id": id })).into();
            let body =
                serde_json::json!({"page": page - 1, "pageSize": 2, "hasMore": page < 4, "data": data});
            Some(Reply::ok(body.to_string()))
        });
    };
    let rig = Rig::new();
    counted_from_0(&rig, 2);
    let read = rig.run(rig.read("jpm.job-types-list", &[], &pages_of(2)));
    assert_eq!(read.ids, [1, 2, 3, 4]);
    let resume = read.end.unwrap_err().resume;
    let rig = Rig::new();
    counted_from_0(&rig, 4);
    let options = CallOptions { resume, ..pages_of(2) };
    let read = rig.run(rig.read("jpm.job-types-list", &[], &options));
    assert_eq!((read.ids, read.end.unwrap().complete), (vec![5, 6, 7, 8], true));
}
