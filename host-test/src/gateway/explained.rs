//! A connection on which refusals are problem documents.
//!
//! What is no request for it (a head that is too long, a line that is none) hyper answers by itself,
//! with a status and nothing else, and takes no word about it. Such an answer is the head alone, in one
//! piece and without a type, which no answer of ours is; here it gets its body.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::problem;

/// What hyper answers by itself with. All else that is no request ends the connection.
const REFUSALS: [StatusCode; 3] =
    [StatusCode::BAD_REQUEST, StatusCode::URI_TOO_LONG, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];

/// The longest of those heads, in bytes: a status line, a length, a date, whether it is the last.
const LONGEST: usize = 256;

/// Gives answers that have a status alone a body.
pub(super) struct Explained<S> {
    stream: S,
    /// What is being sent instead of what hyper has written.
    instead: Option<Bytes>,
}

impl<S> Explained<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, instead: None }
    }
}

/// The whole response instead of this one, if it is one of hyper's own.
fn explained(written: &[u8]) -> Option<Bytes> {
    if written.len() > LONGEST {
        return None;
    }
    let head = std::str::from_utf8(written).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?;
    let status = REFUSALS.into_iter().find(|refusal| refusal.as_str() == status)?;
    let mut is_empty = false;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => is_empty = value.trim() == "0",
            "connection" | "date" => {}
            _ => return None,
        }
    }
    is_empty.then(|| problem::refusal(status))
}

impl<S: AsyncWrite + Unpin> Explained<S> {
    /// Sends what is to be sent instead of `written`, if anything is. None if nothing is.
    fn poll_instead(&mut self, context: &mut Context<'_>, written: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.instead.is_none() {
            self.instead = explained(written);
        }
        let left = self.instead.as_mut()?;
        while left.has_remaining() {
            match Pin::new(&mut self.stream).poll_write(context, left) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(sent)) => left.advance(sent),
                Poll::Ready(Err(error)) => return Some(Poll::Ready(Err(error))),
                Poll::Pending => return Some(Poll::Pending),
            }
        }
        self.instead = None;
        Some(Poll::Ready(Ok(written.len())))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(written) = self.poll_instead(context, bytes) {
            return written;
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [whole] = pieces
            && let Some(written) = self.poll_instead(context, whole)
        {
            return written;
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const BARE: &str = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\ndate: Mon, 30 Nov 2026 00:00:00 GMT\r\n\r\n";

    #[tokio::test]
    async fn a_bare_refusal_gets_a_body_however_slowly_it_is_taken() {
        let (near, mut far) = tokio::io::duplex(10);
        let mut explained = Explained::new(near);
        let read = tokio::spawn(async move {
            let mut came = String::new();
            far.read_to_string(&mut came).await.unwrap();
            came
        });
        explained.write_all(BARE.as_bytes()).await.unwrap();
        drop(explained);
        let came = read.await.unwrap();
        let (head, body) = came.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{head}");
        assert!(head.contains("content-type: application/problem+json\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(
            (&problem["type"], &problem["status"]),
            (&"urn:penstock:gateway:head-too-large".into(), &431.into())
        );
    }

    #[test]
    fn answers_of_ours_stay_as_they_are() {
        assert!(explained(BARE.as_bytes()).is_some());
        for other in [
            BARE.replace("431", "404"),
            BARE.replace("431", "200"),
            BARE.replace("length: 0", "length: 7"),
            BARE.replace("\r\nconnection", "\r\ncontent-type: application/problem+json\r\nconnection"),
            BARE.replace("content-length: 0\r\n", ""),
            format!("{BARE}x"),
            BARE.trim_end().to_owned(),
            String::new(),
        ] {
            assert!(explained(other.as_bytes()).is_none(), "{other}");
        }
    }
}
