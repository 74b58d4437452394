//! The check that comes before all other reading. It agrees with serde_json: what it
//! lets through never makes serde_json recurse deeper than allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::codec::check_limits;

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fuzz_target!(|data: (u8, &[u8])| {
    let (most, json) = data;
    let most = usize::from(most) % 16 + 1;
    if let (Ok(_), Ok(value)) = (check_limits(json, 1 << 16, most), serde_json::from_slice(json)) {
        assert!(depth(&value) <= most);
    }
});
