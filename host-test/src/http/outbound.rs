use std::{
    fmt,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;
use tokio::{sync::watch, time::timeout};
use wasmtime_wasi_http::{Error as WasiError, RequestOptions, WasiBody};

use super::{
    body::Timed,
    connector::{Connector, Room, on_behalf_of},
    errors,
    policy::OutboundPolicy,
    proxies::Proxies,
    resolver::Resolver,
    route::Route,
    trust::{InvalidAuthority, Trust, tls},
};

/// How outbound HTTP behaves. Timeouts hold where the request sets none itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OutboundOptions {
    /// Which origins may be called. The providers' unless set.
    pub policy: OutboundPolicy,
    /// Connections to one origin at most, 64 unless set. Over HTTP/1.1 that bounds
    /// the requests under way; more of them wait, within their connect timeout.
    pub connections_per_origin: usize,
    /// How long an unused connection is kept, 20 s unless set. Less than the servers
    /// keep theirs, so that no request goes out on one that is being closed.
    pub idle: Duration,
    /// Until a connection is there, 10 s unless set.
    pub connect_timeout: Duration,
    /// From then until the response begins, 60 s unless set.
    pub first_byte_timeout: Duration,
    /// Between pieces of the response, 30 s unless set.
    pub between_bytes_timeout: Duration,
    /// Whose certificates are trusted, [`Trust::Mozilla`] unless set.
    pub trust: Trust,
    /// More certificate authorities to trust beside those, in DER: for a proxy
    /// that inspects TLS, or a test.
    pub certificate_authorities: Vec<Vec<u8>>,
    /// Which proxies lead to the origins. None unless set.
    pub proxies: Proxies,
}

impl Default for OutboundOptions {
    fn default() -> Self {
        Self {
            policy: OutboundPolicy::providers(),
            connections_per_origin: 64,
            idle: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            between_bytes_timeout: Duration::from_secs(30),
            trust: Trust::default(),
            certificate_authorities: Vec::new(),
            proxies: Proxies::none(),
        }
    }
}

/// What went out so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboundStats {
    /// Requests that the policy let through.
    pub requests: u64,
    /// Requests that it denied.
    pub denied: u64,
    /// Connections that were opened.
    pub connections: u64,
}

/// The network as a component may use it. Clones share connections and counts.
#[derive(Clone)]
pub struct Outbound(Arc<Shared>);

struct Shared {
    client: Client<Connector, WasiBody>,
    options: OutboundOptions,
    room: Room,
    requests: AtomicU64,
    denied: AtomicU64,
    /// How many there are who hold requests back.
    holding: watch::Sender<usize>,
}

/// Holds every request back that is not under way, as long as it lives.
pub(crate) struct Held(Option<Outbound>);

impl Held {
    /// Never lets them go.
    pub(crate) fn for_good(mut self) {
        self.0 = None;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(Outbound(shared)) = &self.0 {
            shared.holding.send_modify(|holding| *holding = holding.saturating_sub(1));
        }
    }
}

impl Outbound {
    /// A pool of its own.
    ///
    /// # Errors
    ///
    /// When a certificate authority is not one, or this machine's cannot be used.
    pub fn new(options: OutboundOptions) -> Result<Self, InvalidAuthority> {
        let mut http = HttpConnector::new_with_resolver(Resolver::new());
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_keepalive(Some(Duration::from_secs(60)));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls(options.trust, &options.certificate_authorities)?)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(Route::new(http, options.proxies.clone()));
        let room = Room::new(options.connections_per_origin);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.idle)
            .pool_max_idle_per_host(options.connections_per_origin)
            .build(Connector::new(https, room.clone()));
        Ok(Self(Arc::new(Shared {
            client,
            options,
            room,
            requests: AtomicU64::new(0),
            denied: AtomicU64::new(0),
            holding: watch::Sender::new(0),
        })))
    }

    /// Unless set otherwise, with this policy.
    #[must_use]
    pub fn with_policy(policy: OutboundPolicy) -> Self {
        Self::without_authorities(OutboundOptions { policy, ..OutboundOptions::default() })
    }

    /// How servers prove who they are, for connections that are none of HTTP.
    pub(crate) fn tls(&self) -> Result<ClientConfig, InvalidAuthority> {
        tls(self.0.options.trust, &self.0.options.certificate_authorities)
    }

    /// What went out so far.
    #[must_use]
    pub fn stats(&self) -> OutboundStats {
        OutboundStats {
            requests: self.0.requests.load(Relaxed),
            denied: self.0.denied.load(Relaxed),
            connections: self.0.room.opened(),
        }
    }

    /// Holds back what is not under way yet.
    pub(crate) fn hold(&self) -> Held {
        self.0.holding.send_modify(|holding| *holding += 1);
        Held(Some(self.clone()))
    }

    /// Sends a request as a component would. The body of the response is subject to
    /// the timeouts too.
    ///
    /// # Errors
    ///
    /// `HttpRequestDenied` when the policy forbids it. An error that says that no
    /// connection was made means that the request was not sent, and so does an `InternalError` that
    /// begins with `proxy`: no tunnel could be had.
    pub async fn send(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, WasiError> {
        let shared = &*self.0;
        if !shared.options.policy.permits(request.uri()) {
            shared.denied.fetch_add(1, Relaxed);
            return Err(WasiError::HttpRequestDenied);
        }
        // It fails only once the sender is gone, which is `shared`.
        _ = shared.holding.subscribe().wait_for(|holding| *holding == 0).await;
        shared.requests.fetch_add(1, Relaxed);

        let connect = options.connect_timeout.unwrap_or(shared.options.connect_timeout);
        let first_byte = options.first_byte_timeout.unwrap_or(shared.options.first_byte_timeout);
        let between_bytes = options.between_bytes_timeout.unwrap_or(shared.options.between_bytes_timeout);

        let (announce, connected) = watch::channel(false);
        let mut captured = capture_connection(&mut request);
        let sending = pin!(on_behalf_of(connected, shared.client.request(request)));
        let connecting = pin!(timeout(connect, async {
            // What it resolves to is a lock guard; only the moment matters.
            let _ = captured.wait_for_connection_metadata().await;
        }));
        let response = match select(sending, connecting).await {
            Either::Left((response, _)) => response,
            Either::Right((Err(_), _)) => return Err(WasiError::ConnectionTimeout),
            Either::Right((Ok(()), sending)) => {
                announce.send_replace(true);
                timeout(first_byte, sending).await.map_err(|_| WasiError::ConnectionReadTimeout)?
            }
        };
        let response = response.map_err(|error| errors::of_request(&error))?;
        Ok(response.map(|body| Timed::new(body, between_bytes).boxed_unsync()))
    }

    fn without_authorities(options: OutboundOptions) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "only a certificate authority can be wrong, and there is none"
        )]
        Self::new(options).expect("no certificate authority is given")
    }
}

impl Default for Outbound {
    /// The providers, with the default options.
    fn default() -> Self {
        Self::without_authorities(OutboundOptions::default())
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("policy", &self.0.options.policy)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
