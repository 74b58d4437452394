//! What goes to the provider and what comes back.

use crate::{
    host::{Body, BodyError, Opened, Request, Response, SendError, Source, Timeouts},
    policy::{
        classify::{Reason, Sent},
        secret::Secret,
    },
};
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use std::{collections::VecDeque, fmt, time::Duration};

/// A request as the provider got it.
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
    /// The same, as it came.
    pub bytes: Bytes,
    /// The length that the head states of a body that was streamed.
    pub stated_length: Option<u64>,
    /// The time that its parts may take.
    pub timeouts: Timeouts,
    /// The most bytes of an answer that are read.
    pub max_body: usize,
    secret_headers: Vec<(&'static str, Secret)>,
    secret_body: Option<Secret>,
}

impl SentRequest {
    /// Reads the body as a provider would. None if the body broke off.
    pub(super) async fn new(request: Request, at: Duration) -> Option<SentRequest> {
        let mut stated_length = None;
        let (bytes, secret_body) = match request.body {
            None => (None, None),
            Some(Body::Plain(bytes)) => (Some(bytes), None),
            Some(Body::Secret(secret)) => (None, Some(secret)),
            Some(Body::Stream(mut streamed)) => {
                stated_length = streamed.length;
                let mut body = Vec::new();
                while let Some(piece) = streamed.source.next().await.ok()? {
                    body.extend(piece);
                }
                (Some(body.into()), None)
            }
        };
        let body = bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let bytes = bytes.unwrap_or_default();
        Some(SentRequest {
            at,
            bytes,
            stated_length,
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
        })
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

    /// A header field that must not be logged, as the provider reads it.
    #[must_use]
    pub fn secret_header(&self, name: &str) -> Option<&str> {
        self.secret_headers.iter().find(|(known, _)| *known == name).map(|(_, secret)| secret.expose())
    }

    /// A body with credentials, as the provider reads it.
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
pub struct Reply {
    /// How long it takes.
    pub after: Duration,
    result: Result<Response, SendError>,
    /// The body, where it is streamed.
    source: Option<Box<dyn Source>>,
}

impl Reply {
    /// An answer, at once.
    pub fn status(status: u16, body: impl Into<String>) -> Reply {
        let body = Ok(body.into().into_bytes().into());
        Reply::with(Ok(Response { status, headers: Vec::new(), body }))
    }

    fn with(result: Result<Response, SendError>) -> Reply {
        Reply { after: Duration::ZERO, result, source: None }
    }

    /// An answer whose body comes piece by piece, to those who ask for that.
    #[must_use]
    pub fn streamed(status: u16, source: impl Source + 'static) -> Reply {
        Reply { source: Some(Box::new(source)), ..Reply::status(status, "") }
    }

    /// An answer whose body is no text.
    #[must_use]
    pub fn bytes(status: u16, body: impl Into<Bytes>) -> Reply {
        Reply::with(Ok(Response { status, headers: Vec::new(), body: Ok(body.into()) }))
    }

    /// 200.
    pub fn ok(body: impl Into<String>) -> Reply {
        Reply::status(200, body)
    }

    /// An answer whose body breaks off.
    #[must_use]
    pub fn cut_off(status: u16) -> Reply {
        let body = Err(BodyError::Broken("ConnectionTerminated".to_owned()));
        Reply::with(Ok(Response { status, headers: Vec::new(), body }))
    }

    /// No answer: nothing could be sent, or the connection broke after sending.
    #[must_use]
    pub fn failed(reason: Reason, sent: Sent) -> Reply {
        let detail = "ConnectionTerminated".to_owned();
        Reply::with(Err(SendError { reason, sent, detail }))
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

    /// The status, if there is an answer.
    #[must_use]
    pub fn status_code(&self) -> Option<u16> {
        self.result.as_ref().ok().map(|response| response.status)
    }

    /// As the host hands it over, which reads no more of the body than it is told to.
    pub(super) fn within(self, max_body: usize) -> Result<Response, SendError> {
        let mut response = self.result?;
        if response.body.as_ref().is_ok_and(|body| body.len() > max_body) {
            response.body = Err(BodyError::TooLarge);
        }
        Ok(response)
    }

    pub(super) fn open(self, max_body: usize) -> Result<Opened, SendError> {
        match self.source {
            Some(body) => {
                let Response { status, headers, .. } = self.result?;
                Ok(Opened { status, headers, body })
            }
            None => self.within(max_body).map(Opened::from),
        }
    }
}

/// Pieces that are at hand, and how they end.
pub struct Pieces {
    pieces: VecDeque<Vec<u8>>,
    end: Option<BodyError>,
}

impl Pieces {
    /// All of them, to a good end.
    pub fn new<P: Into<Vec<u8>>>(pieces: impl IntoIterator<Item = P>) -> Pieces {
        Pieces { pieces: pieces.into_iter().map(Into::into).collect(), end: None }
    }

    /// All of them, and then the connection breaks.
    pub fn broken<P: Into<Vec<u8>>>(pieces: impl IntoIterator<Item = P>) -> Pieces {
        Pieces { end: Some(BodyError::Broken("ConnectionTerminated".to_owned())), ..Pieces::new(pieces) }
    }
}

impl Source for Pieces {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        let next = match (self.pieces.pop_front(), self.end.take()) {
            (Some(piece), end) => {
                self.end = end;
                Ok(Some(piece))
            }
            (None, Some(end)) => Err(end),
            (None, None) => Ok(None),
        };
        Box::pin(std::future::ready(next))
    }
}
