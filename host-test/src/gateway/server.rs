//! HTTP/1.1 in front of the instances.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, PoisonError},
    time::Duration,
};

use http::{
    HeaderName, HeaderValue, Request, Response, Uri, Version,
    header::HOST,
    uri::{Authority, Scheme},
};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulConnection, GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Handle, Runtime},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, timeout_at},
};
use wasmtime_wasi_http::{Error as WasiError, WasiBody, handler::InstantiationError};

use super::{
    GatewayOptions, Handler,
    explained::Explained,
    fate::{Assigned, Whole},
    instances::AtCapacity,
    peers::Peers,
    problem,
    progressing::Progressing,
};
use crate::logs::Logs;

/// A client that does not even send its head is let go.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// The longest head of a request, in bytes. A longer one is refused with 431.
const LONGEST_HEAD: usize = 64 << 10;

/// After an error of the listener, for instance when file handles run out.
const PAUSE: Duration = Duration::from_millis(100);

/// Where whoever balances load asks.
const READY: &str = "/ready";

/// Where whoever restarts what hangs asks: answered here, however busy the instances are.
const LIVE: &str = "/live";

/// The field in which Spin names its peer, and so do we.
const CLIENT_ADDRESS: HeaderName = HeaderName::from_static("spin-client-addr");

pub(super) struct Server {
    pub(super) work: Work,
    pub(super) logs: Logs,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) is_leaving: watch::Receiver<bool>,
    pub(super) limits: Limits,
}

/// Where the instances are, and where they run: not on the server's thread, so that who asks
/// whether the gateway lives need not wait for what they compute.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) handler: Handler,
    pub(super) runtime: Handle,
}

impl Work {
    /// Hands a request to an instance. Dropping this lets it go.
    async fn handle(
        &self,
        assigned: Assigned,
        request: Request<WasiBody>,
    ) -> Result<Response<WasiBody>, wasmtime::Error> {
        let handler = self.handler.clone();
        let mut task = JoinSet::new();
        task.spawn_on(async move { handler.handle(assigned, request).await }, &self.runtime);
        match task.join_next().await {
            Some(Ok(answered)) => answered,
            Some(Err(error)) => Err(error.into()),
            None => Err(wasmtime::format_err!("the request was not handed over")),
        }
    }
}

/// What clients may take.
#[derive(Clone)]
pub(super) struct Limits {
    connections: Arc<Semaphore>,
    per_peer: usize,
    peers: Peers,
    /// Requests under way.
    requests: Arc<Semaphore>,
    turn: Duration,
    stalled: Duration,
}

impl Limits {
    pub(super) fn of(options: &GatewayOptions) -> Self {
        let requests = options.instances.max(1).saturating_mul(options.requests_at_once.max(1));
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits.clamp(1, Semaphore::MAX_PERMITS)));
        Self {
            connections: semaphore(options.connections),
            per_peer: options.connections_per_peer.max(1),
            peers: Peers::default(),
            requests: semaphore(requests),
            turn: options.turn,
            stalled: options.stalled,
        }
    }
}

/// One thread for all connections.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).thread_name("penstock-gateway").enable_all().build()
}

impl Server {
    pub(super) async fn run(mut self, listener: TcpListener) {
        let graceful = GracefulShutdown::new();
        // Aborts what is left when this task ends.
        let mut connections = JoinSet::new();
        loop {
            let Ok(permit) = self.limits.connections.clone().acquire_owned().await else { break };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.stopped.wait_for(|stopped| *stopped) => break,
            };
            while connections.try_join_next().is_some() {}
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.logs.event("error", &format!("cannot accept a connection: {error}"));
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            // One that has too many already is closed.
            let Some(counted) = self.limits.peers.admit(peer.ip(), self.limits.per_peer) else { continue };
            let connection = graceful.watch(self.connection(stream, peer));
            connections.spawn(async move {
                // A client that went away is no error of ours.
                let _ = connection.await;
                drop((permit, counted));
            });
        }
        drop(listener);
        graceful.shutdown().await;
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> impl GracefulConnection<Error = hyper::Error> + use<> {
        let _ = stream.set_nodelay(true);
        let (work, logs, limits) = (self.work.clone(), self.logs.clone(), self.limits.clone());
        let is_leaving = self.is_leaving.clone();
        let stream = Explained::new(Progressing::new(stream, limits.stalled));
        let address = HeaderValue::from_str(&peer.to_string()).ok();
        let service = service_fn(move |mut request: Request<Incoming>| {
            // Whatever a client wrote there.
            request.headers_mut().remove(CLIENT_ADDRESS);
            if let Some(address) = &address {
                request.headers_mut().insert(CLIENT_ADDRESS, address.clone());
            }
            let (work, logs, limits) = (work.clone(), logs.clone(), limits.clone());
            let is_leaving = *is_leaving.borrow();
            async move {
                match request.uri().path() {
                    LIVE => Ok(problem::live(request.method())),
                    READY if is_leaving => Ok(problem::leaving()),
                    _ => answer(work, logs, limits, request).await,
                }
            }
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(LONGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service)
    }
}

async fn answer(
    work: Work,
    logs: Logs,
    limits: Limits,
    request: Request<Incoming>,
) -> Result<Response<WasiBody>, Infallible> {
    let Some(request) = absolute(request) else { return Ok(problem::bad_request()) };
    let until = Instant::now() + limits.turn;
    let Ok(Ok(turn)) = timeout_at(until, limits.requests.acquire_owned()).await else {
        return Ok(problem::busy());
    };
    let method = request.method().clone();
    let assigned = Assigned::default();
    Ok(match handled(&work, &assigned, request, until).await {
        None => problem::busy(),
        Some(Ok(response)) => {
            let fate = assigned.get().cloned().unwrap_or_default();
            response.map(|body| Whole::new(body, fate, turn).boxed_unsync())
        }
        Some(Err(error)) => {
            logs.event("error", &format!("the gateway did not answer: {error:#}"));
            problem::unanswered(&method, &error)
        }
    })
}

/// Hands a request to an instance. While all that there may be are at work it waits, until then;
/// none if it found no instance.
async fn handled(
    work: &Work,
    assigned: &Assigned,
    mut request: Request<WasiBody>,
    until: Instant,
) -> Option<Result<Response<WasiBody>, wasmtime::Error>> {
    let waits = work.handler.state().waits();
    loop {
        // Before it is tried: an instance may wait for something in between.
        let one_waits = waits.notified();
        let error = match work.handle(assigned.clone(), request).await {
            Ok(response) => return Some(Ok(response)),
            Err(error) => error,
        };
        request = match given_back(error) {
            Ok(request) => request,
            Err(error) => return Some(Err(error)),
        };
        timeout_at(until, one_waits).await.ok()?;
    }
}

/// The request, if no instance took it because all are at work.
fn given_back(error: wasmtime::Error) -> Result<Request<WasiBody>, wasmtime::Error> {
    let refused: InstantiationError<Assigned> = error.downcast()?;
    if !refused.error.is::<AtCapacity>() {
        return Err(refused.into());
    }
    Ok(refused.request.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Puts what HTTP/1.1 says elsewhere into the URI, where the component looks for it.
fn absolute(request: Request<Incoming>) -> Option<Request<WasiBody>> {
    let (mut parts, body) = request.into_parts();
    // Whom of two it is for, others on the way may have seen differently (RFC 9112 section 3.2).
    if parts.headers.get_all(HOST).iter().nth(1).is_some() {
        return None;
    }
    let mut uri = parts.uri.into_parts();
    uri.scheme = Some(Scheme::HTTP);
    if uri.authority.is_none() {
        uri.authority = Some(match parts.headers.get(HOST) {
            Some(host) => host.to_str().ok()?.parse().ok()?,
            // HTTP/1.0 need not say it, and health checks of proxies do not (RFC 9112 section 3.3).
            None if parts.version == Version::HTTP_10 => Authority::from_static("localhost"),
            None => return None,
        });
    }
    parts.uri = Uri::from_parts(uri).ok()?;
    Some(Request::from_parts(parts, body.map_err(WasiError::from).boxed_unsync()))
}
