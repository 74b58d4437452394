//! What goes to the vendor and what comes back.

use crate::{
    engine::{
        classify::{Reason, Sent},
        secret::Secret,
    },
    host::{Body, BodyError, Request, Response, SendError, Timeouts},
};
use std::{fmt, time::Duration};

/// A request as the vendor got it.
pub struct SentRequest {
    /// When it was sent, from the start of the clock.
    pub at: Duration,
    /// The method.
    pub method: &'static str,
    /// Whether it went over TLS.
    pub https: bool,
    /// Host and port.
    pub authority: String,
    /// Path and query.
    pub path_and_query: String,
    /// The header fields that may be logged.
    pub headers: Vec<(&'static str, String)>,
    /// The body, unless it holds credentials.
    pub body: Option<String>,
    /// The time that its parts may take.
    pub timeouts: Timeouts,
    /// The most bytes of an answer that are read.
    pub max_body: usize,
    secret_headers: Vec<(&'static str, Secret)>,
    secret_body: Option<Secret>,
}

impl SentRequest {
    pub(super) fn new(request: Request, at: Duration) -> SentRequest {
        let (body, secret_body) = match request.body {
            None => (None, None),
            Some(Body::Plain(bytes)) => (Some(String::from_utf8_lossy(&bytes).into_owned()), None),
            Some(Body::Secret(secret)) => (None, Some(secret)),
        };
        SentRequest {
            at,
            method: request.method,
            https: request.https,
            authority: request.authority,
            path_and_query: request.path_and_query,
            headers: request.headers,
            body,
            timeouts: request.timeouts,
            max_body: request.max_body,
            secret_headers: request.secret_headers,
            secret_body,
        }
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path_and_query.split('?').next().unwrap_or_default()
    }

    /// A parameter of the query, as it was sent.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.path_and_query.split_once('?')?;
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// A header field that must not be logged, as the vendor reads it.
    #[must_use]
    pub fn secret_header(&self, name: &str) -> Option<&str> {
        self.secret_headers.iter().find(|(known, _)| *known == name).map(|(_, secret)| secret.expose())
    }

    /// A body with credentials, as the vendor reads it.
    pub fn secret_body(&self) -> Option<&str> {
        self.secret_body.as_ref().map(Secret::expose)
    }
}

/// All of it that may be logged.
impl fmt::Debug for SentRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret: Vec<&str> = self.secret_headers.iter().map(|(name, _)| *name).collect();
        let SentRequest { at, method, authority, path_and_query, headers, body, .. } = self;
        write!(f, "{at:?} {method} {authority}{path_and_query} {headers:?} {secret:?} {body:?}")
    }
}

/// What comes back, and how long it takes.
#[derive(Debug)]
pub struct Reply {
    /// How long it takes.
    pub after: Duration,
    result: Result<Response, SendError>,
}

impl Reply {
    /// An answer, at once.
    pub fn status(status: u16, body: impl Into<String>) -> Reply {
        let body = Ok(body.into().into_bytes().into());
        Reply { after: Duration::ZERO, result: Ok(Response { status, headers: Vec::new(), body }) }
    }

    /// 200.
    pub fn ok(body: impl Into<String>) -> Reply {
        Reply::status(200, body)
    }

    /// An answer whose body breaks off.
    #[must_use]
    pub fn cut_off(status: u16) -> Reply {
        let body = Err(BodyError::Broken("ConnectionTerminated".to_owned()));
        Reply { after: Duration::ZERO, result: Ok(Response { status, headers: Vec::new(), body }) }
    }

    /// No answer: nothing could be sent, or the connection broke after sending.
    #[must_use]
    pub fn failed(reason: Reason, sent: Sent) -> Reply {
        let detail = "ConnectionTerminated".to_owned();
        Reply { after: Duration::ZERO, result: Err(SendError { reason, sent, detail }) }
    }

    /// The connection was refused.
    #[must_use]
    pub fn refused() -> Reply {
        Reply::failed(Reason::Connect, Sent::No)
    }

    /// The connection broke after the request was sent.
    #[must_use]
    pub fn dropped() -> Reply {
        Reply::failed(Reason::Connection, Sent::Maybe)
    }

    /// Silence.
    #[must_use]
    pub fn never() -> Reply {
        Reply::dropped().after(Duration::MAX)
    }

    /// The same, but it takes that long.
    pub fn after(self, after: Duration) -> Reply {
        Reply { after, ..self }
    }

    /// The same with a header field, whose name is in lower case.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        if let Ok(response) = &mut self.result {
            response.headers.push((name.to_owned(), value.into()));
        }
        self
    }

    /// As the host hands it over, which reads no more of the body than it is told to.
    pub(super) fn within(self, max_body: usize) -> Result<Response, SendError> {
        let mut response = self.result?;
        if response.body.as_ref().is_ok_and(|body| body.len() > max_body) {
            response.body = Err(BodyError::TooLarge);
        }
        Ok(response)
    }
}
