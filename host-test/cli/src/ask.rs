//! One request, and what came of it.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use penstock_host::http::{Outbound, RequestOptions, WasiError};
use std::time::{Duration, Instant, SystemTime};

/// The largest answer that is read, in bytes.
const LARGEST: usize = 4 << 20;

/// An answer.
pub(crate) struct Asked {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) took: Duration,
    /// The server's time, and this machine's then.
    pub(crate) date: Option<(SystemTime, SystemTime)>,
}

/// Asks, with this key if there is one. Connecting, answering and going on may take `patience` each.
pub(crate) async fn ask(
    outbound: &Outbound,
    url: &str,
    key: Option<&str>,
    patience: Duration,
) -> Result<Asked, WasiError> {
    let mut request = Request::get(url);
    if let Some(key) = key.and_then(|key| HeaderValue::from_str(&format!("Bearer {key}")).ok()) {
        request = request.header(header::AUTHORIZATION, key);
    }
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let request = request.body(body).map_err(|_| WasiError::HttpRequestUriInvalid)?;
    let options = RequestOptions {
        connect_timeout: Some(patience),
        first_byte_timeout: Some(patience),
        between_bytes_timeout: Some(patience),
    };
    let began = Instant::now();
    let (head, body) = outbound.send(request, options).await?.into_parts();
    let (took, now) = (began.elapsed(), SystemTime::now());
    let body = Limited::new(body, LARGEST).collect().await;
    let body = body.map_err(|_| WasiError::HttpResponseBodySize(None))?.to_bytes();
    let date = head.headers.get(header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
    Ok(Asked {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
        took,
        date: date.map(|theirs| (theirs, now)),
    })
}

/// What an error means, and what to do about it.
pub(crate) fn told(error: &WasiError) -> (String, String) {
    let (why, cure) = match error {
        WasiError::DnsError { .. } | WasiError::DnsTimeout => {
            ("has a name that does not resolve", "look at the spelling, and at this machine's DNS")
        }
        WasiError::TlsAlertReceived { alert_message: Some(reason), .. } => {
            let cure = "--ca FILE trusts a proxy's authority, --platform-trust this machine's";
            return (format!("is not trusted: its {reason}"), cure.to_owned());
        }
        WasiError::TlsProtocolError | WasiError::TlsCertificateError => {
            ("speaks no TLS that is trusted", "look whether a proxy stands between, and at --ca")
        }
        WasiError::ConnectionRefused => ("refuses connections", "look whether it runs, and at firewalls"),
        WasiError::ConnectionTimeout | WasiError::ConnectionReadTimeout => {
            ("does not answer in time", "look at firewalls and at HTTPS_PROXY")
        }
        WasiError::InternalError(Some(reason)) => {
            return (format!("cannot be reached: {reason}"), "look at HTTPS_PROXY and NO_PROXY".to_owned());
        }
        WasiError::HttpRequestDenied => ("is not allowed", "name it in a setting or an option"),
        _ => return (format!("cannot be asked: {error}"), "look at the network between".to_owned()),
    };
    (why.to_owned(), cure.to_owned())
}
