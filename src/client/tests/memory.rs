//! What answers may take of an instance's memory.

use super::{
    rig::{Rig, options, pages_of},
    time::Flow,
};
use crate::{
    contract::{CallOptions, Failure, FailureKind},
    host::simulated::{Reply, Simulated},
};
use futures_util::future::{join, join_all};
use std::time::Duration;

/// With one MiB for answers, of which none may have more than a quarter.
fn rig() -> Rig {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_MEMORY_BYTES", "1048576");
    rig.host.set("PENSTOCK_MAX_BODY_BYTES", "262144");
    rig
}

fn job(summary: usize) -> String {
    format!(r#"{{"id":1,"summary":"{}"}}"#, "x".repeat(summary))
}

/// A reply that takes four seconds to flow.
fn flowing(host: &Simulated, body: &str) -> Reply {
    let pieces = body.as_bytes().chunks(body.len().div_ceil(4)).map(<[u8]>::to_vec).collect();
    Reply::streamed(200, Flow { host: host.clone(), pieces, pause: Duration::from_secs(1) })
}

fn used(rig: &Rig) -> u64 {
    let snapshot: serde_json::Value = serde_json::from_str(&rig.client.snapshot()).unwrap();
    snapshot["answerMemoryBytes"].as_u64().unwrap()
}

#[test]
fn answers_that_do_not_fit_at_once_come_one_after_the_other() {
    let rig = rig();
    let host = rig.host.clone();
    rig.titan.on_api(move |_, _| Some(flowing(&host, &job(200_000))));
    let results = rig.run(rig.get_often(4));
    let failed: Vec<&Failure> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(rig.titan.api_requests() > 4, "all of them fitted, so nothing was tested");
    assert_eq!(used(&rig), 0);
}

/// A caller that hands a body on slowly holds its memory, and others wait for it.
#[test]
fn a_body_is_charged_until_it_is_let_go() {
    let rig = rig();
    rig.titan.on_api(|_, _| Some(Reply::ok(job(200_000))));
    let id = [("id", "1")];
    let held = rig.run(rig.invoke("jpm.jobs-get", &id, None, Some(&options()))).unwrap();
    assert!(used(&rig) > 800_000, "{}", used(&rig));
    let failure = rig.run(rig.invoke("jpm.jobs-get", &id, None, Some(&options()))).unwrap_err();
    assert!(failure.message.contains("PENSTOCK_MEMORY_BYTES"), "{failure:?}");
    drop(held);
    assert_eq!(used(&rig), 0);
    rig.run(rig.invoke("jpm.jobs-get", &id, None, Some(&options()))).unwrap();
}

/// What a page was asked for does not bound what comes.
#[test]
fn a_page_of_more_records_than_a_page_may_have_is_refused() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_MAX_PAGE_RECORDS", "1000");
    let page = |records: usize| {
        let records: Vec<_> = (0..records).map(|id| format!(r#"{{"id":{id},"x":[1,{{"y":2}}]}}"#)).collect();
        format!(r#"{{"page":1,"pageSize":50,"hasMore":false,"data":[{}]}}"#, records.join(","))
    };
    let fits = page(1_000);
    rig.titan.on_api(move |_, _| Some(Reply::ok(fits.clone())));
    let read = rig.run(rig.read("jpm.jobs-list", &[], &options()));
    assert_eq!((read.ids.len(), read.end.is_ok()), (1_000, true), "{:?}", read.end);
    let asked = rig.titan.api_requests();
    let heavy = page(1_100);
    rig.titan.on_api(move |_, _| Some(Reply::ok(heavy.clone())));
    let failure = rig.run(rig.read("jpm.jobs-list", &[], &options())).end.unwrap_err();
    assert_eq!((failure.kind, rig.titan.api_requests()), (FailureKind::TooLarge, asked + 1));
    assert!(failure.message.contains("PENSTOCK_MAX_PAGE_RECORDS"), "{failure:?}");
}

#[test]
fn an_answer_that_can_never_fit_is_refused_and_names_the_setting() {
    for (body, fits) in [
        (job(200_000), true),
        // A quarter of the bytes, and each a value.
        (format!(r#"{{"id":1,"customFields":[{}1]}}"#, "1,".repeat(60_000)), false),
    ] {
        let rig = rig();
        rig.titan.on_api(move |_, _| Some(Reply::ok(body.clone())));
        let result = rig.run(rig.get());
        assert_eq!(result.is_ok(), fits);
        if let Err(failure) = result {
            assert_eq!((failure.kind, rig.titan.api_requests()), (FailureKind::TooLarge, 1));
            assert!(failure.message.contains("PENSTOCK_MEMORY_BYTES"), "{failure:?}");
        }
        assert_eq!(used(&rig), 0);
    }
}

#[test]
fn what_a_decoder_takes_is_charged() {
    let rig = rig();
    let frame = |window: u8| {
        [&[0x28, 0xb5, 0x2f, 0xfd, 0, window << 3][..], &[0b1_000_001, 0, 0], br#"{"id":1}"#].concat()
    };
    rig.titan.on_api(move |number, _| {
        // A window of 8 MiB, more than there is for all answers; and one of a KiB.
        let window = if number == 1 { 13 } else { 0 };
        Some(Reply::bytes(200, frame(window)).header("content-encoding", "zstd"))
    });
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!((failure.kind, rig.titan.api_requests()), (FailureKind::TooLarge, 1));
    assert!(failure.message.contains("PENSTOCK_MEMORY_BYTES"), "{failure:?}");
    rig.run(rig.get()).unwrap();
    assert_eq!(used(&rig), 0);
}

#[test]
fn pages_are_charged_until_they_are_delivered() {
    let rig = rig();
    rig.host.set("PENSTOCK_MEMORY_BYTES", "2097152");
    rig.titan.holds(5_000);
    let options = CallOptions { window: Some(8), ..pages_of(500) };
    let (reads, most) = rig.run(async {
        let slow = || rig.consumer().pausing(Duration::from_millis(10));
        let reading = join_all((0..6).map(|_| rig.read_into(slow(), "jpm.jobs-list", &[], &options)));
        let watching = async {
            let mut most = 0;
            for _ in 0..2_000 {
                rig.host.wait(Duration::from_millis(1)).await;
                most = most.max(used(&rig));
            }
            most
        };
        join(reading, watching).await
    });
    // A page has about 20 kB; 48 of them would not fit, and had to wait for one another.
    assert!((1_000_000..=2_097_152).contains(&most), "{most}");
    for read in reads {
        assert!(read.end.is_ok(), "{:?}", read.end);
        assert_eq!(read.ids.len(), 5_000);
    }
    assert_eq!(used(&rig), 0);
}

#[test]
fn settings_that_do_not_go_together_are_a_configuration_failure() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_MEMORY_BYTES", "1048576");
    let failure = rig.run(rig.get_with(&options())).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration);
    assert_eq!(failure.fields[0].field, "PENSTOCK_MEMORY_BYTES");
    assert_eq!(failure.fields[0].message, "must be at least four times PENSTOCK_MAX_BODY_BYTES, 268435456");
}
