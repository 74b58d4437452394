use proptest::prelude::*;

use super::*;
use crate::pager::{Delivered, MOST_DELIVERED, ReadProgress};

const LIMITS: Limits = Limits::DEFAULT;

const SITE: &str = "servicetitan tenant 42 in production@api.servicetitan.io";

fn numbered() -> Resume {
    Resume {
        operation: "jpm.jobs".to_owned(),
        query: query_hash("default", [("status", "Hold"), ("active", "Any")]),
        site: SITE.to_owned(),
        position: Position::Numbered {
            page: 7,
            page_size: 500,
            at: None,
            skip: 123,
            track: ReadProgress::new(true),
        },
        done: false,
        from_0: false,
    }
}

/// A well-formed text with a right checksum around any JSON.
fn sealed(json: &str) -> String {
    let mut bytes = digest(json.as_bytes()).to_be_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

#[test]
fn the_text_is_stable() {
    let bytes = URL_SAFE_NO_PAD.decode(numbered().encode()).unwrap();
    let json = std::str::from_utf8(&bytes[CHECKSUM_BYTES..]).unwrap();
    let query = numbered().query;
    assert_eq!(
        json,
        format!(
            r#"{{"v":5,"o":"jpm.jobs","q":{query},"w":"{SITE}","p":{{"n":{{"p":7,"z":500,"s":123,"t":{{"o":true}}}}}},"d":false}}"#
        )
    );
    // Texts outlive a build: this hash must not change without a new version.
    assert_eq!(query, 16_641_843_361_819_813_571);
}

#[test]
fn read_back_for_the_same_call() {
    let resume = numbered();
    assert_eq!(Resume::read(&resume.encode(), "jpm.jobs", resume.query, SITE, &LIMITS), Ok(resume));
}

#[test]
fn another_operation_or_query_is_refused_by_name() {
    let resume = numbered();
    let error = Resume::read(&resume.encode(), "jpm.projects", resume.query, SITE, &LIMITS).unwrap_err();
    assert_eq!(error.to_string(), "is from jpm.jobs and does not fit jpm.projects");
    let error = Resume::read(&resume.encode(), "jpm.jobs", 1, SITE, &LIMITS).unwrap_err();
    assert_eq!(error, ResumeError::Query { operation: "jpm.jobs".to_owned() });
}

#[test]
fn another_tenant_environment_or_host_is_refused_and_named() {
    let resume = numbered();
    for other in [
        "servicetitan tenant 43 in production@api.servicetitan.io",
        "servicetitan tenant 42 in integration@api.servicetitan.io",
        "servicetitan tenant 42 in production@127.0.0.1:8080",
    ] {
        let error = Resume::read(&resume.encode(), "jpm.jobs", resume.query, other, &LIMITS).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("is from {SITE}, and this account is {other}: begin anew without it")
        );
    }
}

#[test]
fn a_text_that_does_not_say_whose_it_is_is_still_read() {
    let old = sealed(&format!(
        r#"{{"v":3,"o":"jpm.jobs","q":{},"p":{{"c":{{"f":"t1"}}}},"d":false}}"#,
        numbered().query
    ));
    let read = Resume::read(&old, "jpm.jobs", numbered().query, SITE, &LIMITS);
    assert_eq!(read.map(|resume| resume.site), Ok(String::new()));
}

#[test]
fn another_version_is_named_whatever_its_shape() {
    for found in [1, VERSION + 1] {
        let decoded = Resume::decode(&sealed(&format!(r#"{{"v":{found},"cursor":[1,2]}}"#)), &LIMITS);
        assert_eq!(decoded, Err(ResumeError::Version { found }));
    }
}

#[test]
fn a_text_of_version_2_is_read_and_its_count_in_a_feed_is_not() {
    let read = |position: &str| {
        let json = format!(r#"{{"v":2,"o":"x","q":1,"p":{position},"d":false}}"#);
        Resume::decode(&sealed(&json), &LIMITS).unwrap().position
    };
    let Position::Numbered { page: 7, page_size: 500, skip: 123, .. } =
        read(r#"{"n":{"p":7,"z":500,"s":123,"t":{"o":true}}}"#)
    else {
        panic!()
    };
    let whole_page = Position::Cursor { from: Some("a".to_owned()), delivered: Delivered::default() };
    assert_eq!(read(r#"{"c":{"f":"a","s":2}}"#), whole_page);
}

#[test]
fn the_text_fits_however_many_records_of_a_page_were_delivered() {
    let from = Some("2026-11-27T16:04:25.1234567Z".repeat(200));
    let position = Position::Cursor { from, delivered: (0..10 * MOST_DELIVERED as u64).collect() };
    let resume = Resume { position, ..numbered() };
    let text = resume.encode();
    assert!(text.len() > 57_000);
    assert_eq!(Resume::decode(&text, &LIMITS), Ok(resume));
}

#[test]
fn what_is_not_ours_is_refused() {
    for text in ["", "AAAA", "not base64!", "resume", " ", "AAAAAAAAAAA"] {
        assert_eq!(Resume::decode(text, &LIMITS), Err(ResumeError::Damaged), "{text:?}");
    }
    for json in [
        "",
        "null",
        "{}",
        "[2]",
        r#"{"v":2}"#,
        r#"{"v":-1}"#,
        r#"{"v":2,"o":"x","q":1,"p":{"n":{"p":1,"z":0,"s":0}},"d":false}"#,
        r#"{"v":2,"o":"x","q":1,"p":{"n":{"p":-1,"z":5,"s":0}},"d":false}"#,
        r#"{"v":2,"o":"x","q":1,"p":{"x":{}},"d":false}"#,
        r#"{"v":2,"o":"x","q":1,"p":{"n":{"p":1,"z":5,"s":0,"t":{"i":"AA"}}},"d":false}"#,
        r#"{"v":3,"o":"x","q":1,"p":{"c":{"f":null,"i":"AA"}},"d":false}"#,
    ] {
        assert_eq!(Resume::decode(&sealed(json), &LIMITS), Err(ResumeError::Damaged), "{json}");
    }
}

#[test]
fn a_text_beyond_the_bound_is_not_looked_at() {
    let just = Limits { max_resume_bytes: numbered().encode().len(), ..LIMITS };
    assert!(Resume::decode(&numbered().encode(), &just).is_ok());
    let limits = Limits { max_resume_bytes: 10, ..LIMITS };
    assert_eq!(Resume::decode(&numbered().encode(), &limits), Err(ResumeError::TooLong { max: 10 }));
}

#[test]
fn the_query_hash_minds_what_was_asked_and_not_its_order() {
    let hash = query_hash("a", [("x", "1"), ("y", "2")]);
    assert_eq!(hash, query_hash("a", [("y", "2"), ("x", "1")]));
    assert_ne!(hash, query_hash("b", [("x", "1"), ("y", "2")]));
    assert_ne!(hash, query_hash("a", [("x", "1")]));
    assert_ne!(hash, query_hash("a", [("x", "1y"), ("", "2")]));
    assert_ne!(query_hash("a", [("b", "c")]), query_hash("a", [("bc", "")]));
}

/// Through its own text, since that is how one is made from outside.
fn any_track() -> impl Strategy<Value = ReadProgress> {
    let ids = proptest::collection::vec(any::<[u8; 8]>(), 0..=256);
    (any::<bool>(), any::<Option<u64>>(), any::<Option<i64>>(), any::<u64>(), ids).prop_map(
        |(ordered, expected, newest, counted, ids)| {
            let ids = base64::engine::general_purpose::STANDARD_NO_PAD.encode(ids.concat());
            let track = serde_json::json!({"o": ordered, "e": expected, "n": newest, "c": counted, "i": ids});
            serde_json::from_value(track).unwrap()
        },
    )
}

fn any_resume() -> impl Strategy<Value = Resume> {
    let position = prop_oneof![
        (any::<(u32, Option<u64>, u64)>(), 1..=u32::MAX, any_track()).prop_map(
            |((page, at, skip), page_size, track)| {
                Position::Numbered { page, page_size, at, skip, track }
            }
        ),
        (any::<Option<String>>(), proptest::collection::vec(any::<u64>(), 0..50)).prop_map(
            |(from, delivered)| { Position::Cursor { from, delivered: delivered.into_iter().collect() } }
        ),
    ];
    ("[a-z.-]{0,20}", any::<u64>(), "\\PC{0,20}", position, any::<[bool; 2]>()).prop_map(
        |(operation, query, site, position, [done, from_0])| Resume {
            operation,
            query,
            site,
            position,
            done,
            from_0,
        },
    )
}

proptest! {
    #[test]
    fn round_trip(resume in any_resume()) {
        let text = resume.encode();
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        prop_assert_eq!(Resume::decode(&text, &LIMITS), Ok(resume));
    }

    #[test]
    fn an_altered_character_is_found(resume in any_resume(), at in any::<prop::sample::Index>(), to in any::<char>()) {
        let text = resume.encode();
        let at = at.index(text.len());
        let altered: String = text.chars().enumerate().map(|(i, c)| if i == at { to } else { c }).collect();
        prop_assert_eq!(Resume::decode(&altered, &LIMITS).is_ok(), altered == text);
    }

    #[test]
    fn a_cut_text_is_found(resume in any_resume(), keep in any::<prop::sample::Index>(), extra in "[A-Za-z0-9_-]{1,4}") {
        let text = resume.encode();
        let cut: String = text.chars().take(keep.index(text.len())).collect();
        prop_assert_eq!(Resume::decode(&cut, &LIMITS), Err(ResumeError::Damaged));
        prop_assert_eq!(Resume::decode(&(text + &extra), &LIMITS), Err(ResumeError::Damaged));
    }

    #[test]
    fn no_text_panics(text in "\\PC*", json in "\\PC*") {
        prop_assert!(Resume::decode(&text, &LIMITS).is_err());
        prop_assert!(Resume::decode(&sealed(&json), &LIMITS).is_err());
    }
}
