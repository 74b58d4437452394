//! A caller's JSON body: what is accepted is JSON for the provider.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::codec;

fuzz_target!(|data: (u8, u16, &str)| {
    let (provider, which, json) = data;
    let (_, operation) = penstock_fuzz::operation(provider, which);
    let Some(ty) = &operation.body else { return };
    if let Ok(body) = codec::body_from_json(ty, json) {
        serde_json::from_str::<&serde_json::value::RawValue>(&body).expect("a body is JSON");
    }
});
