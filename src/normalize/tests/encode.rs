//! Writing typed bodies.

use super::lines;
use crate::{
    bindings::exports::penstock::{
        connector::types::Instant,
        servicetitan::jpm::{CreateJob, CreateJobType, PatchMode, UpdateJobType},
    },
    catalogue::{Type, tables::servicetitan::jpm as tables},
    normalize::{decode, encode_body, normal_form},
};

static CREATE_JOB: Type = Type::Record(&tables::CREATE_JOB);
static UPDATE_JOB_TYPE: Type = Type::Record(&tables::UPDATE_JOB_TYPE);

fn create() -> CreateJob {
    let json =
        br#"{"customerId":1,"locationId":2,"businessUnitId":3,"jobTypeId":4,"priority":"High","campaignId":5,
        "appointments":[{"start":"2025-10-13T08:00:00Z","end":"2025-10-13T10:00:00Z"}]}"#;
    decode(&CREATE_JOB, json).unwrap()
}

fn update() -> UpdateJobType {
    decode(&UPDATE_JOB_TYPE, b"{}").unwrap()
}

#[test]
fn a_body() {
    let mut body = create();
    body.summary = Some("say \"no\"\n".into());
    body.appointments[0].extra = Some(r#" { "note" : [1, 2] } "#.into());
    assert_eq!(
        encode_body(&CREATE_JOB, &body).unwrap(),
        concat!(
            r#"{"customerId":1,"locationId":2,"businessUnitId":3,"jobTypeId":4,"priority":"High","campaignId":5,"#,
            r#""appointments":[{"start":"2025-10-13T08:00:00Z","end":"2025-10-13T10:00:00Z","note":[1, 2]}],"#,
            r#""summary":"say \"no\"\n"}"#
        )
    );
}

#[test]
fn absent_null_and_value() {
    let mut body = update();
    assert_eq!(encode_body(&UPDATE_JOB_TYPE, &body).unwrap(), "{}");
    body.sold_threshold = Some(None);
    body.custom_fields_update_mode = Some(Some(PatchMode::Merge));
    assert_eq!(
        encode_body(&UPDATE_JOB_TYPE, &body).unwrap(),
        r#"{"soldThreshold":null,"customFieldsUpdateMode":"Merge"}"#
    );
    body.sold_threshold = Some(Some("-0012.30".into()));
    body.custom_fields_update_mode = Some(Some(PatchMode::Other("Zip".into())));
    body.tag_type_ids = Some(vec![]);
    assert_eq!(
        encode_body(&UPDATE_JOB_TYPE, &body).unwrap(),
        r#"{"tagTypeIds":[],"soldThreshold":-12.30,"customFieldsUpdateMode":"Zip"}"#
    );
    assert_eq!(
        normal_form(&UPDATE_JOB_TYPE, &body).unwrap(),
        r#"{"tagTypeIds":[],"soldThreshold":"-12.30","customFieldsUpdateMode":"Zip"}"#
    );
}

#[test]
fn every_problem_at_once() {
    let mut body = create();
    body.appointments[0].start = Instant { seconds: 0, nanoseconds: 1_000_000_000 };
    body.appointments[0].end = Instant { seconds: i64::MAX, nanoseconds: 0 };
    body.appointments[0].extra = Some(r#"{"start":1}"#.into());
    body.extra = Some(r#"{"a":1,"customerId":2,"a":3}"#.into());
    assert_eq!(
        lines(encode_body(&CREATE_JOB, &body).unwrap_err()),
        [
            "appointments[0].start: the nanoseconds are a second or more",
            "appointments[0].end: the year is not within 0001 to 9999",
            "appointments[0].extra.start: this is a field of its own: set it there",
            "extra.customerId: this is a field of its own: set it there",
            "extra.a: the field comes twice",
        ]
    );
}

#[test]
fn decimals_are_numbers_or_refused() {
    for wrong in ["", "1,234.50", "NaN", "1e3", " 1", "+1", ".5", "12.30\",\"x\":\""] {
        let mut body = update();
        body.sold_threshold = Some(Some(wrong.into()));
        let problems = encode_body(&UPDATE_JOB_TYPE, &body).unwrap_err();
        assert_eq!(problems[0].field, "soldThreshold", "{wrong}");
        assert!(problems[0].message.starts_with("expected a decimal number such as 12.30, found `"));
    }
}

#[test]
fn extra_is_an_object() {
    for wrong in ["", "[]", "1", "{", "{} {}", "null"] {
        let mut body = update();
        body.extra = Some(wrong.into());
        assert_eq!(
            lines(encode_body(&UPDATE_JOB_TYPE, &body).unwrap_err()),
            ["extra: expected a JSON object"]
        );
    }
    let mut body = update();
    body.extra = Some(" {} ".into());
    assert_eq!(encode_body(&UPDATE_JOB_TYPE, &body).unwrap(), "{}");
}

#[test]
fn values_on_their_own() {
    assert_eq!(encode_body(&Type::Json, &" [1,  2] ".to_owned()).unwrap(), "[1,  2]");
    assert!(
        lines(encode_body(&Type::Json, &"[1".to_owned()).unwrap_err())[0].starts_with("body: not JSON: ")
    );
    assert_eq!(encode_body(&Type::Date, &"2026-11-20").unwrap(), "\"2026-11-20\"");
    for wrong in ["2026-02-29", "2026-11-20T00:00:00Z", "", "20.11.2026"] {
        assert!(encode_body(&Type::Date, &wrong).is_err(), "{wrong}");
    }
    assert_eq!(encode_body(&Type::F64, &0.1).unwrap(), "0.1");
    assert!(encode_body(&Type::F64, &f64::NAN).is_err());
    assert!(encode_body(&Type::F64, &f64::INFINITY).is_err());
}

/// A list is written even when it is empty: the caller has said that there is none.
#[test]
fn empty_lists_are_written() {
    let body: CreateJobType =
        decode(&Type::Record(&tables::CREATE_JOB_TYPE), br#"{"name":"Repair"}"#).unwrap();
    let json = encode_body(&Type::Record(&tables::CREATE_JOB_TYPE), &body).unwrap();
    assert!(json.starts_with(r#"{"name":"Repair""#), "{json}");
    assert_eq!(
        decode::<CreateJobType>(&Type::Record(&tables::CREATE_JOB_TYPE), json.as_bytes()).unwrap(),
        body
    );
}
