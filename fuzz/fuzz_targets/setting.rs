//! Settings: a refusal never repeats the value, which may be a secret in the wrong place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::settings::{Origin, common::SETTINGS};

/// No message has this by chance.
const SECRET: &str = "canary-5f1e";

fuzz_target!(|data: (u8, &str, &str)| {
    let (which, before, after) = data;
    let value = &format!("{before}{SECRET}{after}");
    let kind = SETTINGS[usize::from(which) % SETTINGS.len()].kind;
    for refused in [kind.check(value).err(), Origin::parse(value).err()].into_iter().flatten() {
        assert!(!refused.contains(SECRET), "{refused}");
    }
});
