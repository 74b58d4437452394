//! Many calls at once.

use super::rig::{Rig, options, within};
use crate::{
    contract::{CallOptions, Failure, FailureKind, Outcome},
    entry::batch::{self, BatchCall, BatchOptions, BatchResult, MOST_HELD, Unattempted},
    host::simulated::Reply,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn get(id: &str) -> BatchCall {
    let parameters = vec![("id".to_owned(), id.to_owned())];
    BatchCall { operation: "jpm.jobs-get".to_owned(), parameters, body: None }
}

fn gets(ids: std::ops::RangeInclusive<i64>) -> Vec<BatchCall> {
    ids.map(|id| get(&id.to_string())).collect()
}

fn run(
    rig: &Rig,
    calls: Vec<BatchCall>,
    batch: BatchOptions,
    options: &CallOptions,
) -> Result<Vec<BatchResult>, Failure> {
    rig.run(batch::run(&rig.client, "servicetitan", calls, batch, Some(options)))
}

fn id(result: &BatchResult) -> i64 {
    let BatchResult::Ok(answer) = result else { panic!("{result:?}") };
    let body: serde_json::Value = serde_json::from_str(answer.body.as_ref().unwrap()).unwrap();
    body["id"].as_i64().unwrap()
}

/// Why calls were not begun, of all that were not.
fn not_begun(results: &[BatchResult]) -> Vec<Unattempted> {
    let why = |result: &BatchResult| match result {
        BatchResult::NotAttempted(why) => Some(*why),
        _ => None,
    };
    results.iter().filter_map(why).collect()
}

#[test]
fn results_come_in_the_order_of_the_calls() {
    let rig = Rig::new();
    rig.titan.holds(50);
    // The first ones take longest.
    rig.titan.on_api(|number, _| (number <= 3).then(|| Reply::status(503, "").after(SECOND)));
    let results = run(&rig, gets(1..=50), BatchOptions::default(), &options()).unwrap();
    assert_eq!(results.iter().map(id).collect::<Vec<_>>(), (1..=50).collect::<Vec<_>>());
    assert_eq!(rig.host.most_in_flight(), 8, "BATCH_SIZE");
}

#[test]
fn a_caller_says_how_many_go_at_once() {
    for concurrency in [1, 3, 64] {
        let rig = Rig::new();
        rig.titan.holds(100);
        let batch = BatchOptions { concurrency: Some(concurrency), ..BatchOptions::default() };
        assert_eq!(run(&rig, gets(1..=100), batch, &options()).unwrap().len(), 100);
        assert!(rig.host.most_in_flight() <= concurrency as usize, "{concurrency}");
    }
}

#[test]
fn one_failure_harms_none_of_the_others() {
    let rig = Rig::new();
    rig.titan.holds(3);
    let odd = BatchCall { operation: "jpm.jobs-gett".to_owned(), ..get("1") };
    let results = run(&rig, vec![get("1"), get("x"), odd, get("3")], BatchOptions::default(), &options());
    let results = results.unwrap();
    assert_eq!((id(&results[0]), id(&results[3])), (1, 3));
    for (index, field) in [(1, "id"), (2, "operation")] {
        let BatchResult::Failed(failure) = &results[index] else { panic!("{:?}", results[index]) };
        assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, field));
    }
}

#[test]
fn after_the_deadline_of_the_whole_no_call_is_begun() {
    let rig = Rig::new();
    rig.titan.holds(9);
    rig.titan.latency(Duration::ZERO, SECOND);
    let batch = BatchOptions { concurrency: Some(1), ..BatchOptions::default() };
    let results = run(&rig, gets(1..=9), batch, &within(Duration::from_millis(2500))).unwrap();
    assert_eq!((id(&results[0]), id(&results[1])), (1, 2));
    let BatchResult::Failed(failure) = &results[2] else { panic!("{:?}", results[2]) };
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(not_begun(&results), vec![Unattempted::Deadline; 6]);
    assert_eq!(rig.titan.api_requests(), 3);
}

#[test]
fn it_may_stop_after_some_failures() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(404, "{}")));
    let batch = BatchOptions { concurrency: Some(2), stop_after: Some(3) };
    let results = run(&rig, gets(1..=20), batch, &options()).unwrap();
    let failed = results.iter().filter(|result| matches!(result, BatchResult::Failed(_))).count();
    assert!((3..=4).contains(&failed), "{failed}: those under way end as they end");
    assert_eq!(not_begun(&results), vec![Unattempted::Failures; 20 - failed]);
    assert_eq!(rig.titan.api_requests(), failed);
}

#[test]
fn what_does_not_fit_is_refused_as_a_whole_before_anything_is_sent() {
    let rig = Rig::new();
    let resume = CallOptions { resume: Some("x".to_owned()), ..options() };
    let many = BatchOptions { concurrency: Some(65), stop_after: Some(0) };
    let refused = run(&rig, vec![get("1"); 10_001], many, &resume).unwrap_err();
    let fields: Vec<&str> = refused.fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["calls", "concurrency", "stop-after", "resume"]);
    assert_eq!((refused.kind, refused.outcome), (FailureKind::BadInput, Outcome::NotSent));
    let unknown =
        rig.run(batch::run(&rig.client, "servicetitann", Vec::new(), BatchOptions::default(), None));
    assert!(unknown.unwrap_err().message.contains("did you mean `servicetitan`"));
    assert!(run(&rig, Vec::new(), BatchOptions::default(), &options()).unwrap().is_empty());
    assert_eq!(rig.titan.api_requests(), 0);
}

/// All results are held until the last one is there: 10,000 answers of any size are not.
#[test]
fn answers_that_are_large_together_stop_it_and_those_under_way_still_end() {
    for (concurrency, ended) in [(1, 4), (3, 6)] {
        let rig = Rig::new();
        // All take as long, so that those that began together end together.
        rig.titan.latency(SECOND, SECOND);
        let body = r#"{"id":7}"#;
        rig.titan.on_api(move |_, _| Some(Reply::ok(body)));
        let batch = BatchOptions { concurrency: Some(concurrency), ..BatchOptions::default() };
        let size = body_size(&rig);
        let run = |most| {
            let options = options();
            let calls = gets(1..=20);
            rig.run(batch::run_holding(&rig.client, "servicetitan", calls, batch, Some(&options), most))
                .unwrap()
        };
        // Three answers and a part of one are less than the bound, four are not.
        let results = run(size * 3 + 1);
        let made = results.iter().filter(|result| matches!(result, BatchResult::Ok(_))).count();
        assert_eq!(made, ended, "{concurrency} at once");
        assert!(matches!(results[made - 1], BatchResult::Ok(_)), "the first ones");
        assert_eq!(not_begun(&results), vec![Unattempted::Held; 20 - made]);
        assert!(not_begun(&run(size * 20)).is_empty(), "what fits is all of it");
    }
}

/// The length of the answer to a get, in normal form.
fn body_size(rig: &Rig) -> usize {
    let results = run(rig, gets(1..=1), BatchOptions::default(), &options()).unwrap();
    let BatchResult::Ok(answer) = &results[0] else { panic!("{results:?}") };
    answer.body.as_ref().unwrap().len()
}

#[test]
fn the_bound_is_the_one_that_the_contract_names() {
    assert_eq!(MOST_HELD, 64 << 20);
    let contract = include_str!("../../../wit/connector/operations.wit");
    assert!(contract.contains("the answers have 64 MiB together, no further call is started"));
}
