//! The gateway in Wasmtime alone: HTTP in front, instances behind.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use penstock_host::{
    Environment,
    gateway::{Gateway, GatewayOptions},
    http::{Outbound, OutboundPolicy},
    key_value::MemoryKeyValue,
    sources::{Layered, Map},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use wasmtime_wasi_http::{Error as WasiError, RequestOptions};

use crate::support::{
    self, CLIENT_SECRET,
    server::{self, Server},
};

pub(super) const KEY: &str = "pk_test_key_of_the_caller_0123456789";

/// A gateway in front of a simulated provider, and somebody who calls it.
pub(super) struct Served {
    pub(super) gateway: Gateway,
    client: Outbound,
    origin: String,
}

async fn serve(provider: &Server, change: impl FnOnce(&mut GatewayOptions)) -> Served {
    let (environment, _) = support::environment(provider);
    serve_in(environment.key_value(Arc::new(MemoryKeyValue::default())), change).await
}

pub(super) async fn serve_in(environment: Environment, change: impl FnOnce(&mut GatewayOptions)) -> Served {
    let mut options = GatewayOptions::default();
    change(&mut options);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Gateway::serve(listener, environment, options).await.unwrap();
    let origin = format!("http://{}", gateway.address());
    let client = Outbound::with_policy(OutboundPolicy::none().allow_loopback());
    Served { gateway, client, origin }
}

impl Served {
    pub(super) async fn get(&self, path: &str) -> Result<Response<Bytes>, WasiError> {
        get(&self.client, format!("{}{path}", self.origin)).await
    }
}

async fn get(client: &Outbound, uri: String) -> Result<Response<Bytes>, WasiError> {
    let body = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
    let request = Request::get(uri).header("x-api-key", KEY).body(body).unwrap();
    let (parts, body) = client.send(request, RequestOptions::default()).await?.into_parts();
    Ok(Response::from_parts(parts, body.collect().await?.to_bytes()))
}

/// The test's environment with the hash of [`KEY`].
pub(super) fn with_key(provider: &Server) -> Environment {
    let (environment, _) = support::environment(provider);
    let hash = Map::new([("PENSTOCK_API_KEY_HASH", penstock::api_key::hash(KEY))]);
    environment.secrets(Layered::new().then(hash).then(support::values(provider)))
}

#[tokio::test]
async fn answers_operations_over_http() {
    let provider = Server::with_jobs(3).await;
    let served = serve_in(with_key(&provider), |_| {}).await;
    assert_eq!(served.get("/live").await.unwrap().status(), StatusCode::OK);
    assert_eq!(served.get("/nothing").await.unwrap().status(), StatusCode::NOT_FOUND);

    let response = served.get("/v1/servicetitan/default/jpm/jobs/2").await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{response:?}");
    let job: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(job["jobNumber"], "J2");
}

#[tokio::test]
async fn nobody_gets_in_without_a_key() {
    let provider = Server::with_jobs(3).await;
    let served = serve(&provider, |_| {}).await;
    let response = served.get("/v1/servicetitan/default/jpm/jobs/2").await.unwrap();
    assert!(response.status().is_client_error() || response.status().is_server_error());
    let text = String::from_utf8_lossy(response.body()).into_owned();
    assert!(!text.contains(CLIENT_SECRET) && !text.contains(KEY), "{text}");
    assert_eq!(provider.requests(), 0);
}

#[tokio::test]
async fn readiness_sees_the_store_that_is_lent() {
    let provider = Server::with_jobs(0).await;
    for (environment, status) in [
        (with_key(&provider), "warn"),
        (with_key(&provider).key_value(Arc::new(MemoryKeyValue::default())), "pass"),
    ] {
        let response = serve_in(environment, |_| {}).await.get("/ready").await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{response:?}");
        let health: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(health["checks"]["shared-state"][0]["status"], status);
    }
}

#[tokio::test]
async fn a_whole_list_streams_through() {
    let provider = Server::with_jobs(5000).await;
    let served = serve_in(with_key(&provider), |_| {}).await;
    let response = served.get("/v1/servicetitan/default/jpm/jobs?all=true").await.unwrap();
    let lines: Vec<serde_json::Value> = response
        .body()
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 5001);
    assert_eq!(lines[4999]["id"], 5000);
    assert_eq!(lines[5000]["penstock"]["end"]["items"], 5000);
}

#[tokio::test]
async fn an_instance_serves_as_many_requests_as_it_may() {
    let provider = Server::with_jobs(1).await;
    let served = serve(&provider, |options| options.requests_per_instance = 10).await;
    for _ in 0..25 {
        assert_eq!(served.get("/nothing").await.unwrap().status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(served.gateway.instances_started(), 3);
}

#[tokio::test]
async fn more_requests_at_once_take_more_instances() {
    let entered = Arc::new(Semaphore::new(0));
    let release = Arc::new(Semaphore::new(0));
    let provider = {
        let (entered, release) = (entered.clone(), release.clone());
        Server::start(move |request| {
            let (entered, release) = (entered.clone(), release.clone());
            async move {
                if request.uri().path().contains("/jobs/") {
                    entered.add_permits(1);
                    let _ = release.acquire().await.unwrap();
                }
                server::provider(&request, 1)
            }
        })
        .await
    };
    let served = serve_in(with_key(&provider), |options| options.requests_at_once = 4).await;
    let calls = join_all((0..8).map(|_| served.get("/v1/servicetitan/default/jpm/jobs/1")));
    let letting_go = async {
        let _ = entered.acquire_many(8).await.unwrap();
        release.add_permits(8);
    };
    let (responses, ()) = tokio::join!(calls, letting_go);
    assert!(responses.iter().all(|response| response.as_ref().unwrap().status() == StatusCode::OK));
    assert!(served.gateway.instances_started() >= 2, "{}", served.gateway.instances_started());
}

#[tokio::test]
async fn stopping_answers_what_is_under_way() {
    let entered = Arc::new(Semaphore::new(0));
    let release = Arc::new(Semaphore::new(0));
    let provider = {
        let (entered, release) = (entered.clone(), release.clone());
        Server::start(move |request| {
            let (entered, release) = (entered.clone(), release.clone());
            async move {
                if request.uri().path().contains("/jobs/") {
                    entered.add_permits(1);
                    release.acquire().await.unwrap().forget();
                }
                server::provider(&request, 1)
            }
        })
        .await
    };
    let Served { gateway, client, origin } = serve_in(with_key(&provider), |_| {}).await;
    let uri = format!("{origin}/v1/servicetitan/default/jpm/jobs/1");
    let call = tokio::spawn({
        let (client, uri) = (client.clone(), uri.clone());
        async move { get(&client, uri).await }
    });
    let _ = entered.acquire().await.unwrap();
    let stopping = tokio::spawn(gateway.stop(Duration::from_secs(60)));
    // Nobody is accepted any more once the listener is closed.
    while tokio::net::TcpStream::connect(origin.trim_start_matches("http://")).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished());
    release.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap().status(), StatusCode::OK);
    stopping.await.unwrap();
    assert!(matches!(get(&client, uri).await, Err(WasiError::ConnectionRefused)));
}

/// A provider with one job, and how many tokens it gave out.
async fn counting_tokens() -> (Server, Arc<AtomicUsize>) {
    let tokens = Arc::new(AtomicUsize::new(0));
    let counted = tokens.clone();
    let provider = Server::start(move |request| {
        counted.fetch_add(usize::from(request.uri().path() == "/connect/token"), SeqCst);
        std::future::ready(server::provider(&request, 1))
    })
    .await;
    (provider, tokens)
}

/// Lets this much time pass for all that waits, and them notice it.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_instance_and_its_token_live_on_between_requests() {
    let (provider, tokens) = counting_tokens().await;
    let served = serve_in(with_key(&provider), |_| {}).await;
    for passed in [9 * MINUTE, Duration::ZERO] {
        let response = served.get("/v1/servicetitan/default/jpm/jobs/1").await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        pass(passed).await;
    }
    assert_eq!((served.gateway.instances_started(), tokens.load(SeqCst)), (1, 1));
}

#[tokio::test]
async fn how_long_an_instance_is_kept_can_be_set() {
    let (provider, tokens) = counting_tokens().await;
    let served = serve_in(with_key(&provider), |options| options.idle = 2 * MINUTE).await;
    for (passed, instances) in [(MINUTE, 1), (3 * MINUTE, 1), (MINUTE, 2)] {
        let response = served.get("/v1/servicetitan/default/jpm/jobs/1").await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            (served.gateway.instances_started(), tokens.load(SeqCst)),
            (instances, instances as usize)
        );
        pass(passed).await;
    }
}

#[tokio::test]
async fn a_gateway_that_is_gone_keeps_no_instance() {
    let (provider, _) = counting_tokens().await;
    let state = Arc::new(MemoryKeyValue::default());
    let served = serve_in(with_key(&provider).key_value(state.clone()), |_| {}).await;
    assert_eq!(served.get("/live").await.unwrap().status(), StatusCode::OK);
    assert!(Arc::strong_count(&state) > 1);
    drop(served);
    let gone = async {
        while Arc::strong_count(&state) > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(MINUTE, gone).await.expect("the instance is dropped");
}

/// Sends these bytes, and reads what comes until the connection ends or this is found.
async fn raw(address: std::net::SocketAddr, bytes: &[u8], until: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A gateway that has seen enough may end it while there is more to send.
    let _ = stream.write_all(bytes).await;
    let mut came = Vec::new();
    while !String::from_utf8_lossy(&came).contains(until) {
        match stream.read_buf(&mut came).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    String::from_utf8_lossy(&came).into_owned()
}

#[tokio::test]
async fn a_head_with_two_hosts_or_without_an_end_or_another_method_is_refused() {
    let provider = Server::with_jobs(0).await;
    let served = serve_in(with_key(&provider), |_| {}).await;
    let address = served.gateway.address();
    let two = b"GET /ready HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n";
    let answer = raw(address, two, "}").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("Host must say, once"), "{answer}");
    let none = raw(address, b"GET /ready HTTP/1.1\r\n\r\n", "}").await;
    assert!(none.starts_with("HTTP/1.1 400 ") && none.contains("Host must say, once"), "{none}");
    // As the health checks of proxies ask.
    let old = raw(address, b"GET /ready HTTP/1.0\r\n\r\n", "}").await;
    assert!(old.starts_with("HTTP/1.0 200 "), "{old}");
    let long = format!("GET /ready HTTP/1.1\r\nHost: a.example\r\nX: {}", "x".repeat(70_000));
    let answer = raw(address, long.as_bytes(), "}}").await;
    assert!(answer.starts_with("HTTP/1.1 431 ") && answer.contains("gateway:head-too-large"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    // After an answer of the component's, on one connection.
    let served_before = format!("GET /live HTTP/1.1\r\nHost: a.example\r\n\r\n{long}");
    let answer = raw(address, served_before.as_bytes(), "too-large").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("gateway:head-too-large"), "{answer}");
    // Of two lengths one is believed if they are the same (RFC 9112 section 6.3), and none otherwise.
    for (lengths, status) in
        [(["2", "2"], "401"), (["2", "3"], "400"), (["2", "+2"], "400"), (["2, 2", "2"], "400")]
    {
        let [one, other] = lengths;
        let two = format!(
            "POST /v1/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: {one}\r\nContent-Length: {other}\r\n\r\n{{}}"
        );
        let answer = raw(address, two.as_bytes(), "}}").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{lengths:?} {answer}");
        assert!(answer.contains("content-type: application/problem+json\r\n"), "{lengths:?} {answer}");
    }
    let answer = raw(address, b"POST /live HTTP/1.1\r\nHost: a.example\r\n\r\n", "}").await;
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("allow: GET, HEAD"), "{answer}");
}

#[tokio::test]
async fn a_peer_has_so_many_connections_and_others_have_theirs() {
    let provider = Server::with_jobs(0).await;
    let served = serve_in(with_key(&provider), |options| options.connections_per_peer = 2).await;
    let address = served.gateway.address();
    let request = b"GET /live HTTP/1.1\r\nHost: a.example\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        assert!(stream.read(&mut [0; 64]).await.unwrap() > 0);
        held.push(stream);
    }
    assert_eq!(raw(address, request, "}").await, "", "a third one is closed");
    let other = tokio::net::TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = other.connect(address).await.unwrap();
    other.write_all(request).await.unwrap();
    assert!(other.read(&mut [0; 64]).await.unwrap() > 0);
}
