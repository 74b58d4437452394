//! Writing typed bodies.

use super::{
    lines,
    memory::{decoded, encode_body, instant, set, text},
};
use crate::{
    codec::{lower::lower, value::Value},
    contract::{
        abi::{Arena, Layout},
        catalogue::{Type, tables::servicetitan::jpm as tables},
    },
};

static CREATE_JOB: Type = Type::Record(&tables::CREATE_JOB);
static UPDATE_JOB_TYPE: Type = Type::Record(&tables::UPDATE_JOB_TYPE);

fn create() -> Value<'static> {
    let json = r#"{"customerId":1,"locationId":2,"businessUnitId":3,"jobTypeId":4,"priority":"High",
        "campaignId":5,"appointments":[{"start":"2025-10-13T08:00:00Z","end":"2025-10-13T10:00:00Z"}]}"#;
    decoded(&CREATE_JOB, json)
}

fn update() -> Value<'static> {
    decoded(&UPDATE_JOB_TYPE, "{}")
}

fn mode(mode: &str) -> Value<'static> {
    tables::PATCH_MODE.case(mode).map_or(text(mode), Value::Case)
}

#[test]
fn a_body() {
    let mut body = create();
    set(&CREATE_JOB, &mut body, "summary", text("say \"no\"\n"));
    set(&CREATE_JOB, &mut body, "appointments[0].extra", text(r#" { "note" : [1, 2] } "#));
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
    set(&UPDATE_JOB_TYPE, &mut body, "soldThreshold", Value::Null);
    set(&UPDATE_JOB_TYPE, &mut body, "customFieldsUpdateMode", mode("Merge"));
    assert_eq!(
        encode_body(&UPDATE_JOB_TYPE, &body).unwrap(),
        r#"{"soldThreshold":null,"customFieldsUpdateMode":"Merge"}"#
    );
    set(&UPDATE_JOB_TYPE, &mut body, "soldThreshold", text("-0012.30"));
    set(&UPDATE_JOB_TYPE, &mut body, "customFieldsUpdateMode", mode("Zip"));
    set(&UPDATE_JOB_TYPE, &mut body, "tagTypeIds", Value::List(vec![]));
    assert_eq!(
        encode_body(&UPDATE_JOB_TYPE, &body).unwrap(),
        r#"{"tagTypeIds":[],"soldThreshold":-12.30,"customFieldsUpdateMode":"Zip"}"#
    );
}

#[test]
fn every_problem_at_once() {
    let mut body = create();
    set(&CREATE_JOB, &mut body, "appointments[0].start", instant(0, 1_000_000_000));
    set(&CREATE_JOB, &mut body, "appointments[0].end", instant(i64::MAX, 0));
    set(&CREATE_JOB, &mut body, "appointments[0].extra", text(r#"{"start":1}"#));
    set(&CREATE_JOB, &mut body, "extra", text(r#"{"a":1,"customerId":2,"a":3}"#));
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
        set(&UPDATE_JOB_TYPE, &mut body, "soldThreshold", text(wrong));
        let problems = encode_body(&UPDATE_JOB_TYPE, &body).unwrap_err();
        assert_eq!(problems[0].field, "soldThreshold", "{wrong}");
        assert!(problems[0].message.starts_with("expected a decimal number such as 12.30, found `"));
    }
}

#[test]
fn extra_is_an_object() {
    for wrong in ["", "[]", "1", "{", "{} {}", "null"] {
        let mut body = update();
        set(&UPDATE_JOB_TYPE, &mut body, "extra", text(wrong));
        assert_eq!(
            lines(encode_body(&UPDATE_JOB_TYPE, &body).unwrap_err()),
            ["extra: expected a JSON object"]
        );
    }
    let mut body = update();
    set(&UPDATE_JOB_TYPE, &mut body, "extra", text(" {} "));
    assert_eq!(encode_body(&UPDATE_JOB_TYPE, &body).unwrap(), "{}");
}

#[test]
fn values_on_their_own() {
    assert_eq!(encode_body(&Type::Json, &text(" [1,  2] ")).unwrap(), "[1,  2]");
    assert!(lines(encode_body(&Type::Json, &text("[1")).unwrap_err())[0].starts_with("body: not JSON: "));
    assert_eq!(encode_body(&Type::Date, &text("2026-11-20")).unwrap(), "\"2026-11-20\"");
    for wrong in ["2026-02-29", "2026-11-20T00:00:00Z", "", "20.11.2026"] {
        assert!(encode_body(&Type::Date, &text(wrong)).is_err(), "{wrong}");
    }
    assert_eq!(encode_body(&Type::F64, &Value::Float(0.1)).unwrap(), "0.1");
    assert!(encode_body(&Type::F64, &Value::Float(f64::NAN)).is_err());
    assert!(encode_body(&Type::F64, &Value::Float(f64::INFINITY)).is_err());
}

/// A list is written even when it is empty: the caller has said that there is none.
#[test]
fn empty_lists_are_written() {
    static CREATE_JOB_TYPE: Type = Type::Record(&tables::CREATE_JOB_TYPE);
    let body = decoded(&CREATE_JOB_TYPE, r#"{"name":"Repair"}"#);
    let json = encode_body(&CREATE_JOB_TYPE, &body).unwrap();
    assert!(json.starts_with(r#"{"name":"Repair""#), "{json}");
    assert_eq!(decoded(&CREATE_JOB_TYPE, &json), body);
}

#[test]
fn a_case_that_does_not_exist_is_broken() {
    let mut arena = Arena::with(Layout::of(&UPDATE_JOB_TYPE));
    lower(&UPDATE_JOB_TYPE, &update(), &mut arena, 0);
    arena.put(0, &[2]);
    assert!(crate::codec::lift_body(&UPDATE_JOB_TYPE, &arena, 0).is_err());
}
