//! JSON that is plain: what is read of it is JSON, typed and by name alike, and of a page
//! the records that are JSON are read, and no others.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock_json::{Arena, Layout, Scratch, decode, plain_page, transcode, types::Type};
use serde_json::value::RawValue;

fuzz_target!(|data: (u8, u16, &[u8])| {
    let (provider, which, json) = data;
    let (_, operation) = penstock_fuzz::operation(provider, which);
    if let Some(ty) = &operation.answer {
        let (mut scratch, mut out) = (Scratch::default(), Vec::new());
        let layout = Layout::of(ty);
        let mut arena = Arena::with(layout);
        let typed = decode(ty, json, &mut arena, 0, &mut scratch).is_some();
        let by_name = transcode(ty, json, &mut out, &mut scratch).is_some();
        assert_eq!(typed, by_name);
        if typed {
            serde_json::from_slice::<&RawValue>(json).expect("what is plain is JSON");
            serde_json::from_slice::<&RawValue>(&out).expect("the normal form is JSON");
        } else {
            assert_eq!((arena.bytes().len(), out.len()), (layout.size as usize, 0));
            assert!(arena.bytes().iter().all(|byte| *byte == 0), "something stands in the arena");
        }
    }
    if let Some(page) = plain_page(json, "data", "id") {
        let mut all = true;
        for place in page.records {
            let record = json.get(place).expect("a record lies within the body");
            let is_json = serde_json::from_slice::<&RawValue>(record).is_ok();
            let read = transcode(&Type::Json, record, &mut Vec::new(), &mut Scratch::default());
            assert!(is_json || read.is_none(), "a record that is no JSON is read");
            all &= is_json;
        }
        if all {
            serde_json::from_slice::<&RawValue>(json).expect("a page whose records are JSON is JSON");
        }
    }
});
