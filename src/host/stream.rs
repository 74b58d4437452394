//! Bodies that come or go piece by piece, so that a file of any size takes little memory.

use super::{BodyError, Response};
use futures_util::future::LocalBoxFuture;

/// Bytes that are read as fast as they are taken: nothing is read ahead of the reader.
/// Dropping it says that nobody wants the rest.
pub trait Source {
    /// The next piece, which is not empty; none after the last one.
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>>;
}

/// An answer whose body is yet to be read.
pub struct Opened {
    /// The HTTP status.
    pub status: u16,
    /// The header fields, names in lower case. Values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body. Dropping it cancels what is left of the request.
    pub body: Box<dyn Source>,
}

impl Opened {
    /// A header field by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Reads the rest of the body, at most `most` bytes of it.
    pub async fn read(mut self, most: usize) -> Response {
        let mut body = Vec::new();
        let body = loop {
            match self.body.next().await {
                Ok(Some(piece)) if piece.len() > most.saturating_sub(body.len()) => {
                    break Err(BodyError::TooLarge);
                }
                Ok(Some(piece)) => body.extend(piece),
                Ok(None) => break Ok(body.into()),
                Err(error) => break Err(error),
            }
        };
        Response { status: self.status, headers: self.headers, body }
    }
}

/// An answer that was read whole already, as one piece.
impl From<Response> for Opened {
    fn from(response: Response) -> Opened {
        let Response { status, headers, body } = response;
        Opened { status, headers, body: Box::new(Whole(Some(body.map(Into::into)))) }
    }
}

struct Whole(Option<Result<Vec<u8>, BodyError>>);

impl Source for Whole {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        let piece = self.0.take().transpose();
        Box::pin(std::future::ready(piece.map(|piece| piece.filter(|piece| !piece.is_empty()))))
    }
}
