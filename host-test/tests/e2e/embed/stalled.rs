//! Clients that stall, and everybody else.

use std::{io::BufRead as _, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use penstock_host::{Limits, gateway::GatewayOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::gateway::{KEY, serve_in, with_key};
use crate::support::server::Server;

/// All jobs, a line each.
const ALL: &str = "/v1/servicetitan/default/jpm/jobs?all=true&pageSize=1000";

/// Readers that take nothing, and heads that do not go on: whoever asks whether the gateway lives
/// is told so.
#[tokio::test]
async fn stalled_clients_keep_nobody_from_asking_whether_it_lives() {
    // More than the sockets on the way take.
    let provider = Server::with_jobs(400_000).await;
    let few = |options: &mut GatewayOptions| {
        (options.instances, options.requests_at_once, options.turn) = (2, 2, Duration::from_millis(100));
    };
    let served = serve_in(with_key(&provider), few).await;
    let address = served.gateway.address();
    let list = format!(
        "GET /v1/servicetitan/default/jpm/jobs?all=true HTTP/1.1\r\nHost: a.example\r\nX-API-Key: {KEY}\r\n\r\n"
    );
    let mut stalled = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let bytes = if number % 2 == 0 { list.as_bytes() } else { b"GET /live HTTP/1.1\r\nHost: a" };
        stream.write_all(bytes).await.unwrap();
        stalled.push(stream);
    }
    // The first ones are being answered.
    assert!(stalled[0].read(&mut [0; 64]).await.unwrap() > 0);
    for _ in 0..20 {
        assert_eq!(served.get("/live").await.unwrap().status(), StatusCode::OK);
    }
    assert!(served.gateway.instances_started() <= 3, "{} instances", served.gateway.instances_started());
    // Who finds no place is told so, and a place that is left is taken.
    let refused = served.get("/v1/servicetitan/default/jpm/jobs/2").await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"), "{refused:?}");
    drop(stalled);
    let answer = served.get("/v1/servicetitan/default/jpm/jobs/2").await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
}

/// A million records, of which a reader takes the beginning and then nothing for a while.
///
/// The instance may have 64 MiB of linear memory and would end at more; that the component is not told so keeps its
/// settings as they are elsewhere.
#[tokio::test]
async fn a_reader_that_stalls_in_a_million_records_takes_little_memory_and_nobodys_time() {
    let provider = Server::with_jobs(1_000_000).await;
    let mut limits = Limits::default();
    limits.memory = 64 << 20;
    let environment = with_key(&provider).limits(limits).setting("PENSTOCK_INSTANCE_MEMORY_BYTES", "0");
    let served = serve_in(environment, |options| options.instances = 1).await;
    let list = Request::get(format!("http://{}{ALL}", served.gateway.address()))
        .header("x-api-key", KEY)
        .header("accept", "application/x-ndjson")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let reader = Client::builder(TokioExecutor::new()).build_http();
    let mut stalled = reader.request(list).await.unwrap().into_body();
    let mut read = stalled.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();

    let mut before = 0;
    for id in 1..=100 {
        let path = format!("/v1/servicetitan/default/jpm/jobs/{id}");
        let answer = timeout(Duration::from_secs(5), served.get(&path))
            .await
            .expect("others do not wait for it")
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{answer:?}");
        // Until nothing more is read for it.
        let asked = provider.requests();
        if id > 50 {
            assert_eq!(asked, before + 1, "the list is read on for a reader that takes nothing");
        }
        before = asked;
    }
    assert!(before < 300, "{before} requests");

    // It reads on, and finds each record after the last.
    let mut next = 1_u64;
    while next <= 50_000 {
        let frame = stalled.frame().await.expect("it goes on").unwrap();
        read.extend_from_slice(&frame.into_data().unwrap());
        let whole = read.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        for line in read.drain(..whole).collect::<Vec<_>>().lines() {
            let job: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            assert_eq!(job["id"], next);
            next += 1;
        }
    }
    assert_eq!(served.gateway.instances_started(), 1, "it ended at 64 MiB");
}
