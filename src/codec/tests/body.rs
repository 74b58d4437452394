//! Bodies that a person writes.

use super::lines;
use crate::{
    codec::body_from_json,
    contract::catalogue::{Type, tables::servicetitan::jpm as tables},
};

static CREATE_JOB: Type = Type::Record(&tables::CREATE_JOB);
static UPDATE_JOB_TYPE: Type = Type::Record(&tables::UPDATE_JOB_TYPE);

#[track_caller]
fn sent(ty: &Type, json: &str, body: &str) {
    assert_eq!(body_from_json(ty, json).as_deref(), Ok(body));
}

#[track_caller]
fn refused(ty: &Type, json: &str, problems: &[&str]) {
    assert_eq!(lines(body_from_json(ty, json).unwrap_err()), problems);
}

#[test]
fn both_forms_are_understood() {
    sent(&UPDATE_JOB_TYPE, r#"{"soldThreshold":"12.30"}"#, r#"{"soldThreshold":12.30}"#);
    sent(&UPDATE_JOB_TYPE, r#"{"soldThreshold":12.30}"#, r#"{"soldThreshold":12.30}"#);
    sent(&UPDATE_JOB_TYPE, r#"{"soldThreshold":null}"#, r#"{"soldThreshold":null}"#);
    sent(&UPDATE_JOB_TYPE, r#"{"customFieldsUpdateMode":"merge"}"#, r#"{"customFieldsUpdateMode":"Merge"}"#);
    sent(
        &Type::Record(&tables::RESCHEDULE_APPOINTMENT),
        r#"{"end":"2025-10-13 10:00:00-05:00","start":"2025-10-13"}"#,
        r#"{"start":"2025-10-13T00:00:00Z","end":"2025-10-13T15:00:00Z"}"#,
    );
    sent(&Type::Json, " {\"any\" : [ 1 ]} ", "{\"any\" : [ 1 ]}");
}

#[test]
fn extra_is_merged() {
    sent(
        &UPDATE_JOB_TYPE,
        r#"{"extra":{"new":"x", "list": [1, 2]},"name":"N"}"#,
        r#"{"name":"N","new":"x","list":[1, 2]}"#,
    );
    sent(&UPDATE_JOB_TYPE, r#"{"extra":{}}"#, "{}");
    refused(&UPDATE_JOB_TYPE, r#"{"extra":[1]}"#, &["extra: expected a JSON object"]);
    refused(
        &UPDATE_JOB_TYPE,
        r#"{"extra":{"name":"N","a":1,"a":2}}"#,
        &["extra.name: this is a field of its own: set it there", "extra.a: the field comes twice"],
    );
    refused(&UPDATE_JOB_TYPE, r#"{"extra":{"a":1},"extra":{"b":1}}"#, &["extra: the field comes twice"]);
}

#[test]
fn every_problem_at_once() {
    refused(
        &CREATE_JOB,
        r#"{"customerID":1,"locationId":"2","businessUnitId":3,"jobTypeId":4,"priority":5,"campaignId":6,"campaignId":6,
            "summary":null,"tagTypeIds":[1,"x",2.5],"frobnicate":1,
            "appointments":[{"start":"2025-13-01","end":"2025-10-13T00:00:00Z","strat":1},{}]}"#,
        &[
            "customerID: there is no such field; did you mean `customerId`?",
            "locationId: expected an integer of 64 bits, found text",
            "priority: expected text, found a number",
            "campaignId: the field comes twice",
            "summary: this cannot be cleared with null; leave it out",
            "tagTypeIds[1]: expected an integer of 64 bits, found text",
            "tagTypeIds[2]: expected an integer of 64 bits, found `2.5`",
            "frobnicate: there is no such field; what the contract does not know goes into `extra`",
            "appointments[0].start: expected a point in time such as 2026-11-20T08:30:00Z, found `2025-13-01`",
            "appointments[0].strat: there is no such field; did you mean `start`?",
            "appointments[1].start: missing: expected a point in time such as 2026-11-20T08:30:00Z",
            "appointments[1].end: missing: expected a point in time such as 2026-11-20T08:30:00Z",
            "customerId: missing: expected an integer of 64 bits",
        ],
    );
}

/// It is text, and yet none that can be sent.
#[test]
fn half_of_a_surrogate_pair_is_called_so() {
    refused(
        &UPDATE_JOB_TYPE,
        r#"{"name":"\ud800"}"#,
        &["name: expected text, found text with half of a surrogate pair"],
    );
}

#[test]
fn enums_are_known() {
    refused(
        &UPDATE_JOB_TYPE,
        r#"{"customFieldsUpdateMode":"Replce"}"#,
        &["customFieldsUpdateMode: `Replce` is not known; did you mean `Replace`? (known: Replace, Merge)"],
    );
    refused(
        &UPDATE_JOB_TYPE,
        r#"{"customFieldsUpdateMode":1}"#,
        &["customFieldsUpdateMode: expected text, found a number"],
    );
}

#[test]
fn not_a_body_at_all() {
    for (json, start) in [
        ("", "body: not JSON: "),
        ("{", "body: not JSON: "),
        ("[]", "body: expected an object, found an array"),
        ("null", "body: expected an object, found null"),
    ] {
        let problems = lines(body_from_json(&CREATE_JOB, json).unwrap_err());
        assert!(problems[0].starts_with(start), "{problems:?}");
    }
}
