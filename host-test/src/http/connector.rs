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
    client::legacy::connect::{Connected, Connection, HttpConnector},
    rt::TokioIo,
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tower_service::Service;

use super::resolver::Resolver;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Opens connections and counts them.
#[derive(Clone)]
pub(crate) struct Connector {
    inner: HttpsConnector<HttpConnector<Resolver>>,
    demand: Demand,
}

/// Who wants connections, by origin.
#[derive(Clone)]
pub(crate) struct Demand {
    origins: Arc<Mutex<HashMap<(String, String), Origin>>>,
    per_origin: usize,
    opened: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Origin {
    connections: Arc<Semaphore>,
    /// How many requests have no connection yet.
    waiting: watch::Sender<usize>,
}

/// A request that has no connection yet.
pub(crate) struct Waiting(watch::Sender<usize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

impl Demand {
    pub(crate) fn new(per_origin: usize) -> Self {
        Self { origins: Arc::default(), per_origin: per_origin.max(1), opened: Arc::default() }
    }

    /// To be held until the request has a connection.
    pub(crate) fn wait(&self, uri: &Uri) -> Waiting {
        let origin = self.of(uri);
        origin.waiting.send_modify(|waiting| *waiting += 1);
        Waiting(origin.waiting)
    }

    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Relaxed)
    }

    /// The policy bounds how many origins there are.
    fn of(&self, uri: &Uri) -> Origin {
        let key = (
            uri.scheme_str().unwrap_or_default().to_owned(),
            uri.authority().map(|authority| authority.as_str().to_ascii_lowercase()).unwrap_or_default(),
        );
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        origins
            .entry(key)
            .or_insert_with(|| Origin {
                connections: Arc::new(Semaphore::new(self.per_origin)),
                waiting: watch::Sender::new(0),
            })
            .clone()
    }
}

impl Connector {
    pub(crate) fn new(inner: HttpsConnector<HttpConnector<Resolver>>, demand: Demand) -> Self {
        Self { inner, demand }
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
        let origin = self.demand.of(&uri);
        let opened = self.demand.opened.clone();
        let mut inner = self.inner.clone();
        async move {
            let mut waiting = origin.waiting.subscribe();
            // The pool goes on connecting for a request that meanwhile got a
            // connection that another one gave back. While all are taken, such a
            // connection is not worth waiting for.
            let permit = tokio::select! {
                biased;
                permit = origin.connections.acquire_owned() => permit?,
                _ = waiting.wait_for(|waiting| *waiting == 0) => {
                    return Err("the request has another connection".into());
                }
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
    fn connected(&self) -> Connected {
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
