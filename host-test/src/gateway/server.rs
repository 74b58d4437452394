//! HTTP/1.1 in front of the instances.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Request, Response, Uri, header::HOST, uri::Scheme};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinSet,
};
use wasmtime_wasi_http::{Error as WasiError, WasiBody};

use super::{
    Handler,
    fate::{Assigned, Whole},
    problem,
};
use crate::logs::Logs;

/// A client that does not even send its headers is let go.
const HEADERS: Duration = Duration::from_secs(30);

/// After an error of the listener, for instance when file handles run out.
const PAUSE: Duration = Duration::from_millis(100);

/// Where whoever balances load asks.
const READY: &str = "/ready";

pub(super) struct Server {
    pub(super) handler: Handler,
    pub(super) logs: Logs,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) is_leaving: watch::Receiver<bool>,
    pub(super) connections: usize,
}

impl Server {
    pub(super) async fn run(mut self, listener: TcpListener) {
        let graceful = GracefulShutdown::new();
        let permits = Arc::new(Semaphore::new(self.connections.max(1)));
        // Aborts what is left when this task ends.
        let mut connections = JoinSet::new();
        loop {
            let Ok(permit) = permits.clone().acquire_owned().await else { break };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.stopped.wait_for(|stopped| *stopped) => break,
            };
            while connections.try_join_next().is_some() {}
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    self.logs.event("error", &format!("cannot accept a connection: {error}"));
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let (handler, logs) = (self.handler.clone(), self.logs.clone());
            let is_leaving = self.is_leaving.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let (handler, logs) = (handler.clone(), logs.clone());
                let is_leaving = *is_leaving.borrow() && request.uri().path() == READY;
                async move {
                    if is_leaving { Ok(problem::leaving()) } else { answer(handler, logs, request).await }
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS)
                .serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            connections.spawn(async move {
                // A client that went away is no error of ours.
                let _ = connection.await;
                drop(permit);
            });
        }
        drop(listener);
        graceful.shutdown().await;
    }
}

async fn answer(
    handler: Handler,
    logs: Logs,
    request: Request<Incoming>,
) -> Result<Response<WasiBody>, Infallible> {
    let Some(request) = absolute(request) else { return Ok(problem::bad_request()) };
    let method = request.method().clone();
    let assigned = Assigned::default();
    Ok(match handler.handle(assigned.clone(), request).await {
        Ok(response) => {
            let fate = assigned.get().cloned().unwrap_or_default();
            response.map(|body| Whole::new(body, fate).boxed_unsync())
        }
        Err(error) => {
            logs.event("error", &format!("the gateway did not answer: {error:#}"));
            problem::unanswered(&method, &error)
        }
    })
}

/// Puts what HTTP/1.1 says elsewhere into the URI, where the component looks for it.
fn absolute(request: Request<Incoming>) -> Option<Request<WasiBody>> {
    let (mut parts, body) = request.into_parts();
    let mut uri = parts.uri.into_parts();
    uri.scheme = Some(Scheme::HTTP);
    if uri.authority.is_none() {
        uri.authority = Some(parts.headers.get(HOST)?.to_str().ok()?.parse().ok()?);
    }
    parts.uri = Uri::from_parts(uri).ok()?;
    Some(Request::from_parts(parts, body.map_err(WasiError::from).boxed_unsync()))
}
