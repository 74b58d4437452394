//! The token endpoint's answer. An error never repeats it: it may hold a token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::providers::{api::Auth, registry};

/// No message has this by chance.
const SECRET: &[u8] = b"canary-5f1e";

fuzz_target!(|data: (u8, &[u8])| {
    let (at, body) = data;
    let (before, after) = body.split_at(usize::from(at).min(body.len()));
    let body = &[before, SECRET, after].concat();
    for provider in registry::all() {
        let Auth::ClientCredentials(grant) = provider.auth() else { continue };
        match grant.token_answer(body) {
            Ok((token, _)) => assert!(!token.expose().is_empty()),
            Err(message) => assert!(!message.contains("canary-5f1e"), "{message}"),
        }
    }
});
