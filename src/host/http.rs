//! Requests and answers as they cross the port.

use super::Source;
use crate::policy::{
    classify::{Reason, Sent},
    secret::Secret,
};
use bytes::Bytes;
use std::{fmt, time::Duration};

/// A request to a provider.
pub struct Request {
    /// The method, `GET`.
    pub method: &'static str,
    /// Whether to use TLS.
    pub https: bool,
    /// Host and port.
    pub authority: String,
    /// Path and query, percent-encoded.
    pub path_and_query: String,
    /// Header fields that may be logged.
    pub headers: Vec<(&'static str, String)>,
    /// Header fields that may not.
    pub secret_headers: Vec<(&'static str, Secret)>,
    /// The body, if any.
    pub body: Option<Body>,
    /// How long its parts may take.
    pub timeouts: Timeouts,
    /// The most bytes of the answer's body to read.
    pub max_body: usize,
}

/// A request body.
pub enum Body {
    /// An ordinary one.
    Plain(Bytes),
    /// One with credentials in it.
    Secret(Secret),
    /// One that is read while it is sent.
    Stream(Streamed),
}

/// A request body that is read while it is sent. If its source fails, so does the request:
/// what was sent of it must not look like a whole body.
pub struct Streamed {
    /// Its bytes.
    pub source: Box<dyn Source>,
    /// How many there will be, if that is known.
    pub length: Option<u64>,
}

/// The timeouts that `wasi:http` knows. Its hosts default to 600 s each.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To connect, TLS included.
    pub connect: Duration,
    /// From the request's end to the answer's first byte.
    pub first_byte: Duration,
    /// Between two parts of the answer's body.
    pub between_bytes: Duration,
}

/// An answer. Its body may have broken off although its head arrived.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The header fields, names in lower case. Values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Result<Bytes, BodyError>,
}

/// Why a body could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It has more than the most bytes that were asked for.
    TooLarge,
    /// The connection broke.
    Broken(String),
    /// The instance has no memory for it.
    NoRoom {
        /// Whether it will never have: it needs more than all that there is.
        never: bool,
    },
    /// It stopped to flow, or the deadline passed.
    TimedOut(String),
    /// It has a content coding of this name, which nobody asked for. No host says so.
    Coded(String),
}

/// A request without an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// What happened.
    pub reason: Reason,
    /// Whether any of the request may have reached the provider.
    pub sent: Sent,
    /// The host's own words.
    pub detail: String,
}

impl Response {
    /// A header field by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.authority, self.path_and_query)
    }
}
