//! Records that do not fit the contract.

use super::{
    caller::Function,
    rig::{APP_KEY, Rig, options, pages_of},
};
use crate::{
    codec,
    contract::{
        CallOptions, Failure, FailureKind, ListEnd, Misfit, OnMisfit,
        abi::{Arena, Layout},
        catalogue::Type,
    },
    entry::{
        dynamic,
        form::{Form, NormalForm},
        stream_records::{Sink, stream_records},
        typed::record_type,
    },
    host::simulated::Reply,
};
use serde_json::{Value, json};

const FEED: &str = "jpm.export-jobs-list";

struct Taken<R> {
    records: Vec<R>,
    room: usize,
}

impl<R> Sink<R> for Taken<R> {
    async fn write(&mut self, mut items: Vec<R>) -> Vec<R> {
        let refused = items.split_off(items.len().min(self.room));
        self.room -= items.len();
        self.records.extend(items);
        refused
    }
}

/// Reads a whole list, at most `room` records of it.
fn read<F: Form>(
    rig: &Rig,
    (name, room): (&str, usize),
    form: impl FnOnce(&'static Type) -> F,
    options: &CallOptions,
) -> (Vec<F::Record>, Result<ListEnd, Failure>) {
    let mut taken = Taken { records: Vec::new(), room };
    let end = rig.run(async {
        let operation = dynamic::operation("servicetitan", name)?;
        let reader = dynamic::list(&rig.client, operation, &[], None, Some(options)).await?;
        stream_records(reader, &mut taken, form(record_type(operation))).await
    });
    (taken.records, rig.noted(end))
}

fn by_name(rig: &Rig, name: &str, options: &CallOptions) -> (Vec<Value>, Result<ListEnd, Failure>) {
    let (lines, end) = read(rig, (name, usize::MAX), NormalForm, options);
    (lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect(), end)
}

fn when(on_misfit: OnMisfit) -> CallOptions {
    CallOptions { on_misfit: Some(on_misfit), ..options() }
}

fn ids(records: &[Value]) -> Vec<i64> {
    records.iter().map(|record| record["id"].as_i64().unwrap()).collect()
}

/// Nine records on three pages. The fifth does not fit, in the middle of the second page.
fn poisoned() -> Rig {
    let rig = Rig::new();
    rig.titan.holds(9);
    rig.titan.spoil(5, json!({"id": 5, "soldById": 7, "createdOn": "yesterday"}));
    rig
}

fn the_fifth() -> Misfit {
    Misfit {
        id: Some("5".to_owned()),
        path: "$.data[1].createdOn".to_owned(),
        reason: "expected a point in time such as 2026-11-20T08:30:00Z, found `yesterday`".to_owned(),
    }
}

#[test]
fn a_failure_names_the_record_and_what_to_do_goes_on_behind_it() {
    let rig = poisoned();
    let (records, end) = by_name(&rig, FEED, &options());
    let failure = end.unwrap_err();
    assert_eq!((ids(&records), failure.kind), (vec![1, 2, 3, 4], FailureKind::Decode));
    assert!(failure.message.contains("$.data[1].createdOn of the record with id 5"), "{}", failure.message);
    assert_eq!(failure.fields[0].field, "$.data[1].createdOn");
    // The position stands before it: who does not want it goes past it, and is past it then.
    let (none, again) = by_name(&rig, FEED, &CallOptions { resume: failure.resume.clone(), ..options() });
    assert_eq!((none.len(), again.unwrap_err().kind), (0, FailureKind::Decode));
    let (rest, end) = by_name(&rig, FEED, &CallOptions { resume: failure.resume, ..when(OnMisfit::Skip) });
    let end = end.unwrap();
    assert_eq!((ids(&rest), end.items, end.misfits), (vec![6, 7, 8, 9], 4, 1));
    assert_eq!(end.first_misfits, [the_fifth()]);
    let (none, end) = by_name(&rig, FEED, &CallOptions { resume: Some(end.resume), ..options() });
    assert_eq!((none.len(), end.unwrap().misfits), (0, 0));
}

#[test]
fn raw_is_the_vendors_json_with_a_mark() {
    for name in [FEED, "jpm.jobs-list"] {
        let rig = poisoned();
        let (records, end) = by_name(&rig, name, &CallOptions { page_size: None, ..when(OnMisfit::Raw) });
        let end = end.unwrap();
        assert_eq!((ids(&records), end.items, end.misfits), ((1..=9).collect(), 9, 1), "{name}");
        let marked = json!({"id": 5, "soldById": 7, "createdOn": "yesterday", "$misfit": {
            "path": "$.createdOn",
            "reason": "expected a point in time such as 2026-11-20T08:30:00Z, found `yesterday`",
        }});
        assert_eq!(records[4], marked);
        assert_eq!(end.first_misfits[0].id.as_deref(), Some("5"));
    }
}

#[test]
fn what_is_no_object_is_given_within_one() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::ok(r#"{"hasMore":false,"data":[{"id":1},null,{"id":3}]}"#)));
    let (records, end) = by_name(&rig, FEED, &when(OnMisfit::Raw));
    let mark = json!({"path": "$", "reason": "expected an object, found null", "value": null});
    assert_eq!((&records[0]["id"], &records[2]["id"]), (&json!(1), &json!(3)));
    assert_eq!(records[1], json!({ "$misfit": mark }));
    let end = end.unwrap();
    assert_eq!((end.items, end.misfits, end.first_misfits[0].path.as_str()), (3, 1, "$.data[1]"));
    let (records, end) = by_name(&rig, FEED, &when(OnMisfit::Skip));
    assert_eq!((ids(&records), end.unwrap().items), (vec![1, 3], 2));
}

/// What a typed consumer gets, as far as a test without a host can see.
struct Typed(&'static Type);

impl Form for Typed {
    type Record = String;
    type Batch = Vec<String>;

    fn batch(&self, room: usize) -> Vec<String> {
        Vec::with_capacity(room)
    }

    fn add(&self, batch: &mut Vec<String>, json: &[u8]) -> Result<(), codec::DecodeError> {
        batch.push(codec::decode(self.0, json).map(|arena| codec::lift_normal(self.0, &arena, 0))?);
        Ok(())
    }

    fn add_misfit(&self, batch: &mut Vec<String>, json: &[u8], misfit: &codec::DecodeError) -> bool {
        let mut arena = Arena::with(Layout::of(self.0));
        let given = codec::decode_misfit(self.0, json, misfit, &mut arena, 0);
        if given {
            batch.push(codec::lift_value(self.0, &arena, 0));
        }
        given
    }

    fn finish(&self, batch: Vec<String>) -> Vec<String> {
        batch
    }
}

#[test]
fn typed_is_what_fits_and_a_record_without_its_id_is_left_out() {
    let rig = poisoned();
    rig.titan.spoil(7, json!({"id": {}, "soldById": 7}));
    let (records, end) = read(&rig, (FEED, usize::MAX), Typed, &when(OnMisfit::Raw));
    let end = end.unwrap();
    assert_eq!((records.len(), end.items, end.misfits), (8, 8, 2));
    assert!(records[4].contains("Signed(5)") && records[4].contains("Signed(7)"), "{}", records[4]);
    assert!(records[4].contains("$misfit"), "{}", records[4]);
    assert_eq!(end.first_misfits[1].id, None);
    assert_eq!(end.first_misfits[1].path, "$.data[0].id");
}

/// Whoever stops anywhere and goes on has every record once, and every misfit once.
#[test]
fn leaving_anywhere_loses_and_repeats_nothing() {
    for on_misfit in [OnMisfit::Skip, OnMisfit::Raw] {
        let given: i64 = if on_misfit == OnMisfit::Skip { 7 } else { 9 };
        for room in 0..=9 {
            for name in [FEED, "jpm.jobs-list"] {
                let rig = poisoned();
                rig.titan.spoil(6, json!({"id": 6, "createdOn": 7}));
                let options = CallOptions { page_size: (name != FEED).then_some(3), ..when(on_misfit) };
                let (first, end) = read(&rig, (name, room), NormalForm, &options);
                let end = end.unwrap();
                assert_eq!(end.items, first.len() as u64, "{name} {on_misfit:?} {room}");
                let going_on = CallOptions { resume: Some(end.resume), ..options };
                let (second, further) = by_name(&rig, name, &going_on);
                let further = further.unwrap();
                let mut all: Vec<Value> =
                    first.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
                all.extend(second);
                assert_eq!(all.len() as i64, given, "{name} {on_misfit:?} {room}");
                assert!(ids(&all).is_sorted(), "{all:?}");
                assert_eq!(end.misfits + further.misfits, 2, "{name} {on_misfit:?} {room}");
            }
        }
    }
}

#[test]
fn a_single_page_says_what_does_not_fit() {
    let rig = poisoned();
    let page = |on_misfit| {
        let options = CallOptions { on_misfit, ..pages_of(6) };
        rig.run(rig.invoke("jpm.jobs-page", &[], None, Some(&options)))
    };
    let failure = page(None).unwrap_err();
    assert!(failure.message.contains("of the record with id 5"), "{}", failure.message);
    let skipped = page(Some(OnMisfit::Skip)).unwrap();
    let records: Vec<Value> = serde_json::from_str(skipped.body.as_ref().unwrap()).unwrap();
    assert_eq!((ids(&records), skipped.info.misfits), (vec![1, 2, 3, 4, 6], 1));
    assert_eq!(skipped.page.unwrap().answer.first_misfits[0].path, "$.data[4].createdOn");
    let raw = page(Some(OnMisfit::Raw)).unwrap();
    let records: Vec<Value> = serde_json::from_str(raw.body.as_ref().unwrap()).unwrap();
    assert_eq!((records.len(), records[4]["$misfit"]["path"].as_str()), (6, Some("$.createdOn")));
}

#[test]
fn a_single_answer_can_be_given_raw_but_not_left_out() {
    let rig = poisoned();
    rig.titan.spoil(1, json!({"id": 1, "createdOn": "yesterday"}));
    for on_misfit in [None, Some(OnMisfit::Skip)] {
        let failure = rig.run(rig.get_with(&CallOptions { on_misfit, ..options() })).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Decode);
        assert!(failure.message.contains("$.createdOn of the record with id 1"), "{}", failure.message);
    }
    let raw = rig.run(rig.get_with(&when(OnMisfit::Raw))).unwrap();
    let body: Value = serde_json::from_str(raw.body.as_ref().unwrap()).unwrap();
    assert_eq!((&body["createdOn"], &body["$misfit"]["path"]), (&json!("yesterday"), &json!("$.createdOn")));
    assert_eq!((raw.info.misfits, raw.info.first_misfits[0].id.as_deref()), (1, Some("1")));
}

/// A text that was cut off within an emoji, anywhere: in a record, in a member that the contract
/// does not know, in the words of a refusal.
#[test]
fn half_a_surrogate_pair_is_replaced_wherever_it_stands() {
    let rig = Rig::new();
    rig.titan.on_api(|number, _| {
        Some(match number {
            1 => Reply::ok("\u{feff}{\"id\":1,\"summary\":\"smile \\ud83d\",\"new\":\"\\ude00\"}"),
            _ => Reply::status(404, "\u{feff}{\"title\":\"No job \\ud83d\",\"status\":404}"),
        })
    });
    let answer = rig.run(rig.get()).unwrap();
    let body: Value = serde_json::from_str(answer.body.as_ref().unwrap()).unwrap();
    assert_eq!((&body["summary"], &body["new"]), (&json!("smile \u{fffd}"), &json!("\u{fffd}")));
    let failure = rig.run(rig.get()).unwrap_err();
    assert!(failure.message.contains("No job \u{fffd}"), "{}", failure.message);
}

/// The token's answer as well.
#[test]
fn a_byte_order_mark_is_taken_off_a_token() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.never_show("canary-marked-token");
    rig.titan.on_token(|_| {
        Some(Reply::ok("\u{feff}{\"access_token\":\"canary-marked-token\",\"expires_in\":900}"))
    });
    rig.titan.on_api(|_, request| {
        let bearer = request.secret_header("authorization");
        assert_eq!(bearer, Some("Bearer canary-marked-token"));
        Some(Reply::ok(r#"{"id":1}"#))
    });
    rig.run(rig.get()).unwrap();
}

/// A list whose pages are expected to say whether more follow, and do not.
#[test]
fn pages_without_a_word_are_read_until_one_is_empty() {
    let rig = Rig::new();
    rig.titan.on_api(|_, request| {
        let page: i64 = request.parameter("page").unwrap().parse().unwrap();
        let data: Vec<Value> =
            (page * 2 - 1..=page * 2).filter(|id| *id < 6).map(|id| json!({ "id": id })).collect();
        Some(Reply::ok(json!({"page": page, "data": data}).to_string()))
    });
    let (records, end) = by_name(&rig, "jpm.project-types-list", &pages_of(2));
    assert_eq!((ids(&records), end.unwrap().complete), (vec![1, 2, 3, 4, 5], true));
    let (records, _) = by_name(&rig, "jpm.jobs-list", &pages_of(2));
    assert_eq!(ids(&records), [1, 2, 3, 4, 5]);
    let page = |number: &str| {
        let asked = [("page", number), ("pageSize", "2")];
        rig.run(rig.invoke("jpm.jobs-page", &asked, None, None)).unwrap().page.unwrap().has_more
    };
    assert_eq!((page("1"), page("3"), page("4")), (true, true, false));
}

/// The same by the typed interface: a record without its id is left out of the page.
#[test]
fn a_typed_page_says_what_does_not_fit() {
    let rig = poisoned();
    rig.titan.spoil(2, json!({"id": {}}));
    let page = |on_misfit| {
        let function = Function::new("jpm.jobs-page").options(CallOptions { on_misfit, ..pages_of(4) });
        rig.run(function.call(&rig))
    };
    let failure = page(None).unwrap_err();
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::Decode, "$.data[1].id"));
    for on_misfit in [OnMisfit::Skip, OnMisfit::Raw] {
        let returned = page(Some(on_misfit)).unwrap();
        let info = returned.page.unwrap().answer;
        assert_eq!((ids(returned.value.as_array().unwrap()), info.misfits), (vec![1, 3, 4], 1));
        assert_eq!(
            (info.first_misfits[0].id.as_deref(), info.first_misfits[0].path.as_str()),
            (None, "$.data[1].id")
        );
    }
}

/// The vendor was sent them, so it may send them back: in a record that it names so.
#[test]
fn a_secret_in_a_record_that_does_not_fit_is_not_shown() {
    for record in [
        format!(r#"{{"id":"{APP_KEY}","jobNumber":"J"}}"#),
        format!(r#"{{"id":"{}","jobNumber":"J"}}"#, APP_KEY.replace('-', "%2D")),
        format!(r#"{{"id":1,"jobNumber":"J","total":"{APP_KEY}"}}"#),
    ] {
        // As it came, the record is the vendor's data.
        for on_misfit in [OnMisfit::Fail, OnMisfit::Skip] {
            let rig = Rig::new();
            let body = record.clone();
            rig.titan.on_api(move |_, request| {
                let list = request.path().ends_with("/jobs");
                let page = format!(r#"{{"page":1,"pageSize":50,"hasMore":false,"data":[{body}]}}"#);
                Some(Reply::ok(if list { page } else { body.clone() }))
            });
            let options = CallOptions { on_misfit: Some(on_misfit), ..options() };
            let told = [
                format!("{:?}", rig.run(rig.get_with(&options)).map(|answer| answer.info)),
                format!("{:?}", rig.run(rig.read("jpm.jobs-list", &[], &options)).end),
                format!(
                    "{:?}",
                    rig.run(rig.invoke("jpm.jobs-page", &[], None, Some(&options))).map(|page| page.info)
                ),
            ];
            for told in told {
                assert!(!told.contains("canary"), "{on_misfit:?} {record}: {told}");
                let named = told.contains("first_misfits: [Misfit") || told.contains("does not fit");
                assert!(!named || record.contains("total") || told.contains("[redacted]"), "{told}");
            }
        }
    }
}

/// A record of which not even its JSON can be read, alone on its page and among others.
#[test]
fn a_record_that_cannot_be_read_spoils_no_page_and_is_named_by_it() {
    let deep = format!("{{\"id\":2,\"new\":{}{}}}", "[".repeat(300), "]".repeat(300));
    for (odd, told) in [
        (&b"NaN"[..], "expected value"),
        (b"True", "expected value"),
        (b"{\"id\":2,\"jobNumber\":\"\xff\"}", "not UTF-8"),
        (deep.as_bytes(), "nested deeper than the 128 levels"),
    ] {
        for (name, page, place) in [
            (FEED, &b"{\"hasMore\":false,\"data\":["[..], "page 1 of this read"),
            ("jpm.jobs-list", b"{\"page\":1,\"pageSize\":50,\"hasMore\":false,\"data\":[", "page 1"),
        ] {
            let rig = Rig::new();
            let body = [page, b"{\"id\":1},", odd, b",{\"id\":3}]}"].concat();
            rig.titan.on_api(move |_, _| Some(Reply::bytes(200, body.clone())));
            let (records, end) = by_name(&rig, name, &when(OnMisfit::Skip));
            let end = end.unwrap();
            assert_eq!((ids(&records), end.misfits), (vec![1, 3], 1), "{told}");
            let misfit = &end.first_misfits[0];
            assert!(misfit.path == "$.data[1]" && misfit.reason.contains(told), "{misfit:?}");
            assert!(misfit.id.is_some() || misfit.reason.ends_with(&format!("({place})")), "{misfit:?}");
            let (records, _) = by_name(&rig, name, &when(OnMisfit::Raw));
            let value = records[1]["$misfit"]["value"].as_str().unwrap();
            assert_eq!((records.len(), value), (3, &*String::from_utf8_lossy(odd)));
            let failure = by_name(&rig, name, &options()).1.unwrap_err();
            assert!(failure.kind == FailureKind::Decode && failure.message.contains(told), "{failure:?}");
        }
    }
}

/// The same of an answer that is one value; what was cut off is asked for again, as ever.
#[test]
fn a_single_answer_that_is_no_json_can_be_given_as_it_came() {
    let odd = "{\"id\":1,\"jobNumber\":NaN}";
    let rig = Rig::new();
    rig.titan.on_api(move |_, _| Some(Reply::ok(odd)));
    let raw = rig.run(rig.get_with(&when(OnMisfit::Raw))).unwrap();
    let body: Value = serde_json::from_str(raw.body.as_ref().unwrap()).unwrap();
    assert_eq!((&body["$misfit"]["value"], raw.info.misfits), (&json!(odd), 1));
    assert_eq!(rig.titan.api_requests(), 1);
    let failure = rig.run(rig.get_with(&when(OnMisfit::Skip))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Decode);
    let rig = Rig::new();
    rig.titan.on_api(|number, _| Some(Reply::ok(if number == 1 { "{\"id\":1,\"job" } else { "{\"id\":1}" })));
    assert_eq!(rig.run(rig.get_with(&when(OnMisfit::Raw))).unwrap().info.misfits, 0);
}
