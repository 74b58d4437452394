//! Input that is broken, cut off or hostile.

use super::{all_types, generate::Generator, memory::normal_form};
use crate::{
    codec::{MAX_DEPTH, body_from_json, check_limits, decode, transcode},
    contract::catalogue::{Type, tables::servicetitan::jpm as tables},
};
use proptest::{collection::vec, prelude::*, sample::Index};

static JOB: Type = Type::Record(&tables::JOB);

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// An object that is cut off anywhere is malformed, never a shorter object.
    #[test]
    fn cut_off_at_every_byte(pick: Index, choices in vec(any::<u8>(), 0..300)) {
        let objects: Vec<_> = all_types().into_iter().filter(|ty| matches!(ty, Type::Record(_))).collect();
        let ty = *pick.get(&objects);
        let document = Generator::new(&choices).document(ty);
        for end in 0..document.json.trim_end().len() {
            let cut = &document.json.as_bytes()[..end];
            let error = transcode(ty, cut).unwrap_err();
            prop_assert!(error.malformed, "{error}: {}", document.json);
            prop_assert_eq!(decode(ty, cut).err(), Some(error));
        }
    }

    /// One byte changed: an answer or an error, and both paths give the same.
    #[test]
    fn one_byte_changed(pick: Index, at: Index, byte: u8, choices in vec(any::<u8>(), 0..600)) {
        let ty = *pick.get(&all_types());
        let mut json = Generator::new(&choices).document(ty).json.into_bytes();
        *at.get_mut(&mut json) = byte;
        prop_assert_eq!(decode(ty, &json).err(), transcode(ty, &json).err());
        let _ = body_from_json(ty, &String::from_utf8_lossy(&json));
    }

    #[test]
    fn anything_at_all(pick: Index, bytes in vec(any::<u8>(), 0..200), text in "[\\[\\]{}\":,0-9a-z\\\\. -]{0,80}") {
        let ty = *pick.get(&all_types());
        let _ = transcode(ty, &bytes);
        let _ = transcode(ty, text.as_bytes());
        let _ = body_from_json(ty, &text);
        let _ = check_limits(&bytes, 100, 8);
    }
}

fn nested(depth: usize) -> String {
    format!(r#"{{"id":1,"unknown":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1))
}

#[test]
fn whatever_passes_the_limit_decodes() {
    let deepest = nested(MAX_DEPTH);
    check_limits(deepest.as_bytes(), usize::MAX, MAX_DEPTH).unwrap();
    let job = decode(&JOB, deepest.as_bytes()).unwrap();
    assert_eq!(normal_form(&JOB, job), transcode(&JOB, deepest.as_bytes()).unwrap());
    assert!(check_limits(nested(MAX_DEPTH + 1).as_bytes(), usize::MAX, MAX_DEPTH).is_err());
}

/// A million levels are refused by the limit, and would not overflow the stack
/// even if nobody had asked for it.
#[test]
fn very_deep_json_never_overflows() {
    let deep = nested(1_000_000);
    assert!(check_limits(deep.as_bytes(), usize::MAX, MAX_DEPTH).is_err());
    let error = decode(&JOB, deep.as_bytes()).unwrap_err();
    assert!(error.malformed && error.message.contains("nested deeper than the 128 levels"), "{error}");
    for wrong in [format!(r#"{{"id":{}"#, "[".repeat(1_000_000)), "{\"id\":".repeat(1_000_000)] {
        assert!(decode(&JOB, wrong.as_bytes()).is_err());
        assert!(body_from_json(&JOB, &wrong).is_err());
    }
}
