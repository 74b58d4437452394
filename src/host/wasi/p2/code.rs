//! The error codes of WASI 0.2 are those of 0.3: what they say of a request is known of one type.

use super::super::bindings::wasi::http::types::{self as p3, ErrorCode};
use wasip2::http::types::{DnsErrorPayload, ErrorCode as Code, FieldSizePayload, TlsAlertReceivedPayload};

macro_rules! same {
    ($code:expr; $($plain:ident)*; $($sized:ident)*; $($field:ident)*) => {
        match $code {
            $(Code::$plain => ErrorCode::$plain,)*
            $(Code::$sized(value) => ErrorCode::$sized(value),)*
            $(Code::$field(value) => ErrorCode::$field(field(value)),)*
            Code::HttpRequestHeaderSize(value) => ErrorCode::HttpRequestHeaderSize(value.map(field)),
            Code::DnsError(DnsErrorPayload { rcode, info_code }) => {
                ErrorCode::DnsError(p3::DnsErrorPayload { rcode, info_code })
            }
            Code::TlsAlertReceived(TlsAlertReceivedPayload { alert_id, alert_message }) => {
                ErrorCode::TlsAlertReceived(p3::TlsAlertReceivedPayload { alert_id, alert_message })
            }
        }
    };
}

/// The same code.
pub(super) fn lift(code: Code) -> ErrorCode {
    same! {
        code;
        DnsTimeout DestinationNotFound DestinationUnavailable DestinationIpProhibited DestinationIpUnroutable
        ConnectionRefused ConnectionTerminated ConnectionTimeout ConnectionReadTimeout ConnectionWriteTimeout
        ConnectionLimitReached TlsProtocolError TlsCertificateError HttpRequestDenied HttpRequestLengthRequired
        HttpRequestMethodInvalid HttpRequestUriInvalid HttpRequestUriTooLong HttpResponseIncomplete
        HttpResponseTimeout HttpUpgradeFailed HttpProtocolError LoopDetected ConfigurationError;
        HttpRequestBodySize HttpRequestHeaderSectionSize HttpRequestTrailerSectionSize
        HttpResponseHeaderSectionSize HttpResponseBodySize HttpResponseTrailerSectionSize
        HttpResponseTransferCoding HttpResponseContentCoding InternalError;
        HttpRequestTrailerSize HttpResponseHeaderSize HttpResponseTrailerSize
    }
}

fn field(FieldSizePayload { field_name, field_size }: FieldSizePayload) -> p3::FieldSizePayload {
    p3::FieldSizePayload { field_name, field_size }
}
