//! A caller's JSON body: what is accepted is JSON for the vendor.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{catalogue, normalize};

fuzz_target!(|data: (u16, &str)| {
    let (which, json) = data;
    let operations = catalogue::operations("servicetitan").unwrap();
    let Some(ty) = &operations[usize::from(which) % operations.len()].body else { return };
    if let Ok(body) = normalize::body_from_json(ty, json) {
        serde_json::from_str::<&serde_json::value::RawValue>(&body).expect("a body is JSON");
    }
});
