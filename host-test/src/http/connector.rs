//! Opens connections, no more of them to one origin than the options say.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use futures_util::{FutureExt, future::BoxFuture};
use hyper::{
    Uri,
    rt::{Read, ReadBufCursor, Write},
};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::legacy::connect::{self, Connection},
    rt::TokioIo,
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower_service::Service;

use super::route::Route;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Opens connections and counts them.
#[derive(Clone)]
pub(crate) struct Connector {
    inner: HttpsConnector<Route>,
    room: Room,
}

/// Scheme and authority, in lower case.
type Origin = (String, String);

/// Room for connections, by origin, and a count of those that were opened.
#[derive(Clone)]
pub(crate) struct Room {
    origins: Arc<Mutex<HashMap<Origin, Arc<Semaphore>>>>,
    per_origin: usize,
    opened: Arc<AtomicU64>,
}

impl Room {
    pub(crate) fn new(per_origin: usize) -> Self {
        Self { origins: Arc::default(), per_origin: per_origin.max(1), opened: Arc::default() }
    }

    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    /// The policy bounds how many origins there are.
    fn at(&self, uri: &Uri) -> Arc<Semaphore> {
        let key = (
            uri.scheme_str().unwrap_or_default().to_owned(),
            uri.authority().map(|authority| authority.as_str().to_ascii_lowercase()).unwrap_or_default(),
        );
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        origins.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.per_origin))).clone()
    }
}

/// Whether a request has a connection; closed when the request is over.
pub(crate) type Connected = watch::Receiver<bool>;

tokio::task_local! {
    /// The request that is being sent. The pool asks for a connection within it.
    static REQUEST: Connected;
}

/// Sends within the scope of a request, so that the connector knows for whom it works.
pub(crate) fn on_behalf_of<F: Future>(connected: Connected, sending: F) -> impl Future<Output = F::Output> {
    REQUEST.scope(connected, sending)
}

/// Waits until the request that asks needs no new connection any more.
///
/// The pool waits for a new connection and for one that another request gives back.
/// When the latter comes first, it goes on connecting in the background. While all
/// connections are taken that would leave one waiter for each request.
async fn needless(request: Option<Connected>) {
    let Some(mut connected) = request else { return std::future::pending().await };
    // A request that had a connection before was given a closed one and tries again.
    if *connected.borrow() {
        while connected.changed().await.is_ok() {}
    } else {
        let _ = connected.wait_for(|connected| *connected).await;
    }
}

impl Connector {
    pub(crate) fn new(inner: HttpsConnector<Route>, room: Room) -> Self {
        Self { inner, room }
    }
}

impl Service<Uri> for Connector {
    type Response = Counted;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Counted, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let room = self.room.at(&uri);
        let opened = self.room.opened.clone();
        let request = REQUEST.try_with(Clone::clone).ok();
        let mut inner = self.inner.clone();
        async move {
            let permit = tokio::select! {
                biased;
                permit = room.acquire_owned() => permit?,
                () = needless(request) => return Err("the request has another connection".into()),
            };
            let stream = inner.call(uri).await?;
            opened.fetch_add(1, Relaxed);
            Ok(Counted { stream, _permit: permit })
        }
        .boxed()
    }
}

/// A connection that makes room for another one when it is closed.
pub(crate) struct Counted {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection for Counted {
    fn connected(&self) -> connect::Connected {
        self.stream.connected()
    }
}

impl Read for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }
}
