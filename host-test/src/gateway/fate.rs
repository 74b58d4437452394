//! What becomes of an instance, as the responses that it makes must know: to Wasmtime a
//! body whose writer is gone ends well, also when the writer trapped in the middle of it.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

/// Whether an instance ended badly. Told before its store is dropped, and so before any body
/// of it ends for that reason.
#[derive(Clone, Default)]
pub(super) struct Fate(Arc<OnceLock<()>>);

impl Fate {
    pub(super) fn ended_badly(&self) {
        // Once is enough.
        let _ = self.0.set(());
    }

    fn is_bad(&self) -> bool {
        self.0.get().is_some()
    }
}

/// The fate of the instance that a request came to, once it has.
pub(super) type Assigned = Arc<OnceLock<Fate>>;

/// A body that ends well only if it is whole.
pub(super) struct Whole {
    body: WasiBody,
    fate: Fate,
    ended: bool,
    /// Its place among the requests under way.
    _turn: OwnedSemaphorePermit,
}

impl Whole {
    pub(super) fn new(body: WasiBody, fate: Fate, turn: OwnedSemaphorePermit) -> Self {
        Self { body, fate, ended: false, _turn: turn }
    }

    /// All that was announced by a length is there, whatever became of the instance.
    fn is_complete(&self) -> bool {
        self.body.size_hint().exact() == Some(0)
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        match &frame {
            // It had time for its last word.
            Some(Ok(frame)) if frame.is_trailers() => this.ended = true,
            Some(Ok(_)) => {}
            Some(Err(_)) => this.ended = true,
            None => {
                this.ended = true;
                if this.fate.is_bad() && !this.is_complete() {
                    let reason = "the instance ended before the response did".to_owned();
                    return Poll::Ready(Some(Err(WasiError::InternalError(Some(reason)))));
                }
            }
        }
        Poll::Ready(frame)
    }

    /// Not before the end was reached: only there it shows whether it is a good one.
    fn is_end_stream(&self) -> bool {
        self.ended || self.is_complete() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
