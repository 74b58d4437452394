//! Whatever is read as plain reads the same by way of `parse`.

use super::{all_types, generate::Generator, memory::read};
use crate::{
    codec::{
        lower::lower,
        parse::parse,
        plain::{self, Scratch},
        print::{Form, print},
    },
    contract::{
        abi::{Arena, Layout},
        catalogue::Type,
    },
};
use proptest::{collection::vec, prelude::*, sample::Index};

/// What each of the two makes of a text; false if it is not plain.
fn agrees(ty: &Type, json: &[u8]) -> bool {
    let mut scratch = Scratch::default();
    let layout = Layout::of(ty);
    let mut arena = Arena::with(layout);
    let mut normal = b"before".to_vec();
    let typed = plain::decode(ty, json, &mut arena, 0, &mut scratch);
    let written = plain::transcode(ty, json, &mut normal, &mut scratch);
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
            assert_eq!(normal, format!("before{}", print(Form::Normal, ty, parsed.as_ref().unwrap())))
        }
        None => assert_eq!(normal, "before"),
    }
    typed.is_some() && written.is_some()
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
