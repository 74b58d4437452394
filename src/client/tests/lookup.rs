//! Creates of unknown outcome that are looked up by their external data.

use super::rig::{Rig, options};
use crate::{
    contract::{Failure, Outcome},
    entry::dynamic::Answer,
    host::simulated::{Reply, SentRequest},
};
use serde_json::json;

const FOUND: &str =
    r#"{"page":1,"pageSize":2,"hasMore":false,"data":[{"id":77,"createdOn":"2026-11-20T10:00:00.05"}]}"#;
const OLD: &str =
    r#"{"page":1,"pageSize":2,"hasMore":false,"data":[{"id":7,"createdOn":"2026-11-20T09:58:00Z"}]}"#;
const UNDATED: &str = r#"{"page":1,"pageSize":2,"hasMore":false,"data":[{"id":7}]}"#;
const NONE: &str = r#"{"page":1,"pageSize":2,"hasMore":false,"data":[]}"#;
const TWO: &str = r#"{"page":1,"pageSize":2,"hasMore":false,"data":[{"id":77},{"id":78}]}"#;

fn body(external: bool) -> String {
    let mut body = json!({
        "customerId": 1, "locationId": 2, "businessUnitId": 3, "jobTypeId": 4, "priority": "Normal",
        "campaignId": 5, "appointments": [],
    });
    if external {
        let data = json!([{"key": "order", "value": "A-17"}]);
        body["externalData"] = json!({"applicationGuid": "7c1b", "externalData": data});
    }
    body.to_string()
}

/// A create whose connection breaks; the lists answer one after another.
fn create(external: bool, lists: &'static [&'static str]) -> (Result<Answer, Failure>, Vec<String>) {
    let rig = Rig::new();
    let mut lists = lists.iter();
    rig.titan.on_api(move |_, request: &SentRequest| {
        Some(match request.method {
            "POST" => Reply::dropped(),
            _ => Reply::ok(*lists.next().expect("no more looks are expected")),
        })
    });
    let result = rig.run(rig.invoke("jpm.jobs-create", &[], Some(&body(external)), Some(&options())));
    let requests = rig.host.requests();
    let sent = requests.iter().filter(|request| request.path().contains("/jobs"));
    (result, sent.map(|request| format!("{} {}", request.method, request.path_and_query)).collect())
}

#[test]
fn what_was_made_is_found_and_not_made_again() {
    let (result, sent) = create(true, &[FOUND]);
    let body: serde_json::Value = serde_json::from_str(&result.unwrap().body.unwrap()).unwrap();
    assert_eq!(body["id"], 77);
    assert_eq!(sent.len(), 2);
    assert!(sent[0].starts_with("POST "), "{sent:?}");
    for part in ["externalDataApplicationGuid=7c1b", "externalDataKey=order", "externalDataValues=A-17"] {
        assert!(sent[1].starts_with("GET ") && sent[1].contains(part), "{sent:?}");
    }
}

#[test]
fn a_vendor_that_is_still_at_work_is_looked_at_twice() {
    let (result, sent) = create(true, &[NONE, FOUND]);
    assert!(result.is_ok());
    assert_eq!(sent.len(), 3);
}

#[test]
fn what_is_not_found_exactly_once_stays_unknown_and_is_not_sent_again() {
    // One that was there before, under the same key, is not what was made.
    for lists in [&[NONE, NONE][..], &[TWO], &[OLD], &[UNDATED]] {
        let (result, sent) = create(true, lists);
        let failure = result.unwrap_err();
        assert_eq!(failure.outcome, Outcome::Unknown);
        assert!(failure.message.contains("looked for"), "{}", failure.message);
        assert_eq!(sent.iter().filter(|line| line.starts_with("POST")).count(), 1);
    }
}

#[test]
fn without_a_natural_key_nothing_is_looked_for() {
    let (result, sent) = create(false, &[]);
    assert_eq!(result.unwrap_err().outcome, Outcome::Unknown);
    assert_eq!(sent.len(), 1);
}
