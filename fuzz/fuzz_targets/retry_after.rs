//! The header fields from which the next attempt is timed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::engine::{hint::retry_hint, time::WallTime};

const NAMES: [&str; 6] =
    ["retry-after", "retry-after-ms", "ratelimit", "ratelimit-policy", "x-ratelimit-reset", "date"];

fuzz_target!(|data: (u8, [&str; 6], i64)| {
    let (present, values, now) = data;
    let header = |name: &str| {
        let index = NAMES.iter().position(|known| *known == name)?;
        (present >> index & 1 == 1).then(|| values[index])
    };
    let hint = retry_hint(header, WallTime::from_millis(now));
    // What reads the same header fields says the same.
    assert_eq!(hint, retry_hint(header, WallTime::from_millis(now)));
});
