//! Outbound HTTP over TLS, and HTTP/2.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use penstock_host::http::{
    InvalidAuthority, Outbound, OutboundOptions, OutboundPolicy, Proxies, Trust, certificates_of_pem,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
};
use wasmtime_wasi_http::{Error as WasiError, RequestOptions};

/// Serves over TLS with a certificate of its own, and answers with the protocol's
/// version and the host that was asked for. Returns its origin and the certificate.
async fn serve(protocols: &[&[u8]]) -> (String, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(|request: Request<hyper::body::Incoming>| async move {
                    let authority = request.uri().authority().map(ToString::to_string);
                    let host = request.headers().get("host").map(|host| host.to_str().unwrap().to_owned());
                    let said = format!("{:?} {authority:?} {host:?}", request.version());
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(said))))
                });
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (origin, certificate.to_vec())
}

fn trusting(origin: &str, authorities: Vec<Vec<u8>>) -> Outbound {
    let mut options = OutboundOptions::default();
    options.policy = OutboundPolicy::none().allow(origin).unwrap();
    options.certificate_authorities = authorities;
    Outbound::new(options).unwrap()
}

async fn fetch(outbound: &Outbound, origin: &str) -> Result<String, WasiError> {
    let body = Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync();
    let request = Request::get(format!("{origin}/")).body(body).unwrap();
    let response = outbound.send(request, RequestOptions::default()).await?;
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn http_2_where_the_server_speaks_it() {
    let (origin, certificate) = serve(&[b"h2", b"http/1.1"]).await;
    let host = origin.trim_start_matches("https://");
    let outbound = trusting(&origin, vec![certificate]);
    assert_eq!(fetch(&outbound, &origin).await.unwrap(), format!("HTTP/2.0 Some({host:?}) None"));
    let all = (0..20).map(|_| fetch(&outbound, &origin));
    assert!(futures_util::future::join_all(all).await.iter().all(Result::is_ok));
    assert_eq!(outbound.stats().connections, 1);
}

#[tokio::test]
async fn http_1_otherwise() {
    let (origin, certificate) = serve(&[]).await;
    let host = origin.trim_start_matches("https://");
    let outbound = trusting(&origin, vec![certificate]);
    assert_eq!(fetch(&outbound, &origin).await.unwrap(), format!("HTTP/1.1 None Some({host:?})"));
}

#[tokio::test]
async fn an_unknown_certificate_is_refused() {
    let (origin, _) = serve(&[]).await;
    let result = fetch(&trusting(&origin, vec![]), &origin).await;
    let Err(WasiError::TlsAlertReceived { alert_message: Some(reason), .. }) = &result else {
        panic!("{result:?}");
    };
    assert_eq!(reason, "certificate is from an unknown authority");
}

#[test]
fn what_is_no_certificate_is_refused() {
    let mut options = OutboundOptions::default();
    options.certificate_authorities = vec![b"not a certificate".to_vec()];
    assert!(matches!(Outbound::new(options), Err(InvalidAuthority::Unusable { index: 0, .. })));
}

/// A proxy that opens tunnels, and notes who asked for which, with what credentials.
async fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let noted = noted.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let authority = head.split(' ').nth(1).unwrap().to_owned();
                noted.lock().unwrap().push(head);
                let mut origin = TcpStream::connect(authority).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut origin).await;
            });
        }
    });
    (format!("{address}"), asked)
}

#[tokio::test]
async fn a_proxy_leads_there_unless_it_is_excepted() {
    let (origin, certificate) = serve(&[]).await;
    let (address, asked) = proxy().await;
    let through = async |url: String, except: &str| {
        let mut options = OutboundOptions::default();
        options.policy = OutboundPolicy::none().allow(&origin).unwrap();
        options.certificate_authorities = vec![certificate.clone()];
        options.proxies = Proxies::all(&url, except);
        fetch(&Outbound::new(options).unwrap(), &origin).await
    };
    assert!(through(format!("http://{address}"), "127.0.0.1").await.is_ok());
    assert!(asked.lock().unwrap().is_empty());
    assert!(through(format!("http://user:pass@{address}"), "").await.is_ok());
    let head = asked.lock().unwrap().pop().unwrap().to_lowercase();
    let host = origin.trim_start_matches("https://");
    assert!(head.starts_with(&format!("connect {host} http/1.1\r\n")), "{head}");
    // `user:pass` in base64 (RFC 7617).
    assert!(head.contains("proxy-authorization: basic dxnlcjpwyxnz"), "{head}");
    // A proxy that is not there: nothing was sent, which the component must know.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = through(format!("http://{gone}"), "").await;
    let Err(WasiError::InternalError(Some(told))) = refused else { panic!("{refused:?}") };
    assert_eq!(told, format!("proxy {gone} cannot be reached"));
}

#[test]
fn a_file_of_authorities_is_read() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let file = format!("# two of them\n{0}\n{0}", made.cert.pem());
    let der = made.cert.der().to_vec();
    assert_eq!(certificates_of_pem(file.as_bytes()).unwrap(), [der.clone(), der]);
}

#[tokio::test]
async fn what_this_machine_trusts_can_be_trusted_instead() {
    let (origin, certificate) = serve(&[]).await;
    let trusting = |authorities| {
        let mut options = OutboundOptions::default();
        options.policy = OutboundPolicy::none().allow(&origin).unwrap();
        options.trust = Trust::Platform;
        options.certificate_authorities = authorities;
        Outbound::new(options)
    };
    // A machine without a store has nothing to trust.
    let Ok(outbound) = trusting(vec![]) else { return };
    assert!(fetch(&outbound, &origin).await.is_err());
    let outbound = trusting(vec![certificate]).unwrap();
    assert!(fetch(&outbound, &origin).await.is_ok());
}

/// What the caller of an operation is told, and that a write may be sent again.
#[tokio::test]
async fn a_failed_connection_is_told_with_its_place_and_reason() {
    use crate::support::NONE;
    use penstock_host::{
        Environment, Plugin,
        bindings::types::{CallOptions, FailureKind, Outcome},
        sources::Map,
    };
    let (untrusted, _) = serve(&[]).await;
    let refused =
        format!("https://{}", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap());
    let unknown = "https://does-not-exist.invalid".to_owned();
    for (origin, place, why) in [
        (&untrusted, "TLS with ", "certificate is from an unknown authority"),
        (&refused, "connecting to ", "ConnectionRefused"),
        (&unknown, "looking up ", "DnsError"),
    ] {
        let settings = Map::new([
            ("SERVICETITAN_CLIENT_ID", "cid"),
            ("SERVICETITAN_CLIENT_SECRET", "cs"),
            ("SERVICETITAN_APP_KEY", "ak1"),
            ("SERVICETITAN_TENANT_ID", "1"),
            ("SERVICETITAN_API_URL", origin),
            ("SERVICETITAN_AUTH_URL", origin),
            ("PENSTOCK_ROLE", "admin"),
            ("RETRY_ATTEMPTS", "1"),
        ]);
        let environment = Environment::empty()
            .secrets(settings.clone())
            .config(settings)
            .outbound(trusting(origin, vec![]));
        let plugin = Plugin::start(environment).await.unwrap();
        let body = Some(r#"{"name":"Repair"}"#.to_owned());
        let options = CallOptions { deadline_ms: Some(20_000), ..CallOptions::default() };
        let called = plugin.invoke("servicetitan", "jpm.job-types-create", NONE, body, Some(options)).await;
        let error = called.unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!((failure.kind, failure.outcome), (FailureKind::Transport, Outcome::NotSent), "{error}");
        let host = origin.trim_start_matches("https://");
        let place = if origin == &unknown {
            format!("{place}{host}:443: {why}")
        } else {
            format!("{place}{host}: {why}")
        };
        assert!(failure.message.contains(&place), "{place}: {}", failure.message);
    }
}
