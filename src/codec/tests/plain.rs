//! Whatever is read as plain reads the same by way of `parse`.

use super::{all_types, generate::Generator, memory::read};
use crate::{
    codec::{
        lower::lower,
        parse::parse,
        print::{Form, print},
    },
    contract::{
        abi::{Arena, Layout},
        catalogue::Type,
    },
};
use penstock_json::Scratch;
use proptest::{collection::vec, prelude::*, sample::Index};

/// What each of the two makes of a text; false if it is not plain.
fn agrees(ty: &Type, json: &[u8]) -> bool {
    let mut scratch = Scratch::default();
    let layout = Layout::of(ty);
    let mut arena = Arena::with(layout);
    let mut normal = b"before".to_vec();
    let typed = penstock_json::decode(ty, json, &mut arena, 0, &mut scratch);
    let written = penstock_json::transcode(ty, json, &mut normal, &mut scratch);
    let parsed = parse(ty, json);
    if typed.is_some() {
        let value = parsed.as_ref().unwrap();
        let mut expected = Arena::with(layout);
        lower(ty, value, &mut expected, 0);
        assert_eq!(read(ty, arena), read(ty, expected), "{}", String::from_utf8_lossy(json));
    } else {
        assert_eq!((arena.bytes(), arena.pointers()), (&*vec![0; layout.size as usize], &[][..]));
    }
    let normal = String::from_utf8(normal).unwrap();
    match written {
        Some(()) => {
            let expected = print(Form::Normal, ty, parsed.as_ref().unwrap());
            assert_eq!(normal, format!("before{expected}"));
        }
        None => assert_eq!(normal, "before"),
    }
    assert_eq!(typed.is_some(), written.is_some(), "{}", String::from_utf8_lossy(json));
    typed.is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// Documents that fit.
    #[test]
    fn both_agree_on_what_fits(pick: Index, choices in vec(any::<u8>(), 0..3000)) {
        let ty = *pick.get(&all_types());
        agrees(ty, Generator::new(&choices).document(ty).json.as_bytes());
    }

    /// Documents with a byte that was changed, or with an end that is missing: what is no JSON is
    /// not read, and what is still JSON reads the same.
    #[test]
    fn both_agree_on_what_was_damaged(
        pick: Index,
        choices in vec(any::<u8>(), 0..400),
        place: Index,
        byte in prop_oneof![Just(b'"'), Just(b'\\'), Just(b','), Just(b'0'), Just(b'-'), Just(b' '), any::<u8>()],
        end: bool,
    ) {
        let ty = *pick.get(&all_types());
        let mut json = Generator::new(&choices).document(ty).json.into_bytes();
        let place = place.index(json.len());
        if end { json.truncate(place) } else { json[place] = byte }
        agrees(ty, &json);
    }
}

/// What providers send nearly always is plain, and so is read here.
#[test]
fn an_ordinary_record_is_plain() {
    let job = Type::Record(&crate::contract::catalogue::tables::servicetitan::jpm::JOB);
    let text = r#" {"jobNumber":"7\t\u00e9\ud83d\ude00","id" : -17, "projectId":null,"total":12.50,"createdOn":
        "2025-10-13T14:22:51.8400000Z","jobStatus":"InProgress","zz":{"a":[1,{}]},"tagTypeIds":[1, 2],
        "customFields":[{"typeId":1,"name":"n","value":""}, {"zz":[]}],"summary":"","modifiedOn":""} "#;
    assert!(agrees(&job, text.replace("\"modifiedOn\":\"\"", "\"modifiedOn\":null").as_bytes()));
}

/// What a page is taken apart into is what its text has; what is no page, or no JSON, is left to
/// others.
#[test]
fn a_page_is_taken_apart() {
    let body = br#" {"page":1, "data" : [ {"id":7,"a":{"id":8}} , {"b":"]}\"","id" : "x","id":9}, 5,{} ],"hasMore":true} "#;
    let page = penstock_json::plain_page(body, "data", "id").unwrap();
    let texts = |places: &[std::ops::Range<usize>]| -> Vec<String> {
        places.iter().map(|place| String::from_utf8(body[place.clone()].to_vec()).unwrap()).collect()
    };
    let records = [r#"{"id":7,"a":{"id":8}}"#, r#"{"b":"]}\"","id" : "x","id":9}"#, "5", "{}"];
    assert_eq!(
        (texts(&page.records), texts(&page.ids)),
        (records.map(str::to_owned).to_vec(), vec!["7".into(), "9".into(), String::new(), String::new()])
    );
    assert_eq!(page.members, [(&b"page"[..], &b"1"[..]), (b"hasMore", b"true")]);
    // One record that is no JSON does not spoil the others.
    let body = br#"{"data":[{"id":1},{"id":NaN,"a":[1]},{"a":NaN,"id":3},{"id":2,"a":NaN}]}"#;
    let page = penstock_json::plain_page(body, "data", "id").unwrap();
    let ids: Vec<&[u8]> = page.ids.iter().map(|place| &body[place.clone()]).collect();
    assert_eq!((page.records.len(), ids), (4, vec![&b"1"[..], b"", b"", b"2"]));
    // Nor one that is a word, no UTF-8 or too deep.
    let deep = format!("{}{}", "[".repeat(4_000), "]".repeat(4_000));
    for odd in [&b"NaN"[..], b"True", b"-Infinity", b"01", b"{\"id\":2,\"a\":\"\xff\"}", deep.as_bytes()] {
        let body = [br#"{"data":[{"id":1}, "#, odd, br#" ,{"id":3}],"hasMore":true}"#].concat();
        let page = penstock_json::plain_page(&body, "data", "id").unwrap();
        let records: Vec<&[u8]> = page.records.iter().map(|place| &body[place.clone()]).collect();
        assert_eq!(records, [&br#"{"id":1}"#[..], odd, br#"{"id":3}"#]);
        assert_eq!(page.ids[2].clone().len(), 1);
        let body = [b"[", odd, b"]"].concat();
        let records = penstock_json::plain_array(&body, "id").unwrap().records;
        assert_eq!((records.len(), records[0].clone()), (1, 1..odd.len() + 1));
    }
    for around in [
        &b"{\"data\":[{}],\"a\":\"\xff\"}"[..],
        b"{\"a\":\"\xff\",\"data\":[{}]}",
        b"{\"a\":\"\xff\",\"data\":[]}",
    ] {
        assert!(penstock_json::plain_page(around, "data", "id").is_none());
    }
    for (text, closed) in [
        ("{\"a\":NaN}", true),
        (" [1, {]}] ", false),
        ("{\"a\":[1}", false),
        ("{} x", false),
        ("NaN", true),
        ("", false),
    ] {
        assert_eq!(penstock_json::is_closed(text.as_bytes()), closed, "{text}");
    }
    for no_page in [
        "[]",
        r#"{"page":1}"#,
        r#"{"data":5}"#,
        r#"{"data":[],"data":[]}"#,
        r#"{"data":[{"id":1]}"#,
        r#"{"data":[{"id":1,"a":{]}"#,
        r#"{"data":[1,]}"#,
        r#"{"data":[]} x"#,
        r#"{"data":["a"#,
        "{\"data\":[\"\n\"]}",
        r#"{"data":["\x"]}"#,
        r#"{"d\u0061ta":[]}"#,
        "{\"data\":[\"\u{0}\"]}",
    ] {
        assert!(penstock_json::plain_page(no_page.as_bytes(), "data", "id").is_none(), "{no_page}");
    }
}

/// A member, or the elements of an array, that need not be JSON, where everything around them is.
#[test]
fn what_is_no_json_is_found_where_it_stands() {
    let at = |text: &str, place: std::ops::Range<usize>| {
        String::from_utf8(text.as_bytes()[place].to_vec()).unwrap()
    };
    let member = |text: &str| Some(at(text, penstock_json::plain_member(text.as_bytes(), "r")?));
    for (text, found) in [
        (r#"{"a":1,"r": {"b":NaN} ,"c":[]}"#, Some(r#"{"b":NaN}"#)),
        (r#" {"r":True} "#, Some("True")),
        (r#"{"r":7}"#, Some("7")),
        (r#"{"a":1}"#, None),
        (r#"{"a":NaN,"r":1}"#, None),
        (r#"{"r":1,"r":2}"#, None),
        (r#"{"r":{"#, None),
        (r#"{"r":{}} x"#, None),
        (r#"["r"]"#, None),
    ] {
        assert_eq!(member(text).as_deref(), found, "{text}");
    }
    assert!(penstock_json::plain_member(b"{\"r\":\"\xff\"}", "r").is_some());
    assert!(penstock_json::plain_member(b"{\"r\":1,\"a\":\"\xff\"}", "r").is_none());

    let elements = |text: &str| {
        let places = penstock_json::plain_elements(text.as_bytes())?;
        Some(places.into_iter().map(|place| at(text, place)).collect::<Vec<_>>())
    };
    assert_eq!(
        elements(r#" [1, NaN ,"a,]", {"a":x} ,[y]] "#).unwrap(),
        ["1", "NaN", r#""a,]""#, r#"{"a":x}"#, "[y]"]
    );
    assert_eq!(elements("[ ]").unwrap(), [""; 0]);
    for none in ["{}", "[1 2]", "[1,]", "[,1]", "[1", "[1]]", "NaN", ""] {
        assert_eq!(elements(none), None, "{none}");
    }
}

/// It is as deep as one likes; what is too deep is found where the record is read.
#[test]
fn deep_values_are_passed_over() {
    for (depth, plain) in [(1, true), (64, true), (126, true), (4_000, true)] {
        let body = format!(r#"{{"data":[{}{}]}}"#, r#"[{"a":"#.repeat(depth / 2), "}]".repeat(depth / 2));
        let body = body.replace("[{\"a\":}]", "[{\"a\":1}]");
        assert_eq!(penstock_json::plain_page(body.as_bytes(), "data", "id").is_some(), plain, "{depth}");
    }
}

proptest! {
    /// A page that is taken apart here has the same records as by way of serde.
    #[test]
    fn a_page_has_the_records_that_it_has(choices in vec(any::<u8>(), 0..2000), place: Index, byte in any::<u8>(), damaged: bool) {
        let job = Type::Record(&crate::contract::catalogue::tables::servicetitan::jpm::JOB);
        let mut generator = Generator::new(&choices);
        let jobs: Vec<String> = (0..3).map(|_| generator.document(&job).json).collect();
        let mut body = format!(r#"{{"page":1,"data":[{}],"hasMore":false}}"#, jobs.join(" ,")).into_bytes();
        if damaged {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let Some(page) = penstock_json::plain_page(&body, "data", "id") else {
            prop_assert!(damaged || body.contains(&b'\\'));
            return Ok(());
        };
        // What a record holds is looked at when it is decoded.
        let broken = page.records.iter().any(|place| serde_json::from_slice::<&serde_json::value::RawValue>(&body[place.clone()]).is_err());
        if broken {
            prop_assert!(damaged);
            return Ok(());
        }
        let read: std::collections::BTreeMap<String, &serde_json::value::RawValue> = serde_json::from_slice(&body).unwrap();
        let data: Vec<&serde_json::value::RawValue> = serde_json::from_str(read["data"].get()).unwrap();
        let found: Vec<&[u8]> = page.records.iter().map(|place| &body[place.clone()]).collect();
        prop_assert_eq!(found, data.iter().map(|record| record.get().as_bytes()).collect::<Vec<_>>());
    }
}
