//! The names of WASI's HTTP error codes.

use super::bindings::wasi::http::types::ErrorCode;

/// What our embedding says of a server's certificate, in an alert that it makes itself: WASI's
/// own code for certificates has no room for a reason. No other host has these texts, and with
/// them nothing was sent.
const CERTIFICATES: [&str; 6] = [
    "certificate has expired",
    "certificate is not valid yet",
    "certificate is for another name",
    "certificate is from an unknown authority",
    "certificate is revoked",
    "certificate has a bad signature",
];

/// Why the server's certificate was not accepted, if that is what a code says.
pub(super) fn certificate(code: &ErrorCode) -> Option<&'static str> {
    let ErrorCode::TlsAlertReceived(alert) = code else { return None };
    let said = alert.alert_message.as_deref()?;
    CERTIFICATES.into_iter().find(|known| *known == said)
}

/// What our embedding says where WASI has no code for it, in the text of an internal error. No other
/// host has these texts, and with them nothing was sent.
pub(super) enum Said<'a> {
    /// It is about to end and sends nothing more.
    Stopping,
    /// What the proxy on the way did, by its host and port: `proxy a.example:3128 answered 407`.
    Proxy(&'a str),
}

/// Whether the proxy would refuse again, by what is said of it: with a status 4xx, but for those of which RFC 9110
/// (section 15.5.9) and RFC 6585 (section 4) say that they pass.
pub(super) fn refuses(of_proxy: &str) -> bool {
    let status = of_proxy.rsplit_once(" answered ").map(|(_, status)| status);
    status.is_some_and(|status| status.starts_with('4') && !["408", "429"].contains(&status))
}

/// How what is said of a proxy ends, behind its host and port.
const OF_PROXY: [&str; 2] = [" cannot be reached", " gave no answer"];

/// What our embedding says, if it is that.
pub(super) fn said(code: &ErrorCode) -> Option<Said<'_>> {
    let ErrorCode::InternalError(Some(text)) = code else { return None };
    if text == "the host is stopping" {
        return Some(Said::Stopping);
    }
    let of_proxy = text.strip_prefix("proxy ")?;
    let place = OF_PROXY.iter().find_map(|end| of_proxy.strip_suffix(end)).or_else(|| {
        let (place, status) = of_proxy.split_once(" answered ")?;
        (status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit())).then_some(place)
    })?;
    // Nothing but a host and a port, whoever said so.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    (place.len() <= LONGEST_PLACE && place.bytes().all(plain)).then_some(Said::Proxy(text))
}

/// A host name has 253 characters at most (RFC 1035 section 2.3.4), a port 5.
const LONGEST_PLACE: usize = 259;

/// The code's name alone: a host's own text might hold anything. (A derived `Debug` would
/// bring the formatting of all payloads into the component.)
pub(super) fn describe(code: &ErrorCode) -> String {
    use ErrorCode as E;
    let name = match code {
        E::DnsTimeout => "DnsTimeout",
        E::DnsError(_) => "DnsError",
        E::DestinationNotFound => "DestinationNotFound",
        E::DestinationUnavailable => "DestinationUnavailable",
        E::DestinationIpProhibited => "DestinationIpProhibited",
        E::DestinationIpUnroutable => "DestinationIpUnroutable",
        E::ConnectionRefused => "ConnectionRefused",
        E::ConnectionTerminated => "ConnectionTerminated",
        E::ConnectionTimeout => "ConnectionTimeout",
        E::ConnectionReadTimeout => "ConnectionReadTimeout",
        E::ConnectionWriteTimeout => "ConnectionWriteTimeout",
        E::ConnectionLimitReached => "ConnectionLimitReached",
        E::TlsProtocolError => "TlsProtocolError",
        E::TlsCertificateError => "TlsCertificateError",
        E::TlsAlertReceived(_) => "TlsAlertReceived",
        E::HttpRequestDenied => "HttpRequestDenied",
        E::HttpRequestLengthRequired => "HttpRequestLengthRequired",
        E::HttpRequestBodySize(_) => "HttpRequestBodySize",
        E::HttpRequestMethodInvalid => "HttpRequestMethodInvalid",
        E::HttpRequestUriInvalid => "HttpRequestUriInvalid",
        E::HttpRequestUriTooLong => "HttpRequestUriTooLong",
        E::HttpRequestHeaderSectionSize(_) => "HttpRequestHeaderSectionSize",
        E::HttpRequestHeaderSize(_) => "HttpRequestHeaderSize",
        E::HttpRequestTrailerSectionSize(_) => "HttpRequestTrailerSectionSize",
        E::HttpRequestTrailerSize(_) => "HttpRequestTrailerSize",
        E::HttpResponseIncomplete => "HttpResponseIncomplete",
        E::HttpResponseHeaderSectionSize(_) => "HttpResponseHeaderSectionSize",
        E::HttpResponseHeaderSize(_) => "HttpResponseHeaderSize",
        E::HttpResponseBodySize(_) => "HttpResponseBodySize",
        E::HttpResponseTrailerSectionSize(_) => "HttpResponseTrailerSectionSize",
        E::HttpResponseTrailerSize(_) => "HttpResponseTrailerSize",
        E::HttpResponseTransferCoding(_) => "HttpResponseTransferCoding",
        E::HttpResponseContentCoding(_) => "HttpResponseContentCoding",
        E::HttpResponseTimeout => "HttpResponseTimeout",
        E::HttpUpgradeFailed => "HttpUpgradeFailed",
        E::HttpProtocolError => "HttpProtocolError",
        E::LoopDetected => "LoopDetected",
        E::ConfigurationError => "ConfigurationError",
        E::InternalError(_) => "InternalError",
    };
    name.to_owned()
}
