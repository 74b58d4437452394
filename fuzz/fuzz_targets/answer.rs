//! The vendor's JSON on its way to the normal form: nothing that is accepted changes
//! when it is normalised once more.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{catalogue, normalize};

fuzz_target!(|data: (u16, &[u8])| {
    let (which, json) = data;
    let operations = catalogue::operations("servicetitan").unwrap();
    let Some(ty) = &operations[usize::from(which) % operations.len()].answer else { return };
    if normalize::check_limits(json, 1 << 20, normalize::MAX_DEPTH).is_err() {
        return;
    }
    if let Ok(normal) = normalize::transcode(ty, json) {
        let again = normalize::transcode(ty, normal.as_bytes()).expect("the normal form is readable");
        assert_eq!(again, normal);
    }
});
