//! Whoever calls the gateways.

use crate::{
    gateway::Gateway,
    settings::{ACCOUNTS, KEY},
};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

/// How long a call may take, by its header field.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// What came of all calls.
#[derive(Clone, Default)]
pub struct Calls(pub Arc<Mutex<Seen>>);

#[derive(Default)]
pub struct Seen {
    /// When each call that succeeded did.
    pub succeeded: Vec<Instant>,
    /// When those that did not ended, and with which status.
    pub failed: Vec<(Instant, u16)>,
    /// Those whose connection broke: their gateway was killed.
    pub broken: usize,
    /// Records of each account, as they were at first.
    pub records: [Option<serde_json::Value>; 2],
    /// Answers with other ones: another tenant's.
    pub foreign: usize,
    /// How long each look at `/live` took.
    pub live: Vec<Duration>,
    /// How long each call took.
    pub took: Vec<Duration>,
}

fn request(address: &str, path: &str) -> Request<Empty<Bytes>> {
    Request::get(format!("http://{address}{path}"))
        .header("x-api-key", KEY)
        .header("x-deadline-ms", DEADLINE.as_millis().to_string())
        .body(Empty::new())
        .unwrap()
}

/// Calls as soon as the last call has ended.
pub async fn call_again_and_again(
    gateways: Arc<[Mutex<Gateway>]>,
    which: usize,
    account: usize,
    calls: Calls,
    until: Instant,
) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let path = format!("/v1/servicetitan/{}/jpm/jobs", ACCOUNTS[account]);
    while Instant::now() < until {
        // It is held while the process starts again.
        let address = tokio::task::block_in_place(|| gateways[which].lock().unwrap().address());
        let began = Instant::now();
        let answer = timeout(DEADLINE * 2, client.request(request(&address, &path))).await;
        let Ok(Ok(answer)) = answer else {
            calls.0.lock().unwrap().broken += 1;
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes);
        let mut seen = calls.0.lock().unwrap();
        match (head.status.as_u16(), body) {
            (200, Ok(body)) => {
                let page: serde_json::Value = serde_json::from_slice(&body).unwrap();
                // The first is asked for while nothing goes wrong.
                let own = seen.records[account].get_or_insert_with(|| page["data"].clone()) == &page["data"];
                seen.foreign += usize::from(!own);
                seen.succeeded.push(Instant::now());
                seen.took.push(began.elapsed());
            }
            (200, Err(_)) => seen.broken += 1,
            (status, _) => seen.failed.push((Instant::now(), status)),
        }
    }
}

/// Looks at `/live` twenty times a second, on a connection that is kept.
pub async fn look_whether_it_lives(
    gateways: Arc<[Mutex<Gateway>]>,
    which: usize,
    calls: Calls,
    until: Instant,
) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    while Instant::now() < until {
        sleep(Duration::from_millis(50)).await;
        let address = tokio::task::block_in_place(|| gateways[which].lock().unwrap().address());
        let began = Instant::now();
        if let Ok(answer) = client.request(request(&address, "/live")).await {
            assert_eq!(answer.status(), 200);
            calls.0.lock().unwrap().live.push(began.elapsed());
        }
    }
}
