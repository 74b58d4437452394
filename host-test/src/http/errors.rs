//! Which WASI error code a client's error becomes.
//!
//! The distinction that matters: an error while connecting means that the request
//! was not sent, so the component may send it again. Nothing that can happen later
//! may look like one.

use std::{error::Error, io};

use hyper_util::client::legacy;
use rustls::{CertificateError, Error as TlsError};
use wasmtime_wasi_http::Error as WasiError;

use super::{resolver::ResolveError, tunnel::NoTunnel};

/// What a request's error becomes.
pub(crate) fn of_request(error: &legacy::Error) -> WasiError {
    if error.is_connect() { of_connecting(error) } else { of_exchange(error) }
}

fn of_connecting(error: &(dyn Error + 'static)) -> WasiError {
    // WASI has no code for a proxy. The component knows these texts, and that nothing was sent.
    if let Some(no_tunnel) = find::<NoTunnel>(error) {
        return WasiError::InternalError(Some(no_tunnel.to_string()));
    }
    if find::<ResolveError>(error).is_some() {
        return WasiError::DnsError { rcode: None, info_code: None };
    }
    if let Some(tls) = find::<TlsError>(error) {
        return of_tls(tls);
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => WasiError::ConnectionRefused,
        Some(io::ErrorKind::TimedOut) => WasiError::ConnectionTimeout,
        Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
            WasiError::DestinationIpUnroutable
        }
        _ => WasiError::DestinationUnavailable,
    }
}

fn of_tls(error: &TlsError) -> WasiError {
    match error {
        TlsError::InvalidCertificate(error) => of_certificate(error),
        TlsError::NoCertificatesPresented => WasiError::TlsCertificateError,
        // An alert has a code of its own, which does not say whether it came before the request.
        _ => WasiError::TlsProtocolError,
    }
}

/// WASI's code for a certificate has no room for a reason. The one for an alert has: it is the
/// alert that TLS ends the handshake with for that reason (RFC 8446 section 6.2). The component
/// knows these texts, and that nothing was sent; an alert that came from the server is never
/// reported so.
fn of_certificate(error: &CertificateError) -> WasiError {
    use CertificateError as E;
    let (alert, reason) = match error {
        E::Expired | E::ExpiredContext { .. } => (45, "certificate has expired"),
        E::NotValidYet | E::NotValidYetContext { .. } => (45, "certificate is not valid yet"),
        E::NotValidForName | E::NotValidForNameContext { .. } => (42, "certificate is for another name"),
        E::UnknownIssuer => (48, "certificate is from an unknown authority"),
        E::Revoked => (44, "certificate is revoked"),
        E::BadSignature => (51, "certificate has a bad signature"),
        _ => return WasiError::TlsCertificateError,
    };
    WasiError::TlsAlertReceived { alert_id: Some(alert), alert_message: Some(reason.to_owned()) }
}

/// What an error after connecting becomes, in the request or in a body. A TLS alert is none
/// of TLS's codes here: the request may have been read before it.
pub(crate) fn of_exchange(error: &(dyn Error + 'static)) -> WasiError {
    match find::<hyper::Error>(error) {
        Some(error) if error.is_parse_too_large() => WasiError::HttpResponseHeaderSectionSize(None),
        Some(error) if error.is_parse() => WasiError::HttpProtocolError,
        Some(error) if error.is_incomplete_message() => WasiError::HttpResponseIncomplete,
        Some(error) if error.is_timeout() => WasiError::ConnectionReadTimeout,
        Some(error) if error.is_user() => WasiError::InternalError(Some("the request's body failed".into())),
        _ => WasiError::ConnectionTerminated,
    }
}

/// The first error of a kind in the chain of causes.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // What an I/O error wraps is not its source; the source of that is.
        let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
        next = wrapped.map(|error| error as _).or_else(|| error.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::AlertDescription;

    #[test]
    fn a_certificate_is_refused_with_its_reason() {
        let code = |error| of_connecting(&io::Error::other(TlsError::InvalidCertificate(error)));
        let WasiError::TlsAlertReceived { alert_id: Some(45), alert_message: Some(reason) } =
            code(CertificateError::Expired)
        else {
            panic!();
        };
        assert_eq!(reason, "certificate has expired");
        assert!(matches!(code(CertificateError::BadEncoding), WasiError::TlsCertificateError));
    }

    #[test]
    fn an_alert_proves_that_nothing_was_sent_only_while_connecting() {
        let alert = || io::Error::other(TlsError::AlertReceived(AlertDescription::InternalError));
        assert!(matches!(of_connecting(&alert()), WasiError::TlsProtocolError));
        assert!(matches!(of_exchange(&alert()), WasiError::ConnectionTerminated));
    }
}
