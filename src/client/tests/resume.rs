//! Reads that stop and go on.

use super::rig::{Read, Rig, options, pages_of};
use crate::{
    contract::{CallOptions, FailureKind, PageInfo},
    host::simulated::{Reply, SentRequest},
};
use serde_json::{Value, json};
use std::time::Duration;

const JOBS: &str = "jpm.jobs-list";

fn range(first: i64, last: i64) -> Vec<i64> {
    (first..=last).collect()
}

fn going_on(resume: Option<String>, size: u32) -> CallOptions {
    CallOptions { resume, ..pages_of(size) }
}

fn asks_for(request: &SentRequest, page: usize) -> bool {
    request.parameter("page") == Some(page.to_string().as_str())
}

/// One page by name: its ids and where it stands.
async fn page(
    rig: &Rig,
    name: &str,
    parameters: &[(&str, &str)],
    options: &CallOptions,
) -> (Vec<i64>, PageInfo) {
    let answer = rig.invoke(name, parameters, None, Some(options)).await.unwrap();
    let records: Vec<Value> = serde_json::from_str(&answer.body.unwrap()).unwrap();
    (records.iter().map(|record| record["id"].as_i64().unwrap()).collect(), answer.page.unwrap())
}

#[test]
fn after_a_failure_on_any_page_the_rest_is_delivered_and_nothing_twice() {
    for failing in 1..=6 {
        let rig = Rig::new();
        rig.titan.holds(53);
        rig.titan.on_api(move |_, request| asks_for(request, failing).then(|| Reply::status(500, "")));
        let Read { ids, end } = rig.run(rig.read_jobs(&pages_of(10)));
        let failure = end.unwrap_err();
        assert_eq!((failure.kind, failure.operation.as_deref()), (FailureKind::Vendor, Some(JOBS)));
        assert_eq!(ids, range(1, (failing as i64 - 1) * 10));
        rig.titan.on_api(|_, _| None);
        let rest = rig.run(rig.read_jobs(&going_on(failure.resume, 10)));
        assert_eq!([ids, rest.ids].concat(), range(1, 53));
        assert!(rest.end.unwrap().complete);
    }
}

#[test]
fn a_consumer_may_stop_after_any_record() {
    for taken in 0..=25 {
        let rig = Rig::new();
        rig.titan.holds(23);
        let consumer = rig.consumer().taking(taken);
        let Read { ids, end } = rig.run(rig.read_into(consumer, JOBS, &[], &pages_of(5)));
        let end = end.unwrap();
        assert_eq!(ids, range(1, taken.min(23) as i64));
        assert_eq!((end.items, end.complete), (ids.len() as u64, taken >= 23));
        // Another page size does not matter: the place is counted in the old one.
        let rest = rig.run(rig.read_jobs(&going_on(Some(end.resume), 7)));
        assert_eq!([ids, rest.ids].concat(), range(1, 23));
    }
}

#[test]
fn after_the_end_a_read_goes_on_with_what_was_added() {
    for held in [0, 7, 10, 20] {
        let rig = Rig::new();
        rig.titan.holds(held);
        let resume = rig.run(rig.read_jobs(&pages_of(10))).end.unwrap().resume;
        let nothing = rig.run(rig.read_jobs(&going_on(Some(resume.clone()), 10)));
        assert_eq!((nothing.ids, nothing.end.unwrap().complete), (vec![], true));
        rig.titan.grows_by(15);
        let more = rig.run(rig.read_jobs(&going_on(Some(resume), 10)));
        assert_eq!(more.ids, range(held + 1, held + 15));
    }
}

#[test]
fn a_record_that_cannot_be_read_stops_the_read_in_front_of_it() {
    for broken in [1, 7, 10, 11, 20, 23] {
        let rig = Rig::new();
        rig.titan.holds(23);
        rig.titan.spoil(broken, json!({"id": "x"}));
        let Read { ids, end } = rig.run(rig.read_jobs(&pages_of(10)));
        let failure = end.unwrap_err();
        let path = format!("$.data[{}].id", (broken - 1) % 10);
        assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::Decode, path.as_str()));
        assert_eq!((failure.operation.as_deref(), failure.status), (Some(JOBS), Some(200)));
        assert_eq!(ids, range(1, broken as i64 - 1));

        // It points at the record, whoever goes on from it.
        let again = rig.run(rig.read_jobs(&going_on(failure.resume.clone(), 10)));
        assert_eq!(again.end.unwrap_err().fields[0].field, path);
        let page =
            rig.run(rig.invoke("jpm.jobs-page", &[], None, Some(&going_on(failure.resume.clone(), 10))));
        assert_eq!(page.unwrap_err().fields[0].field, path);
        rig.titan.spoil(broken, json!({"id": broken}));
        let rest = rig.run(rig.read_jobs(&going_on(failure.resume, 10)));
        assert_eq!([ids, rest.ids].concat(), range(1, 23));
    }
}

#[test]
fn a_walk_by_pages_gives_the_same_as_the_whole_read() {
    for (name, held) in [
        ("jpm.jobs-page", 23),
        ("jpm.jobs-page", 20),
        ("jpm.budget-codes-company-segments-page", 23),
        ("jpm.export-jobs-page", 23),
    ] {
        let rig = Rig::new();
        rig.titan.holds(held);
        rig.run(async {
            let size: &[(&str, &str)] = if name.contains("export") { &[] } else { &[("pageSize", "5")] };
            let (mut ids, mut info) = page(&rig, name, size, &options()).await;
            let mut pages = 1;
            while info.has_more {
                let next =
                    page(&rig, name, size, &CallOptions { resume: Some(info.resume), ..options() }).await;
                ids.extend(next.0);
                info = next.1;
                pages += 1;
                assert!(size.is_empty() || info.page == pages, "{info:?}");
            }
            assert_eq!(ids, range(1, held), "{name}");
            // A walk can go on as a whole read, and the other way round.
            rig.titan.grows_by(4);
            let list = name.replace("-page", "-list");
            let rest = rig.read(&list, &[], &CallOptions { resume: Some(info.resume), ..options() }).await;
            assert_eq!(rest.ids, range(held + 1, held + 4), "{name}");
        });
    }
}

#[test]
fn a_page_says_where_it_stands() {
    let rig = Rig::new();
    rig.titan.holds(23);
    rig.run(async {
        let parameters = [("page", "3"), ("pageSize", "5"), ("includeTotal", "true")];
        let (ids, info) = page(&rig, "jpm.jobs-page", &parameters, &options()).await;
        assert_eq!(ids, range(11, 15));
        assert_eq!((info.page, info.page_size, info.has_more, info.total_count), (3, 5, true, Some(23)));
        let (ids, info) = page(&rig, "jpm.jobs-page", &[("page", "9")], &options()).await;
        assert_eq!((ids, info.has_more, info.total_count), (vec![], false, None));
    });
    let metrics = rig.client.metrics();
    assert!(
        metrics.contains("penstock_pages_total 2\n") && metrics.contains("penstock_records_total 5\n"),
        "{metrics}"
    );
}

#[test]
fn a_resume_text_fits_only_what_it_was_made_for() {
    let rig = Rig::new();
    rig.titan.holds(23);
    let resume = rig
        .run(rig.read_into(rig.consumer().taking(3), JOBS, &[("number", "7")], &pages_of(5)))
        .end
        .unwrap()
        .resume;
    rig.host.set_secret("PENSTOCK_ACCOUNT_NORTH_CLIENT_ID", "canary-north-id");
    rig.host.set_secret("PENSTOCK_ACCOUNT_NORTH_CLIENT_SECRET", "canary-north-secret");
    rig.host.set("PENSTOCK_ACCOUNT_NORTH_TENANT_ID", "77");
    let sent = rig.host.requests().len();
    let good = going_on(Some(resume.clone()), 5);
    let north = CallOptions { account: Some("north".to_owned()), ..good.clone() };
    let damaged = going_on(Some(format!("{resume}A")), 5);
    let none: &[(&str, &str)] = &[];
    let cases = [
        (JOBS, &[("number", "8")][..], &good),
        (JOBS, none, &good),
        ("jpm.export-jobs-list", none, &CallOptions { page_size: None, ..good.clone() }),
        (JOBS, &[("number", "7")][..], &north),
        (JOBS, &[("number", "7")][..], &damaged),
    ];
    for (name, parameters, options) in cases {
        let failure = rig.run(rig.read(name, parameters, options)).end.unwrap_err();
        assert_eq!(
            (failure.kind, failure.fields[0].field.as_str()),
            (FailureKind::BadInput, "resume"),
            "{failure:?}"
        );
        assert_eq!(failure.operation.as_deref(), Some(name));
    }
    // Whoever asks for a page by number cannot mean the text as well.
    let failure = rig.run(rig.invoke("jpm.jobs-page", &[("number", "7"), ("page", "2")], None, Some(&good)));
    assert_eq!(failure.unwrap_err().fields[0].field, "page");
    assert_eq!(rig.host.requests().len(), sent);
    assert_eq!(rig.run(rig.read(JOBS, &[("number", "7")], &good)).ids, range(4, 23));
}

#[test]
fn a_feed_goes_on_from_where_the_vendor_says() {
    let rig = Rig::new();
    rig.titan.holds(10);
    let name = "jpm.export-jobs-list";
    let read = rig.run(rig.read(name, &[], &options()));
    let end = read.end.unwrap();
    assert_eq!((read.ids, end.pages, end.complete), (range(1, 10), 4, true));
    assert_eq!((rig.titan.api_requests(), rig.host.most_in_flight()), (4, 1));
    // The next run begins where this one ended.
    rig.titan.grows_by(4);
    let resumed = CallOptions { resume: Some(end.resume), ..options() };
    assert_eq!(rig.run(rig.read(name, &[], &resumed)).ids, range(11, 14));
    // A caller may also keep the provider's own text.
    assert_eq!(rig.run(rig.read(name, &[("from", "after-12")], &options())).ids, range(13, 14));
    let sized = rig.run(rig.read(name, &[], &pages_of(5))).end.unwrap_err();
    assert_eq!(sized.fields[0].field, "page-size");
}

#[test]
fn a_feed_may_fail_or_be_left_anywhere() {
    let name = "jpm.export-jobs-list";
    for taken in 0..=10 {
        let rig = Rig::new();
        rig.titan.holds(10);
        let read = rig.run(rig.read_into(rig.consumer().taking(taken), name, &[], &options()));
        let resumed = CallOptions { resume: Some(read.end.unwrap().resume), ..options() };
        let rest = rig.run(rig.read(name, &[], &resumed));
        assert_eq!([read.ids, rest.ids].concat(), range(1, 10));
    }
    for failing in 1..=4 {
        let rig = Rig::new();
        rig.titan.holds(10);
        rig.titan.on_api(move |number, _| {
            (failing..failing + 4).contains(&number).then(|| Reply::status(500, ""))
        });
        let consumer = rig.consumer().pausing(Duration::from_secs(1));
        let read = rig.run(rig.read_into(consumer, name, &[], &options()));
        let resumed = CallOptions { resume: read.end.unwrap_err().resume, ..options() };
        let rest = rig.run(rig.read(name, &[], &resumed));
        assert_eq!([read.ids, rest.ids].concat(), range(1, 10));
    }
    let circle = Rig::new();
    circle.titan.on_api(|_, _| Some(Reply::ok(r#"{"hasMore":true,"continueFrom":"x","data":[{"id":1}]}"#)));
    assert_eq!(circle.run(circle.read(name, &[], &options())).end.unwrap_err().kind, FailureKind::Paging);
}

#[test]
fn a_walk_by_pages_ends_although_the_vendor_does_not() {
    // Each page is full and like the first.
    let same = r#"{"data":[{"id":1},{"id":2}]}"#;
    let circle = r#"{"hasMore":true,"continueFrom":"x","data":[{"id":1},{"id":2}]}"#;
    for (name, body) in [("jpm.budget-codes-company-segments-page", same), ("jpm.export-jobs-page", circle)] {
        let rig = Rig::new();
        rig.titan.on_api(move |_, _| Some(Reply::ok(body)));
        let size: &[(&str, &str)] = if body == same { &[("pageSize", "2")] } else { &[] };
        let mut next = options();
        let mut calls = 0;
        rig.run(async {
            loop {
                calls += 1;
                assert!(calls < 10, "{name} has no end");
                match rig.invoke(name, size, None, Some(&next)).await {
                    Ok(answer) if answer.page.as_ref().unwrap().has_more => {
                        next.resume = Some(answer.page.unwrap().resume);
                    }
                    Ok(_) => return assert_eq!(body, same),
                    Err(failure) => return assert_eq!((failure.kind, body), (FailureKind::Paging, circle)),
                }
            }
        });
    }
}

#[test]
fn a_position_belongs_to_a_tenant_an_environment_and_a_host() {
    for (name, value, now) in [
        ("SERVICETITAN_TENANT_ID", "99", "tenant 99 in production@api.servicetitan.io"),
        ("SERVICETITAN_API_ENVIRONMENT", "integration", "integration@api-integration.servicetitan.io"),
        ("SERVICETITAN_API_URL", "https://elsewhere.example", "production@elsewhere.example"),
    ] {
        for list in [JOBS, "jpm.export-jobs-list"] {
            let rig = Rig::new();
            rig.titan.holds(23);
            let consumer = rig.consumer().taking(4);
            let stopped = rig.run(rig.read_into(consumer, list, &[], &options()));
            let resume = stopped.end.unwrap().resume;
            let sent = rig.host.requests().len();
            rig.host.set(name, value);
            rig.client.forget_settings();
            let there = CallOptions { resume: Some(resume), ..options() };
            let refused = rig.run(rig.read(list, &[], &there)).end.unwrap_err();
            assert_eq!((refused.kind, refused.fields[0].field.as_str()), (FailureKind::BadInput, "resume"));
            assert!(refused.message.contains("servicetitan tenant 1234 in production@"), "{refused:?}");
            assert!(refused.message.contains(now), "{refused:?}");
            assert_eq!(rig.host.requests().len(), sent, "nothing was sent");
        }
    }
}
