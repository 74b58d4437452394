//! Real blocks at real addresses. Miri sees what no assertion could: a read outside of a block, a block that is freed
//! twice, never, or as another size, and an address that is not aligned.
//!
//! An address has 32 bits here, so these are for a machine on which that is so: `.ci/long miri`.

mod host;

use super::{Linear, hand_over};
use crate::{
    client::tests::caller::Function,
    codec,
    contract::{
        CallOptions, FailureKind, PageRequest,
        abi::{Arena, LoweredRecord, Memory},
        catalogue::Type,
    },
    entry::{
        dynamic,
        form::{Form, Lowered},
        typed,
    },
    failure::refused,
};
use futures_util::FutureExt;
use host::Take;
use std::ops::Range;

const JOB: &str = r#"{"id":1,"jobNumber":"J1","summary":"größer","tagTypeIds":[1,2,3],"total":"12.50",
    "customFields":[{"typeId":1,"name":"a","value":"b"},{"typeId":2}],"unknown":{"to":["the","contract"]}}"#;

/// A record with texts, lists of numbers and of records, and what the contract does not know.
fn job() -> &'static Type {
    typed::record_type(dynamic::operation("servicetitan", "jpm.jobs-list").unwrap())
}

fn a_job() -> Arena {
    codec::decode(job(), JOB.as_bytes()).unwrap()
}

fn normal(json: &str) -> String {
    let arena = codec::decode(job(), json.as_bytes()).unwrap();
    codec::lift_normal(job(), &arena, 0)
}

#[track_caller]
fn reads_and_frees(function: &Function) {
    let parameters = function.parameters();
    let at = host::pass(&parameters, |memory| drop(function.lift(memory, 0)));
    assert_eq!(format!("{:?}", function.lift(&Linear, at)), format!("{:?}", function.arguments()));
}

#[test]
fn nothing_is_read_of_an_empty_block_or_past_the_last_address() {
    assert_eq!(Linear.read(u32::MAX, 0), Some(&[][..]));
    assert_eq!(Linear.read(u32::MAX - 3, 5), None);
    Linear.release(8, 0, 8);
}

#[test]
#[cfg_attr(not(target_pointer_width = "32"), ignore = "addresses of 32 bits: .ci/long miri")]
fn parameters_are_read_and_each_block_is_freed() {
    let options = CallOptions {
        account: Some("west".to_owned()),
        correlation_id: Some("c".to_owned()),
        ..CallOptions::default()
    };
    let body = r#"{"text":"Gate code","pinToTop":true}"#;
    let page = PageRequest { page: Some(2), page_size: None, include_total: true, resume: Some("x".into()) };
    reads_and_frees(&Function::new("jpm.jobs-create-note").path(&["4711"]).body(body).options(options));
    reads_and_frees(&Function::new("jpm.jobs-page").query(r#"{"ids":[1,2],"number":"J1"}"#).page(page));
    reads_and_frees(&Function::new("jpm.jobs-get-hold-reasons").query(r#"{"ids":[1,2]}"#));
    reads_and_frees(&Function::new("jpm.project-types-list"));
}

#[test]
#[cfg_attr(not(target_pointer_width = "32"), ignore = "addresses of 32 bits: .ci/long miri")]
fn a_result_is_all_there_while_the_host_copies_it() {
    let operation = dynamic::operation("servicetitan", "jpm.jobs-create-note").unwrap();
    let failure = refused(FailureKind::Internal, "größer".to_owned(), Vec::new()).of("x", "", Vec::new());
    // SAFETY: both read what they are given.
    unsafe {
        hand_over(typed::failed(operation, &failure), host::failure);
        hand_over(a_job(), host::record);
    }
    assert_eq!(host::copied(), [format!("{failure:?}"), normal(JOB)]);
}

/// Records that share a memory.
fn records(json: impl ExactSizeIterator<Item = String>) -> Vec<LoweredRecord> {
    let form = Lowered(job());
    let mut batch = form.batch(json.len());
    json.for_each(|json| form.add(&mut batch, json.as_bytes()).unwrap());
    form.finish(batch)
}

/// Offers five records to a reader: what it copied, and how many it left.
fn offer(takes: &[Take]) -> (Vec<String>, usize) {
    let json =
        |id: u32| format!(r#"{{"id":{id},"summary":"{}","tagTypeIds":[{id}]}}"#, "x".repeat(id as usize));
    // Three that share a memory, and two more.
    let records = [0..3, 3..5].into_iter().flat_map(|ids: Range<u32>| records(ids.map(json))).collect();
    host::reader(takes);
    let (mut writer, _) = super::open(&host::STREAM, job());
    let left = writer.write_all(records).now_or_never().unwrap();
    drop(writer);
    let copied = host::copied();
    for (id, copy) in (0..).zip(&copied) {
        assert_eq!(*copy, normal(&json(id)));
    }
    (copied, left.len())
}

#[test]
#[cfg_attr(not(target_pointer_width = "32"), ignore = "addresses of 32 bits: .ci/long miri")]
fn records_of_a_stream_live_until_they_are_taken() {
    for (takes, copied, left) in [
        (&[Take::AtMost(9)][..], 5, 0),
        (&[Take::AtMost(1), Take::AtMost(3), Take::AtMost(1)], 5, 0),
        (&[Take::AtMost(2), Take::Leave(1)], 3, 2),
        (&[Take::Leave(0)], 0, 5),
    ] {
        let (seen, rest) = offer(takes);
        assert_eq!((seen.len(), rest), (copied, left), "{takes:?}");
    }
}

#[test]
#[cfg_attr(not(target_pointer_width = "32"), ignore = "addresses of 32 bits: .ci/long miri")]
fn records_that_were_never_offered_are_given_back() {
    host::reader(&[]);
    let (mut writer, _) = super::open(&host::STREAM, job());
    let write = std::pin::pin!(writer.write(records([JOB, JOB].map(str::to_owned).into_iter())));
    let (_, buffer) = write.cancel();
    let back = buffer.into_vec();
    assert_eq!(back.len(), 2);
}
