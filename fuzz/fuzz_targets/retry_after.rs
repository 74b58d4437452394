//! The header fields from which the next attempt is timed: never longer than the bound, the
//! first one that can be read decides, and a number means what it says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::policy::{
    hint::{MAX_HINT, retry_hint},
    time::WallTime,
};
use std::time::Duration;

const NAMES: [&str; 6] =
    ["retry-after", "retry-after-ms", "ratelimit", "ratelimit-policy", "x-ratelimit-reset", "date"];

fuzz_target!(|data: (u8, [&str; 6], i64, u32)| {
    let (present, values, now, number) = data;
    let now = WallTime::from_millis(now);
    let header = |name: &str| {
        let index = NAMES.iter().position(|known| *known == name)?;
        (present >> index & 1 == 1).then(|| values[index])
    };
    let hint = retry_hint(header, now);
    assert!(hint.is_none_or(|hint| hint <= MAX_HINT), "{hint:?}");

    // The order of the fields: one that can be read hides those behind it, and one that
    // cannot is as good as absent.
    let only = |wanted: &'static [&'static str]| {
        retry_hint(|name| header(name).filter(|_| wanted.contains(&name)), now)
    };
    let in_order =
        only(&["retry-after-ms"]).or_else(|| only(&["retry-after", "date"])).or_else(|| only(&["ratelimit"]));
    assert_eq!(hint, in_order);

    // A number is exact, and comes before whatever else stands there.
    let plain = number.to_string();
    let counted = |field: &'static str| {
        let given = |name: &str| if name == field { Some(plain.as_str()) } else { header(name) };
        retry_hint(given, now)
    };
    let millis = Duration::from_millis(number.into()).min(MAX_HINT);
    let off = counted("retry-after-ms").map(|hint| hint.abs_diff(millis));
    assert!(off.is_some_and(|off| off < Duration::from_micros(1)), "{number} ms: off by {off:?}");
    if only(&["retry-after-ms"]).is_none() {
        assert_eq!(counted("retry-after"), Some(Duration::from_secs(number.into()).min(MAX_HINT)));
    }
});
