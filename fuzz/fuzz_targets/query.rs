//! A caller's parameters: what is accepted names parameters of the operation only.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::codec;

fuzz_target!(|data: (u8, u16, Vec<(u8, String)>)| {
    let (provider, which, given) = data;
    let (_, operation) = penstock_fuzz::operation(provider, which);
    let Some(record) = operation.query else { return };
    // Mostly names that there are: a value is only read of those.
    let named = |(which, text): (u8, String)| match record.fields.get(usize::from(which)) {
        Some(field) => (field.wire.to_owned(), text),
        None => (text.clone(), text),
    };
    let parameters: Vec<(String, String)> = given.into_iter().map(named).collect();
    if let Ok(pairs) = codec::query_from_text(record, &parameters) {
        for (name, _) in pairs {
            assert!(record.fields.iter().any(|field| field.wire == name), "{name}");
        }
    }
});
