//! What an answer that is no success says: a short sentence without control characters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::vendor;

fuzz_target!(|data: (u16, &[u8])| {
    let (status, body) = data;
    for vendor in vendor::all() {
        let refusal = vendor.refusal(status, body);
        assert!(refusal.message.len() <= 4096, "{}", refusal.message.len());
        assert!(!refusal.message.chars().any(|letter| letter.is_control()), "{:?}", refusal.message);
    }
});
