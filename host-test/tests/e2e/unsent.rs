//! What proves that a write was not sent, and what proves nothing: in our embedding, and in a host
//! that is not ours and lies about what went wrong.

mod liar;

use crate::support::{
    self, NONE,
    server::{self, Server},
};
use bytes::Bytes;
use http::{Method, Request};
use liar::Liar;
use penstock_host::{
    Plugin,
    bindings::types::{Failure, Outcome},
    http::{Outbound, OutboundOptions, OutboundPolicy},
    sources::{Layered, Map},
};
use tokio::sync::watch;
use wasmtime_wasi_http::Error as Code;

/// What is written.
const WRITTEN: &str = r#"{"name":"Repair"}"#;

/// With these a write is sent again wherever that is safe.
const WRITING: [(&str, &str); 2] = [("PENSTOCK_ROLE", "admin"), ("RETRY_ATTEMPTS", "2")];

/// A provider that gives out tokens, reads everything else whole, and then says nothing; and how
/// many such requests it has read.
async fn silent() -> (Server, watch::Receiver<usize>) {
    let (read, reads) = watch::channel(0);
    let server = Server::start(move |request: Request<Bytes>| {
        let read = read.clone();
        async move {
            if request.uri().path() == "/connect/token" {
                return server::provider(&request, 0);
            }
            assert!(request.method() == Method::GET || request.body() == WRITTEN, "it is read whole");
            read.send_modify(|count| *count += 1);
            std::future::pending().await
        }
    })
    .await;
    (server, reads)
}

/// The settings of an account there.
fn settings(provider: &Server, further: &[(&str, &str)]) -> Layered {
    let first = [&WRITING, further].concat();
    Layered::new().then(Map::new(first)).then(support::values(provider))
}

/// Our embedding, with a single connection to each origin.
async fn embedding(provider: &Server) -> Plugin {
    let mut options = OutboundOptions::default();
    options.policy = OutboundPolicy::none().allow_loopback();
    options.connections_per_origin = 1;
    let environment = support::environment(provider).0.config(settings(provider, &[]));
    Plugin::start(environment.outbound(Outbound::new(options).unwrap())).await.unwrap()
}

async fn write(plugin: &Plugin) -> Failure {
    let body = Some(WRITTEN.to_owned());
    let written = plugin.invoke("servicetitan", "jpm.job-types-create", NONE, body, None).await;
    written.unwrap_err().failure().unwrap().clone()
}

#[tokio::test]
async fn a_write_that_meets_silence_is_sent_once_and_its_outcome_is_unknown() {
    let (provider, mut reads) = silent().await;
    let plugin = embedding(&provider).await;
    let writing = tokio::spawn(async move { write(&plugin).await });
    reads.wait_for(|count| *count == 1).await.unwrap();
    // From here on nothing happens but that time passes.
    tokio::time::pause();
    let failure = writing.await.unwrap();
    assert_eq!((failure.outcome, failure.attempts.len()), (Outcome::Unknown, 1), "{failure:?}");
    assert_eq!(*reads.borrow(), 1);
}

#[tokio::test]
async fn a_connection_that_our_embedding_could_not_make_in_time_proves_that_nothing_was_sent() {
    let (provider, mut reads) = silent().await;
    let plugin = embedding(&provider).await;
    // It takes the only connection, and keeps it.
    let reader = plugin.clone();
    let reading = tokio::spawn(async move {
        reader.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.is_ok()
    });
    reads.wait_for(|count| *count == 1).await.unwrap();
    tokio::time::pause();
    let failure = write(&plugin).await;
    assert_eq!((failure.outcome, failure.attempts.len()), (Outcome::NotSent, 2), "{failure:?}");
    assert!(failure.message.contains("ConnectionTimeout"), "{failure:?}");
    assert_eq!(*reads.borrow(), 1);
    reading.abort();
}

/// A host says this of a write that the provider has read, whole.
async fn told(code: fn() -> Code, further: &[(&str, &str)]) -> (Failure, usize) {
    let (provider, reads) = silent().await;
    let liar = Liar { code, reads: reads.clone(), settings: settings(&provider, further) };
    let body = Some(WRITTEN.to_owned());
    let failure = liar.invoke("jpm.job-types-create", body).await.unwrap_err();
    let count = *reads.borrow();
    (failure, count)
}

/// Every code but those of a host that refused to send, found no address, no open port or no
/// certificate that it trusts.
const PROVE_NOTHING: [fn() -> Code; 32] = [
    || Code::DestinationUnavailable,
    || Code::DestinationIpProhibited,
    || Code::DestinationIpUnroutable,
    || Code::ConnectionTerminated,
    || Code::ConnectionTimeout,
    || Code::ConnectionReadTimeout,
    || Code::ConnectionWriteTimeout,
    || Code::ConnectionLimitReached,
    || Code::TlsProtocolError,
    || Code::TlsAlertReceived { alert_id: Some(80), alert_message: Some("internal error".to_owned()) },
    || Code::TlsAlertReceived { alert_id: None, alert_message: None },
    || Code::HttpRequestLengthRequired,
    || Code::HttpRequestBodySize(None),
    || Code::HttpRequestMethodInvalid,
    || Code::HttpRequestUriInvalid,
    || Code::HttpRequestUriTooLong,
    || Code::HttpRequestHeaderSectionSize(None),
    || Code::HttpRequestHeaderSize { field_name: None, field_size: None },
    || Code::HttpRequestTrailerSectionSize(None),
    || Code::HttpRequestTrailerSize { field_name: None, field_size: None },
    || Code::HttpResponseIncomplete,
    || Code::HttpResponseHeaderSectionSize(None),
    || Code::HttpResponseBodySize(None),
    || Code::HttpResponseTransferCoding(None),
    || Code::HttpResponseContentCoding(None),
    || Code::HttpResponseTimeout,
    || Code::HttpUpgradeFailed,
    || Code::HttpProtocolError,
    || Code::LoopDetected,
    || Code::ConfigurationError,
    || Code::InternalError(None),
    || Code::InternalError(Some("connection refused".to_owned())),
];

#[tokio::test]
async fn no_code_of_a_host_that_lies_is_believed() {
    for code in PROVE_NOTHING {
        let (failure, reads) = told(code, &[]).await;
        assert_eq!((failure.outcome, reads), (Outcome::Unknown, 1), "{:?}: {failure:?}", code());
        assert_eq!(failure.attempts.len(), 1, "{:?}: {failure:?}", code());
    }
}

#[tokio::test]
async fn a_host_is_believed_by_its_setting() {
    let proves = [("PENSTOCK_CONNECT_TIMEOUT_PROVES_NOT_SENT", "true")];
    let (failure, reads) = told(|| Code::ConnectionTimeout, &proves).await;
    assert_eq!((failure.outcome, reads), (Outcome::NotSent, 2), "the setting is for hosts that do not lie");
    let (failure, reads) = told(|| Code::ConnectionReadTimeout, &proves).await;
    assert_eq!((failure.outcome, reads), (Outcome::Unknown, 1), "{failure:?}");
}
