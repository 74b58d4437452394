//! Queries, typed and from a person.

use super::{
    lines,
    memory::{decoded, encode_query, instant, set, text as given},
};
use crate::{
    codec::{parameter_from_text, query_from_text, value::Value},
    contract::{
        FieldError,
        abi::Layout,
        catalogue::{Field, Join, RecordType, Type, operations, tables::servicetitan::jpm as tables},
    },
};

static APPOINTMENTS: &RecordType = &tables::APPOINTMENTS_QUERY;
static MATCH: &RecordType = &tables::BUDGET_CODES_MATCH_COMPANY_QUERY;

static APPOINTMENTS_TYPE: Type = Type::Record(APPOINTMENTS);

fn typed() -> Value<'static> {
    decoded(&APPOINTMENTS_TYPE, "{}")
}

type Pairs = Vec<(&'static str, String)>;

fn text(record: &'static RecordType, given: &[(&str, &str)]) -> Result<Pairs, Vec<FieldError>> {
    let given: Vec<_> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    query_from_text(record, &given)
}

fn pairs(result: Result<Pairs, Vec<FieldError>>) -> String {
    result.unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

#[test]
fn a_typed_query() {
    assert_eq!(pairs(encode_query(APPOINTMENTS, &typed())), "");
    let mut query = typed();
    let mut set = |name, value| set(&APPOINTMENTS_TYPE, &mut query, name, value);
    set("ids", numbers([3, 1, 2]));
    set("active", Value::Case(tables::ACTIVE_FILTER.case("False").unwrap()));
    set("status", given("New one"));
    set("unused", Value::Bool(false));
    set("startsBefore", instant(1_760_313_600, 500_000_000));
    set("sort", given("+Id"));
    assert_eq!(
        pairs(encode_query(APPOINTMENTS, &query)),
        "ids=3,1,2&active=False&status=New one&startsBefore=2025-10-13T00:00:00.5Z&unused=false&sort=+Id"
    );
}

fn numbers(numbers: impl IntoIterator<Item = i64>) -> Value<'static> {
    Value::List(numbers.into_iter().map(Value::Signed).collect())
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value<'static> {
    Value::List(texts.into_iter().map(given).collect())
}

#[test]
fn a_typed_query_is_checked() {
    let mut query = typed();
    set(&APPOINTMENTS_TYPE, &mut query, "ids", numbers(0..51));
    set(&APPOINTMENTS_TYPE, &mut query, "startsBefore", instant(0, 0));
    assert_eq!(
        lines(encode_query(APPOINTMENTS, &query).unwrap_err()),
        ["ids: 51 elements are more than the 50 that the vendor takes"]
    );
    set(&APPOINTMENTS_TYPE, &mut query, "startsBefore", instant(0, 2_000_000_000));
    assert_eq!(
        lines(encode_query(APPOINTMENTS, &query).unwrap_err()),
        ["startsBefore: the nanoseconds are a second or more"]
    );
}

#[test]
fn required_and_joined() {
    let query = Value::Record(vec![texts([])]);
    assert_eq!(lines(encode_query(MATCH, &query).unwrap_err()), ["codes: this parameter must be given"]);
    let query = Value::Record(vec![texts(["a", "b,c"])]);
    match MATCH.fields[0].join {
        Join::Repeat => assert_eq!(pairs(encode_query(MATCH, &query)), "codes=a&codes=b,c"),
        Join::Comma(_) => assert_eq!(
            lines(encode_query(MATCH, &query).unwrap_err()),
            ["codes[1]: a comma separates elements here, so none may contain one"]
        ),
        Join::Header(_) => panic!("these are no headers"),
    }
    assert_eq!(lines(text(MATCH, &[]).unwrap_err()), ["codes: this parameter must be given"]);
}

#[test]
fn commas_within_elements() {
    static CODES: RecordType = RecordType {
        name: "codes-query",
        fields: &[
            Field {
                name: "codes",
                wire: "codes",
                ty: Type::List(&Type::Text),
                required: false,
                join: Join::Comma(0),
                local_day: false,
                list_default: None,
                offset: 0,
                doc: "",
            },
            Field {
                name: "tags",
                wire: "tags",
                ty: Type::List(&Type::Text),
                required: false,
                join: Join::Repeat,
                local_day: false,
                list_default: None,
                offset: 8,
                doc: "",
            },
        ],
        extra: false,
        layout: Layout { size: 16, align: 4 },
    };
    let query = Value::Record(vec![texts(["a", "b,c"]), texts([])]);
    assert_eq!(
        lines(encode_query(&CODES, &query).unwrap_err()),
        ["codes[1]: a comma separates elements here, so none may contain one"]
    );
    let many = Value::Record(vec![texts(["x"; 500]), texts(["b,c", "d"])]);
    let query = encode_query(&CODES, &many).unwrap();
    assert_eq!(query[1..], [("tags", "b,c".to_owned()), ("tags", "d".to_owned())]);
    assert_eq!(
        pairs(text(&CODES, &[("tags", "b,c"), ("codes", "x, y"), ("codes", "z"), ("tags", "")])),
        "codes=x,y,z&tags=b,c&tags="
    );
}

#[test]
fn a_persons_query() {
    let given = [
        ("sort", "-ModifiedOn"),
        ("active", "any"),
        ("ids", "1,2"),
        ("ids", "3"),
        ("startsBefore", "2025-10-13"),
        ("modifiedBefore", "2025-10-13t08:00:00.1230000+02:00"),
        ("status", "DONE"),
        ("unused", "True"),
        ("jobId", "7"),
    ];
    assert_eq!(
        pairs(text(APPOINTMENTS, &given)),
        "ids=1,2,3&active=Any&jobId=7&status=Done&startsBefore=2025-10-13T00:00:00Z&unused=true\
         &modifiedBefore=2025-10-13T06:00:00.123Z&sort=-ModifiedOn"
    );
}

#[test]
fn a_persons_mistakes_all_at_once() {
    let given = [
        ("startBefore", "2025-10-13"),
        ("ids", "1,x,,9223372036854775808"),
        ("active", "yes"),
        ("status", "Schedulled"),
        ("jobId", "1"),
        ("jobId", "2"),
        ("customerId", "1.5"),
        ("technicianId", ""),
        ("startsBefore", "tomorrow"),
        ("unused", "0"),
        ("zzz", "1"),
    ];
    assert_eq!(
        lines(text(APPOINTMENTS, &given).unwrap_err()),
        [
            "startBefore: there is no such parameter; did you mean `startsBefore`?",
            "zzz: there is no such parameter",
            "ids[1]: expected an integer of 64 bits, found `x`",
            "ids[2]: there is an empty element",
            "ids[3]: expected an integer of 64 bits, found `9223372036854775808`",
            "active: `yes` is not known (known: True, Any, False)",
            "jobId: this parameter may be given once only",
            "status: `Schedulled` is not known; did you mean `Scheduled`? (known: Scheduled, Dispatched, Working, Hold, Done, Canceled)",
            "startsBefore: expected a point in time such as 2026-11-20T08:30:00Z, found `tomorrow`",
            "technicianId: expected an integer of 64 bits, found ``",
            "customerId: expected an integer of 64 bits, found `1.5`",
            "unused: expected true or false, found `0`",
        ]
    );
    let ids = (0..51).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    assert_eq!(
        lines(text(APPOINTMENTS, &[("ids", &ids)]).unwrap_err()),
        ["ids: 51 elements are more than the 50 that the vendor takes"]
    );
}

#[test]
fn one_parameter() {
    static STATUS: Type = Type::Option(&Type::Enum(&tables::APPOINTMENT_STATUS));
    let one = |ty: &'static Type, text: &str| parameter_from_text(ty, text).ok();
    assert_eq!(one(&Type::S64, "-7").as_deref(), Some("-7"));
    assert_eq!(one(&Type::S32, "2147483648"), None);
    assert_eq!(one(&Type::Decimal, "12.30").as_deref(), Some("12.30"));
    assert_eq!(one(&Type::Decimal, "12,30"), None);
    assert_eq!(one(&Type::Date, "2025-02-29"), None);
    assert_eq!(one(&Type::F64, "inf"), None);
    assert_eq!(one(&STATUS, "hold").as_deref(), Some("Hold"));
    assert_eq!(one(&Type::Json, " [1] ").as_deref(), Some("[1]"));
    assert_eq!(one(&Type::Text, "a/b ?").as_deref(), Some("a/b ?"));
}

/// What a person may give for each field of each query comes out as the typed
/// caller's would, and nothing in a query is of a type that has no text.
#[test]
fn every_query_of_the_contract() {
    let sample = |ty: &Type| match ty {
        Type::Bool => "true",
        Type::S32 | Type::S64 | Type::U32 | Type::U64 => "7",
        Type::F64 => "1.5",
        Type::Text => "text",
        Type::Instant => "2025-10-13T00:00:00Z",
        Type::Date => "2025-10-13",
        Type::Decimal => "12.30",
        Type::Enum(known) => known.cases[0].wire,
        Type::Json => r#"{"Colour":"red"}"#,
        other => panic!("{other:?} in a query"),
    };
    for record in operations("servicetitan").unwrap().iter().filter_map(|operation| operation.query) {
        let given: Vec<_> = record
            .fields
            .iter()
            .map(|field| match field.ty.inner() {
                Type::List(element) => (field.wire, sample(element)),
                scalar => (field.wire, sample(scalar)),
            })
            .collect();
        let expected: Vec<_> = given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        assert_eq!(text(record, &given).unwrap(), expected, "{}", record.name);
    }
}

/// What nobody knows is shown to whoever gave it, on a terminal perhaps.
#[test]
fn what_is_not_known_is_shown_short_and_not_obeyed() {
    let (long, cut) = ("z".repeat(5000), "z".repeat(80));
    for (name, shown) in [("z\u{1b}[31mz\r\nz", "z\\u{1b}[31mz\\r\\nz"), (long.as_str(), cut.as_str())] {
        let wrong = text(APPOINTMENTS, &[(name, "1")]).unwrap_err();
        assert_eq!(wrong[0].field, shown);
    }
    let wrong = text(APPOINTMENTS, &[("active", "Tr\u{1b}ue\n")]).unwrap_err();
    assert!(wrong[0].message.starts_with("`Tr\\u{1b}ue\\n` is not known"), "{}", wrong[0].message);
}
