//! A request to the gateway: target, query and header fields.
#![no_main]

use http::{HeaderMap, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;
use penstock_gateway::{
    request::{HEADERS, Head, Parameters},
    route::{self, Entry, Found},
};

fuzz_target!(|data: (u8, String, Vec<(u8, Vec<u8>)>)| {
    let (method, target, fields) = data;
    let methods = [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS];
    let mut headers = HeaderMap::new();
    for (which, value) in fields {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.append(HEADERS[usize::from(which) % HEADERS.len()], value);
        }
    }
    let method = methods[usize::from(method) % methods.len()].clone();
    let head = Head { method, target, headers };
    let found = route::find(&head.method, head.path());
    _ = Parameters::parse(head.query());
    _ = head.deadline_ms();
    if let Some(id) = head.correlation_id() {
        assert!(HeaderValue::from_str(id).is_ok() && id.len() <= 128);
    }
    // No operation without a key, whatever the path looks like.
    let entry = route::entry(head.path());
    match found {
        Found::Operation { .. }
        | Found::Invoke { .. }
        | Found::Batch { .. }
        | Found::Admin(_)
        | Found::Metrics
        | Found::Outbox => assert_eq!(entry, Entry::Key),
        Found::DropIn { .. } => assert_eq!(entry, Entry::Token),
        Found::Malformed(_) => assert!(entry != Entry::Open || head.path().ends_with("/connect/token")),
        _ => {}
    }
});
