//! A provider's JSON on its way to the normal form: what stands in the provider's envelope is
//! JSON, and nothing that is accepted changes when it is normalised once more.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use penstock::{codec, contract::catalogue::Type};
use serde_json::value::RawValue;

fn normal(ty: &Type, json: &[u8]) {
    if let Ok(normal) = codec::transcode(ty, json) {
        let again = codec::transcode(ty, normal.as_bytes()).expect("the normal form is readable");
        assert_eq!(again, normal);
    }
}

fuzz_target!(|data: (u8, u16, bool, &[u8])| {
    let (provider, which, wrapped, json) = data;
    let (provider, operation) = penstock_fuzz::operation(provider, which);
    // In the envelope of the provider that has one, so that the fuzzer need not guess it.
    let body = match wrapped {
        true => [&br#"{"detail":"OK","result":"#[..], json, b"}"].concat(),
        false => json.to_vec(),
    };
    let body = Bytes::from(body);
    if codec::check_limits(&body, 1 << 20, codec::MAX_DEPTH).is_err() {
        return;
    }
    let Ok(value) = provider.value(operation, &body) else { return };
    if serde_json::from_slice::<&RawValue>(&body).is_ok() {
        serde_json::from_slice::<&RawValue>(&value).expect("what a JSON envelope holds is JSON");
    }
    let told = provider.is_final(operation, &value);
    assert_eq!(told, provider.is_final(operation, &value));
    if let Some(ty) = &operation.answer {
        normal(ty, &value);
    }
});
