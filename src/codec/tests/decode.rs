//! Reading a provider's JSON.

use super::memory::{decoded, field, read, text};
use crate::{
    codec::{DecodeError, Instant, decode, decode_misfit, marked, transcode, value::Value},
    contract::{
        abi::{Arena, Layout},
        catalogue::{Field, Join, RecordType, Type, tables::servicetitan::jpm as tables},
    },
};

static JOB: Type = Type::Record(&tables::JOB);
static JOB_TYPE: Type = Type::Record(&tables::JOB_TYPE);

/// The fields of a job, as a caller reads them.
fn job(json: &str) -> Result<impl Fn(&str) -> Value<'static>, DecodeError> {
    decode(&JOB, json.as_bytes())?;
    let job = decoded(&JOB, json);
    Ok(move |name: &str| field(&JOB, &job, name))
}

#[track_caller]
fn refused(ty: &Type, json: &str, path: &str, message: &str) {
    let error = transcode(ty, json.as_bytes()).unwrap_err();
    assert_eq!(
        (error.path.as_str(), error.message.as_str(), error.malformed),
        (path, message, false),
        "{json}"
    );
}

#[test]
fn a_job() {
    let job = job(r#"{"jobNumber": "J-7", "id": 5.0, "createdOn": "2025-10-13T20:00:00.1234567-05:00",
        "jobStatus": "InProgress", "newThing": {"a": [1, 2.50]}, "noCharge": null, "tagTypeIds": null,
        "total": 12.30, "customFields": [{"typeId": 3, "value": "x", "more": 1}], "other thing": "\u0041"}"#)
    .unwrap();
    assert_eq!(job("id"), Value::Signed(5));
    assert_eq!(job("jobNumber"), text("J-7"));
    assert_eq!(job("createdOn"), Value::Instant(Instant::new(1_760_403_600, 123_456_700).unwrap()));
    assert_eq!(job("jobStatus"), Value::Case(tables::JOB_STATUS.case("InProgress").unwrap()));
    assert_eq!(job("noCharge"), Value::Absent);
    assert_eq!(job("tagTypeIds"), Value::List(vec![]));
    assert_eq!(job("customFields[0].extra"), text(r#"{"more":1}"#));
    assert_eq!(job("extra"), text(r#"{"newThing":{"a": [1, 2.50]},"other thing":"\u0041"}"#));
    assert_eq!(job("total"), text("12.30"));
}

#[test]
fn an_unknown_value_of_an_enum_is_kept() {
    let status = |json: &str| job(&format!(r#"{{"id":1,"jobStatus":{json}}}"#)).unwrap()("jobStatus");
    assert_eq!(status(r#""Teleported""#), text("Teleported"));
    assert_eq!(status(r#""inprogress""#), text("inprogress"));
    assert_eq!(status("7"), text("7"));
    assert_eq!(status("1.50"), text("1.50"));
    assert_eq!(status("false"), text("false"));
}

#[test]
fn money_keeps_its_digits() {
    let threshold = |json: &str| {
        let job = decoded(&JOB_TYPE, &format!(r#"{{"id":1,"soldThreshold":{json}}}"#));
        field(&JOB_TYPE, &job, "soldThreshold")
    };
    assert_eq!(threshold("12.30"), text("12.30"));
    assert_eq!(threshold(r#""12.30""#), text("12.30"));
    assert_eq!(
        threshold("12345678901234567890.12345678901234567890"),
        text("12345678901234567890.12345678901234567890")
    );
    assert_eq!(threshold("0.1"), text("0.1"));
    assert_eq!(threshold("-1.5E-2"), text("-0.015"));
    assert_eq!(threshold("\"12\\u002e30\""), text("12.30"));
}

#[test]
fn integers() {
    let id = |json: &str| job(&format!(r#"{{"id":{json}}}"#)).map(|job| job("id"));
    assert_eq!(id("9223372036854775807").unwrap(), Value::Signed(i64::MAX));
    assert_eq!(id("-9223372036854775808").unwrap(), Value::Signed(i64::MIN));
    assert_eq!(id("9007199254740993.0").unwrap(), Value::Signed(9_007_199_254_740_993));
    assert_eq!(id("-0").unwrap(), Value::Signed(0));
    assert_eq!(id("5e2").unwrap(), Value::Signed(500));
    for wrong in [
        "9223372036854775808",
        "5.5",
        "5.00000000000000000001",
        "1e400",
        "\"5x\"",
        "\"\"",
        "true",
        "null",
        "[]",
    ] {
        let error = id(wrong).unwrap_err();
        assert_eq!((error.path.as_str(), error.malformed), ("$.id", false), "{wrong}: {error}");
        assert!(error.message.starts_with("expected an integer of 64 bits, found "), "{error}");
    }
}

#[test]
fn errors_name_the_place() {
    refused(&JOB, "{}", "$.id", "missing field");
    refused(
        &JOB,
        r#"{"id":1,"customFields":[{},{"typeId":"x"}]}"#,
        "$.customFields[1].typeId",
        "expected an integer of 64 bits, found text",
    );
    refused(
        &JOB,
        r#"{"id":1,"customFields":[{},null]}"#,
        "$.customFields[1]",
        "expected an object, found null",
    );
    refused(
        &JOB,
        r#"{"id":1,"tagTypeIds":[1,null]}"#,
        "$.tagTypeIds[1]",
        "expected an integer of 64 bits, found null",
    );
    refused(&JOB, r#"{"id":1,"tagTypeIds":{}}"#, "$.tagTypeIds", "expected an array, found an object");
    refused(&JOB, "[]", "$", "expected an object, found an array");
    refused(
        &JOB,
        r#"{"id":1,"createdOn":"10/13/2025"}"#,
        "$.createdOn",
        "expected a point in time such as 2026-11-20T08:30:00Z, found `10/13/2025`",
    );
    refused(
        &JOB_TYPE,
        r#"{"id":1,"soldThreshold":"1,234.50"}"#,
        "$.soldThreshold",
        "expected a decimal number such as 12.30, found `1,234.50`",
    );
    refused(&JOB_TYPE, r#"{"id":1,"soldThreshold":1e99}"#, "$.soldThreshold", "`1e99` is too large");
}

#[test]
fn text_that_is_no_json_is_told_apart() {
    for json in
        ["", " ", "{", r#"{"id":1"#, r#"{"id":1} x"#, r#"{"id":01}"#, r#"{"id":1,"name":"\x"}"#, "<html>"]
    {
        let error = decode(&JOB, json.as_bytes()).unwrap_err();
        assert!(error.malformed, "{json}: {error}");
    }
    let error = decode(&JOB, b"{\"id\":1,\"jobNumber\":\"\x01\"}").unwrap_err();
    assert!(error.malformed && error.path == "$.jobNumber", "{error}");
    assert!(decode(&JOB, b"{\"id\":1,\"summary\":\"\xff\"}").unwrap_err().malformed);
    // What comes before the end of a text that is cut off may not fit either.
    let error = decode(&JOB, br#"{"id":"x","summary""#).unwrap_err();
    assert!(error.malformed && !error.message.is_empty(), "{error}");
}

/// What providers send and everybody understands.
#[test]
fn odd_spellings_are_read() {
    let one = |json: &str, name: &str| job(json).unwrap()(name);
    // Half of a surrogate pair, as a length limit leaves it.
    assert_eq!(one(r#"{"id":1,"summary":"smile \ud83d"}"#, "summary"), text("smile \u{fffd}"));
    assert_eq!(one(r#"{"id":1,"summary":"\ud83d\ude00"}"#, "summary"), text("\u{1f600}"));
    assert_eq!(one(r#"{"id":1,"new":["\ud83d"]}"#, "extra"), text(r#"{"new":["\ufffd"]}"#));
    // Empty text for a time or a number that there is not.
    assert_eq!(one(r#"{"id":1,"completedOn":""}"#, "completedOn"), Value::Absent);
    assert_eq!(one(r#"{"id":1,"locationId":""}"#, "locationId"), Value::Absent);
    let threshold = decoded(&JOB_TYPE, r#"{"id":1,"soldThreshold":""}"#);
    assert_eq!(field(&JOB_TYPE, &threshold, "soldThreshold"), Value::Absent);
    refused(&JOB, r#"{"id":""}"#, "$.id", "expected an integer of 64 bits, found text");
    // Digits as text.
    assert_eq!(one(r#"{"id":"-17"}"#, "id"), Value::Signed(-17));
    assert_eq!(one(r#"{"id":"007","tagTypeIds":["1"]}"#, "tagTypeIds"), Value::List(vec![Value::Signed(1)]));
    let large = r#"{"id":"9223372036854775808"}"#;
    refused(&JOB, large, "$.id", "expected an integer of 64 bits, found `9223372036854775808`");
    // The last of doubled members, whatever the others are.
    assert_eq!(one(r#"{"id":1,"id":2}"#, "id"), Value::Signed(2));
    assert_eq!(one(r#"{"id":"x","noCharge":true,"noCharge":null,"id":3}"#, "id"), Value::Signed(3));
    assert_eq!(one(r#"{"id":3,"noCharge":true,"noCharge":null}"#, "noCharge"), Value::Absent);
    refused(&JOB, r#"{"id":1,"id":"x"}"#, "$.id", "expected an integer of 64 bits, found text");
}

/// All that fits of a record is read, and the record stands in `extra`.
#[test]
fn a_misfit_keeps_what_fits() {
    let json = r#"{"id":1,"createdOn":"yesterday","summary":"s","tagTypeIds":[1,null],
        "customFields":[{"typeId":"x","value":"v"}],"new":1}"#;
    let misfit = decode(&JOB, json.as_bytes()).unwrap_err();
    assert_eq!(misfit.path, "$.createdOn");
    let partly = |ty: &'static Type, json: &str| {
        let mut arena = Arena::with(Layout::of(ty));
        decode_misfit(ty, json.as_bytes(), &misfit, &mut arena, 0).then(|| read(ty, arena))
    };
    let job = partly(&JOB, json).unwrap();
    assert_eq!(field(&JOB, &job, "id"), Value::Signed(1));
    assert_eq!(field(&JOB, &job, "summary"), text("s"));
    assert_eq!(field(&JOB, &job, "createdOn"), Value::Absent);
    assert_eq!(field(&JOB, &job, "tagTypeIds"), Value::List(vec![]));
    assert_eq!(field(&JOB, &job, "customFields[0].typeId"), Value::Absent);
    assert_eq!(field(&JOB, &job, "customFields[0].value"), text("v"));
    assert_eq!(field(&JOB, &job, "extra"), text(&marked(json.as_bytes(), &misfit)));
    for unreadable in ["{}", r#"{"id":"x"}"#, "null", "[]"] {
        assert_eq!(partly(&JOB, unreadable), None, "{unreadable}");
    }
}

#[test]
fn absent_null_and_value_are_three_things() {
    static UPDATE: Type = Type::Record(&tables::UPDATE_JOB);
    let sold_by = |json: &str| field(&UPDATE, &decoded(&UPDATE, json), "soldById");
    assert_eq!(sold_by("{}"), Value::Absent);
    assert_eq!(sold_by(r#"{"soldById":null}"#), Value::Null);
    assert_eq!(sold_by(r#"{"soldById":7}"#), Value::Signed(7));
}

#[test]
fn an_exported_job_without_anything() {
    static EXPORTED: Type = Type::Record(&tables::EXPORTED_JOB);
    let job = decoded(&EXPORTED, r#"{"id":1}"#);
    assert_eq!(field(&EXPORTED, &job, "id"), Value::Signed(1));
    assert_eq!(field(&EXPORTED, &job, "extra"), Value::Absent);
}

/// Shapes that no operation has yet.
#[test]
fn other_shapes() {
    static STATUSES: Type = Type::List(&Type::Option(&Type::Enum(&tables::APPOINTMENT_STATUS)));
    let done = tables::APPOINTMENT_STATUS.case("Done").unwrap();
    assert_eq!(
        decoded(&STATUSES, r#"["Done",null,"New"]"#),
        Value::List(vec![Value::Case(done), Value::Absent, text("New")])
    );
    assert_eq!(decoded(&Type::Option(&Type::S32), " null "), Value::Absent);
    assert_eq!(decoded(&Type::S32, "-2147483648"), Value::Signed(i32::MIN.into()));
    assert_eq!(decoded(&Type::F64, "3"), Value::Float(3.0));
    assert_eq!(decoded(&Type::U64, "18446744073709551615"), Value::Unsigned(u64::MAX));
    assert_eq!(decoded(&Type::U32, "4294967295"), Value::Unsigned(u32::MAX.into()));
    assert!(decode(&Type::U32, b"-1").is_err());
    assert!(decode(&Type::S32, b"2147483648").is_err());
    assert_eq!(decoded(&Type::Json, " null "), text("null"));
    assert_eq!(decoded(&Type::Date, "\"2026-11-20T00:00:00Z\""), text("2026-11-20"));
    assert_eq!(
        decoded(&Type::Instant, "\"1969-12-31T23:59:59.25Z\""),
        Value::Instant(Instant::new(-1, 250_000_000).unwrap())
    );
}

/// A record without `extra` has no place for unknown fields, so it takes none.
#[test]
fn a_record_without_extra() {
    static BARE: RecordType = RecordType {
        name: "bare",
        fields: &[Field {
            name: "a",
            wire: "a",
            ty: Type::Json,
            required: true,
            join: Join::Repeat,
            local_day: false,
            list_default: None,
            offset: 0,
            doc: "",
        }],
        extra: false,
        layout: Layout::LIST,
    };
    refused(&Type::Record(&BARE), r#"{"a":1,"b":2}"#, "$", "unknown field `b`");
    assert_eq!(transcode(&Type::Record(&BARE), br#"{"a": [1,  2]}"#).unwrap(), r#"{"a":[1,  2]}"#);
    refused(&Type::Record(&BARE), "{}", "$.a", "missing field");
}
