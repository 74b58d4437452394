//! Files as streams of bytes, with back-pressure and a certain end.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use futures_channel::mpsc;
use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture};
use tokio::sync::oneshot;
use wasmtime::{
    AsContextMut, StoreContextMut,
    component::{Destination, Source, StreamConsumer, StreamProducer, StreamReader, StreamResult},
};

use crate::{
    Error, Plugin,
    bindings::{
        Caller,
        files::{Download, FileInfo, Upload},
        types::{Failure, Outcome},
    },
    records::Report,
};

/// How many pieces wait between the component and the consumer. A piece has at most
/// 64 KiB.
const AHEAD: usize = 1;

/// A file from a provider.
///
/// A stream of `Result<Bytes, Error>`: its bytes, then one error if not all of them came.
/// A file without an error at its end is whole; before that, it may be cut off.
///
/// The component fetches on only as the consumer takes bytes. Dropping it cancels the rest.
#[derive(Debug)]
pub struct File {
    /// What is known of it.
    pub info: FileInfo,
    pieces: mpsc::Receiver<Bytes>,
    ending: Option<Ending>,
}

struct Ending(BoxFuture<'static, Result<(), Error>>);

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Awaited")
    }
}

pub(crate) struct Piped {
    info: FileInfo,
    pieces: mpsc::Receiver<Bytes>,
    end: oneshot::Receiver<Result<(), Failure>>,
}

impl File {
    /// `seen` instances had ended when the file was asked for.
    pub(crate) fn new(Piped { info, pieces, end }: Piped, plugin: Plugin, seen: u64) -> Self {
        let ending = async move {
            // The handle keeps the task going until the end is there.
            match end.await {
                Ok(end) => Ok(end?),
                Err(_) => Err(plugin.why(seen, Outcome::NotApplied).await),
            }
        };
        Self { info, pieces, ending: Some(Ending(ending.boxed())) }
    }
}

impl Stream for File {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(piece) = ready!(this.pieces.poll_next_unpin(context)) {
            return Poll::Ready(Some(Ok(piece)));
        }
        let Some(Ending(ending)) = &mut this.ending else { return Poll::Ready(None) };
        let end = ready!(ending.poll_unpin(context));
        this.ending = None;
        Poll::Ready(end.err().map(Err))
    }
}

/// Connects a file's two readers to channels. A reader that is merely dropped would leave
/// the guest's task waiting for ever; a piped one ends with its channel.
pub(crate) fn pipe(mut store: impl AsContextMut, file: Download) -> wasmtime::Result<Piped> {
    let (sender, pieces) = mpsc::channel(AHEAD);
    let (reply, end) = oneshot::channel();
    file.content.pipe(&mut store, Deliver(sender))?;
    file.end.pipe(&mut store, Report(Some(reply)))?;
    Ok(Piped { info: file.info, pieces, end })
}

struct Deliver(mpsc::Sender<Bytes>);

impl<D: 'static> StreamConsumer<D> for Deliver {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<D>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        // Room first: what is taken from the guest cannot be put back.
        match self.0.poll_ready(context) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => return Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
        }
        let mut source = source.as_direct(store);
        let piece = Bytes::copy_from_slice(source.remaining());
        source.mark_read(piece.len());
        if !piece.is_empty() && self.0.start_send(piece).is_err() {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

/// A file for a provider.
///
/// With its length, a content that breaks off is noticed at once and sent to nobody as a
/// whole. Without it, the component is left waiting until its patience ends.
pub struct Outgoing {
    file_name: String,
    content_type: Option<String>,
    length: Option<u64>,
    content: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
}

impl Outgoing {
    /// A file of this name. The component reads the content as fast as the provider takes it.
    pub fn new(
        file_name: impl Into<String>,
        content: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self { file_name: file_name.into(), content_type: None, length: None, content: Box::pin(content) }
    }

    /// The same with a media type, `image/png`.
    #[must_use]
    pub fn content_type(self, content_type: impl Into<String>) -> Self {
        Self { content_type: Some(content_type.into()), ..self }
    }

    /// The same with the number of bytes that the content has.
    #[must_use]
    pub fn length(self, length: u64) -> Self {
        Self { length: Some(length), ..self }
    }

    /// As a typed call takes it, within [`Plugin::run`].
    ///
    /// # Errors
    ///
    /// When the store has no room for another stream.
    pub fn into_argument(self, caller: &Caller) -> wasmtime::Result<Upload> {
        let Self { file_name, content_type, length, content } = self;
        let produce = Produce { content, rest: Bytes::new(), has_length: length.is_some() };
        let content = caller.with(|store| StreamReader::new(store, produce))?;
        Ok(Upload { file_name, content_type, length, content })
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

struct Produce {
    content: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    rest: Bytes,
    has_length: bool,
}

impl<D: 'static> StreamProducer<D> for Produce {
    type Item = u8;
    type Buffer = Option<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        destination: Destination<'a, u8, Option<u8>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        while self.rest.is_empty() {
            match self.content.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(piece))) => self.rest = piece,
                Poll::Ready(None) => return Poll::Ready(Ok(StreamResult::Dropped)),
                Poll::Ready(Some(Err(_))) if self.has_length => {
                    return Poll::Ready(Ok(StreamResult::Dropped));
                }
                // An end would look like the end of the file.
                Poll::Ready(Some(Err(_))) => self.content = Box::pin(futures_util::stream::pending()),
                Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
                Poll::Pending => return Poll::Pending,
            }
        }
        let mut destination = destination.as_direct(store, self.rest.len());
        let count = destination.remaining().len().min(self.rest.len());
        if let Some((room, piece)) = destination.remaining().get_mut(..count).zip(self.rest.get(..count)) {
            room.copy_from_slice(piece);
        }
        destination.mark_written(count);
        self.rest.advance(count);
        Poll::Ready(Ok(StreamResult::Completed))
    }
}
