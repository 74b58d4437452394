//! A caller's parameters: what is accepted names parameters of the operation only.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{catalogue, normalize};

fuzz_target!(|data: (u16, Vec<(String, String)>)| {
    let (which, parameters) = data;
    let operations = catalogue::operations("servicetitan").unwrap();
    let Some(record) = operations[usize::from(which) % operations.len()].query else { return };
    if let Ok(pairs) = normalize::query_from_text(record, &parameters) {
        for (name, _) in pairs {
            assert!(record.fields.iter().any(|field| field.wire == name), "{name}");
        }
    }
});
