//! Reading a vendor's JSON.

use crate::{
    bindings::exports::penstock::{
        connector::types::Instant,
        servicetitan::jpm::{AppointmentStatus, ExportedJob, Job, JobStatus, JobType, UpdateJob},
    },
    catalogue::{Field, Join, RecordType, Type, tables::servicetitan::jpm as tables},
    normalize::{DecodeError, decode, transcode},
};

static JOB: Type = Type::Record(&tables::JOB);
static JOB_TYPE: Type = Type::Record(&tables::JOB_TYPE);

fn job(json: &str) -> Result<Job, DecodeError> {
    decode(&JOB, json.as_bytes())
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
    assert_eq!(job.id, 5);
    assert_eq!(job.job_number.as_deref(), Some("J-7"));
    let created = job.created_on.unwrap();
    assert_eq!((created.seconds, created.nanoseconds), (1_760_403_600, 123_456_700));
    assert_eq!(job.job_status, Some(JobStatus::InProgress));
    assert_eq!(job.no_charge, None);
    assert!(job.tag_type_ids.is_empty());
    assert_eq!(job.custom_fields[0].extra.as_deref(), Some(r#"{"more":1}"#));
    assert_eq!(job.extra.as_deref(), Some(r#"{"newThing":{"a": [1, 2.50]},"other thing":"\u0041"}"#));
    assert_eq!(job.total.as_deref(), Some("12.30"));
}

#[test]
fn an_unknown_value_of_an_enum_is_kept() {
    let status = |json: &str| job(&format!(r#"{{"id":1,"jobStatus":{json}}}"#)).unwrap().job_status.unwrap();
    assert_eq!(status(r#""Teleported""#), JobStatus::Other("Teleported".into()));
    assert_eq!(status(r#""inprogress""#), JobStatus::Other("inprogress".into()));
    assert_eq!(status("7"), JobStatus::Other("7".into()));
    assert_eq!(status("1.50"), JobStatus::Other("1.50".into()));
    assert_eq!(status("false"), JobStatus::Other("false".into()));
}

#[test]
fn money_keeps_its_digits() {
    let threshold = |json: &str| {
        let job: JobType =
            decode(&JOB_TYPE, format!(r#"{{"id":1,"soldThreshold":{json}}}"#).as_bytes()).unwrap();
        job.sold_threshold.unwrap()
    };
    assert_eq!(threshold("12.30"), "12.30");
    assert_eq!(threshold(r#""12.30""#), "12.30");
    assert_eq!(
        threshold("12345678901234567890.12345678901234567890"),
        "12345678901234567890.12345678901234567890"
    );
    assert_eq!(threshold("0.1"), "0.1");
    assert_eq!(threshold("-1.5E-2"), "-0.015");
    assert_eq!(threshold("\"12\\u002e30\""), "12.30");
}

#[test]
fn integers() {
    let id = |json: &str| job(&format!(r#"{{"id":{json}}}"#)).map(|job| job.id);
    assert_eq!(id("9223372036854775807").unwrap(), i64::MAX);
    assert_eq!(id("-9223372036854775808").unwrap(), i64::MIN);
    assert_eq!(id("9007199254740993.0").unwrap(), 9_007_199_254_740_993);
    assert_eq!(id("-0").unwrap(), 0);
    assert_eq!(id("5e2").unwrap(), 500);
    for wrong in
        ["9223372036854775808", "5.5", "5.00000000000000000001", "1e400", "\"5\"", "true", "null", "[]"]
    {
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
    refused(&JOB, r#"{"id":1,"id":1}"#, "$.id", "the field comes twice");
    refused(&JOB, r#"{"id":1,"noCharge":null,"noCharge":null}"#, "$.noCharge", "the field comes twice");
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
        let error = job(json).unwrap_err();
        assert!(error.malformed, "{json}: {error}");
    }
    let error = job("{\"id\":1,\"jobNumber\":\"\u{1}\"}").unwrap_err();
    assert!(error.malformed && error.path == "$.jobNumber", "{error}");
    assert!(decode::<Job>(&JOB, b"{\"id\":1,\"summary\":\"\xff\"}").unwrap_err().malformed);
    // JSON, though no text: half of a surrogate pair.
    let error = job(r#"{"id":1,"summary":"\ud800"}"#).unwrap_err();
    assert!(!error.malformed && error.path == "$.summary", "{error}");
}

#[test]
fn absent_null_and_value_are_three_things() {
    let update =
        |json: &str| decode::<UpdateJob>(&Type::Record(&tables::UPDATE_JOB), json.as_bytes()).unwrap();
    assert_eq!(update("{}").sold_by_id, None);
    assert_eq!(update(r#"{"soldById":null}"#).sold_by_id, Some(None));
    assert_eq!(update(r#"{"soldById":7}"#).sold_by_id, Some(Some(7)));
}

#[test]
fn an_exported_job_without_anything() {
    let job: ExportedJob = decode(&Type::Record(&tables::EXPORTED_JOB), br#"{"id":1}"#).unwrap();
    assert_eq!((job.id, job.extra), (1, None));
}

/// Shapes that no operation has yet.
#[test]
fn other_shapes() {
    static STATUSES: Type = Type::List(&Type::Option(&Type::Enum(&tables::APPOINTMENT_STATUS)));
    assert_eq!(
        decode::<Vec<Option<AppointmentStatus>>>(&STATUSES, br#"["Done",null,"New"]"#).unwrap(),
        [Some(AppointmentStatus::Done), None, Some(AppointmentStatus::Other("New".into()))]
    );
    assert_eq!(decode::<Option<i32>>(&Type::Option(&Type::S32), b" null ").unwrap(), None);
    assert_eq!(decode::<f64>(&Type::F64, b"3").unwrap(), 3.0);
    assert_eq!(decode::<u64>(&Type::U64, b"18446744073709551615").unwrap(), u64::MAX);
    assert!(decode::<u32>(&Type::U32, b"-1").is_err());
    assert!(decode::<i32>(&Type::S32, b"2147483648").is_err());
    assert_eq!(decode::<String>(&Type::Json, b" null ").unwrap(), "null");
    assert_eq!(decode::<String>(&Type::Date, b"\"2026-11-20T00:00:00Z\"").unwrap(), "2026-11-20");
    let at: Instant = decode(&Type::Instant, b"\"1969-12-31T23:59:59.25Z\"").unwrap();
    assert_eq!((at.seconds, at.nanoseconds), (-1, 250_000_000));
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
            doc: "",
        }],
        extra: false,
    };
    refused(&Type::Record(&BARE), r#"{"a":1,"b":2}"#, "$", "unknown field `b`");
    assert_eq!(transcode(&Type::Record(&BARE), br#"{"a": [1,  2]}"#).unwrap(), r#"{"a":[1,  2]}"#);
    refused(&Type::Record(&BARE), "{}", "$.a", "missing field");
}
