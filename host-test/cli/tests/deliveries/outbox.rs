//! The administrator's view of the outbox.

use crate::settings::KEY;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Asks a gateway for something of the outbox.
pub async fn ask(address: &str, method: &str, path: &str) -> Value {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{address}/v1/_outbox{path}"))
        .header("x-api-key", KEY)
        .body(Empty::<Bytes>::new())
        .unwrap();
    let answer = client.request(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

/// Hands on until nothing is left. How long it took.
pub async fn drain(address: &str, patience: Duration) -> Duration {
    let began = Instant::now();
    loop {
        let drained = ask(address, "POST", "/drain").await;
        if drained["left"] == 0 {
            return began.elapsed();
        }
        if began.elapsed() > patience {
            panic!("{drained}: {:#}", ask(address, "GET", "?limit=10").await);
        }
        sleep(Duration::from_millis(500)).await;
    }
}
