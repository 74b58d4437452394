//! Settings: a refusal never repeats the value, which may be a secret in the wrong place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::settings::{Origin, common::SETTINGS};

fuzz_target!(|data: (u8, &str)| {
    let (which, value) = data;
    let kind = SETTINGS[usize::from(which) % SETTINGS.len()].kind;
    for refused in [kind.check(value).err(), Origin::parse(value).err()].into_iter().flatten() {
        assert!(value.len() < 24 || !refused.contains(value), "{refused}");
    }
});
