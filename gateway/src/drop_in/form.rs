//! A file in a form (`multipart/form-data`, RFC 7578), as the provider takes files.
//!
//! The form goes by as it comes: no more of it is held than the piece that was read last.

use crate::{body, problem::Problem, request::Head};
use bytes::Bytes;
use futures_util::{FutureExt, Stream, future::LocalBoxFuture};
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use multer::{Field, Multipart};
use penstock::{
    contract::FieldError,
    host::{BodyError, Host, Source},
    policy::shown,
};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

/// How many bytes of a form may come before the first byte of its file, in bytes: 64 KiB. Clients send some hundred.
const LONGEST_HEAD: usize = 64 << 10;

/// As many characters of what somebody else wrote are shown.
const LONGEST_NAME: usize = 64;

/// The request as if the file in this field of its form were its body: `Content-Disposition` and `Content-Type` are
/// those of the field, and the length is not known. What is no form stays as it is.
///
/// # Errors
/// What is no such form, and one whose first field is another.
pub(super) async fn unpacked<H: Host>(
    host: &H,
    head: &Head,
    body: Option<Box<dyn Source>>,
    field: &str,
) -> Result<(Head, Option<Box<dyn Source>>), Problem> {
    let content_type =
        head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Ok(boundary) = multer::parse_boundary(content_type) else { return Ok((head.clone(), body)) };
    let Some(source) = body else { return Ok((head.clone(), None)) };
    let wrong = |message: String| Problem::from(FieldError::new("body", message));
    let mut form = Form::new(source, boundary);
    let first = body::in_time(host, body::FORM_TIME, async {
        form.next_field(LONGEST_HEAD)
            .await
            .map_err(|error| wrong(format!("is no whole form: {}", error.said())))
    });
    let Some(first) = first.await? else { return Err(wrong(format!("has no field `{field}`, the file"))) };
    if first.name() != Some(field) {
        let name = shown::visible_within(first.name().unwrap_or_default(), LONGEST_NAME);
        return Err(wrong(format!("begins with the field `{name}` in place of `{field}`, the file")));
    }
    let mut head = head.clone();
    head.headers.remove(CONTENT_LENGTH);
    for name in [CONTENT_DISPOSITION, CONTENT_TYPE] {
        match first.headers().get(&name) {
            Some(value) => head.headers.insert(name, value.clone()),
            None => head.headers.remove(name),
        };
    }
    form.file = Some(first);
    Ok((head, Some(Box::new(form))))
}

/// A form that is read.
struct Form {
    source: Box<dyn Source>,
    fed: Fed,
    fields: Multipart<'static>,
    /// None before it was found, and once it was read.
    file: Option<Field<'static>>,
}

impl Form {
    fn new(source: Box<dyn Source>, boundary: String) -> Self {
        let fed = Fed::default();
        Self { source, fields: Multipart::new(fed.clone(), boundary), fed, file: None }
    }

    /// The next field, for which at most so many bytes are read.
    async fn next_field(&mut self, most: usize) -> Result<Option<Field<'static>>, Broken> {
        let mut read = 0;
        loop {
            if let Some(found) = self.fields.next_field().now_or_never() {
                return Ok(found?);
            }
            read += self.feed().await?;
            if read > most {
                return Err(Broken::Long);
            }
        }
    }

    /// The next piece of the file; none once it is whole, and nothing but the form's end follows it.
    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        while let Some(file) = &mut self.file {
            match file.chunk().now_or_never() {
                None => _ = self.feed().await?,
                Some(Ok(Some(piece))) if piece.is_empty() => {}
                Some(piece) => {
                    if let Some(piece) = piece? {
                        return Ok(Some(piece.into()));
                    }
                    self.file = None;
                    if self.next_field(LONGEST_HEAD).await?.is_some() {
                        return Err(Broken::More);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Reads on: so many bytes.
    async fn feed(&mut self) -> Result<usize, Broken> {
        let piece = self.source.next().await.map_err(Broken::Body)?;
        Ok(self.fed.put(piece.map(Bytes::from)))
    }
}

impl Source for Form {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async {
            self.next_piece().await.map_err(|broken| match broken {
                Broken::Body(error) => error,
                other => BodyError::Broken(other.said()),
            })
        })
    }
}

/// Why a form is not whole.
#[derive(Debug)]
enum Broken {
    Body(BodyError),
    Form(multer::Error),
    Long,
    More,
}

impl Broken {
    fn said(&self) -> String {
        match self {
            Broken::Body(BodyError::TimedOut(_)) => "it came too slowly".to_owned(),
            Broken::Body(_) => "it broke off".to_owned(),
            Broken::Form(error) => shown::visible_within(&error.to_string(), LONGEST_NAME),
            Broken::Long => format!("a field begins after more than {LONGEST_HEAD} bytes"),
            Broken::More => "another field follows the file".to_owned(),
        }
    }
}

impl From<multer::Error> for Broken {
    fn from(error: multer::Error) -> Self {
        Self::Form(error)
    }
}

/// What was read of a form and not yet taken apart. Clones are the same.
///
/// It wakes nobody: whoever reads the form asks again once there is more.
#[derive(Clone, Default)]
struct Fed(Arc<Mutex<Pieces>>);

#[derive(Default)]
struct Pieces {
    next: Option<Bytes>,
    is_over: bool,
}

impl Fed {
    /// The piece that comes next, or the end.
    fn put(&self, piece: Option<Bytes>) -> usize {
        let length = piece.as_ref().map_or(0, Bytes::len);
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.is_over = piece.is_none();
        pieces.next = piece;
        length
    }
}

impl Stream for Fed {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match pieces.next.take() {
            Some(piece) => Poll::Ready(Some(Ok(piece))),
            None if pieces.is_over => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}
