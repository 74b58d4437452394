//! The port over WASI 0.3 and our three host interfaces.
//!
//! HTTP goes through `wasi:http/client`, time through `wasi:clocks`, chance through
//! `wasi:random`, log lines to standard error. Settings, secrets and state come from
//! `penstock:host`.

mod code;

use super::{Body, BodyError, Host, HostError, Request, Response, SendError, State, Timeouts};
use crate::{
    bindings::penstock::host::{config, secrets, state, types as host_types},
    engine::{
        classify::{Reason, Sent},
        secret::Secret,
        time::{Tick, WallTime},
    },
};
use code::describe;
use std::time::Duration;
use wasip3::{
    clocks::{monotonic_clock, system_clock},
    http::{
        client,
        types::{self as wasi, ErrorCode, Fields, Method, RequestOptions, Scheme},
    },
    random::random,
    wit_bindgen::StreamResult,
    wit_future, wit_stream,
};

/// How much of a body is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// The host of a plugin: WASI and `penstock:host`.
#[derive(Debug, Default, Clone, Copy)]
pub struct WasiHost;

impl Host for WasiHost {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        send(request).await
    }

    async fn sleep(&self, time: Duration) {
        sleep(time).await;
    }

    fn now(&self) -> Tick {
        now()
    }

    fn wall_now(&self) -> WallTime {
        wall_now()
    }

    fn random(&self) -> u64 {
        random::get_random_u64()
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        let secret = secrets::get(name.to_owned()).await?;
        Ok(secret.filter(|text| !text.trim().is_empty()).map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        let setting = config::get(name.to_owned()).await?;
        Ok(setting.filter(|text| !text.trim().is_empty()))
    }

    fn log(&self, line: &str) {
        log(line);
    }
}

impl State for WasiHost {
    async fn state_get(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(state::get(key.to_owned()).await?)
    }

    async fn state_set(&self, key: &str, value: Vec<u8>, ttl: Option<Duration>) -> Result<(), HostError> {
        Ok(state::set(key.to_owned(), value, ttl.map(millis)).await?)
    }

    async fn state_delete(&self, key: &str) -> Result<(), HostError> {
        Ok(state::delete(key.to_owned()).await?)
    }

    async fn state_increment(&self, key: &str, delta: i64, ttl: Option<Duration>) -> Result<i64, HostError> {
        Ok(state::increment(key.to_owned(), delta, ttl.map(millis)).await?)
    }

    async fn state_swap(
        &self,
        key: &str,
        expected: Vec<u8>,
        value: Vec<u8>,
        ttl: Option<Duration>,
    ) -> Result<bool, HostError> {
        Ok(state::compare_and_swap(key.to_owned(), expected, value, ttl.map(millis)).await?)
    }
}

/// At least 1: a value that is gone at once was not meant.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl From<host_types::HostError> for HostError {
    fn from(error: host_types::HostError) -> HostError {
        match error {
            host_types::HostError::Unavailable(why) => HostError::Unavailable(why),
            host_types::HostError::Denied(why) => HostError::Denied(why),
            host_types::HostError::Failed(why) => HostError::Failed(why),
        }
    }
}

/// Waits on the host's monotonic clock.
pub async fn sleep(time: Duration) {
    monotonic_clock::wait_for(nanoseconds(time)).await;
}

/// The host's monotonic clock.
#[must_use]
pub fn now() -> Tick {
    Tick::from_nanos(monotonic_clock::now())
}

/// The host's wall clock.
#[must_use]
pub fn wall_now() -> WallTime {
    let now = system_clock::now();
    WallTime::from_millis(
        now.seconds.saturating_mul(1000).saturating_add(i64::from(now.nanoseconds / 1_000_000)),
    )
}

/// 64 bits of the host's secure random source.
#[must_use]
pub fn random_bits() -> u64 {
    random::get_random_u64()
}

/// Writes a line to standard error.
#[allow(clippy::print_stderr, reason = "this is where log lines go")]
pub fn log(line: &str) {
    eprintln!("{line}");
}

/// Sends a request through `wasi:http/client` and reads the answer whole. Dropping
/// the future cancels the request.
///
/// # Errors
/// When no answer came; whether the request may have arrived is in the error.
pub async fn send(request: Request) -> Result<Response, SendError> {
    let max_body = request.max_body;
    let response = client::send(outgoing(request)?).await.map_err(|code| failed(&code))?;
    let status = response.get_status_code();
    let headers = response
        .get_headers()
        .copy_all()
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), String::from_utf8(value).ok()?)));
    let headers = headers.collect();
    Ok(Response { status, headers, body: read(response, max_body).await })
}

fn outgoing(request: Request) -> Result<wasi::Request, SendError> {
    let invalid = |what: &str| SendError { reason: Reason::Denied, sent: Sent::No, detail: what.to_owned() };
    let plain = request.headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let secret = request.secret_headers.iter().map(|(name, value)| (*name, value.expose().as_bytes()));
    let mut fields: Vec<(String, Vec<u8>)> =
        plain.chain(secret).map(|(name, value)| (name.to_owned(), value.to_vec())).collect();

    let body = match request.body {
        None => None,
        Some(Body::Plain(bytes)) => Some(bytes.to_vec()),
        Some(Body::Secret(secret)) => Some(secret.expose().as_bytes().to_vec()),
    };
    if let Some(body) = &body {
        fields.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    }
    let fields = Fields::from_list(&fields).map_err(|_| invalid("a header field is not valid"))?;

    let contents = body.map(|body| {
        let (mut writer, reader) = wit_stream::new();
        // The stream ends when the writer is dropped; what the host does not take is
        // the host's error to report.
        wasip3::wit_bindgen::spawn_local(async move { drop(writer.write_all(body).await) });
        reader
    });
    // Dropping the writer sends the default: no trailers.
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (outgoing, _sent) = wasi::Request::new(fields, contents, trailers, Some(options(request.timeouts)));

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
    Ok(outgoing)
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
    let (_, handled) = wit_future::new(|| Ok(()));
    let (mut stream, trailers) = wasi::Response::consume_body(response, handled);
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

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// What an error code says of the request: certainly unsent, or who knows.
fn failed(code: &ErrorCode) -> SendError {
    use ErrorCode as E;
    let (reason, sent) = match code {
        E::HttpRequestDenied => (Reason::Denied, Sent::No),
        E::DnsTimeout | E::DnsError(_) | E::DestinationNotFound => (Reason::Dns, Sent::No),
        E::ConnectionTimeout
        | E::DestinationUnavailable
        | E::DestinationIpProhibited
        | E::DestinationIpUnroutable
        | E::ConnectionRefused
        | E::ConnectionLimitReached => (Reason::Connect, Sent::No),
        E::TlsProtocolError | E::TlsCertificateError | E::TlsAlertReceived(_) => (Reason::Tls, Sent::No),
        E::HttpRequestMethodInvalid
        | E::HttpRequestUriInvalid
        | E::HttpRequestUriTooLong
        | E::HttpRequestHeaderSectionSize(_)
        | E::HttpRequestHeaderSize(_)
        | E::LoopDetected
        | E::ConfigurationError => (Reason::Denied, Sent::No),
        E::ConnectionReadTimeout | E::ConnectionWriteTimeout | E::HttpResponseTimeout => {
            (Reason::Timeout, Sent::Maybe)
        }
        E::HttpProtocolError => (Reason::Protocol, Sent::Maybe),
        _ => (Reason::Connection, Sent::Maybe),
    };
    SendError { reason, sent, detail: describe(code) }
}
