//! Requests and answers through `wasi:http/client`.

use super::{
    bindings::{
        wasi::http::{
            client,
            types::{self as wasi, ErrorCode, Fields, Method, RequestOptions, Scheme, Trailers},
        },
        wit_future, wit_stream,
    },
    code::{Said, certificate, describe, refuses, said},
    nanoseconds, now, refused,
};
use crate::{
    host::{Body, BodyError, Opened, Request, Response, SendError, Source, Streamed, Timeouts},
    policy::{
        classify::{Reason, Sent},
        time::Tick,
    },
};
use futures_util::future::{AbortHandle, Abortable, LocalBoxFuture};
use wit_bindgen::{FutureReader, FutureWriter, StreamReader, StreamResult, StreamWriter, spawn_local};
use zeroize::Zeroize;

/// How much of a body is read at once, in bytes.
pub(super) const CHUNK: usize = 64 * 1024;

/// How a body ended.
pub type End = Result<Option<Trailers>, ErrorCode>;

/// Sends a request through `wasi:http/client` and reads the answer whole. Dropping
/// the future cancels the request.
///
/// # Errors
/// When no answer came; whether the request may have arrived is in the error.
pub async fn send(request: Request) -> Result<Response, SendError> {
    let max_body = request.max_body;
    let peer = Peer::of(&request);
    let (request, _sending) = outgoing(request)?;
    let response = client::send(request).await.map_err(|code| failed(&peer, &code, now()))?;
    let (status, headers) = head(&response);
    Ok(Response { status, headers, body: read(response, max_body).await })
}

/// Sends a request and returns when the answer begins. Dropping the future or the body
/// cancels the request.
///
/// # Errors
/// When no answer came; whether the request may have arrived is in the error.
pub async fn open(request: Request) -> Result<Opened, SendError> {
    let peer = Peer::of(&request);
    let (request, sending) = outgoing(request)?;
    let response = client::send(request).await.map_err(|code| failed(&peer, &code, now()))?;
    let (status, headers) = head(&response);
    let (stream, trailers) = consume(response);
    let body = Box::new(Incoming { _sending: Some(sending), ..Incoming::new(stream, trailers) });
    Ok(Opened { status, headers, body })
}

fn head(response: &wasi::Response) -> (u16, Vec<(String, String)>) {
    let fields = response.get_headers().copy_all().into_iter();
    let headers = fields
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), String::from_utf8(value).ok()?)))
        .collect();
    (response.get_status_code(), headers)
}

/// A request that is under way. Dropped, what is left of its body is not sent: nobody waits
/// for what the request does any more.
struct Sending {
    body: Option<AbortHandle>,
    /// Says how the request's body was sent. Wasmtime 49.0.0 to 49.0.3 closes the connection when
    /// this is dropped, and calls what has come of the answer the whole
    /// (bytecodealliance/wasmtime#14227): it is kept until the answer was read.
    _sent: FutureReader<Result<(), ErrorCode>>,
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(body) = &self.body {
            body.abort();
        }
    }
}

/// A request that cannot be made.
pub(super) fn invalid(what: &str) -> SendError {
    SendError { reason: Reason::Denied, sent: Sent::No, detail: what.to_owned() }
}

fn outgoing(request: Request) -> Result<(wasi::Request, Sending), SendError> {
    let plain = request.headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let secret = request.secret_headers.iter().map(|(name, value)| (*name, value.expose().as_bytes()));
    let mut list: Vec<(String, Vec<u8>)> =
        plain.chain(secret).map(|(name, value)| (name.to_owned(), value.to_vec())).collect();

    let body = match request.body {
        None => None,
        Some(Body::Plain(bytes)) => Some(Contents::Whole(bytes.to_vec())),
        Some(Body::Secret(secret)) => Some(Contents::Whole(secret.expose().as_bytes().to_vec())),
        Some(Body::Stream(streamed)) => Some(Contents::Streamed(streamed)),
    };
    if let Some(length) = body.as_ref().and_then(Contents::length) {
        list.push(("content-length".to_owned(), length.to_string().into_bytes()));
    }
    let fields = Fields::from_list(&list).map_err(|_| invalid("a header field is not valid"));
    list.iter_mut().for_each(|(_, value)| value.zeroize());
    let fields = fields?;
    let (contents, trailers, body) = match body {
        None => (None, no_trailers(), None),
        Some(Contents::Whole(body)) => {
            let (mut writer, reader) = wit_stream::new();
            // The stream ends when the writer is dropped; what the host does not take is
            // the host's error to report.
            spawn_local(async move {
                // It may hold a client secret: all of the buffer is wiped, what was sent too.
                writer.write_all(body).await.zeroize();
            });
            (Some(reader), no_trailers(), None)
        }
        Some(Contents::Streamed(Streamed { source, .. })) => {
            let (writer, reader) = wit_stream::new();
            // Whatever ends the sending early, the host must not take it for a good end.
            let (end, trailers) = wit_future::new(|| Err(broken()));
            let (abort, registration) = AbortHandle::new_pair();
            let sending = Abortable::new(pass_on(source, writer, end), registration);
            spawn_local(async move { _ = sending.await });
            (Some(reader), trailers, Some(abort))
        }
    };
    let (outgoing, sent) = wasi::Request::new(fields, contents, trailers, Some(options(request.timeouts)));
    let sending = Sending { body, _sent: sent };

    let method = match request.method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => Method::Other(other.to_owned()),
    };
    let scheme = if request.https { Scheme::Https } else { Scheme::Http };
    outgoing.set_method(&method).map_err(|()| invalid("the method is not valid"))?;
    outgoing.set_scheme(Some(&scheme)).map_err(|()| invalid("the scheme is not valid"))?;
    outgoing.set_authority(Some(&request.authority)).map_err(|()| invalid("the host is not valid"))?;
    outgoing
        .set_path_with_query(Some(&request.path_and_query))
        .map_err(|()| invalid("the path is not valid"))?;
    Ok((outgoing, sending))
}

enum Contents {
    Whole(Vec<u8>),
    Streamed(Streamed),
}

impl Contents {
    fn length(&self) -> Option<u64> {
        match self {
            Contents::Whole(body) => Some(body.len() as u64),
            Contents::Streamed(streamed) => streamed.length,
        }
    }
}

/// Dropping the writer sends the default: no trailers.
fn no_trailers() -> FutureReader<End> {
    wit_future::new(|| Ok(None)).1
}

async fn pass_on(mut source: Box<dyn Source>, mut body: StreamWriter<u8>, end: FutureWriter<End>) {
    let result = loop {
        match source.next().await {
            // The host takes no more: it has an answer, or the connection broke.
            Ok(Some(piece)) => {
                if !body.write_all(piece).await.is_empty() {
                    break Err(broken());
                }
            }
            Ok(None) => break Ok(None),
            Err(_) => break Err(broken()),
        }
    };
    drop((source, body));
    // A host that has its answer does not ask how the body ended.
    _ = end.write(result).await;
}

fn broken() -> ErrorCode {
    ErrorCode::InternalError(Some("the body broke off".to_owned()))
}

fn consume(response: wasi::Response) -> (StreamReader<u8>, FutureReader<End>) {
    let (_, handled) = wit_future::new(|| Ok(()));
    wasi::Response::consume_body(response, handled)
}

/// The next bytes of a stream; none at its end.
pub async fn piece(stream: &mut StreamReader<u8>) -> Option<Vec<u8>> {
    loop {
        let (result, piece) = stream.read(Vec::with_capacity(CHUNK)).await;
        if !piece.is_empty() {
            return Some(piece);
        }
        if !matches!(result, StreamResult::Complete(_)) {
            return None;
        }
    }
}

/// A body that comes in over `wasi:http`: that of an answer, or of a request that is served.
pub struct Incoming {
    stream: StreamReader<u8>,
    /// How it ended; none when that was told.
    trailers: Option<FutureReader<End>>,
    _sending: Option<Sending>,
}

impl Incoming {
    /// A body, and the future that says how it ended.
    #[must_use]
    pub fn new(stream: StreamReader<u8>, trailers: FutureReader<End>) -> Self {
        Self { stream, trailers: Some(trailers), _sending: None }
    }
}

impl Source for Incoming {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async {
            if self.trailers.is_some()
                && let Some(piece) = piece(&mut self.stream).await
            {
                return Ok(Some(piece));
            }
            match self.trailers.take() {
                None => Ok(None),
                Some(end) => end.await.map(|_| None).map_err(|code| BodyError::Broken(describe(&code))),
            }
        })
    }
}

/// A host need not know every timeout; one that it refuses stays at its default, and
/// the attempt's own time limit still holds.
fn options(timeouts: Timeouts) -> RequestOptions {
    let options = RequestOptions::new();
    _ = options.set_connect_timeout(Some(nanoseconds(timeouts.connect)));
    _ = options.set_first_byte_timeout(Some(nanoseconds(timeouts.first_byte)));
    _ = options.set_between_bytes_timeout(Some(nanoseconds(timeouts.between_bytes)));
    options
}

async fn read(response: wasi::Response, most: usize) -> Result<bytes::Bytes, BodyError> {
    let (mut stream, trailers) = consume(response);
    let mut body = Vec::new();
    loop {
        let (result, read) = stream
            .read({
                body.reserve(CHUNK);
                body
            })
            .await;
        body = read;
        if body.len() > most {
            return Err(BodyError::TooLarge);
        }
        if !matches!(result, StreamResult::Complete(_)) {
            break;
        }
    }
    drop(stream);
    match trailers.await {
        Ok(_) => Ok(body.into()),
        Err(code) => Err(BodyError::Broken(describe(&code))),
    }
}

/// What an error code says of the request.
///
/// Hosts use the codes loosely: jco's shims say `connection-timeout` for a server that is silent
/// after it has read the whole request. That nothing was sent is believed only where no host
/// could have sent anything: it refused the request itself, found no address, no open port, or
/// no certificate that it trusts. What only our own kind of host can know is `Sent::Maybe` with
/// the reason [`Reason::Connect`]; a setting says that it does (`host_knows_unsent`).
pub(super) fn failed(peer: &Peer, code: &ErrorCode, now: Tick) -> SendError {
    use ErrorCode as E;
    if matches!(code, E::HttpRequestDenied) {
        refused::note(peer.origin(), now);
    }
    let place = &peer.place;
    let said = said(code);
    let (reason, sent) = match code {
        _ if matches!(said, Some(Said::Stopping)) => (Reason::Stopping, Sent::No),
        _ if matches!(said, Some(Said::Proxy(text)) if refuses(text)) => (Reason::Proxy, Sent::No),
        _ if matches!(said, Some(Said::Proxy(_))) => (Reason::Connect, Sent::No),
        E::HttpRequestDenied => (Reason::Denied, Sent::No),
        E::DnsTimeout | E::DnsError(_) | E::DestinationNotFound => (Reason::Dns, Sent::No),
        E::ConnectionRefused => (Reason::Connect, Sent::No),
        E::TlsCertificateError => (Reason::Certificate, Sent::No),
        E::TlsAlertReceived(_) if certificate(code).is_some() => (Reason::Certificate, Sent::No),
        E::ConnectionTimeout
        | E::DestinationUnavailable
        | E::DestinationIpProhibited
        | E::DestinationIpUnroutable
        | E::ConnectionLimitReached => (Reason::Connect, Sent::Maybe),
        // An alert may also end a connection that was in use.
        E::TlsProtocolError | E::TlsAlertReceived(_) => (Reason::Tls, Sent::Maybe),
        E::HttpRequestMethodInvalid
        | E::HttpRequestUriInvalid
        | E::HttpRequestUriTooLong
        | E::HttpRequestHeaderSectionSize(_)
        | E::HttpRequestHeaderSize(_)
        | E::LoopDetected
        | E::ConfigurationError => (Reason::Denied, Sent::Maybe),
        E::ConnectionReadTimeout | E::ConnectionWriteTimeout | E::HttpResponseTimeout => {
            (Reason::Timeout, Sent::Maybe)
        }
        E::HttpProtocolError => (Reason::Protocol, Sent::Maybe),
        _ => (Reason::Connection, Sent::Maybe),
    };
    let phase = match reason {
        Reason::Dns => "looking up ",
        Reason::Connect | Reason::Proxy => "connecting to ",
        Reason::Tls | Reason::Certificate => "TLS with ",
        _ => "",
    };
    let why = match said {
        Some(Said::Proxy(text)) => format!("the {text}"),
        _ => certificate(code).map_or_else(|| describe(code), str::to_owned),
    };
    SendError { reason, sent, detail: format!("{phase}{place}: {why}") }
}

/// Where a request goes.
pub(super) struct Peer {
    https: bool,
    /// Host and port.
    place: String,
}

impl Peer {
    pub(super) fn of(request: &Request) -> Peer {
        let authority = request.authority.as_str();
        // A colon inside of brackets belongs to an address.
        let has_port = authority.rsplit(']').next().unwrap_or_default().contains(':');
        let place = match (has_port, request.https) {
            (true, _) => authority.to_owned(),
            (false, true) => format!("{authority}:443"),
            (false, false) => format!("{authority}:80"),
        };
        Peer { https: request.https, place }
    }

    fn origin(&self) -> String {
        format!("{}://{}", if self.https { "https" } else { "http" }, self.place)
    }
}
