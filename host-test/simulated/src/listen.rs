//! Accepts connections and hands them to hyper, for any simulated provider.

use crate::{
    response::{Reset, Sending},
    socket::Socket,
    stats::Record,
};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// The connection that a request came on: setting the flag ends it with a reset.
#[derive(Debug)]
pub(crate) struct Connection(pub(crate) Arc<AtomicBool>);

impl Connection {
    pub(crate) fn doom(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Whoever answers the requests.
pub(crate) trait Serve: Send + Sync + 'static {
    /// Where connections are counted.
    fn record(&self) -> &Record;

    /// Answers a request, or fails so that hyper drops the connection.
    fn serve(
        &self,
        connection: &Connection,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Sending>, Reset>> + Send;
}

/// Serves until it is told to stop. Ending it ends the connections.
pub(crate) async fn accept<S: Serve>(
    listener: TcpListener,
    provider: Arc<S>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                // An error here is the peer's: it went away before it was accepted.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&provider)));
                }
            }
        }
    }
}

async fn connection<S: Serve>(stream: TcpStream, provider: Arc<S>) {
    provider.record().count(|stats| stats.connections += 1);
    // Small answers go out at once.
    drop(stream.set_nodelay(true));
    let doomed = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(Socket::new(stream, Arc::clone(&doomed)));
    let service = service_fn(move |request| {
        let (provider, connection) = (Arc::clone(&provider), Connection(Arc::clone(&doomed)));
        async move { provider.serve(&connection, request).await }
    });
    // Errors are the peer's, or resets that were asked for.
    drop(http1::Builder::new().serve_connection(io, service).await);
}
