//! Requests of the embedding's own, such as those to secret managers: small ones, over its network.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::Value;

use crate::{
    http::{Outbound, OutboundOptions, OutboundPolicy, RequestOptions, WasiError},
    sources::HostError,
};

/// The largest answer that is read, in bytes. AWS has 65,536 a secret, Vault 1 MiB.
const LARGEST: usize = 2 << 20;

/// Connecting, answering and going on may take so long each.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often something is asked for that is refused for now.
const ATTEMPTS: u32 = 4;

/// The longest that is waited then.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A network, and where it may lead.
#[derive(Clone)]
pub(crate) struct Web {
    options: OutboundOptions,
    outbound: Outbound,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Web {
    /// The network of the options, to these origins alone.
    pub(crate) fn to(options: &OutboundOptions, policy: OutboundPolicy) -> Result<Self, HostError> {
        let options = OutboundOptions { policy, ..options.clone() };
        let outbound =
            Outbound::new(options.clone()).map_err(|error| HostError::Failed(error.to_string()))?;
        Ok(Self { options, outbound })
    }

    /// The same to another origin, which one of these has named.
    pub(crate) fn and_to(&self, origin: &str) -> Result<Self, HostError> {
        let policy =
            OutboundPolicy::none().allow(origin).map_err(|error| HostError::Failed(error.to_string()))?;
        Self::to(&self.options, policy)
    }

    /// Asks, and again where it is refused for now (429, 503) and says for how long.
    pub(crate) async fn ask(&self, request: &Request<Bytes>) -> Result<Answer, HostError> {
        for _ in 1..ATTEMPTS {
            let answer = self.once(request).await?;
            let Some(wait) = answer.wait().filter(|wait| *wait <= LONGEST_WAIT) else { return Ok(answer) };
            tokio::time::sleep(wait).await;
        }
        self.once(request).await
    }

    /// Asks, and takes the answer as it is.
    pub(crate) async fn once(&self, request: &Request<Bytes>) -> Result<Answer, HostError> {
        let body = Full::new(request.body().clone()).map_err(|never| match never {}).boxed_unsync();
        let mut sent = Request::new(body);
        *sent.method_mut() = request.method().clone();
        *sent.uri_mut() = request.uri().clone();
        *sent.headers_mut() = request.headers().clone();
        let options = RequestOptions {
            connect_timeout: Some(PATIENCE),
            first_byte_timeout: Some(PATIENCE),
            between_bytes_timeout: Some(PATIENCE),
        };
        let (head, body) =
            self.outbound.send(sent, options).await.map_err(|error| unreached(&error))?.into_parts();
        let body = Limited::new(body, LARGEST).collect().await;
        let body =
            body.map_err(|_| HostError::Unavailable("its answer broke off or is too large".to_owned()))?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
    }
}

impl Answer {
    fn wait(&self) -> Option<Duration> {
        if !matches!(self.status, 429 | 503) {
            return None;
        }
        let after = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        Some(Duration::from_secs(after.trim().parse().ok()?))
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What it means that the answer is not the one that was asked for. `why` is a word of the manager's own.
    pub(crate) fn refused(&self, what: &str, why: &str) -> HostError {
        let why = why.trim();
        let colon = if why.is_empty() { "" } else { ": " };
        let told = format!("{what}: HTTP {}{colon}{why}", self.status);
        match self.status {
            401 | 403 => HostError::Denied(told),
            429 | 500.. => HostError::Unavailable(told),
            _ => HostError::Failed(told),
        }
    }
}

/// A request, whose parts are known to fit.
pub(crate) fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Request<Bytes>, HostError> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        // What stands in a header may be a secret.
        let value = http::HeaderValue::from_str(value).map_err(|_| {
            HostError::Failed(format!("the header {name} has characters that it cannot have"))
        })?;
        request = request.header(*name, value);
    }
    request.body(body.into()).map_err(|error| HostError::Failed(format!("{url} cannot be asked: {error}")))
}

fn unreached(error: &WasiError) -> HostError {
    HostError::Unavailable(match error {
        WasiError::DnsError { .. } | WasiError::DnsTimeout => "its name does not resolve".to_owned(),
        WasiError::TlsAlertReceived { alert_message: Some(reason), .. } => {
            format!("it is not trusted: {reason}")
        }
        WasiError::TlsProtocolError | WasiError::TlsCertificateError => {
            "it speaks no TLS that is trusted".to_owned()
        }
        WasiError::ConnectionRefused => "it refuses connections".to_owned(),
        WasiError::ConnectionTimeout | WasiError::ConnectionReadTimeout => {
            "it does not answer in time".to_owned()
        }
        WasiError::HttpRequestDenied => "plain HTTP is for loopback addresses only".to_owned(),
        error => format!("it cannot be asked: {error}"),
    })
}

/// A text in an object, by the names of its members.
pub(crate) fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    path.iter().try_fold(value, |value, name| value.get(name))?.as_str()
}
