//! The end of sending, for a host that is about to stop.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::{sync::watch, time::sleep};
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

/// How long what was sent before may still take to be answered, so that whoever waits for it has time
/// to say how it ended.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Whether nothing more may be sent.
#[derive(Clone)]
pub(crate) struct Closing(Option<watch::Receiver<bool>>);

impl Closing {
    pub(crate) fn never() -> Self {
        Self(None)
    }

    /// Once it is true.
    pub(crate) fn when(closed: watch::Receiver<bool>) -> Self {
        Self(Some(closed))
    }

    /// Sends, unless it is closed; a response that does not come soon after that has broken off.
    ///
    /// # Errors
    ///
    /// Text that the component knows, where nothing was sent because of it.
    pub(super) async fn before(
        self,
        sending: impl Future<Output = Result<Response<WasiBody>, WasiError>>,
    ) -> Result<Response<WasiBody>, WasiError> {
        let Self(Some(closed)) = self else { return sending.await };
        if *closed.borrow() {
            return Err(WasiError::InternalError(Some("the host is stopping".to_owned())));
        }
        let mut over: BoxFuture<'static, ()> = Box::pin(over(closed));
        let response = tokio::select! {
            response = sending => response?,
            () = &mut over => return Err(WasiError::ConnectionTerminated),
        };
        Ok(response.map(|body| Until { body, over }.boxed_unsync()))
    }
}

async fn over(mut closed: watch::Receiver<bool>) {
    if closed.wait_for(|closed| *closed).await.is_err() {
        // Whoever could close it is gone.
        std::future::pending::<()>().await;
    }
    sleep(LAST_ANSWERS).await;
}

/// A body that breaks off when it is over.
struct Until {
    body: WasiBody,
    over: BoxFuture<'static, ()>,
}

impl Body for Until {
    type Data = Bytes;
    type Error = WasiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WasiError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_pending() && self.over.as_mut().poll(context).is_ready() {
            // It is not asked again.
            return Poll::Ready(Some(Err(WasiError::ConnectionTerminated)));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
