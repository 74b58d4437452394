//! A page of records taken apart: each record lies within the body, behind the one before,
//! and is not read if it is no JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{codec, contract::catalogue::Type};
use penstock_fuzz::{pagings, pick};

fuzz_target!(|data: (u8, u8, bool, &[u8])| {
    let (provider, which, wrapped, body) = data;
    let provider = penstock_fuzz::provider(provider);
    let body = match wrapped {
        true => [&br#"{"detail":"OK","result":"#[..], body, b"}"].concat(),
        false => body.to_vec(),
    };
    let paging = *pick(&pagings(provider), which);
    let Ok(page) = provider.paging().envelope(paging, &body.into()) else { return };
    let mut before = 0;
    for item in page.items {
        assert!(before <= item.start, "{item:?} begins before {before}");
        before = item.end;
        let record = page.body.get(item).expect("a record lies within the body");
        let is_json = serde_json::from_slice::<&serde_json::value::RawValue>(record).is_ok();
        assert!(is_json || codec::transcode(&Type::Json, record).is_err(), "a record that is no JSON is read");
    }
});
