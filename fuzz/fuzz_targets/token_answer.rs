//! The token endpoint's answer. An error never repeats it: it may hold a token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::vendor;

fuzz_target!(|body: &[u8]| {
    for vendor in vendor::all() {
        match vendor.token_answer(body) {
            Ok((token, _)) => assert!(!token.expose().is_empty()),
            Err(message) => {
                if let Some(text) = std::str::from_utf8(body).ok().filter(|text| text.len() > 24) {
                    assert!(!message.contains(text), "{message}");
                }
            }
        }
    }
});
