//! From an answer to what hyper sends, whole or cut.

use crate::answer::Answer;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

/// The connection is to be reset instead of answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is reset on purpose")
    }
}

impl std::error::Error for Reset {}

/// An answer and whether its body breaks off.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) answer: Answer,
    pub(crate) cut: bool,
}

impl Sent {
    pub(crate) fn whole(answer: Answer) -> Self {
        Self { answer, cut: false }
    }

    pub(crate) fn cut(answer: Answer) -> Self {
        Self { answer, cut: true }
    }

    /// The response, with the trace id that every answer carries.
    pub(crate) fn response(self, trace: &str) -> Response<Sending> {
        let Answer { status, content_type, headers, body, .. } = self.answer;
        let mut response = Response::new(Sending::new(body, self.cut));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let map = response.headers_mut();
        if let Some(ty) = content_type {
            map.insert(CONTENT_TYPE, HeaderValue::from_static(ty));
        }
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                map.insert(name, value);
            }
        }
        if let Ok(value) = HeaderValue::from_str(trace) {
            map.insert("x-trace-id", value);
        }
        response
    }
}

/// A body that is sent, or whose second half never comes.
#[derive(Debug)]
pub(crate) struct Sending {
    rest: Bytes,
    /// What was announced.
    length: u64,
    stage: Stage,
}

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    Whole,
    FirstHalf,
    /// hyper flushes the half when it finds nothing more for now.
    Flush,
    Break,
}

impl Sending {
    fn new(body: Bytes, cut: bool) -> Self {
        let length = body.len() as u64;
        Self { rest: body, length, stage: if cut { Stage::FirstHalf } else { Stage::Whole } }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.stage {
            Stage::Whole if self.rest.is_empty() => Poll::Ready(None),
            Stage::Whole => {
                self.length = 0;
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))))
            }
            Stage::FirstHalf => {
                self.stage = Stage::Flush;
                let half = self.rest.len().div_ceil(2).min(self.rest.len());
                Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(half)))))
            }
            Stage::Flush => {
                self.stage = Stage::Break;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Stage::Break => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stage == Stage::Whole && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
