//! A page of records taken apart: each record lies within the body and is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{catalogue::Paging, vendor};

const PAGINGS: [Paging; 6] = [
    Paging::Numbered,
    Paging::DataOnly,
    Paging::Bare,
    Paging::Report,
    Paging::Export,
    Paging::Envelope,
];

fuzz_target!(|data: (u8, &[u8])| {
    let (which, body) = data;
    let body = bytes::Bytes::copy_from_slice(body);
    let vendor = vendor::find("servicetitan").unwrap();
    if let Ok(page) = vendor.page(PAGINGS[usize::from(which) % PAGINGS.len()], &body) {
        for item in page.items {
            let record = page.body.get(item).expect("a record lies within the body");
            serde_json::from_slice::<&serde_json::value::RawValue>(record).expect("a record is JSON");
        }
    }
});
