//! What the gateway itself takes for a request, without a network and a component around it: instructions are the
//! same on every machine, however busy (`.ci/leg instructions`).
#![allow(clippy::expect_used, clippy::panic, reason = "a bench whose requests fail has failed")]
#![allow(missing_docs, reason = "a program, not a library")]

#[path = "../../../benches/common/host.rs"]
mod host;
#[path = "../../../benches/common/job.rs"]
mod job;

use bytes::Bytes;
use host::Ready;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use penstock::client::Client;
use penstock_gateway::{Answer, Gateway, request::Head, serve};
use std::{
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// The key that `Ready` lets in.
const KEY: &str = "pk_of_the_bench_0123456789abcdef";

/// What is asked for: a name, and a path.
const REQUESTS: [(&str, &str); 3] = [
    ("live", "/live"),
    ("cached", "/v1/servicetitan/default/jpm/job-cancel-reasons"),
    ("get", "/v1/servicetitan/default/jpm/jobs/104729583"),
];

fn main() {
    let asked = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let count = std::env::var("REQUESTS").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000_u32);
    for (name, path) in REQUESTS.iter().filter(|(name, _)| name.contains(&asked)) {
        measure(name, path, count);
    }
}

fn measure(name: &str, path: &str, count: u32) {
    let hash = penstock::api_key::hash(KEY);
    let host = Ready::new(vendor).with("PENSTOCK_API_KEY_HASH", &hash);
    let gateway = Gateway::new(Client::new(host));
    ask(&gateway, path);
    let start = Instant::now();
    for _ in 0..count {
        gateway.client().host().pass();
        ask(&gateway, path);
    }
    println!("{name:<8}{:>8.2} us a request", start.elapsed().as_secs_f64() * 1e6 / f64::from(count));
}

fn ask(gateway: &Gateway<Ready>, path: &str) {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-api-key"), HeaderValue::from_static(KEY));
    let head = Head { method: Method::GET, target: path.to_owned(), headers };
    let Answer::Whole(response) = at_once(serve(gateway, &head, None)) else {
        panic!("an answer in one piece")
    };
    assert_eq!(response.status(), StatusCode::OK, "{}", response.body());
    black_box(response);
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
    panic!("the host makes nobody wait");
}

fn vendor(path: &str) -> Bytes {
    if path.contains("/jobs/") {
        return job::JSON.into();
    }
    let reason = |id| {
        format!(
            r#"{{"id":{id},"name":"No answer at the door, number {id}","active":true,"createdOn":"2025-10-13T14:22:51.8431734Z","modifiedOn":"2025-10-13T14:22:51.8431734Z"}}"#
        )
    };
    let reasons: Vec<String> = (1..=20).map(reason).collect();
    format!(r#"{{"page":1,"pageSize":50,"hasMore":false,"totalCount":null,"data":[{}]}}"#, reasons.join(","))
        .into()
}
