//! A tunnel through a proxy, and what the proxy said if it opened none.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt, future::BoxFuture};
use hyper::{
    Uri,
    rt::{Read, ReadBuf, ReadBufCursor, Write},
};
use hyper_util::{
    client::{
        legacy::connect::{HttpConnector, proxy::Tunnel},
        proxy::matcher::Intercept,
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower_service::Service;

use super::resolver::Resolver;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// `HTTP/1.1 407`.
const STATUS_LINE: usize = 12;

/// No tunnel could be had: nothing was sent to the origin. Without the proxy's credentials.
#[derive(Debug, thiserror::Error)]
#[error("proxy {proxy} {did}")]
pub(crate) struct NoTunnel {
    /// Host and port.
    proxy: String,
    did: String,
}

/// Opens a tunnel to an origin (RFC 9110 section 9.3.6).
///
/// # Errors
///
/// [`NoTunnel`], which names the proxy.
pub(super) async fn open(
    proxy: &Intercept,
    http: HttpConnector<Resolver>,
    origin: Uri,
) -> Result<TokioIo<TcpStream>, BoxError> {
    let said = Said::default();
    let mut tunnel = Tunnel::new(proxy.uri().clone(), Listening { http, said: said.clone() });
    if let Some(credentials) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(credentials.clone());
    }
    let opened = tunnel.call(origin).await.map(|heard| heard.stream);
    opened.map_err(|_| {
        let host = proxy.uri().host().unwrap_or_default();
        let proxy = format!("{host}:{}", proxy.uri().port_u16().unwrap_or(80));
        Box::new(NoTunnel { proxy, did: said.did() }) as BoxError
    })
}

/// What a proxy has said so far, as far as it matters; none before there is a connection to it.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Option<Vec<u8>>>>);

impl Said {
    fn connected(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
    }

    fn hear(&self, bytes: &[u8]) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let said = said.get_or_insert_default();
        let room = STATUS_LINE.saturating_sub(said.len()).min(bytes.len());
        said.extend_from_slice(bytes.get(..room).unwrap_or_default());
    }

    fn did(&self) -> String {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(said) = said.as_deref() else { return "cannot be reached".to_owned() };
        let line = std::str::from_utf8(said).ok().filter(|line| line.starts_with("HTTP/1."));
        let status = line.and_then(|line| line.get(9..)?.parse::<u16>().ok());
        let status = status.filter(|status| (100..1000).contains(status));
        status.map_or_else(|| "gave no answer".to_owned(), |status| format!("answered {status}"))
    }
}

/// Connects to a proxy and listens to what it says first.
struct Listening {
    http: HttpConnector<Resolver>,
    said: Said,
}

impl Service<Uri> for Listening {
    type Response = Heard;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Heard, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, proxy: Uri) -> Self::Future {
        let (connecting, said) = (self.http.call(proxy), self.said.clone());
        async move {
            let stream = connecting.await?;
            said.connected();
            Ok(Heard { stream, said })
        }
        .boxed()
    }
}

/// A connection to a proxy, until the tunnel is open.
struct Heard {
    stream: TokioIo<TcpStream>,
    said: Said,
}

impl Read for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; 1024];
        let room = buffer.remaining().min(bytes.len());
        let mut read = ReadBuf::new(bytes.get_mut(..room).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(context, read.unfilled()))?;
        self.said.hear(read.filled());
        buffer.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Heard {
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
}
